/** Bytes and their text forms. base64url is RFC 4648 § 5 without padding, strict: one value has one spelling. */
import { sha256 as nobleSha256 } from '@noble/hashes/sha2.js';
import { ParseError } from './errors';

/** Bytes that WebCrypto takes: never on shared memory. */
export type Bytes = Uint8Array<ArrayBuffer>;

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const values = new Map([...alphabet].map((c, i) => [c.charCodeAt(0), i]));

/** UTF-8 bytes of a string. */
export function utf8(text: string): Bytes {
  return encoder.encode(text);
}

/** The string of UTF-8 bytes; throws ParseError `malformed` if they are none. */
export function fromUtf8(bytes: Uint8Array, what = 'text'): string {
  try {
    return decoder.decode(bytes);
  } catch {
    throw new ParseError('malformed', what, '', 'want UTF-8');
  }
}

/** base64url without padding. */
export function b64u(bytes: Uint8Array): string {
  let out = '';
  for (let i = 0; i < bytes.length; i += 3) {
    const left = bytes.length - i;
    const n = ((bytes[i] ?? 0) << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0);
    for (let j = 0; j < Math.min(left + 1, 4); j++) out += alphabet[(n >> (18 - 6 * j)) & 63];
  }
  return out;
}

/**
 * The bytes of a base64url string; with `size`, exactly that many. Throws ParseError `base64url` for padding,
 * foreign characters, set leftover bits or another size.
 */
export function fromB64u(text: string, size?: number, what = 'base64url'): Bytes {
  const bad = () =>
    new ParseError('base64url', what, '', size === undefined ? 'want base64url without padding' : `want ${size} bytes of base64url`);
  if (typeof text !== 'string' || text.length % 4 === 1) throw bad();
  const out = new Uint8Array(Math.floor((text.length * 3) / 4));
  if (size !== undefined && out.length !== size) throw bad();
  let acc = 0;
  let bits = 0;
  let at = 0;
  for (let i = 0; i < text.length; i++) {
    const v = values.get(text.charCodeAt(i));
    if (v === undefined) throw bad();
    acc = ((acc << 6) | v) & 0xffff;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      out[at++] = (acc >> bits) & 0xff;
    }
  }
  if ((acc & ((1 << bits) - 1)) !== 0) throw bad();
  return out;
}

/** All parts one after the other. */
export function concat(...parts: Uint8Array[]): Bytes {
  const out = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));
  let at = 0;
  for (const p of parts) {
    out.set(p, at);
    at += p.length;
  }
  return out;
}

/** Whether both are the same bytes; takes the same time wherever they differ. */
export function equal(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  let diff = 0;
  for (let i = 0; i < a.length; i++) diff |= (a[i] ?? 0) ^ (b[i] ?? 0);
  return diff === 0;
}

/** SHA-256 (FIPS 180-4), 32 bytes. */
export function sha256(...parts: Uint8Array[]): Bytes {
  const h = nobleSha256.create();
  for (const p of parts) h.update(p);
  return h.digest() as Bytes;
}

/** SHA-256 of what comes bit by bit. */
export const newSha256 = () => nobleSha256.create();

/** base64url SHA-256 of a text: how requests, receipts and messages are named as they were signed. */
export function hashOf(signed: string): string {
  return b64u(sha256(utf8(signed)));
}

/** An unsigned 32-bit number, big-endian. */
export function uint32(n: number): Bytes {
  const out = new Uint8Array(4);
  new DataView(out.buffer).setUint32(0, n);
  return out;
}
