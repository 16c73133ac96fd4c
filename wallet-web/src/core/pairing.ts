/**
 * Two devices agree on a key through an operator that they do not trust (vault/FORMAT.md, Pairing). The one that has
 * the vault commits to its half before it sees the other's, so that whoever stands in between has one blind try at
 * words that both show.
 */
import { concat, equal, sha256, uint32, utf8, type Bytes } from './bytes';
import { OpenError } from './errors';
import { idBytes, idOf, type VaultId } from './id';
import type { Random } from './random';

const subtle = () => globalThis.crypto.subtle;
const POINT = 65;

/** What one device adds: an ephemeral P-256 point and 32 random bytes. */
export interface Half {
  key: Bytes;
  nonce: Bytes;
}

/** A device's half with what only it has: the private key, which cannot be read out. */
export interface OwnHalf extends Half {
  secret: CryptoKey;
}

/** Which of the two this device is: `from` has the vault, `to` gets it. */
export type Side = 'from' | 'to';

/** A fresh half. The key is drawn by WebCrypto, the nonce from `random`. */
export async function newHalf(random: Random): Promise<OwnHalf> {
  const pair = await subtle().generateKey({ name: 'ECDH', namedCurve: 'P-256' }, false, ['deriveBits']);
  return { secret: pair.privateKey, key: new Uint8Array(await subtle().exportKey('raw', pair.publicKey)), nonce: random(32) };
}

/** Crockford's base 32: no letter in it is taken for a digit. */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
/** Characters of a code: 50 bits, for ten minutes and one use. */
export const CODE = 10;

export const newCode = (random: Random): string => [...random(CODE)].map((byte) => ALPHABET[byte & 31]).join('');

/** The code in what somebody typed or scanned: blanks, hyphens, case, and O, I and L do not matter. '' if it is none. */
export function readCode(typed: string): string {
  const code = typed.toUpperCase().replace(/[\s-]/g, '').replace(/O/g, '0').replace(/[IL]/g, '1');
  return code.length === CODE && [...code].every((c) => ALPHABET.includes(c)) ? code : '';
}

/** What the operator keeps of a code. */
export const codeHash = (code: string): Bytes => sha256(utf8('coffer/v1 pairing code\0'), utf8(code));

/** Fixes a half before the other one is seen. */
export const commitmentTo = (from: Half): Bytes => sha256(utf8('coffer/v1 pairing commitment\0'), from.key, from.nonce);

export const isCommittedTo = (from: Half, commitment: Bytes): boolean => equal(commitmentTo(from), commitment);

/** The places on the BIP-39 list of the three words that both devices show: 33 bits. */
export function phrase(from: Half, to: Half): number[] {
  const hash = sha256(utf8('coffer/v1 pairing phrase\0'), transcript(from, to));
  const bits = hash.slice(0, 5).reduce((acc, byte) => (acc << 8n) | BigInt(byte), 0n) >> 7n;
  return [22n, 11n, 0n].map((shift) => Number((bits >> shift) & 2047n));
}

const transcript = (from: Half, to: Half): Bytes => concat(from.key, from.nonce, to.key, to.nonce);

async function agreed(mine: CryptoKey, side: Side, from: Half, to: Half): Promise<CryptoKey> {
  const their = side === 'from' ? to.key : from.key;
  if (their.length !== POINT) throw new OpenError();
  const other = await subtle().importKey('raw', their, { name: 'ECDH', namedCurve: 'P-256' }, false, []);
  const bits = await subtle().deriveBits({ name: 'ECDH', public: other }, mine, 256);
  const ikm = await subtle().importKey('raw', bits, 'HKDF', false, ['deriveKey']);
  const how = { name: 'HKDF', hash: 'SHA-256', salt: sha256(transcript(from, to)), info: utf8('coffer/v1 pairing key') };
  return subtle().deriveKey(how, ikm, { name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt']);
}

/** What crosses: which vault, which of its keys, and the key (32 bytes). */
export interface Handed {
  vault: VaultId;
  number: number;
  raw: Bytes;
}

const BOUND = utf8('coffer/v1 pairing');

/** Seals the vault key to the other device; draws 12 random bytes. */
export async function sealHanded(mine: OwnHalf, to: Half, handed: Handed, random: Random): Promise<{ iv: Bytes; ciphertext: Bytes }> {
  const key = await agreed(mine.secret, 'from', mine, to);
  const iv = random(12);
  const secret = concat(idBytes(handed.vault), uint32(handed.number), handed.raw);
  const ciphertext = new Uint8Array(await subtle().encrypt({ name: 'AES-GCM', iv, additionalData: BOUND }, key, secret));
  secret.fill(0);
  return { iv, ciphertext };
}

/** Opens what the device that has the vault sealed to this one. OpenError for anything else. */
export async function openHanded(mine: OwnHalf, from: Half, iv: Bytes, ciphertext: Bytes): Promise<Handed> {
  try {
    const key = await agreed(mine.secret, 'to', from, mine);
    const secret = new Uint8Array(await subtle().decrypt({ name: 'AES-GCM', iv, additionalData: BOUND }, key, ciphertext));
    if (secret.length !== 52) throw new OpenError();
    const number = new DataView(secret.buffer).getUint32(16);
    return { vault: idOf<VaultId>(secret.slice(0, 16)), number, raw: secret.slice(20) };
  } catch {
    throw new OpenError();
  }
}
