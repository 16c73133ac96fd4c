export const title = 'Grants';
export const lead = 'Who may collect what from your vault, and until when. Each is one purpose of one business, and each can be withdrawn with one tap.';
export const loading = 'Reading your grants …';
export const empty = 'You have given nothing to anyone. When a shop asks, its link or QR code opens the request here.';
export const sections = { live: 'In effect', anchoring: 'Waiting for the ledger', paused: 'Paused', ended: 'Ended' };
export const filter = { label: 'Which grants', all: 'All', live: 'In effect', paused: 'Paused', ended: 'Ended' };
export const none = { all: '', live: 'No grant is in effect: nobody can collect anything.', paused: 'No grant is paused.', ended: 'No grant has ended yet.' };
export const states = {
  live: 'In effect',
  anchoring: 'Waiting for the ledger',
  paused: 'Paused',
  replaced: 'Replaced by a newer one',
  withdrawn: 'Withdrawn',
  terminated: 'Ended by the business',
  expired: 'Run out',
  erased: 'Erased',
};
export const until = (day: string) => `until ${day}`;
export const messages = 'messages to your inbox';
