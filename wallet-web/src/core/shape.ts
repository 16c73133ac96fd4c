/**
 * Strict reading of JSON: unknown keys, missing keys and values out of bounds are refused, and the error says
 * where and what was wanted. Twin of Go's DisallowUnknownFields plus the checks of each format.
 */
import { fromB64u, utf8 } from './bytes';
import { ParseError } from './errors';
import { isId } from './id';
import { parseStrict } from './json';

/** Where a reader is: what is being parsed and the path into it. */
export interface At {
  what: string;
  path: string;
}

/** Reads one value or throws ParseError. */
export type Shape<T> = (value: unknown, at: At) => T;

/** The type that a shape reads. */
export type Of<S> = S extends Shape<infer T> ? T : never;

const fail = (at: At, want: string): never => {
  throw new ParseError('malformed', at.what, at.path, want);
};
const below = (at: At, key: string | number): At => ({
  what: at.what,
  path: typeof key === 'number' ? `${at.path}[${key}]` : at.path === '' ? key : `${at.path}.${key}`,
});

/** Parses exactly one JSON text of the shape. */
export function parseJson<T>(what: string, json: string | Uint8Array, shape: Shape<T>): T {
  return shape(parseStrict(what, json), { what, path: '' });
}

/** Checks a value that is parsed JSON already. */
export function read<T>(what: string, value: unknown, shape: Shape<T>): T {
  return shape(value, { what, path: '' });
}

/** A string of `min` to `max` UTF-8 bytes. */
export const text =
  (max: number, min = 1): Shape<string> =>
  (v, at) => {
    if (typeof v !== 'string') return fail(at, 'want a string');
    const n = utf8(v).length;
    return n < min || n > max ? fail(at, `want ${min} to ${max} bytes of text`) : v;
  };

/** A string that matches. */
export const matching =
  <T extends string = string>(pattern: RegExp, want: string): Shape<T> =>
  (v, at) =>
    typeof v === 'string' && pattern.test(v) ? (v as T) : fail(at, `want ${want}`);

/** A whole number within bounds. */
export const int =
  (min = 0, max = Number.MAX_SAFE_INTEGER): Shape<number> =>
  (v, at) =>
    typeof v === 'number' && Number.isSafeInteger(v) && v >= min && v <= max ? v : fail(at, `want a whole number from ${min} to ${max}`);

/** The version of every format here; another one has a code of its own. */
export const version: Shape<1> = (v, at) => {
  if (v === 1) return 1;
  if (typeof v === 'number') throw new ParseError('wrong-version', at.what, at.path, 'want version 1');
  return fail(at, 'want a version');
};

/** true or false. */
export const bool: Shape<boolean> = (v, at) => (typeof v === 'boolean' ? v : fail(at, 'want true or false'));

/** One of these values. */
export const oneOf =
  <const T extends readonly (string | number | boolean | null)[]>(...values: T): Shape<T[number]> =>
  (v, at) =>
    (values as readonly unknown[]).includes(v) ? (v as T[number]) : fail(at, `want ${values.map((x) => JSON.stringify(x)).join(' or ')}`);

/** An id of any kind, canonical. */
export const id =
  <I extends string>(): Shape<I> =>
  (v, at) =>
    isId(v) ? (v as I) : fail(at, 'want 22 characters of base64url');

/** base64url of exactly `size` bytes; stays text. */
export const base64url =
  (size: number): Shape<string> =>
  (v, at) => {
    try {
      fromB64u(v as string, size);
      return v as string;
    } catch {
      return fail(at, `want ${size} bytes of base64url`);
    }
  };

/** An array of `min` to `max` items. */
export const list =
  <T>(item: Shape<T>, max: number, min = 0): Shape<T[]> =>
  (v, at) => {
    if (!Array.isArray(v)) return fail(at, 'want an array');
    if (v.length < min || v.length > max) return fail(at, `want ${min} to ${max} items`);
    return v.map((x, i) => item(x, below(at, i)));
  };

/** An object with keys of one's own choice, at most `max` of them. */
export const record =
  <T>(key: RegExp, item: Shape<T>, max: number): Shape<Record<string, T>> =>
  (v, at) => {
    if (typeof v !== 'object' || v === null || Array.isArray(v)) return fail(at, 'want an object');
    const entries = Object.entries(v);
    if (entries.length > max) return fail(at, `want at most ${max} keys`);
    const out: Record<string, T> = Object.create(null) as Record<string, T>;
    for (const [k, x] of entries) {
      if (!key.test(k)) return fail(at, 'has a key that is not allowed');
      // A key may be an id, which no error may hold.
      out[k] = item(x, below(at, '*'));
    }
    return out;
  };

/** The shape or null. */
export const nullable =
  <T>(shape: Shape<T>): Shape<T | null> =>
  (v, at) =>
    v === null ? null : shape(v, at);

type Fields = Record<string, Shape<unknown>>;
type ObjectOf<R extends Fields, O extends Fields> = { [K in keyof R]: Of<R[K]> } & { [K in keyof O]?: Of<O[K]> };

/** An object with exactly these keys; those of `optional` may be absent. */
export const object =
  <R extends Fields, O extends Fields = Record<never, never>>(required: R, optional?: O): Shape<ObjectOf<R, O>> =>
  (v, at) => {
    if (typeof v !== 'object' || v === null || Array.isArray(v)) return fail(at, 'want an object');
    const has = v as Record<string, unknown>;
    for (const k of Object.keys(has)) {
      // The name of an unknown key is a stranger's text: the path must do.
      if (!Object.hasOwn(required, k) && !(optional && Object.hasOwn(optional, k))) return fail(at, 'has a key that is not known');
    }
    const out: Record<string, unknown> = {};
    for (const [k, shape] of Object.entries(required)) {
      if (!Object.hasOwn(has, k)) return fail(below(at, k), 'is missing');
      out[k] = shape(has[k], below(at, k));
    }
    for (const [k, shape] of Object.entries(optional ?? {})) {
      if (Object.hasOwn(has, k)) out[k] = shape(has[k], below(at, k));
    }
    return out as ObjectOf<R, O>;
  };
