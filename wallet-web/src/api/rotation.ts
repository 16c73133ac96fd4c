/** The vault's next key, in three moves (vault/FORMAT.md, Rotation). */
import type { Rekeyed } from '../core/document';
import type { Wrap } from '../core/keys';
import { post, tell } from './http';
import { session, type Session } from './session';

/** How many documents one step takes. */
export const REKEYED_AT_ONCE = 512;

/** Begins: `key` is the next one's number. Every other session of the vault is over when this resolves. */
export const startRotation = (key: number, wraps: Wrap[]): Promise<Session> => post('/wallet/v1/rotation/start', { key, wraps }, session);

export const rekey = (key: number, documents: Rekeyed[]): Promise<void> => tell('POST', '/wallet/v1/rotation/documents', { key, documents });

/** Ends; `other-key` while a document is under the old one. */
export const finishRotation = (key: number): Promise<Session> => post('/wallet/v1/rotation/finish', { key }, session);
