/** Sealed documents (contract C.3). The operator stores them and cannot open them. */
import { id, int, type Of } from '../core/shape';
import type { DocumentId, GrantId } from '../core/id';
import { answer, list, opaque } from './answer';
import { get, tell } from './http';

const document = answer({ id: id<DocumentId>(), version: int(1), sealed: opaque });
const documents = answer({ documents: list(document) });

/** One document as stored; `sealed` is a JWE that core parses. */
export type StoredDocument = Of<typeof document>;

export interface Put {
  id: DocumentId;
  /** The new version: the stored one plus one, 1 for a new document. */
  version: number;
  sealed: unknown;
}

/** A document's content key, wrapped for one grant. */
export interface ShareOut {
  grant: GrantId;
  document: DocumentId;
  version: number;
  attribute: string;
  encrypted_key: string;
}

/** What changes together or not at all. */
export interface Batch {
  puts: Put[];
  deletes: { id: DocumentId; version: number }[];
  shares: ShareOut[];
}

export const readDocuments = async (): Promise<StoredDocument[]> =>
  (await get('/wallet/v1/documents', documents)).documents;

/** Writes all of the batch, or nothing: `conflict` when another device was first. */
export const writeDocuments = (batch: Batch): Promise<void> => tell('POST', '/wallet/v1/documents', batch);
