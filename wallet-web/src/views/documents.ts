/** The documents' way from the operator to core. */
import { readDocuments, writeDocuments, type Batch as Sent, type ShareOut } from '../api/document';
import type { Sealed, Stored } from '../core/document';
import type { Batch } from '../core/vault';

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
