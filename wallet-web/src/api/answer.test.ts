import { describe, expect, it } from 'vitest';
import { int, text } from '../core/shape';
import { answer, encoded, list, opaque, optional, parseAnswer, Unparsed } from './answer';

const shape = answer({ n: int(), name: optional(text(10), '-'), items: list(answer({ id: encoded })) });

describe('an answer of the operator', () => {
  it('is read with what an older page does not know left out', () => {
    expect(parseAnswer({ n: 1, name: 'a', items: [{ id: 'AA', newer: 1 }], newer: true }, shape)).toEqual({ n: 1, name: 'a', items: [{ id: 'AA' }] });
  });

  it('may leave out what is optional, and write no list as null', () => {
    expect(parseAnswer({ n: 1, items: null }, shape)).toEqual({ n: 1, name: '-', items: [] });
  });

  it.each([
    ['nothing', undefined],
    ['a list', []],
    ['a missing key', { items: [] }],
    ['a number as text', { n: '1', items: [] }],
    ['a fraction', { n: 1.5, items: [] }],
    ['padding in base64url', { n: 1, items: [{ id: 'AA==' }] }],
    ['an object instead of a list', { n: 1, items: {} }],
  ])('is refused for %s', (_, value) => {
    expect(() => parseAnswer(value, shape)).toThrow(Unparsed);
  });

  it('names the place and never the value', () => {
    const secret = 'Ludmila Canary';
    const error = (() => {
      try {
        parseAnswer({ n: 1, items: [{ id: secret }] }, shape);
      } catch (e) {
        return e as Error;
      }
    })();
    expect(error?.message).toContain('items[0].id');
    expect(error?.message).not.toContain(secret);
  });

  it('does not take what an object inherits', () => {
    expect(() => parseAnswer(Object.create({ n: 1, items: [] }) as object, shape)).toThrow(Unparsed);
  });

  it('hands objects on unread, and only objects', () => {
    expect(parseAnswer({ a: 1 }, opaque)).toEqual({ a: 1 });
    expect(() => parseAnswer([1], opaque)).toThrow(Unparsed);
  });
});
