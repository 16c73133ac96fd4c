/**
 * A way in that is elsewhere (vault/FORMAT.md, Ways in): what a passkey or the words give makes a key pair, too. Its
 * public half lies sealed in the vault, so that a rotation locks the next vault key with passkeys that are not here.
 * Carries the elliptic curves: import it lazily.
 */
import { p256 } from '@noble/curves/nist.js';
import { hkdf } from '@noble/hashes/hkdf.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { b64u, concat, fromB64u, utf8, type Bytes } from './bytes';
import { OpenError } from './errors';
import { kekFrom, unwrapVaultKey, wrapVaultKey, type Kek, type Wrap, type WrapOwner } from './keys';
import type { Random } from './random';

/** 65 bytes: the public half of a way in, from its 32 secret bytes and the vault's salt. */
export const publicOf = (ikm: Bytes, salt: Bytes): Bytes => p256.getPublicKey(secretOf(ikm, salt), false) as Bytes;

/** Locks the vault key (32 bytes) for a way in of which only the public half is here; draws 48 and 12 random bytes. */
export async function wrapTo(way: Bytes, salt: Bytes, vaultKey: Bytes, owner: WrapOwner, random: Random): Promise<Wrap> {
  const secret = reduced(random(48));
  const ephemeral = p256.getPublicKey(secret, false) as Bytes;
  const kek = await kekTo(shared(secret, way), salt, ephemeral, way);
  secret.fill(0);
  return { ...(await wrapVaultKey(kek, vaultKey, owner, random)), ephemeral: b64u(ephemeral) };
}

/** The vault key of a wrap that was made to the public half. OpenError as unwrapVaultKey. */
export async function unwrapFrom(ikm: Bytes, salt: Bytes, wrap: Wrap, owner: WrapOwner): Promise<Bytes> {
  try {
    const secret = secretOf(ikm, salt);
    const ephemeral = fromB64u(wrap.ephemeral ?? '', 65);
    const kek = await kekTo(shared(secret, ephemeral), salt, ephemeral, p256.getPublicKey(secret, false) as Bytes);
    secret.fill(0);
    return await unwrapVaultKey(kek, wrap, owner);
  } catch {
    throw new OpenError();
  }
}

function secretOf(ikm: Bytes, salt: Bytes): Bytes {
  return reduced(hkdf(sha256, ikm, salt, utf8('coffer/v1 way'), 48) as Bytes);
}

/** 48 bytes, big-endian, reduced to d = (x mod (n − 1)) + 1: FIPS 186-5 A.2.1, with a bias below 2⁻¹²⁸. */
function reduced(wide: Bytes): Bytes {
  const n = p256.Point.Fn.ORDER;
  const d = (wide.reduce((acc, byte) => (acc << 8n) | BigInt(byte), 0n) % (n - 1n)) + 1n;
  return p256.Point.Fn.toBytes(d) as Bytes;
}

const shared = (secret: Bytes, other: Bytes): Bytes => p256.getSharedSecret(secret, other, false).slice(1, 33) as Bytes;

/** As a direct wrap's key, with both public halves in it: kekFrom of another label. */
const kekTo = (secret: Bytes, salt: Bytes, ephemeral: Bytes, way: Bytes): Promise<Kek> =>
  kekFrom(secret, salt, concat(utf8('coffer/v1 kek to'), ephemeral, way));
