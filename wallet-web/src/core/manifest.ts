/**
 * The manifest: a sealed list of every document with version and hash, so that an operator that swaps, drops, adds
 * or rolls back documents is caught. It is the document whose id is the vault's, and every batch carries the next.
 */
import { contentHash, headerOf, type Sealed, type Stored } from './document';
import { manifestId, type DocumentId, type VaultId } from './id';
import type { ManifestPlaintext, Plaintext } from './plaintext';

/** How many manifests before it a manifest names. */
export const REMEMBERED = 32;
/** How much of a name a label keeps, in characters: the list must stay small in a vault that is full. */
const NAME = 40;

/** What a document is, so that one that is hidden can still be named: its kind, its name, when it was written. */
export interface Label {
  kind: string;
  name?: string;
  at?: number;
}

/** What this browser knows of the newest manifest it has seen: version 0 for none, hash '' when it kept none. */
export interface Seen {
  version: number;
  hash: string;
}

/**
 * One discrepancy between the manifest and what the operator delivered. `missing`: listed, not delivered;
 * `unlisted`: delivered, not listed; `older`: an earlier version than listed; `different`: other bytes than listed,
 * or a later version; `rolled-back`: the manifest itself is older than one this browser has seen, or gone;
 * `forked`: it is not older, and yet does not follow on the one seen here: the operator shows two browsers two vaults.
 */
export interface Finding {
  kind: 'missing' | 'unlisted' | 'older' | 'different' | 'rolled-back' | 'forked';
  document: DocumentId;
}

/** The label of what was written. */
export function labelOf(p: Plaintext): Label {
  const cut = (name: string) => [...name].slice(0, NAME).join('');
  switch (p.kind) {
    case 'presentation':
    case 'attribute':
      return { kind: p.kind, name: p.name, at: p.updated };
    case 'grant':
      return { kind: p.kind, name: cut(p.business_name), at: p.given };
    case 'attachment':
      return { kind: p.kind, name: cut(p.name), at: p.added };
    case 'record':
      return { kind: p.kind, name: cut(p.business_name), at: p.received };
    case 'moved':
      return { kind: p.kind, name: cut(p.grant.business_name), at: p.made };
    case 'rights':
      return { kind: p.kind, name: cut(p.business_name) };
    default:
      return { kind: p.kind };
  }
}

/**
 * The manifest of these documents; the manifest itself is left out. `before` are the hashes of the manifests before
 * it, the newest first.
 */
export function newManifest(vault: VaultId, documents: readonly Stored[], labels: ReadonlyMap<DocumentId, Label>, before: readonly string[]): ManifestPlaintext {
  const listed: ManifestPlaintext['documents'] = {};
  // Sorted, so that one set of documents has one manifest.
  for (const d of [...documents].sort((a, b) => (a.id < b.id ? -1 : 1))) {
    if (d.id !== manifestId(vault)) listed[d.id] = { ver: d.version, hash: contentHash(d.sealed), ...labels.get(d.id) };
  }
  return { v: 1, kind: 'manifest', documents: listed, ...(before.length > 0 && { before: before.slice(0, REMEMBERED) }) };
}

/** A manifest as opened, with its version and its own hash. */
export interface OpenedManifest extends Pick<ManifestPlaintext, 'documents' | 'before'> {
  version: number;
  hash: string;
}

/**
 * What does not agree, in a stable order; nothing means that all is as the wallet last wrote it. `manifest` is null
 * when none was delivered. A browser that saw nothing of this vault cannot know that the whole of it is old.
 */
export function checkManifest(vault: VaultId, manifest: OpenedManifest | null, documents: readonly Stored[], seen: Seen): Finding[] {
  const findings: Finding[] = [];
  const found = (kind: Finding['kind'], document: DocumentId) => findings.push({ kind, document });
  const own = manifestId(vault);
  if ((manifest?.version ?? 0) < seen.version) found('rolled-back', own);
  else if (manifest && seen.hash !== '' && !follows(manifest, seen)) found('forked', own);
  const listed = new Map(Object.entries(manifest?.documents ?? {}));
  const delivered = documents.filter((d) => d.id !== own).sort((a, b) => (a.id < b.id ? -1 : 1));
  const met = new Set<string>();
  for (const d of delivered) {
    const want = listed.get(d.id);
    if (!want || met.has(d.id)) found('unlisted', d.id);
    else if (d.version < want.ver) found('older', d.id);
    else if (d.version > want.ver || contentHash(d.sealed) !== want.hash) found('different', d.id);
    met.add(d.id);
  }
  for (const id of listed.keys()) if (!met.has(id)) found('missing', id as DocumentId);
  return findings;
}

/** Whether the manifest is the one seen, or comes after it, as far as it says. */
function follows(manifest: OpenedManifest, seen: Seen): boolean {
  const back = manifest.version - seen.version;
  const then = back === 0 ? manifest.hash : manifest.before?.[back - 1];
  return then === undefined || then === seen.hash;
}

/** As which document something was sealed, whatever it was served as; null if it is no document. */
export function servedAs(sealed: Sealed | undefined): DocumentId | null {
  try {
    return sealed ? headerOf(sealed).id : null;
  } catch {
    return null;
  }
}
