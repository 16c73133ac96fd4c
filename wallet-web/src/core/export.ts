/**
 * An export: all of a vault in one file, sealed under 24 words (vault/FORMAT.md). It is cut into small parts, each with a
 * tag and a place of its own, so that a damaged file says which part, and gives away all others. Made and read in
 * pieces: it is never in memory as a whole.
 */
import { concat, fromUtf8, uint32, utf8, type Bytes } from './bytes';
import { CoreError, OpenError } from './errors';
import type { DocumentId, VaultId } from './id';
import { kekFrom } from './keys';
import type { Random } from './random';
import { id, int, list, object, oneOf, parseJson, text, version } from './shape';

const subtle = () => globalThis.crypto.subtle;

/** How much content one part holds, in bytes. */
export const PART = 4096;
const SEALED = 12 + PART + 16;
const MAGIC = utf8('coffer/v1 export');
/** Of the header: what stands before the IV, and all of it. */
const OPEN = 16 + 32 + 4;
const HEADER = OPEN + 12 + 48;
const MAX_CONTENTS = 1 << 20;
/** Parts that are read or sealed at once. */
const RUN = 64;

/** The lists of an export, in their order. */
export const LISTS = ['documents', 'grants', 'receipts', 'accesses', 'rights', 'messages'] as const;
export type ListName = (typeof LISTS)[number];

/** One list, or one attached file with the document that it belongs to. `length` is in bytes, without padding. */
export interface Section {
  name: ListName | 'attachment';
  document?: DocumentId;
  length: number;
}
const sectionShape = object({ name: oneOf(...LISTS, 'attachment'), length: int(0, 0xffffffff) }, { document: id<DocumentId>() });
const contentsShape = object({ v: version, made: int(), operator: text(2000), vault: id<VaultId>(), sections: list(sectionShape, 10_000) });

/** What an export has, in the order in which it stands there, and of which vault at which operator. */
export interface Contents {
  v: 1;
  /** Unix seconds. */
  made: number;
  /** Origin. */
  operator: string;
  vault: VaultId;
  sections: Section[];
}

/** How many parts a section has. */
export const partsOf = ({ length }: Pick<Section, 'length'>): number => Math.ceil(length / PART);

/** How long the file becomes, in bytes. */
export function sizeOf(contents: Contents): number {
  const parts = contents.sections.reduce((n, s) => n + partsOf(s), 0) + 2 * partsOf({ length: utf8(JSON.stringify(contents)).length });
  return 2 * HEADER + parts * SEALED;
}

/**
 * The file, piece by piece. `source` gives what a section holds, in pieces of any length that come to what `contents`
 * says; throws CoreError `other-length` if they do not. Draws 32, 32 and 12 random bytes, and 12 for each part.
 */
export async function* sealExport(entropy: Bytes, contents: Contents, source: (section: number) => AsyncIterable<Bytes>, random: Random): AsyncGenerator<Bytes> {
  const listed = utf8(JSON.stringify(contents));
  if (listed.length > MAX_CONTENTS) throw new CoreError('too-large', 'there is too much to list');
  const raw = random(32);
  const open = concat(MAGIC, random(32), uint32(listed.length));
  const iv = random(12);
  const kek = await kekOf(entropy, open);
  const locked = new Uint8Array(await subtle().encrypt({ name: 'AES-GCM', iv, additionalData: open }, kek, raw));
  const header = concat(open, iv, locked);
  const key = await subtle().importKey('raw', raw, 'AES-GCM', false, ['encrypt']);
  raw.fill(0);
  const beginning: Bytes[] = [];
  for await (const run of sealSection(key, 0, listed.length, pieces(listed), random)) beginning.push(run);
  const head = concat(...beginning);
  yield header;
  yield head;
  for (const [i, section] of contents.sections.entries()) yield* sealSection(key, i + 1, section.length, source(i), random);
  yield head;
  yield header;
}

async function* sealSection(key: CryptoKey, section: number, length: number, content: AsyncIterable<Bytes>, random: Random): AsyncGenerator<Bytes> {
  const count = partsOf({ length });
  let [place, left] = [0, length];
  let waiting: Bytes = new Uint8Array(0);
  const seal = async (part: Bytes, at: number) => {
    const iv = random(12);
    const padded = new Uint8Array(PART);
    padded.set(part);
    return concat(iv, new Uint8Array(await subtle().encrypt({ name: 'AES-GCM', iv, additionalData: bound(section, at, count) }, key, padded)));
  };
  const run = async (upTo: number) => {
    const from = place;
    const parts: Promise<Bytes>[] = [];
    for (let at = 0; at < upTo; at += PART) parts.push(seal(waiting.subarray(at, Math.min(at + PART, upTo)), from + parts.length));
    place += parts.length;
    waiting = waiting.slice(upTo);
    return concat(...(await Promise.all(parts)));
  };
  for await (const piece of content) {
    left -= piece.length;
    waiting = concat(waiting, piece);
    const whole = waiting.length - (waiting.length % PART);
    if (whole >= RUN * PART) yield await run(whole);
  }
  if (left !== 0) throw new CoreError('other-length', 'a section is not as long as it was said to be');
  if (waiting.length > 0) yield await run(waiting.length);
}

/** Content that is there already. */
export async function* pieces(...all: Bytes[]): AsyncGenerator<Bytes> {
  yield* all;
}

/** Reads bytes of the file; fewer than asked for at its end. */
export type ReadAt = (from: number, to: number) => Promise<Bytes>;

/** One part that is damaged or missing: `section` as in the contents, both from 0. */
export interface Damage {
  section: number;
  place: number;
}

/** An export that was opened. */
export class Export {
  readonly #key: CryptoKey;
  readonly #read: ReadAt;
  readonly #first: number;

  private constructor(
    readonly contents: Contents,
    /** The beginning of the file is damaged, and the copy at its end was read. */
    readonly fromCopy: boolean,
    key: CryptoKey,
    read: ReadAt,
    first: number,
  ) {
    this.#key = key;
    this.#read = read;
    this.#first = first;
  }

  /**
   * Opens a file of `size` bytes. Throws CoreError `not-export` if neither end of it is one's, OpenError for other words
   * than its own.
   */
  static async open(read: ReadAt, size: number, entropy: Bytes): Promise<Export> {
    const failed: unknown[] = [];
    for (const [at, behind] of [[0, false], [size - HEADER, true]] as const) {
      try {
        return await Export.#at(read, at, behind, entropy);
      } catch (error) {
        if (!(error instanceof CoreError)) throw error;
        failed.push(error);
      }
    }
    throw failed.find((e) => (e as CoreError).code !== 'not-export') ?? failed[0];
  }

  static async #at(read: ReadAt, at: number, behind: boolean, entropy: Bytes): Promise<Export> {
    const header = at < 0 ? new Uint8Array(0) : await read(at, at + HEADER);
    if (header.length !== HEADER || fromMagic(header) !== fromMagic(MAGIC)) throw new CoreError('not-export', 'the file is no export');
    const open = header.slice(0, OPEN);
    const length = new DataView(open.buffer).getUint32(OPEN - 4);
    const key = await unlock(await kekOf(entropy, open), open, header.slice(OPEN));
    if (length > MAX_CONTENTS) throw new CoreError('too-large', 'the list of contents is too long');
    const count = partsOf({ length });
    const from = behind ? at - count * SEALED : HEADER;
    const parts: Bytes[] = [];
    for (let place = 0; place < count; place++) {
      const start = from + place * SEALED;
      const part = start < 0 ? null : await openPart(key, 0, place, count, await read(start, start + SEALED));
      if (!part) throw new OpenError();
      parts.push(part);
    }
    const contents = parseJson('export', fromUtf8(concat(...parts).subarray(0, length)), contentsShape) as Contents;
    return new Export(contents, behind, key, read, count);
  }

  /** The parts of a section without padding, in their order; null for one that is damaged or missing. */
  async *parts(section: number): AsyncGenerator<Bytes | null> {
    const before = this.contents.sections.slice(0, section).reduce((n, s) => n + partsOf(s), this.#first);
    const { length } = this.contents.sections[section]!;
    const count = partsOf({ length });
    for (let place = 0; place < count; place += RUN) {
      const run = Math.min(RUN, count - place);
      const at = HEADER + (before + place) * SEALED;
      const bytes = await this.#read(at, at + run * SEALED);
      const parts = await Promise.all(Array.from({ length: run }, (_, i) => openPart(this.#key, section + 1, place + i, count, bytes.slice(i * SEALED, (i + 1) * SEALED))));
      for (const [i, part] of parts.entries()) yield part && part.subarray(0, Math.min(PART, length - (place + i) * PART));
    }
  }

  /** The lines of a list that stand whole in parts that can be read, and the places of the others. */
  async lines(section: number): Promise<{ lines: string[]; damaged: number[] }> {
    const damaged: number[] = [];
    const lines: string[] = [];
    let left: Bytes[] = [];
    let whole = true;
    let place = 0;
    for await (let part of this.parts(section)) {
      if (!part) {
        damaged.push(place++);
        [left, whole] = [[], false];
        continue;
      }
      place++;
      for (;;) {
        const end = part.indexOf(10);
        if (end < 0) break;
        if (whole) lines.push(fromUtf8(concat(...left, part.subarray(0, end))));
        [left, whole, part] = [[], true, part.subarray(end + 1)];
      }
      left.push(part);
    }
    return { lines, damaged };
  }

  /** Every part that is damaged or missing, in the order of the file. */
  async damage(progress: (done: number, of: number) => void = () => undefined): Promise<Damage[]> {
    const found: Damage[] = [];
    const of = this.contents.sections.reduce((n, s) => n + partsOf(s), 0);
    let done = 0;
    for (let section = 0; section < this.contents.sections.length; section++) {
      let place = 0;
      for await (const part of this.parts(section)) {
        if (!part) found.push({ section, place });
        place++;
        if (++done % RUN === 0) progress(done, of);
      }
    }
    return found;
  }
}

async function openPart(key: CryptoKey, section: number, place: number, count: number, sealed: Bytes): Promise<Bytes | null> {
  if (sealed.length !== SEALED) return null;
  try {
    const how = { name: 'AES-GCM', iv: sealed.slice(0, 12), additionalData: bound(section, place, count) };
    return new Uint8Array(await subtle().decrypt(how, key, sealed.slice(12)));
  } catch {
    return null;
  }
}

async function unlock(kek: CryptoKey, open: Bytes, locked: Bytes): Promise<CryptoKey> {
  try {
    const raw = await subtle().decrypt({ name: 'AES-GCM', iv: locked.slice(0, 12), additionalData: open }, kek, locked.slice(12));
    return await subtle().importKey('raw', raw, 'AES-GCM', false, ['decrypt']);
  } catch {
    throw new OpenError();
  }
}

const kekOf = (entropy: Bytes, open: Bytes) => kekFrom(entropy, open.slice(16, 48), utf8('coffer/v1 export kek'));
const fromMagic = (bytes: Bytes) => String.fromCharCode(...bytes.subarray(0, MAGIC.length));
const bound = (section: number, place: number, count: number) => concat(utf8('coffer/v1 export part'), uint32(section), uint32(place), uint32(count));
