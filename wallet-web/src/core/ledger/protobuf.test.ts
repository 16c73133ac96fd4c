import { describe, expect, test } from 'vitest';
import { concat, fromB64u, sha256, utf8, type Bytes } from '../bytes';
import { prove, validators } from '../testing/ledger';
import { parseSignedHeader } from './header';
import { verifyProof } from './proof';
import { dataField, fixed64Field, numberField, Reader, varint } from './protobuf';

const bytes = (...list: number[]): Bytes => Uint8Array.from(list);
const refused = expect.objectContaining({ code: 'format' }) as Error;
const number = (b: Bytes) => {
  const r = new Reader(b);
  const n = r.number(1);
  r.end();
  return n;
};

describe('one spelling', () => {
  test.each([0n, 1n, 127n, 128n, 300n, 2n ** 62n, -1n, -62135596800n])('%s is written and read', (n) => {
    expect(number(numberField(1, n))).toBe(n);
  });

  test.each([
    ['a zero that should be left out', bytes(8, 0)],
    ['a varint that could be shorter', bytes(8, 0x81, 0)],
    ['a varint cut short', bytes(8, 0x80)],
    ['a varint of more than 64 bits', bytes(8, ...Array<number>(9).fill(0xff), 2)],
    ['a varint without end', bytes(8, ...Array<number>(11).fill(0xff))],
    ['another field', bytes(16, 1)],
    ['the field twice', bytes(8, 1, 8, 1)],
    ['another wire type', bytes(9, 1, 0, 0, 0, 0, 0, 0, 0)],
  ])('%s is refused', (_, b) => {
    expect(() => number(b)).toThrow(refused);
  });

  test('bytes: empty ones are left out, and none reach past the end', () => {
    expect(new Reader(bytes()).data(1)).toHaveLength(0);
    expect(() => new Reader(bytes(10, 0)).data(1)).toThrow(refused);
    expect(() => new Reader(bytes(10, 2, 1)).data(1)).toThrow(refused);
    expect(new Reader(bytes(10, 0)).message(1)).toHaveLength(0);
    expect(() => new Reader(bytes()).message(1)).toThrow(refused);
  });

  test('what is zero is not written', () => {
    expect(concat(numberField(1, 0), fixed64Field(2, 0n), dataField(3, bytes()))).toHaveLength(0);
    expect([...fixed64Field(2, 258n)]).toEqual([17, 2, 1, 0, 0, 0, 0, 0, 0]);
    expect([...varint(300)]).toEqual([0xac, 2]);
  });
});

test('a header whose parts hash is no hash is refused, signed or not', async () => {
  const entry = concat(bytes(1, 2), sha256(utf8('x')), new Uint8Array(68));
  const good = prove('chain', [entry], 0);
  expect((await verifyProof(good, validators('chain'))).size).toBe(1);
  const odd = prove('chain', [entry], 0, undefined, new Uint8Array(31).fill(1));
  expect(() => parseSignedHeader(fromB64u(odd.signed_header))).toThrow(refused);
});
