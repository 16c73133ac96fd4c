/**
 * Signing in with the recovery words alone (vault/FORMAT.md, Recovery): the entropy behind them gives a locator, by
 * which the operator finds the vault, and a key that signs its challenge. Carries the elliptic curves: import it
 * lazily.
 */
import { ed25519 } from '@noble/curves/ed25519.js';
import { hkdf } from '@noble/hashes/hkdf.js';
import { sha256 as hash } from '@noble/hashes/sha2.js';
import { b64u, concat, sha256, utf8, type Bytes } from './bytes';

/** What the operator keeps of a sheet, so that its words sign in. Neither the words nor a wrap's key follow from it. */
export interface Registration {
  /** base64url of 32 bytes: SHA-256 of the locator. */
  locator_hash: string;
  /** base64url of 32 bytes: an Ed25519 public key. */
  signer: string;
}

/** 16 bytes that name the sheet to the operator, which keeps only their hash. */
export const locatorOf = (entropy: Bytes): Bytes => hkdf(hash, entropy, undefined, utf8('coffer/v1 recovery locator'), 16) as Bytes;

/** The seed of the key that signs in; its owner wipes it. */
export const signerSeedOf = (entropy: Bytes): Bytes => hkdf(hash, entropy, undefined, utf8('coffer/v1 recovery signer'), 32) as Bytes;

/** What is registered with the words' wrap. */
export function registrationOf(entropy: Bytes): Registration {
  const seed = signerSeedOf(entropy);
  try {
    return { locator_hash: b64u(sha256(locatorOf(entropy))), signer: b64u(ed25519.getPublicKey(seed)) };
  } finally {
    seed.fill(0);
  }
}

/** What is signed: the operator's origin is in it, so that no operator can sign in at another. `challenge` has 32 bytes. */
export const recoveryMessage = (origin: string, challenge: Bytes): Bytes => concat(utf8('coffer/v1 recovery\0'), utf8(origin), challenge);

/** The signature (64 bytes) that signs in at this origin, for this challenge. */
export function signRecovery(entropy: Bytes, origin: string, challenge: Bytes): Bytes {
  const seed = signerSeedOf(entropy);
  try {
    return ed25519.sign(recoveryMessage(origin, challenge), seed) as Bytes;
  } finally {
    seed.fill(0);
  }
}
