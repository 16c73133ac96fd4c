/** Shares: one document's content key, locked for the business of one grant (formats.md § 2). */
import { b64u, fromB64u, type Bytes } from './bytes';
import { OpenError } from './errors';
import type { DocumentId, GrantId } from './id';

const subtle = () => globalThis.crypto.subtle;

/** A share as the wallet sends it (contract C.3, D.10). */
export interface Share {
  grant: GrantId;
  document: DocumentId;
  version: number;
  attribute: string;
  /** base64url of 40 bytes: the content key under the grant key. */
  encrypted_key: string;
}

/** AES-KW (RFC 3394) of the content key under the grant key, 32 bytes each; base64url of 40 bytes. */
export async function shareOf(grantKey: Bytes, cek: Bytes): Promise<string> {
  const kek = await subtle().importKey('raw', grantKey, 'AES-KW', false, ['wrapKey']);
  const key = await subtle().importKey('raw', cek, { name: 'HMAC', hash: 'SHA-256' }, true, ['sign']);
  return b64u(new Uint8Array(await subtle().wrapKey('raw', key, kek, 'AES-KW')));
}

/** The content key of a share: what the business does with it. OpenError if the grant key is another. */
export async function cekOfShare(grantKey: Bytes, encryptedKey: string): Promise<Bytes> {
  try {
    const kek = await subtle().importKey('raw', grantKey, 'AES-KW', false, ['unwrapKey']);
    const key = await subtle().unwrapKey('raw', fromB64u(encryptedKey, 40), kek, 'AES-KW', { name: 'HMAC', hash: 'SHA-256' }, true, ['sign']);
    return new Uint8Array(await subtle().exportKey('raw', key));
  } catch {
    throw new OpenError();
  }
}
