/** Messages, still sealed, each with the permit it came under (contract D.10). */
import { bool, id, int, text, type Of } from '../core/shape';
import type { GrantId, MessageId } from '../core/id';
import { answer, encoded, list, opaque } from './answer';
import { get, tell } from './http';
import { proofAt } from './grant';

const message = answer({
  id: id<MessageId>(),
  grant: id<GrantId>(),
  business: answer({ did: text(2000), name: text(1000, 0) }),
  received: int(),
  sealed: text(128 << 10),
  permit: answer({ entry: encoded, document: text(16 << 10), opening: opaque }),
  read: bool,
});
const messages = answer({ messages: list(message) });

export type SealedMessage = Of<typeof message>;

export const readMessages = async (): Promise<SealedMessage[]> => (await get('/wallet/v1/messages', messages)).messages;

/** The ledger's proof of the message's permit, or null while there is none. */
export const readMessageProof = (m: MessageId): Promise<Record<string, unknown> | null> =>
  proofAt(`/wallet/v1/messages/${m}/proof`);

export const markRead = (m: MessageId): Promise<void> => tell('POST', `/wallet/v1/messages/${m}/read`);
export const deleteMessage = (m: MessageId): Promise<void> => tell('DELETE', `/wallet/v1/messages/${m}`);
