import { describe, expect, test } from 'vitest';
import { b64u, fromB64u, utf8 } from './bytes';
import { parseStrict } from './json';
import { fixedRandom } from './testing/fixed';

describe('strict JSON', () => {
  test('agrees with JSON.parse on what both take', () => {
    for (const text of ['{}', '[]', '[1,-2,0]', ' { "a" : [ true , false , null , "x\\u0041\\n" ] } ', '"\\ud83d\\ude00"', '{"constructor":1}', '{"a":{"b":[[]]}}']) {
      expect(JSON.stringify(parseStrict('test', text))).toBe(JSON.stringify(JSON.parse(text)));
    }
  });

  test.each([
    '', ' ', '{', '{"a"}', '{"a":}', '{"a":1,}', '[1,]', '[1 2]', '{"a":1 "b":2}', "{'a':1}", '{a:1}', 'tru', '01', '1.5', '1e3', '-0', '+1', '9007199254740993',
    '"\n"', '"\\x"', '"\\ud800"', '{} {}', '1 2', '{"a":1,"a":2}', '{"a":1,"\\u0061":2}', '[' .repeat(20) + ']'.repeat(20), 'NaN', '{"__proto__":1}', '\ufeff{}', '\u00a0{}',
  ])('refuses %j', (text) => {
    expect(() => parseStrict('test', text)).toThrow(expect.objectContaining({ code: 'malformed' }));
  });

  test('and bytes that are no UTF-8', () => {
    expect(() => parseStrict('test', Uint8Array.of(0x22, 0xff, 0x22))).toThrow(expect.objectContaining({ code: 'malformed' }));
  });
});

describe('base64url', () => {
  test('round trips at every length, like Node', () => {
    const random = fixedRandom('bytes');
    for (let n = 0; n < 70; n++) {
      const bytes = random(n);
      expect(b64u(bytes)).toBe(Buffer.from(bytes).toString('base64url'));
      expect(fromB64u(b64u(bytes), n)).toEqual(bytes);
    }
  });

  test.each(['A', 'AA==', 'AB', 'A+', 'A/', 'AA A', 'AAA\n', 'AAAAA', 'é'])('refuses %j', (text) => {
    expect(() => fromB64u(text)).toThrow(expect.objectContaining({ code: 'base64url' }));
  });

  test('refuses another size', () => {
    expect(() => fromB64u('AAAA', 4)).toThrow(/want 4 bytes/);
    expect(utf8('ä')).toHaveLength(2);
  });
});
