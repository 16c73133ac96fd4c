/**
 * Parsing at the edge: what an answer of the operator must look like, checked before the rest of the wallet sees
 * it. Core's shapes refuse unknown keys, because what is signed must be understood whole; an answer may carry
 * more than an older page knows, so unknown keys are let through unread here. A missing or wrong one is refused.
 */
import { ParseError } from '../core/errors';
import { list as strictList, read, type At, type Of, type Shape } from '../core/shape';

/** The answer arrived and is not what the contract says. */
export class Unparsed extends Error {
  override name = 'Unparsed';
  constructor(where: string) {
    super(`the operator's answer is not understood${where ? `: ${where}` : ''}`);
  }
}

type Fields = Record<string, Shape<unknown>>;

/** An object with at least these keys. */
export const answer =
  <F extends Fields>(fields: F): Shape<{ [K in keyof F]: Of<F[K]> }> =>
  (value, at) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw new ParseError('malformed', at.what, at.path, 'want an object');
    }
    const has = value as Record<string, unknown>;
    const out: Record<string, unknown> = {};
    for (const [key, shape] of Object.entries(fields)) {
      out[key] = shape(Object.hasOwn(has, key) ? has[key] : undefined, below(at, key));
    }
    return out as { [K in keyof F]: Of<F[K]> };
  };

const below = (at: At, key: string): At => ({ what: at.what, path: at.path === '' ? key : `${at.path}.${key}` });

/** A list; null counts as empty, for that is how Go writes a nil slice. */
export const list =
  <T>(item: Shape<T>, max = 10_000): Shape<T[]> =>
  (value, at) =>
    value === null ? [] : strictList(item, max)(value, at);

/** The key may be missing or null; then the fallback stands. */
export const optional =
  <T>(shape: Shape<T>, fallback: T): Shape<T> =>
  (value, at) =>
    value === undefined || value === null ? fallback : shape(value, at);

/** An object handed on unread to code with a parser of its own (core, the browser). */
export const opaque: Shape<Record<string, unknown>> = (value, at) => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new ParseError('malformed', at.what, at.path, 'want an object');
  }
  return value as Record<string, unknown>;
};

/** Any base64url; its length is the business of who decodes it. */
export const encoded: Shape<string> = (value, at) => {
  if (typeof value !== 'string' || !/^[A-Za-z0-9_-]*$/.test(value)) {
    throw new ParseError('malformed', at.what, at.path, 'want base64url');
  }
  return value;
};

/** Reads an answer or throws {@link Unparsed}, which names the place and never the value. */
export function parseAnswer<T>(value: unknown, shape: Shape<T>): T {
  try {
    return read('answer', value, shape);
  } catch (error) {
    if (error instanceof ParseError) throw new Unparsed(`${error.path} ${error.want}`.trim());
    throw error;
  }
}
