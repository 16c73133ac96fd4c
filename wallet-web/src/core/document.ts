/**
 * Documents: JWE (RFC 7516), general JSON, one recipient under the vault key (formats.md § 2, contract C.2). Made
 * on WebCrypto directly, since a vault of 1,000 documents opens in one go; any JOSE library opens them too.
 */
import { b64u, concat, fromB64u, fromUtf8, sha256, utf8, type Bytes } from './bytes';
import { OpenError } from './errors';
import type { DocumentId } from './id';
import type { VaultKey } from './keys';
import { paddedLength } from './padme';
import type { Random } from './random';
import { base64url, id, int, list, matching, object, oneOf, parseJson, read, type Of } from './shape';

const subtle = () => globalThis.crypto.subtle;
const TAG = 16;

const b64uText = matching(/^[A-Za-z0-9_-]+$/, 'base64url');
const sealedShape = object({
  protected: b64uText,
  recipients: list(object({ header: object({ alg: oneOf('A256KW'), kid: matching(/^vault(\/[1-9]\d{0,9})?$/, 'the name of a vault key') }), encrypted_key: base64url(40) }), 1, 1),
  iv: base64url(12),
  ciphertext: b64uText,
  tag: base64url(TAG),
});
const headerShape = object({ enc: oneOf('A256GCM'), typ: oneOf('coffer-doc+json'), doc: id<DocumentId>(), ver: int(1) });

/** A sealed document: the operator stores it and cannot open it. */
export type Sealed = Of<typeof sealedShape>;
/** Which version of which document something is; bound into the seal. */
export interface DocumentRef {
  id: DocumentId;
  /** From 1, each version one more. */
  version: number;
}
/** A sealed document as stored at the operator (GET /documents, POST /documents puts). */
export interface Stored extends DocumentRef {
  sealed: Sealed;
}

/** Reads a sealed document's shape without opening it. Throws ParseError. */
export function parseSealed(value: unknown): Sealed {
  return read('sealed document', value, sealedShape);
}

/**
 * Seals one version of a document with a fresh content key. `plaintext` is JSON; it is padded with spaces to
 * Padmé of its length (at least 256 bytes), so that the size says little. Draws 32 and 12 random bytes.
 */
export async function sealDocument(vaultKey: VaultKey, ref: DocumentRef, plaintext: string, random: Random): Promise<Sealed> {
  const rawKey = random(32);
  const iv = random(12);
  const header = b64u(utf8(JSON.stringify({ enc: 'A256GCM', typ: 'coffer-doc+json', doc: ref.id, ver: ref.version })));
  const cek = await subtle().importKey('raw', rawKey, 'AES-GCM', true, ['encrypt']);
  rawKey.fill(0);
  const [body, locked] = await Promise.all([
    subtle().encrypt({ name: 'AES-GCM', iv, additionalData: utf8(header) }, cek, pad(utf8(plaintext))),
    subtle().wrapKey('raw', cek, vaultKey.key, 'AES-KW'),
  ]);
  const cut = body.byteLength - TAG;
  return {
    protected: header,
    recipients: [{ header: { alg: 'A256KW', kid: keyName(vaultKey.number) }, encrypted_key: b64u(new Uint8Array(locked)) }],
    iv: b64u(iv),
    ciphertext: b64u(new Uint8Array(body, 0, cut)),
    tag: b64u(new Uint8Array(body, cut)),
  };
}

/** The JSON text of this version of this document. OpenError for anything else, without saying what was wrong. */
export async function openDocument(vaultKey: VaultKey, ref: DocumentRef, sealed: Sealed): Promise<string> {
  try {
    const header = parseJson('header', fromB64u(sealed.protected), headerShape);
    if (header.doc !== ref.id || header.ver !== ref.version) throw new OpenError();
    const cek = await unlock(vaultKey, sealed, false);
    const how = { name: 'AES-GCM', iv: fromB64u(sealed.iv, 12), additionalData: utf8(sealed.protected) };
    const body = await subtle().decrypt(how, cek, concat(fromB64u(sealed.ciphertext), fromB64u(sealed.tag, TAG)));
    return fromUtf8(new Uint8Array(body)).trimEnd();
  } catch {
    throw new OpenError();
  }
}

/** What a sealed document says it is; only opening it shows whether that is true. Throws ParseError. */
export function headerOf(sealed: Sealed): DocumentRef {
  const header = parseJson('header', fromB64u(parseSealed(sealed).protected), headerShape);
  return { id: header.doc, version: header.ver };
}

/** The content key (32 bytes) of a document, for sharing it. OpenError if the vault key does not unlock it. */
export async function cekOf(vaultKey: VaultKey, sealed: Sealed): Promise<Bytes> {
  try {
    const cek = await unlock(vaultKey, sealed, true);
    return new Uint8Array(await subtle().exportKey('raw', cek));
  } catch {
    throw new OpenError();
  }
}

/** What the manifest keeps of a version: SHA-256 over protected "." ciphertext "." tag, as base64url. */
export function contentHash(sealed: Sealed): string {
  return b64u(sha256(utf8(`${sealed.protected}.${sealed.ciphertext}.${sealed.tag}`)));
}

/**
 * The same content as the next version, under a fresh content key: whoever was given the old key cannot open what
 * comes after (a withdrawal re-seals so).
 */
export async function resealDocument(vaultKey: VaultKey, stored: Stored, random: Random): Promise<Stored> {
  const plaintext = await openDocument(vaultKey, stored, stored.sealed);
  const next = { id: stored.id, version: stored.version + 1 };
  return { ...next, sealed: await sealDocument(vaultKey, next, plaintext, random) };
}


/** A document's content key, locked with the vault's next key; version and content stay as they are. */
export interface Rekeyed extends DocumentRef {
  /** base64url of 40 bytes. */
  encrypted_key: string;
}

/** Locks a document's content key with the vault's next key. OpenError if the key before does not unlock it. */
export async function rekeyDocument(before: VaultKey, next: VaultKey, stored: Stored): Promise<Rekeyed> {
  try {
    const cek = await unlock(before, stored.sealed, true);
    const locked = await subtle().wrapKey('raw', cek, next.key, 'AES-KW');
    return { id: stored.id, version: stored.version, encrypted_key: b64u(new Uint8Array(locked)) };
  } catch {
    throw new OpenError();
  }
}

/** The number of the vault key that a document says it is sealed under. OpenError if it is no document. */
export function keyNumberOf(sealed: Sealed): number {
  try {
    return numberOf(parseSealed(sealed).recipients[0]?.header.kid ?? '');
  } catch {
    throw new OpenError();
  }
}

/** The content key of exactly our JWE: with a member more, another reader could see another document. */
function unlock(vaultKey: VaultKey, sealed: Sealed, extractable: boolean): Promise<CryptoKey> {
  const [recipient] = parseSealed(sealed).recipients;
  if (!recipient) throw new OpenError();
  const number = numberOf(recipient.header.kid);
  const by = [vaultKey, vaultKey.before].find((k) => k?.number === number);
  if (!by) throw new OpenError();
  return subtle().unwrapKey('raw', fromB64u(recipient.encrypted_key, 40), by.key, 'AES-KW', 'AES-GCM', extractable, ['decrypt']);
}

const keyName = (number: number): string => (number === 1 ? 'vault' : `vault/${number}`);

/** Of its one spelling; 0 for another, which is no key's number. */
function numberOf(name: string): number {
  const number = name === 'vault' ? 1 : Number(name.slice('vault/'.length));
  return keyName(number) === name ? number : 0;
}

function pad(plaintext: Bytes): Bytes {
  const out = new Uint8Array(paddedLength(plaintext.length)).fill(0x20);
  out.set(plaintext);
  return out;
}
