export const title = 'Grants';
export const lead = 'Who may collect what from your vault, and until when. Each is one purpose of one business, and each can be withdrawn with one tap.';
export const loading = 'Reading your grants …';
export const empty = 'You have given nothing to anyone. When a shop asks, its link or QR code opens the request here.';
export const sections = { live: 'In effect', anchoring: 'Waiting for the ledger', ended: 'Ended' };
export const states = {
  live: 'In effect',
  anchoring: 'Waiting for the ledger',
  withdrawn: 'Withdrawn',
  terminated: 'Ended by the business',
  expired: 'Run out',
  erased: 'Erased',
};
export const until = (day: string) => `until ${day}`;
export const messages = 'messages to your inbox';
