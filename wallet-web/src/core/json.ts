/**
 * JSON as every format here reads it: one spelling of one meaning. JSON.parse lets pass what two programs could
 * read in two ways (a key twice, numbers that round); this refuses it. Twin of Go's consent.ParseStrict.
 */
import { fromUtf8 } from './bytes';
import { ParseError } from './errors';

/** No format here nests deeper than seven. */
const MAX_DEPTH = 16;

const integer = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const string = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const space = /[ \t\n\r]*/y;

/**
 * The value of one JSON text. Throws ParseError `malformed`. `fractions` lets numbers pass that are no whole ones: for
 * documents of others, of which only some keys are read.
 */
export function parseStrict(what: string, json: string | Uint8Array, fractions = false): unknown {
  const text = typeof json === 'string' ? json : fromUtf8(json, what);
  let at = 0;

  const fail = (want: string): never => {
    throw new ParseError('malformed', what, '', want);
  };
  const token = (pattern: RegExp): string => {
    pattern.lastIndex = at;
    const found = pattern.exec(text)?.[0] ?? fail('want JSON');
    at += found.length;
    return found;
  };
  const peek = (): string => {
    token(space);
    return text[at] ?? '';
  };
  const literal = <T>(word: string, value: T): T => {
    if (!text.startsWith(word, at)) fail('want JSON');
    at += word.length;
    return value;
  };
  const readString = (): string => {
    const value = JSON.parse(token(string)) as string;
    return value.isWellFormed() ? value : fail('want UTF-8');
  };
  const readNumber = (): number => {
    const spelled = token(integer);
    const value = Number(spelled);
    if (fractions) return value;
    if (!/^(?:0|-?[1-9]\d*)$/.test(spelled) || !Number.isSafeInteger(value)) fail('want plain whole numbers');
    return value;
  };
  // Calls `item` for each member until `close`.
  const members = (close: string, item: () => void): void => {
    at++;
    if (peek() === close) {
      at++;
      return;
    }
    for (;;) {
      item();
      const next = peek();
      at++;
      if (next === close) return;
      if (next !== ',') fail('want JSON');
    }
  };
  const readObject = (depth: number): Record<string, unknown> => {
    const out: Record<string, unknown> = {};
    members('}', () => {
      peek();
      const key = readString();
      if (Object.hasOwn(out, key)) fail('has a key twice');
      // Assigning it would not make a key; no format has it.
      if (key === '__proto__') fail('has a key that is not known');
      if (peek() !== ':') fail('want JSON');
      at++;
      out[key] = readValue(depth + 1);
    });
    return out;
  };
  const readArray = (depth: number): unknown[] => {
    const out: unknown[] = [];
    members(']', () => out.push(readValue(depth + 1)));
    return out;
  };
  const readValue = (depth: number): unknown => {
    if (depth > MAX_DEPTH) fail('is nested too deep');
    switch (peek()) {
      case '{':
        return readObject(depth);
      case '[':
        return readArray(depth);
      case '"':
        return readString();
      case 't':
        return literal('true', true);
      case 'f':
        return literal('false', false);
      case 'n':
        return literal('null', null);
      default:
        return readNumber();
    }
  };

  const value = readValue(0);
  if (peek() !== '') fail('has more behind the value');
  return value;
}
