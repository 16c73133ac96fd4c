import type { MessageCheck } from '../../core/message';

export const title = 'Inbox';
export const lead = 'Messages that businesses may send you under a grant. They are opened here, in your browser; the operator only carries them.';
export const loading = 'Opening your messages …';
export const empty = 'No messages. Only a business you said yes to can send you one.';
export const unread = 'New';
export const under = (business: string, day: string, purpose: string) => `Sent by ${business} under the consent you gave on ${day} for “${purpose}”.`;
export const underUnknown = (business: string) => `${business} sent this, and your vault has no record of a grant for it.`;
export const verified = 'Proof verified';
export const pending = 'Permit signed, not on the ledger yet';
export const untrusted = 'Ledger not trusted yet';
export const refused = 'Proof does not hold';
export const how = 'How this is known';
export const label = 'Verification, line by line';
export const grant = 'See the grant';
export const stop = 'To stop these messages, withdraw the grant: one tap.';
export const remove = 'Delete';
export const closed = 'This message does not open. It was made for another key, or changed on the way. You can delete it.';
export const closedTitle = 'A message that does not open';

export const lines: Record<MessageCheck['name'], string> = {
  sender: 'It is from the business of the grant, and addressed to you alone',
  permit: 'The business signed a permit for it with the key of your grant',
  opening: 'The permit on the ledger commits to this permit document',
  digest: 'The permit names exactly this message',
  proof: 'The permit is on the ledger, signed by its validators',
};
