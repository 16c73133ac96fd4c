/** did:key (W3C CCG did-method-key): the key is the name. Carries the curves: import it lazily. */
import { p256 } from '@noble/curves/nist.js';
import { b64u, concat, fromB64u, type Bytes } from './bytes';
import { ParseError } from './errors';

declare const did: unique symbol;
export type Did = string & { readonly [did]: true };

/** A P-256 public key as a JWK (RFC 7517) with exactly these members. */
export interface PublicJwk {
  kty: 'EC';
  crv: 'P-256';
  x: string;
  y: string;
}

/** A P-256 private key as a JWK. */
export interface PrivateJwk extends PublicJwk {
  d: string;
}

const alphabet = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';
/** Multicodec prefixes, as varints: ed25519-pub (0xed), p256-pub (0x1200). */
const ED25519 = Uint8Array.of(0xed, 0x01);
const P256 = Uint8Array.of(0x80, 0x24);

/** did:key:z6Mk… of an Ed25519 public key (32 bytes). */
export function didKeyEd25519(publicKey: Uint8Array): Did {
  return `did:key:z${base58(concat(ED25519, publicKey))}` as Did;
}

/** did:key:zDn… of a P-256 public key. */
export function didKeyP256(key: PublicJwk): Did {
  const point = p256.Point.fromAffine({ x: toNumber(key.x), y: toNumber(key.y) });
  point.assertValidity();
  return `did:key:z${base58(concat(P256, point.toBytes(true)))}` as Did;
}

/** Whether it is a P-256 public key: a point on the curve, and not the one at infinity. */
export function isPublicJwk(key: { kty: string; crv: string; x: string; y: string }): key is PublicJwk {
  try {
    if (key.kty !== 'EC' || key.crv !== 'P-256') return false;
    p256.Point.fromAffine({ x: toNumber(key.x), y: toNumber(key.y) }).assertValidity();
    return true;
  } catch {
    return false;
  }
}

/** The Ed25519 public key (32 bytes) that a did:key names; throws ParseError `did`. */
export function ed25519FromDidKey(did: string): Bytes {
  const bytes = multikey(did, ED25519);
  if (bytes.length !== 32) throw malformed('want the did:key of an Ed25519 key');
  return bytes;
}

/** The P-256 public key that a did:key names; throws ParseError `did`. */
export function p256FromDidKey(did: string): PublicJwk {
  const bytes = multikey(did, P256);
  try {
    const point = p256.Point.fromBytes(bytes).toBytes(false);
    if (bytes.length !== 33) throw new Error();
    return { kty: 'EC', crv: 'P-256', x: b64u(point.subarray(1, 33)), y: b64u(point.subarray(33)) };
  } catch {
    throw malformed('want the did:key of a P-256 key');
  }
}

/** The one verification method of a did:key, as `kid` names it: did:key:z…#z…. */
export function keyIdOf(did: Did): string {
  return `${did}#${did.slice('did:key:'.length)}`;
}

function multikey(did: string, prefix: Uint8Array): Bytes {
  if (typeof did !== 'string' || !did.startsWith('did:key:z') || did.length > 128) throw malformed('want did:key:z…');
  const bytes = fromBase58(did.slice('did:key:z'.length));
  if (bytes[0] !== prefix[0] || bytes[1] !== prefix[1]) throw malformed('is a key of another kind');
  return bytes.slice(2);
}

function base58(bytes: Uint8Array): string {
  let n = bytes.reduce((acc, byte) => (acc << 8n) | BigInt(byte), 0n);
  let out = '';
  for (; n > 0n; n /= 58n) out = (alphabet[Number(n % 58n)] ?? '') + out;
  for (const byte of bytes) {
    if (byte !== 0) break;
    out = '1' + out;
  }
  return out;
}

function fromBase58(text: string): Bytes {
  let n = 0n;
  for (const c of text) {
    const v = alphabet.indexOf(c);
    if (v < 0) throw malformed('want base58');
    n = n * 58n + BigInt(v);
  }
  const out: number[] = [];
  for (; n > 0n; n >>= 8n) out.unshift(Number(n & 0xffn));
  for (const c of text) {
    if (c !== '1') break;
    out.unshift(0);
  }
  return Uint8Array.from(out);
}

function toNumber(b64: string): bigint {
  let n = 0n;
  for (const byte of fromB64u(b64, 32)) n = (n << 8n) | BigInt(byte);
  return n;
}

function malformed(want: string): ParseError {
  return new ParseError('did', 'did', '', want);
}
