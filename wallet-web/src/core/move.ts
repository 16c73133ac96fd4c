/**
 * Bringing an export to another vault (vault/FORMAT.md): what stands in its lists, and what of it the vault lacks. Asked
 * again after each write, so that it goes on wherever it stopped, and finds nothing to do the second time.
 */
import { hkdf } from '@noble/hashes/hkdf.js';
import { sha256 as hash } from '@noble/hashes/sha2.js';
import { fromB64u, sha256, uint32, utf8, concat, type Bytes } from './bytes';
import type { DocumentRef } from './document';
import { CoreError } from './errors';
import type { Contents } from './export';
import { idBytes, idOf, type DocumentId, type GrantId, type VaultId } from './id';
import { parseStrict } from './json';
import { parsePlaintext, plaintextJson, type AttachmentPlaintext, type GrantPlaintext, type IdentityPlaintext, type MovedPlaintext, type Plaintext } from './plaintext';
import { id, object, read } from './shape';
import type { Change } from './vault';

/** A document as an export lists it. */
export interface Listed {
  id: DocumentId;
  plaintext: Plaintext;
}

/** What an operator said of a grant when it was exported. */
export interface GrantLine {
  grant: GrantId;
  state: string;
  receipts: string[];
}

/** An export as far as it can be brought. */
export interface Exported {
  contents: Pick<Contents, 'vault' | 'operator' | 'made'>;
  documents: readonly Listed[];
  grants: ReadonlyMap<GrantId, GrantLine>;
  /** By the receipt that it is about: the bundle's JSON. */
  bundles: ReadonlyMap<string, string>;
}

const lineShape = object({ id: id<DocumentId>(), plaintext: (v) => v });

/** The line of a document. */
export const documentLine = ({ id, plaintext }: Listed): string => JSON.stringify({ id, plaintext });

/** Reads one. Throws ParseError, also for a kind that a newer wallet wrote. */
export function parseDocumentLine(line: string): Listed {
  const { id, plaintext } = read('export', parseStrict('export', line), lineShape);
  return { id, plaintext: parsePlaintext(JSON.stringify(plaintext)) };
}

/** The id that a document gets in the vault that it is brought to; nobody without the seed can connect the two. */
export function movedId(seed: Bytes, vault: VaultId, document: DocumentId): DocumentId {
  return idOf<DocumentId>(hkdf(hash, seed, undefined, concat(utf8('coffer/v1 moved'), idBytes(vault), idBytes(document)), 16));
}

/** The same for a file of an export's lists: the `n`th of those that this export fills. */
export function historyId(seed: Bytes, vault: VaultId, { vault: from, made }: Exported['contents'], n: number): DocumentId {
  return movedId(seed, vault, idOf<DocumentId>(sha256(utf8('coffer/v1 history'), idBytes(from), uint32(made), uint32(n)).slice(0, 16)));
}

/** What is known of the vault that an export is brought to. */
export interface Target {
  id: VaultId;
  identity: (IdentityPlaintext & DocumentRef) | null;
  documents: readonly ({ plaintext: Plaintext } & DocumentRef)[];
}

/** The identity of an export. Throws CoreError `no-identity` if the part with it is damaged. */
export function identityIn(exported: Pick<Exported, 'documents'>): IdentityPlaintext {
  const found = exported.documents.find((d) => d.plaintext.kind === 'identity')?.plaintext;
  if (found?.kind !== 'identity') throw new CoreError('no-identity', 'the part with the identity is damaged');
  return found;
}

/**
 * What the vault still lacks, in the order in which it is to be written; attached files are not among it. Throws
 * CoreError `in-use` if the vault has grants under an identity of its own: it would lose the keys to them.
 */
export function lacking(target: Target, exported: Exported): Change[] {
  const identity = identityIn(exported);
  const seed = fromB64u(identity.seed, 32);
  const same = target.id === exported.contents.vault;
  const here = new Map(target.documents.map((d) => [d.id, d]));
  const changes: Change[] = [];
  const own = target.identity;
  if (own?.seed !== identity.seed) {
    if (target.documents.some((d) => d.plaintext.kind === 'grant')) throw new CoreError('in-use', 'the vault has grants of its own');
    const plaintext: IdentityPlaintext = { ...identity, ledger: own?.ledger ?? null };
    changes.push({ kind: 'put', id: own?.id ?? movedId(seed, target.id, idOf<DocumentId>(idBytes(exported.contents.vault))), version: (own?.version ?? 0) + 1, plaintext });
  }
  for (const { id: was, plaintext: p } of exported.documents) {
    const id = same ? was : movedId(seed, target.id, was);
    const add = (plaintext: Plaintext) => {
      if (!here.has(id)) changes.push({ kind: 'put', id, version: 1, plaintext });
    };
    switch (p.kind) {
      case 'attribute': {
        const held = target.documents.filter((d) => d.plaintext.kind === 'attribute' && d.plaintext.name === p.name);
        const newest = Math.max(...held.map((d) => (d.plaintext as typeof p).updated));
        if (p.derived_from !== undefined || newest >= p.updated) break; // what follows from others is made here
        if (held.length === 0) add(p);
        else changes.push({ kind: 'put', id: held[0]!.id, version: held[0]!.version + 1, plaintext: p });
        break;
      }
      case 'grant': {
        if (same) add(p);
        else {
          const moved = movedGrant(p, exported);
          const had = here.get(id);
          if (!had) add(moved);
          else if (had.plaintext.kind === 'moved' && had.plaintext.made < moved.made) changes.push({ kind: 'put', id, version: had.version + 1, plaintext: moved });
        }
        break;
      }
      case 'settings':
        if (!target.documents.some((d) => d.plaintext.kind === 'settings')) add({ v: 1, kind: 'settings', gpc: p.gpc });
        break;
      case 'record':
        if (!target.documents.some((d) => d.plaintext.kind === 'record' && d.plaintext.deposit === p.deposit)) add(p);
        break;
      case 'rights':
      case 'moved':
        add(p);
        break;
      case 'presentation':
        if (same) add(p); // it goes with its grant, and was made for that operator's request
        break;
      case 'identity':
      case 'attachment':
      case 'ways':
      case 'manifest':
        break;
    }
  }
  return changes;
}

/** A grant as its history is kept elsewhere. */
function movedGrant(grant: GrantPlaintext, { contents, grants, bundles }: Exported): MovedPlaintext {
  const said = grants.get(grant.grant);
  const bundle = bundles.get(grant.receipt) ?? '';
  const receipts = said?.receipts.filter((r) => r !== '') ?? [];
  const moved: MovedPlaintext = { v: 1, kind: 'moved', operator: contents.operator, made: contents.made, grant, state: said?.state ?? 'unknown', receipts, bundle };
  // All of them are in the file of the lists, too.
  return plaintextJson(moved).length > MOVED ? { ...moved, receipts: [], bundle: '' } : moved;
}

/** Files that the vault still lacks, each with the id that it gets there. */
export function lackingFiles(target: Target, exported: Exported): { was: DocumentId; id: DocumentId; plaintext: AttachmentPlaintext }[] {
  const seed = fromB64u(identityIn(exported).seed, 32);
  const here = new Set(target.documents.map((d) => d.id));
  return exported.documents.flatMap(({ id: was, plaintext }) => {
    const id = target.id === exported.contents.vault ? was : movedId(seed, target.id, was);
    return plaintext.kind === 'attachment' && !here.has(id) ? [{ was, id, plaintext }] : [];
  });
}

/** How large such a document may become: an operator takes half a megabyte, sealed. */
const MOVED = 300_000;
/** How much of it goes into one batch, in bytes of plaintext: sealed, it must stay below what the operator takes at once. */
const BATCH = 200_000;

/** The first of these changes, as many as one batch may have. */
export function firstOf(changes: readonly Change[]): Change[] {
  let size = 0;
  const last = changes.findIndex((c, i) => (size += c.kind === 'put' ? plaintextJson(c.plaintext).length : 0) > BATCH && i > 0);
  return changes.slice(0, Math.min(last < 0 ? changes.length : last, 64));
}
