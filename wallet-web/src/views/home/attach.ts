/** Attaching a file: chunk by chunk from the disk, sealed here, and counted only when its document is stored. */
import { chunksHere, dropAttachment, getChunk, putChunk } from '../../api/attachment';
import { isProblem } from '../../api/http';
import { CHUNK, chunkContent, chunkKey, chunksOf, joinChunks, keyOf, openChunk, sealChunk, type ChunkKey } from '../../core/attachment';
import { b64u, newSha256, type Bytes } from '../../core/bytes';
import { OpenError } from '../../core/errors';
import type { DocumentId } from '../../core/id';
import type { AttachmentPlaintext } from '../../core/plaintext';
import { systemRandom } from '../../core/random';
import type { HeldAttachment, OpenVault } from '../../store/vault.svelte';
import { nowSeconds } from '../../components/dates';
import { sendBatch } from '../documents';

/** What an upload needs of a file. */
export type Source = Pick<File, 'name' | 'type' | 'size' | 'slice'>;

/**
 * One upload. `run` may be called again after it failed: it goes on where it stopped. The whole file is never in
 * memory.
 */
export class Upload {
  readonly document: DocumentId;
  readonly added: number;
  readonly count: number;
  /** Chunks that the operator has. */
  done = 0;
  #raw = systemRandom(32);
  #key: ChunkKey | null = null;
  #hash = newSha256();
  #stopped = false;

  /** `was` is for a file that was attached before, elsewhere. Throws CoreError `too-large`. */
  constructor(
    private readonly vault: OpenVault,
    private readonly file: Source,
    private readonly attribute: string,
    was?: { document: DocumentId; added: number },
  ) {
    this.count = chunksOf(file.size);
    this.document = was?.document ?? vault.newDocument();
    this.added = was?.added ?? nowSeconds();
  }

  /** Resolves when the file is attached; false if it was stopped. */
  async run(progress: (done: number) => void): Promise<boolean> {
    this.#stopped = false;
    this.#key ??= await chunkKey(this.#raw);
    while (this.done < this.count) {
      const content = await chunkContent(this.file.size, this.done, async (from, to) => new Uint8Array(await this.file.slice(from, to).arrayBuffer()));
      const sealed = await sealChunk(this.#key, { document: this.document, place: this.done, count: this.count }, content, systemRandom);
      await putChunk(this.document, this.done, this.count, sealed);
      this.#hash.update(content.subarray(0, Math.max(0, this.file.size - this.done * CHUNK)));
      progress(++this.done);
      if (this.#stopped) return false;
    }
    await this.#commit();
    return true;
  }

  /** Ends it: what is at the operator goes. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await dropAttachment(this.document).catch(() => undefined); // within two days it goes by itself
  }

  async #commit(): Promise<void> {
    // An upload that paused for a day may have lost what it had.
    const here = await chunksHere(this.document);
    if (here?.length !== this.count) throw new OpenError();
    const plaintext: AttachmentPlaintext = {
      v: 1,
      kind: 'attachment',
      name: this.file.name.slice(0, 255) || '-',
      type: this.file.type.slice(0, 127),
      size: this.file.size,
      hash: b64u(this.#hash.clone().digest() as Bytes),
      key: b64u(this.#raw),
      added: this.added,
      ...(this.attribute && { attribute: this.attribute }),
    };
    await putAttachment(this.vault, this.document, plaintext);
  }
}

/** Stores the document of an attachment whose chunks are there: after an upload, or to undo a removal. */
export async function putAttachment(vault: OpenVault, document: DocumentId, plaintext: AttachmentPlaintext): Promise<void> {
  await onTop(vault, () => vault.write(() => [{ kind: 'put', id: document, version: 1, plaintext }], (batch) => sendBatch(batch)));
}

/** Deletes the document, and with it the only key to the chunks. */
export async function removeAttachment(vault: OpenVault, { id }: HeldAttachment): Promise<void> {
  await onTop(vault, () =>
    vault.write(
      () => {
        const held = vault.attachments.find((a) => a.id === id);
        return held ? [{ kind: 'delete', id, version: held.version }] : [];
      },
      (batch) => sendBatch(batch),
    ),
  );
}

async function onTop(vault: OpenVault, write: () => Promise<void>): Promise<void> {
  try {
    await write();
  } catch (error) {
    if (!isProblem(error, 'conflict')) throw error;
    await vault.reload();
    await write();
  }
}

/** The file as it was attached. OpenError if the operator hands over anything else, or not all of it. */
export async function readAttachment(of: HeldAttachment): Promise<Bytes> {
  const chunks: Bytes[] = [];
  for await (const chunk of readChunks(of)) chunks.push(chunk);
  return joinChunks(of, chunks);
}

/** Its chunks one after the other, the padding at the end included. OpenError likewise. */
export async function* readChunks(of: HeldAttachment): AsyncGenerator<Bytes> {
  const key = await chunkKey(keyOf(of));
  const count = chunksOf(of.size);
  for (let place = 0; place < count; place++) {
    let sealed: Bytes;
    try {
      sealed = await getChunk(of.id, place);
    } catch (error) {
      throw isProblem(error, 'not-found') ? new OpenError() : error;
    }
    yield await openChunk(key, { document: of.id, place, count }, sealed);
  }
}

/** Images up to this are shown in the page; its policy lets no other than `data:` through. */
export const SHOWN = 2 << 20;

/** The media type of a picture that the page may show, by its first bytes: what the file is called does not count. */
export function pictureType(b: Bytes): string | null {
  const starts = (...magic: number[]) => magic.every((m, i) => b[i] === m);
  if (starts(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a)) return 'image/png';
  if (starts(0xff, 0xd8, 0xff)) return 'image/jpeg';
  if (starts(0x47, 0x49, 0x46, 0x38)) return 'image/gif';
  if (starts(0x52, 0x49, 0x46, 0x46) && b[8] === 0x57 && b[9] === 0x45 && b[10] === 0x42 && b[11] === 0x50) return 'image/webp';
  return null;
}

/** A picture as the page shows it. */
export function dataUrl(bytes: Bytes, type: string): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += 0x8000) text += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  return `data:${type};base64,${btoa(text)}`;
}
