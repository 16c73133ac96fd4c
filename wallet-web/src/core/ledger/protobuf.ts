/**
 * The little protobuf that CometBFT's headers need, read strictly: only the one spelling that CometBFT writes
 * (ascending fields, zero values left out, shortest varints, embedded messages always there).
 */
import { concat, type Bytes } from '../bytes';
import { ParseError } from '../errors';

/** Bytes were not the one spelling of the message. */
export function malformed(): never {
  throw new ParseError('format', 'signed header', '', "want CometBFT's own bytes");
}

/** Reads the fields of one message in their order. */
export class Reader {
  private at = 0;
  constructor(private readonly bytes: Bytes) {}

  /** A varint field, 0 if left out. Negative numbers are two's complement in 64 bits. */
  number(field: number): bigint {
    if (!this.take((field << 3) | 0)) return 0n;
    const n = this.varint();
    return n === 0n ? malformed() : BigInt.asIntN(64, n);
  }

  /** A bytes field, empty if left out. */
  data(field: number): Bytes {
    const value = this.message(field, true);
    return value ?? new Uint8Array(0);
  }

  /** An embedded message's bytes. It must be there unless `optional`, and then must not be empty. */
  message(field: number, optional: true): Bytes | null;
  message(field: number): Bytes;
  message(field: number, optional = false): Bytes | null {
    if (!this.take((field << 3) | 2)) return optional ? null : malformed();
    const size = Number(this.varint());
    if (size > this.bytes.length - this.at || (optional && size === 0)) malformed();
    return this.bytes.slice(this.at, (this.at += size));
  }

  /** All embedded messages of a repeated field. */
  messages(field: number): Bytes[] {
    const out: Bytes[] = [];
    while (this.bytes[this.at] === ((field << 3) | 2)) out.push(this.message(field));
    return out;
  }

  /** Nothing may follow. */
  end(): void {
    if (this.at !== this.bytes.length) malformed();
  }

  private take(key: number): boolean {
    if (this.bytes[this.at] !== key) return false;
    this.at++;
    return true;
  }

  private varint(): bigint {
    let n = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = this.bytes[this.at++];
      if (byte === undefined || shift > 63n) return malformed();
      n |= BigInt(byte & 127) << shift;
      if (byte < 128) return (byte === 0 && shift > 0n) || n >= 1n << 64n ? malformed() : n;
    }
  }
}

/** A varint; two's complement if negative. */
export function varint(n: bigint | number): Bytes {
  const out: number[] = [];
  for (let left = BigInt.asUintN(64, BigInt(n)); ; ) {
    const byte = Number(left & 127n);
    left >>= 7n;
    out.push(left > 0n ? byte | 128 : byte);
    if (left === 0n) return Uint8Array.from(out);
  }
}

/** A varint field; nothing if zero. */
export function numberField(field: number, n: bigint | number): Bytes {
  return BigInt(n) === 0n ? new Uint8Array(0) : concat(varint(field << 3), varint(n));
}

/** A fixed 64-bit field, little-endian; nothing if zero. */
export function fixed64Field(field: number, n: bigint): Bytes {
  if (n === 0n) return new Uint8Array(0);
  const out = new Uint8Array(9);
  out[0] = (field << 3) | 1;
  new DataView(out.buffer).setBigInt64(1, n, true);
  return out;
}

/** A length-delimited field; nothing if empty, unless it is an embedded message. */
export function dataField(field: number, bytes: Uint8Array, message = false): Bytes {
  return bytes.length === 0 && !message ? new Uint8Array(0) : concat(varint((field << 3) | 2), varint(bytes.length), bytes);
}
