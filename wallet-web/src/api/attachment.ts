/** Chunks of what is attached to documents: sealed bytes under a document's id. */
import type { Bytes } from '../core/bytes';
import type { DocumentId } from '../core/id';
import { int, list } from '../core/shape';
import { answer } from './answer';
import { get, getOctets, isProblem, putOctets, tell } from './http';

const attached = answer({ chunks: int(1), have: list(int(), 40) });

/** The places of the chunks that the operator has for a document; null if there are none. */
export async function chunksHere(document: DocumentId): Promise<number[] | null> {
  try {
    return (await get(`/wallet/v1/attachments/${document}`, attached)).have;
  } catch (error) {
    if (isProblem(error, 'not-found')) return null;
    throw error;
  }
}

/** Stores a chunk; it is durable when this resolves. Putting it again is in order until its document is put. */
export const putChunk = (document: DocumentId, place: number, count: number, sealed: Bytes): Promise<void> =>
  putOctets(`/wallet/v1/attachments/${document}/${place}?of=${count}`, sealed);

export const getChunk = (document: DocumentId, place: number): Promise<Bytes> => getOctets(`/wallet/v1/attachments/${document}/${place}`);

/** Deletes the chunks of a document that is not there; without this they go within two days. */
export const dropAttachment = (document: DocumentId): Promise<void> => tell('DELETE', `/wallet/v1/attachments/${document}`);
