/** The documents' way from the operator to core. */
import { isProblem } from '../api/http';
import { readDocuments, writeDocuments, type Batch as Sent, type ShareOut } from '../api/document';
import type { Sealed, Stored } from '../core/document';
import type { Batch } from '../core/vault';
import type { GrantPlaintext, SettingsPlaintext } from '../core/plaintext';
import type { OpenVault } from '../store/vault.svelte';

/**
 * All documents as delivered. They are not checked here: one that is bent would hide the others, and opening names
 * each bad one.
 */
export async function fetchDocuments(): Promise<Stored[]> {
  return (await readDocuments()).map((d) => ({ id: d.id, version: d.version, sealed: d.sealed as unknown as Sealed }));
}

/** Sends a batch, with the shares that live grants need of it. */
export const sendBatch = (batch: Batch, shares: ShareOut[] = []): Promise<void> => {
  const sent: Sent = { puts: batch.puts, deletes: batch.deletes, shares };
  return writeDocuments(sent);
};

/** The sealed documents of attributes, to share them; undefined for what the vault lacks. */
export const documentsOf = (vault: Pick<OpenVault, 'attributes' | 'stored'>, names: readonly string[]): Record<string, Stored | undefined> =>
  Object.fromEntries(
    names.map((name) => {
      const held = vault.attributes.get(name);
      return [name, held && vault.stored(held.id)];
    }),
  );

/** The sealed records as they are shown under a grant, by attribute. */
export const shownUnder = (vault: Pick<OpenVault, 'presentations' | 'stored'>, grant: Pick<GrantPlaintext, 'request_id' | 'purpose_id'>): Record<string, Stored | undefined> =>
  Object.fromEntries(vault.presentations.filter((p) => p.request === grant.request_id && p.purpose === grant.purpose_id).map((p) => [p.name, vault.stored(p.id)]));

/**
 * Keeps settings in the vault, sealed: the operator does not learn them. When another device was first, the change is
 * made on top of what it set.
 */
export async function saveSettings(vault: OpenVault, change: Partial<Omit<SettingsPlaintext, 'v' | 'kind'>>): Promise<void> {
  const once = () =>
    vault.write(
      () => {
        const { id, version, ...set } = vault.settings;
        return [{ kind: 'put', id: id ?? vault.newDocument(), version: version + 1, plaintext: { v: 1, kind: 'settings', ...set, ...change } }];
      },
      (batch) => sendBatch(batch),
    );
  try {
    await once();
  } catch (error) {
    if (!isProblem(error, 'conflict')) throw error;
    await vault.reload();
    await once();
  }
}
