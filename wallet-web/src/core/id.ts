/**
 * Ids: 16 random bytes, written as 22 characters of base64url. Each kind is its own type, so that a grant cannot
 * be passed where a vault is meant. Twin of Go's internal/id.
 */
import { b64u, fromB64u, type Bytes } from './bytes';
import { ParseError } from './errors';
import type { Random } from './random';

declare const kind: unique symbol;
type Id<K extends string> = string & { readonly [kind]: K };

export type VaultId = Id<'vault'>;
export type DocumentId = Id<'document'>;
export type GrantId = Id<'grant'>;
export type RequestId = Id<'request'>;
export type MessageId = Id<'message'>;
export type RightsId = Id<'rights'>;
export type DepositId = Id<'deposit'>;
export type AnyId = VaultId | DocumentId | GrantId | RequestId | MessageId | RightsId | DepositId;

/** A fresh id: `newId<GrantId>(random)`. */
export function newId<I extends AnyId>(random: Random): I {
  return b64u(random(16)) as I;
}

/** Reads an id; only the canonical spelling. Throws ParseError `id`. */
export function parseId<I extends AnyId>(text: unknown): I {
  if (!isId(text)) throw new ParseError('id', 'id', '', 'want 22 characters of base64url');
  return text as I;
}

/** Whether the text spells an id. */
export function isId(text: unknown): text is string {
  if (typeof text !== 'string' || text.length !== 22) return false;
  try {
    fromB64u(text, 16);
    return true;
  } catch {
    return false;
  }
}

/** The 16 bytes of an id. */
export function idBytes(id: AnyId): Bytes {
  return fromB64u(id, 16, 'id');
}

/** The id of 16 bytes (a WebAuthn user handle is a vault id). */
export function idOf<I extends AnyId>(bytes: Uint8Array): I {
  if (bytes.length !== 16) throw new ParseError('id', 'id', '', 'want 16 bytes');
  return b64u(bytes) as I;
}

/** The manifest is the document whose id is the vault's. */
export function manifestId(vault: VaultId): DocumentId {
  return vault as string as DocumentId;
}
