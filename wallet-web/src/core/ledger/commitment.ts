/**
 * Commitments (formats.md § 4). Scheme 1 is Pedersen on ristretto255 (RFC 9496): C = m·G + r·H; once r is gone,
 * nothing remains even for someone who kept the document. Twin of Go's anchor/commitment.go. Import it lazily.
 */
import { ristretto255, ristretto255_hasher } from '@noble/curves/ed25519.js';
import { hmac } from '@noble/hashes/hmac.js';
import { sha256, sha512 } from '@noble/hashes/sha2.js';
import { b64u, concat, equal, fromB64u, utf8, type Bytes } from '../bytes';
import type { Random } from '../random';
import { base64url, object, oneOf, read, type Of } from '../shape';

const LABEL = utf8('coffer/v1 commitment\0');
const { Point } = ristretto255;
const Scalar = Point.Fn;
type RistrettoPoint = typeof Point.BASE;

export const openingShape = object({ scheme: oneOf(1, 2), r: base64url(32) });
/** What opens a commitment: kept apart from it; deleting it is what erases. `r` is base64url of 32 bytes. */
export type Opening = Of<typeof openingShape>;

/** Reads an opening. Throws ParseError. */
export function parseOpening(value: unknown): Opening {
  return read('opening', value, openingShape);
}

/** A scheme 1 commitment to the document (32 bytes); draws 64 random bytes. */
export function commit(document: Uint8Array, random: Random): { commitment: Bytes; opening: Opening } {
  const r = wide(random(64));
  if (r === 0n) throw new Error('drawing an opening: the random source gave zeros');
  const opening: Opening = { scheme: 1, r: b64u(Scalar.toBytes(r)) };
  return { commitment: pedersen(r, document), opening };
}

/** Whether the opening opens the commitment to exactly this document; a malformed opening opens nothing. */
export function opens(opening: Opening, commitment: Uint8Array, document: Uint8Array): boolean {
  let r: Bytes;
  try {
    r = fromB64u(opening.r, 32);
  } catch {
    return false;
  }
  if (opening.scheme === 2) return equal(hmac(sha256, r, concat(LABEL, document)), commitment);
  const scalar = littleEndian(r);
  // Only the canonical spelling: another one of the same scalar would be a second opening.
  return opening.scheme === 1 && scalar < Scalar.ORDER && equal(pedersen(scalar, document), commitment);
}

function pedersen(r: bigint, document: Uint8Array): Bytes {
  const m = wide(sha512(concat(LABEL, document)));
  return times(Point.BASE, m).add(times(generatorH(), r)).toBytes() as Bytes;
}

let second: RistrettoPoint | undefined;
/** The second generator; nobody knows its logarithm to base G. */
function generatorH(): RistrettoPoint {
  second ??= ristretto255_hasher.deriveToCurve?.(sha512(utf8('coffer/v1 pedersen generator H')));
  if (!second) throw new Error('the curve library cannot derive points');
  return second;
}

/** The library refuses to multiply by zero. */
function times(point: RistrettoPoint, scalar: bigint): RistrettoPoint {
  return scalar === 0n ? Point.ZERO : point.multiply(scalar);
}

/** 64 bytes, little-endian, reduced mod ℓ. */
function wide(bytes: Uint8Array): bigint {
  return littleEndian(bytes) % Scalar.ORDER;
}

function littleEndian(bytes: Uint8Array): bigint {
  return bytes.reduceRight((acc, byte) => (acc << 8n) | BigInt(byte), 0n);
}
