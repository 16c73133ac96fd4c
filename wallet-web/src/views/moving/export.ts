/** Making an export: sealed piece by piece, and handed to the browser as it comes. */
import { currentSession, type Session } from '../../api/session';
import { nowSeconds } from '../../components/dates';
import type { Bytes } from '../../core/bytes';
import { utf8 } from '../../core/bytes';
import { OpenError } from '../../core/errors';
import { LISTS, pieces, sealExport, sizeOf, type Contents, type ListName } from '../../core/export';
import { documentLine } from '../../core/move';
import { systemRandom } from '../../core/random';
import type { HeldAttachment, OpenVault } from '../../store/vault.svelte';
import { readChunks } from '../home/attach';
import { unlockAgain } from '../unlock/unlock';
import { collect, type Collected } from './collect';

/**
 * A way in once more: with the file go the keys that sign, and whoever sits at an open page must not get them. Gives the
 * session that is to be confirmed with words, where it began with words; null when a passkey has confirmed.
 */
export async function confirmed(vault: OpenVault): Promise<Session | null> {
  const session = await currentSession();
  if (session?.credential === '') return session;
  const way = await unlockAgain(vault);
  if (way.at === 'open') {
    way.raw.fill(0);
    way.here.ikm.fill(0);
  }
  return null;
}

/** A file that is attached and cannot be read, so that nothing can be exported that would claim to be whole. */
export class Missing extends Error {
  override name = 'Missing';
  constructor(readonly file: string) {
    super('an attached file cannot be read');
  }
}

export interface Made {
  file: Blob;
  words: string[];
  /** The access log is longer than could be read. */
  partly: boolean;
}

/** Makes the export. What is sealed leaves the page's memory: a browser keeps the parts of a Blob where it has room. */
export async function makeExport(vault: OpenVault, progress: (share: number) => void): Promise<Made> {
  const all = await collect(vault);
  const lists = listsOf(all);
  const files = vault.attachments;
  const contents: Contents = {
    v: 1,
    made: nowSeconds(),
    operator: location.origin,
    vault: vault.id,
    sections: [...LISTS.map((name) => ({ name, length: lists[name].length })), ...files.map((f) => ({ name: 'attachment' as const, document: f.id, length: f.size }))],
  };
  const { newWords } = await import('../../core/words');
  const { words, entropy } = newWords(systemRandom);
  const source = (i: number) => (i < LISTS.length ? pieces(lists[LISTS[i]!]) : contentOf(files[i - LISTS.length]!));
  const [parts, size]: [Blob[], number] = [[], sizeOf(contents)];
  let done = 0;
  for await (const piece of sealExport(entropy, contents, source, systemRandom)) {
    parts.push(new Blob([piece]));
    progress((done += piece.length) / size);
  }
  entropy.fill(0);
  return { file: new Blob(parts, { type: 'application/octet-stream' }), words, partly: !all.whole };
}

/** The lines of each list. */
export function listsOf(all: Collected): Record<ListName, Bytes> {
  const lines = (of: readonly string[]) => utf8(of.map((l) => `${l}\n`).join(''));
  const documents = all.documents.map(documentLine);
  // Without the identity nothing can be brought anywhere: it stands at both ends.
  const identity = all.documents.filter((d) => d.plaintext.kind === 'identity').map(documentLine);
  const json = (of: readonly object[]) => lines(of.map((o) => JSON.stringify(o)));
  return {
    documents: lines([...identity, ...documents.filter((d) => !identity.includes(d)), ...identity]),
    grants: json(all.grants),
    receipts: json(all.receipts),
    accesses: json(all.accesses),
    rights: json(all.rights),
    messages: json(all.messages),
  };
}

/** What is attached, without its padding. */
async function* contentOf(file: HeldAttachment): AsyncGenerator<Bytes> {
  let left = file.size;
  try {
    for await (const chunk of readChunks(file)) {
      yield chunk.slice(0, Math.min(left, chunk.length));
      left -= Math.min(left, chunk.length);
    }
  } catch (error) {
    throw error instanceof OpenError ? new Missing(file.name) : error;
  }
}
