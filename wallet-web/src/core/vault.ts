/** A whole vault at once: open what the operator delivered, and make the batch that changes it. */
import { contentHash, openDocument, sealDocument, type DocumentRef, type Stored } from './document';
import { CoreError } from './errors';
import { manifestId, type DocumentId, type VaultId } from './id';
import type { VaultKey } from './keys';
import { checkManifest, labelOf, newManifest, REMEMBERED, type Finding, type Label, type Seen } from './manifest';
import { parsePlaintext, plaintextJson, type ManifestPlaintext, type Plaintext } from './plaintext';
import type { Random } from './random';

/** One document, open. */
export interface Opened extends DocumentRef {
  plaintext: Plaintext;
  stored: Stored;
}

/** A vault as opened. `documents` is without the manifest. */
export interface OpenedVault {
  documents: Opened[];
  /** Version of the manifest to remember as last seen; 0 if the vault has none yet. */
  manifestVersion: number;
  /** What does not agree with the manifest; show every one, trust none of the documents they name. */
  findings: Finding[];
  /** Documents that do not open, or that a newer wallet wrote. */
  unreadable: DocumentId[];
  past: Past;
}

/** What the next manifest takes over: labels of the documents, and the hashes of the manifests so far. */
export interface Past {
  labels: ReadonlyMap<DocumentId, Label>;
  /** The newest first; the stored manifest's own is the first. */
  manifests: readonly string[];
}

/** One change of a batch: a new or changed document (`version` is the new one), or a deletion (the stored one). */
export type Change = ({ kind: 'put'; plaintext: Plaintext } & DocumentRef) | ({ kind: 'delete' } & DocumentRef);

/** A batch as POST /documents takes it; the operator applies all of it or nothing. */
export interface Batch {
  puts: Stored[];
  deletes: DocumentRef[];
}

/** Opens all documents of a vault and holds them to the manifest. Throws nothing that one bad document could cause. */
export async function openVault(key: VaultKey, vault: VaultId, stored: readonly Stored[], seen: Seen): Promise<OpenedVault> {
  const own = manifestId(vault);
  const unreadable: DocumentId[] = [];
  const opened = await Promise.all(
    stored.map(async (s): Promise<Opened | null> => {
      try {
        return { id: s.id, version: s.version, plaintext: parsePlaintext(await openDocument(key, s, s.sealed)), stored: s };
      } catch {
        unreadable.push(s.id);
        return null;
      }
    }),
  );
  const found = opened.filter((d) => d !== null);
  const manifest = found.find((d) => d.id === own && d.plaintext.kind === 'manifest');
  const { documents = {}, before } = (manifest?.plaintext as ManifestPlaintext | undefined) ?? {};
  const listed = manifest ? { version: manifest.version, hash: contentHash(manifest.stored.sealed), documents, ...(before && { before }) } : null;
  // The manifest's own word first: what was served in place of a document must not rename it.
  const labels = new Map(found.filter((d) => d.id !== own).map((d) => [d.id, labelOf(d.plaintext)]));
  for (const [id, { kind, name, at }] of Object.entries(documents)) {
    if (kind) labels.set(id as DocumentId, { kind, ...(name !== undefined && { name }), ...(at !== undefined && { at }) });
  }
  return {
    documents: found.filter((d) => d.id !== own),
    manifestVersion: manifest?.version ?? 0,
    findings: checkManifest(vault, listed, stored, seen),
    unreadable: unreadable.sort(),
    past: { labels, manifests: listed ? [listed.hash, ...(before ?? [])] : [] },
  };
}

/**
 * Seals the changes and the next manifest. `stored` is what the vault holds now, manifest included if there is one;
 * `manifestVersion` is the manifest's stored version, 0 for none; `past` is what openVault, or the batch before, gave.
 * Throws CoreError `stale` if a change does not follow on what is stored: the operator would refuse it anyway, and a
 * manifest that lies must not be made.
 */
export async function sealBatch(
  key: VaultKey,
  vault: VaultId,
  stored: readonly Stored[],
  manifestVersion: number,
  changes: readonly Change[],
  random: Random,
  past: Past = { labels: new Map(), manifests: [] },
): Promise<Batch & { past: Past }> {
  const next = new Map(stored.map((s) => [s.id, s]));
  const puts: Stored[] = [];
  const deletes: DocumentRef[] = [];
  const labels = new Map(past.labels);
  for (const change of changes) {
    const have = next.get(change.id)?.version ?? 0;
    if (change.version !== (change.kind === 'put' ? have + 1 : have) || change.version < 1) throw new CoreError('stale', 'a change does not follow on what is stored');
    const ref = { id: change.id, version: change.version };
    if (change.kind === 'delete') {
      next.delete(change.id);
      labels.delete(change.id);
      deletes.push(ref);
      continue;
    }
    const put = { ...ref, sealed: await sealDocument(key, ref, plaintextJson(change.plaintext), random) };
    next.set(put.id, put);
    labels.set(put.id, labelOf(change.plaintext));
    puts.push(put);
  }
  const ref = { id: manifestId(vault), version: manifestVersion + 1 };
  const manifest = plaintextJson(newManifest(vault, [...next.values()], labels, past.manifests));
  const sealed = await sealDocument(key, ref, manifest, random);
  puts.push({ ...ref, sealed });
  return { puts, deletes, past: { labels, manifests: [contentHash(sealed), ...past.manifests].slice(0, REMEMBERED) } };
}
