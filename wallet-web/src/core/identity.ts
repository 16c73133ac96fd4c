/**
 * Keys that derive from the identity seed (formats.md § 1), one set per business and per grant, so that two
 * businesses cannot link a shopper. Carries the elliptic curves: import it lazily.
 */
import { ed25519 } from '@noble/curves/ed25519.js';
import { p256 } from '@noble/curves/nist.js';
import { hkdf } from '@noble/hashes/hkdf.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { b64u, concat, utf8, type Bytes } from './bytes';
import { didKeyEd25519, type Did, type PrivateJwk, type PublicJwk } from './did';
import { idBytes, type GrantId } from './id';
import type { Random } from './random';

/** An Ed25519 key pair: 32 bytes each. */
export interface SigningKey {
  seed: Bytes;
  publicKey: Bytes;
}

/** The key that signs receipts to one business, and its did:key. */
export interface PairwiseKey extends SigningKey {
  did: Did;
}

/** The key that messages of one business to the shopper are encrypted to. */
export interface AgreementKey {
  privateJwk: PrivateJwk;
  publicJwk: PublicJwk;
}

/** 32 fresh bytes: the root of the keys below; sealed as a document of its own. */
export function newIdentitySeed(random: Random): Bytes {
  return random(32);
}

/** The Ed25519 key pair of a seed (RFC 8032). */
export function signingKey(seed: Bytes): SigningKey {
  return { seed, publicKey: ed25519.getPublicKey(seed) as Bytes };
}

/** The shopper as one business knows them. */
export function pairwiseKey(identitySeed: Bytes, business: Did): PairwiseKey {
  const key = signingKey(derive(identitySeed, concat(utf8('coffer/v1 pairwise'), utf8(business)), 32));
  return { ...key, did: didKeyEd25519(key.publicKey) };
}

/** 48 bytes, big-endian, reduced to d = (x mod (n − 1)) + 1: FIPS 186-5 A.2.1, with a bias below 2⁻¹²⁸. */
export function agreementKey(identitySeed: Bytes, business: Did): AgreementKey {
  const wide = derive(identitySeed, concat(utf8('coffer/v1 agreement'), utf8(business)), 48);
  const n = p256.Point.Fn.ORDER;
  const d = (wide.reduce((acc, byte) => (acc << 8n) | BigInt(byte), 0n) % (n - 1n)) + 1n;
  const secret = p256.Point.Fn.toBytes(d);
  const point = p256.getPublicKey(secret, false);
  const publicJwk: PublicJwk = { kty: 'EC', crv: 'P-256', x: b64u(point.subarray(1, 33)), y: b64u(point.subarray(33)) };
  return { publicJwk, privateJwk: { ...publicJwk, d: b64u(secret) } };
}

/** The key that signs one grant's and its withdrawal's ledger entries. */
export function grantWalletKey(identitySeed: Bytes, grant: GrantId): SigningKey {
  return signingKey(derive(identitySeed, concat(utf8('coffer/v1 grant'), idBytes(grant)), 32));
}

/** HKDF-SHA-256 (RFC 5869) with an empty salt. */
function derive(seed: Bytes, info: Bytes, length: number): Bytes {
  return hkdf(sha256, seed, undefined, info, length) as Bytes;
}
