/**
 * The keys that open a vault (formats.md § 1): what a passkey or the recovery words give becomes a key encryption
 * key, which locks the vault key; the vault key locks the documents.
 */
import { concat, fromB64u, b64u, utf8, type Bytes } from './bytes';
import { OpenError } from './errors';
import { idBytes, type VaultId } from './id';
import type { Random } from './random';

const subtle = () => globalThis.crypto.subtle;

/** The PRF input of every Coffer vault: a discoverable login does not know the shopper, so it is a constant. */
export const PRF_INPUT: Bytes = utf8('coffer/v1 prf');

/** What a session holds of the vault key: AES-256-KW, not extractable, and which one it is. */
export interface VaultKey {
  /** From 1; each rotation adds one. */
  readonly number: number;
  readonly key: CryptoKey;
  /** The one before, while a rotation is not finished: it opens, and nothing is sealed under it. */
  readonly before?: VaultKey;
}
/** AES-256-GCM, not extractable. */
export type Kek = CryptoKey;

/** The vault key locked with one way in, as the operator keeps it (contract C.3). */
export interface Wrap {
  kind: 'passkey' | 'recovery';
  /** base64url; of the passkey, absent for recovery. */
  credential?: string;
  /** base64url of 12 bytes. */
  iv: string;
  /** base64url of 48 bytes: the locked key and the tag. */
  ciphertext: string;
  /** base64url of 65 bytes: of a wrap that a rotation made to the way in's public half (way.ts). */
  ephemeral?: string;
}

/** Which vault and which way in a wrap belongs to; bound into it as additional data. */
export interface WrapOwner {
  vault: VaultId;
  /** The credential's raw id; absent for the recovery words. */
  credential?: Uint8Array;
}

/** 32 fresh bytes. They exist in the clear only while wraps are made; a session keeps `vaultKeyFrom` of them. */
export function newVaultKey(random: Random): Bytes {
  return random(32);
}

/** The vault key as a session may hold it: it opens and seals, and cannot be read out. */
export async function vaultKeyFrom(raw: Bytes, number = 1): Promise<VaultKey> {
  return { number, key: await subtle().importKey('raw', raw, 'AES-KW', false, ['wrapKey', 'unwrapKey']) };
}

/**
 * The key encryption key: HKDF-SHA-256 (RFC 5869) of the PRF output or of the words' entropy, 32 bytes each, with
 * the vault's salt of 32 bytes.
 */
export async function kekFrom(ikm: Bytes, salt: Bytes, info = utf8('coffer/v1 kek')): Promise<Kek> {
  const key = await subtle().importKey('raw', ikm, 'HKDF', false, ['deriveKey']);
  const how = { name: 'HKDF', hash: 'SHA-256', salt, info };
  return subtle().deriveKey(how, key, { name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt']);
}

/** Locks the vault key (32 bytes) with one way in; draws 12 random bytes. */
export async function wrapVaultKey(kek: Kek, vaultKey: Bytes, owner: WrapOwner, random: Random): Promise<Wrap> {
  const iv = random(12);
  const sealed = await subtle().encrypt({ name: 'AES-GCM', iv, additionalData: bound(owner) }, kek, vaultKey);
  return {
    kind: owner.credential ? 'passkey' : 'recovery',
    ...(owner.credential && { credential: b64u(owner.credential) }),
    iv: b64u(iv),
    ciphertext: b64u(new Uint8Array(sealed)),
  };
}

/**
 * The 32 bytes of the vault key. OpenError if this way in does not open it, whatever the reason: a wrong PRF value
 * looks like a wrong wrap, so a wrap is never replaced because of it.
 */
export async function unwrapVaultKey(kek: Kek, wrap: Wrap, owner: WrapOwner): Promise<Bytes> {
  try {
    const iv = fromB64u(wrap.iv, 12);
    const sealed = fromB64u(wrap.ciphertext, 48);
    return new Uint8Array(await subtle().decrypt({ name: 'AES-GCM', iv, additionalData: bound(owner) }, kek, sealed));
  } catch {
    throw new OpenError();
  }
}

function bound(owner: WrapOwner): Bytes {
  return concat(idBytes(owner.vault), owner.credential ?? utf8('recovery'));
}
