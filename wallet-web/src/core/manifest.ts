/**
 * The manifest: a sealed list of every document with version and hash, so that an operator that swaps, drops, adds
 * or rolls back documents is caught. It is the document whose id is the vault's, and every batch carries the next.
 */
import { contentHash, type Stored } from './document';
import { manifestId, type DocumentId, type VaultId } from './id';
import type { ManifestPlaintext } from './plaintext';

/**
 * One discrepancy between the manifest and what the operator delivered. `missing`: listed, not delivered;
 * `unlisted`: delivered, not listed; `older`: an earlier version than listed; `different`: other bytes than listed,
 * or a later version; `rolled-back`: the manifest itself is older than one this browser has seen, or gone.
 */
export interface Finding {
  kind: 'missing' | 'unlisted' | 'older' | 'different' | 'rolled-back';
  document: DocumentId;
}

/** The manifest of these documents; the manifest itself is left out. */
export function newManifest(vault: VaultId, documents: readonly Stored[]): ManifestPlaintext {
  const listed: ManifestPlaintext['documents'] = {};
  // Sorted, so that one set of documents has one manifest.
  for (const d of [...documents].sort((a, b) => (a.id < b.id ? -1 : 1))) {
    if (d.id !== manifestId(vault)) listed[d.id] = { ver: d.version, hash: contentHash(d.sealed) };
  }
  return { v: 1, kind: 'manifest', documents: listed };
}

/**
 * What does not agree, in a stable order; nothing means that all is as the wallet last wrote it. `manifest` is the
 * opened one with its version, null when none was delivered; `lastSeen` is the newest manifest version that this
 * browser has seen of this vault, 0 for none.
 */
export function checkManifest(
  vault: VaultId,
  manifest: { version: number; documents: ManifestPlaintext['documents'] } | null,
  documents: readonly Stored[],
  lastSeen: number,
): Finding[] {
  const findings: Finding[] = [];
  const found = (kind: Finding['kind'], document: DocumentId) => findings.push({ kind, document });
  const own = manifestId(vault);
  if ((manifest?.version ?? 0) < lastSeen) found('rolled-back', own);
  const listed = new Map(Object.entries(manifest?.documents ?? {}));
  const delivered = documents.filter((d) => d.id !== own).sort((a, b) => (a.id < b.id ? -1 : 1));
  const seen = new Set<string>();
  for (const d of delivered) {
    const want = listed.get(d.id);
    if (!want || seen.has(d.id)) found('unlisted', d.id);
    else if (d.version < want.ver) found('older', d.id);
    else if (d.version > want.ver || contentHash(d.sealed) !== want.hash) found('different', d.id);
    seen.add(d.id);
  }
  for (const id of listed.keys()) if (!seen.has(id)) found('missing', id as DocumentId);
  return findings;
}
