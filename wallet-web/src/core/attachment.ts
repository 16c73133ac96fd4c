/**
 * Attachments: what is larger than a document, in chunks stored under a document's id (vault/FORMAT.md). The document
 * has the key, so the manifest that lists it holds the chunks too.
 */
import { b64u, concat, fromB64u, sha256, utf8, type Bytes } from './bytes';
import { CoreError, OpenError } from './errors';
import { idBytes, type DocumentId } from './id';
import { paddedLength } from './padme';
import type { AttachmentPlaintext } from './plaintext';
import type { Random } from './random';

const subtle = () => globalThis.crypto.subtle;
const IV = 12;
const TAG = 16;

/** How much content one chunk holds, in bytes; the last may hold less. */
export const CHUNK = 262_144;
/** 10 MiB: an attachment of more is refused. */
export const MAX_ATTACHMENT = 40 * CHUNK;

/** How many chunks `size` bytes make, padding included. Throws CoreError `too-large`. */
export function chunksOf(size: number): number {
  if (size > MAX_ATTACHMENT) throw new CoreError('too-large', 'an attachment is beyond its measure');
  return Math.ceil(paddedLength(size) / CHUNK);
}

/** AES-256-GCM, from the 32 bytes in the attachment's document; not extractable. */
export type ChunkKey = CryptoKey;
export function chunkKey(raw: Bytes): Promise<ChunkKey> {
  return subtle().importKey('raw', raw, 'AES-GCM', false, ['encrypt', 'decrypt']);
}

/** Which chunk of which attachment: under the seal, so that none is moved, doubled or left out unseen. */
export interface ChunkRef {
  document: DocumentId;
  /** From 0. */
  place: number;
  count: number;
}

/** What a content of `size` bytes has at a place, zeros at its end included; `slice` reads that much of it. */
export async function chunkContent(size: number, place: number, slice: (from: number, to: number) => Promise<Bytes>): Promise<Bytes> {
  const from = place * CHUNK;
  const to = Math.min(from + CHUNK, paddedLength(size));
  const out = new Uint8Array(to - from);
  if (from < size) out.set(await slice(from, Math.min(to, size)));
  return out;
}

/** IV, ciphertext and tag of one chunk; draws 12 random bytes. */
export async function sealChunk(key: ChunkKey, ref: ChunkRef, content: Bytes, random: Random): Promise<Bytes> {
  const iv = random(IV);
  return concat(iv, new Uint8Array(await subtle().encrypt({ name: 'AES-GCM', iv, additionalData: bound(ref) }, key, content)));
}

/** The content of a chunk. OpenError for anything but this chunk, without saying what was wrong. */
export async function openChunk(key: ChunkKey, ref: ChunkRef, sealed: Bytes): Promise<Bytes> {
  if (sealed.length <= IV + TAG) throw new OpenError();
  try {
    const how = { name: 'AES-GCM', iv: sealed.slice(0, IV), additionalData: bound(ref) };
    return new Uint8Array(await subtle().decrypt(how, key, sealed.slice(IV)));
  } catch {
    throw new OpenError();
  }
}

/** An attachment from its opened chunks, without padding. OpenError if it is not what was attached. */
export function joinChunks(of: Pick<AttachmentPlaintext, 'size' | 'hash'>, chunks: readonly Bytes[]): Bytes {
  const padded = concat(...chunks);
  if (padded.length !== paddedLength(of.size) || padded.subarray(of.size).some((b) => b !== 0)) throw new OpenError();
  const content = padded.slice(0, of.size);
  if (b64u(sha256(content)) !== of.hash) throw new OpenError();
  return content;
}

/** The bytes of the key in an attachment's document. */
export const keyOf = (of: Pick<AttachmentPlaintext, 'key'>): Bytes => fromB64u(of.key, 32);

function bound({ document, place, count }: ChunkRef): Bytes {
  const where = new DataView(new ArrayBuffer(8));
  where.setUint32(0, place);
  where.setUint32(4, count);
  return concat(utf8('coffer/v1 chunk'), idBytes(document), new Uint8Array(where.buffer));
}
