import { listed } from '../../components/dates';
import type { Moment } from './life';

export const title = 'Its life so far';
export const lead = 'Each event is a receipt that you signed, and names the one before it: none can be left out or put in.';
export const broken = 'The operator handed over a receipt that does not follow from yours. Here is what your own records tell.';
export const label = 'What happened, from the beginning';
export const picture = (parts: string[]) => `The time of this grant as a line: ${parts.join('; ')}.`;
export const stretch: Record<'live' | 'paused' | 'ahead' | 'off', (from: string, to: string) => string> = {
  live: (from, to) => `in effect from ${from} to ${to}`,
  paused: (from, to) => `paused from ${from} to ${to}`,
  ahead: (_, to) => `still to run until ${to}`,
  off: (from) => `over since ${from}`,
};
export const legend = { live: 'in effect', paused: 'paused', ahead: 'to come', off: 'over' };
export const today = 'today';

export const moments: Record<Moment['state'], { title: string; text: (names: string[], day: string) => string }> = {
  given: { title: 'You gave it', text: (names, day) => `${listed(names)}, until ${day}` },
  narrowed: { title: 'You gave less', text: (names, day) => `without ${listed(names)}, until ${day}` },
  shortened: { title: 'You set an earlier end', text: (_, day) => `until ${day}` },
  renewed: { title: 'You renewed it', text: (_, day) => `until ${day}` },
  resumed: { title: 'You resumed it', text: (_, day) => `until ${day}` },
  paused: { title: 'You paused it', text: () => 'nothing could be collected' },
  withdrawn: { title: 'You withdrew it', text: () => 'nothing more can be collected' },
  expired: { title: 'Its time was over', text: () => 'nothing more can be collected' },
  erased: { title: 'It was erased with your vault', text: () => '' },
  replaced: { title: 'A newer request took its place', text: () => 'what stands now has a life of its own' },
  terminated: { title: 'It was ended for you', text: () => 'by the business, by an order to the operator, or refused by the ledger; so you signed no receipt' },
};
export const messages = 'messages to your inbox';
export const noReceipt = 'There is no receipt of this yet: your wallet makes it when it next opens.';

export const proof = {
  open: (what: string) => `Receipt and proof: ${what}`,
  summary: 'Receipt and proof',
  loading: 'Verifying …',
  waiting: 'Its entry is not on the ledger yet.',
  untrusted: 'The members of the ledger have changed; until you accept the new set, this is not called verified.',
  expired: 'An expiry needs no entry of its own: the entry of the grant says when it ends.',
  label: (what: string) => `Verification: ${what}`,
  download: 'Download this receipt',
  failed: 'The proof cannot be read just now.',
};
export const file = (business: string, state: Moment['state']): string => {
  const name = business.toLowerCase().replace(/[^a-z0-9]+/g, '-').replace(/^-|-$/g, '') || 'business';
  return `coffer-receipt-${name}-${state}`;
};
export const replaced = { text: 'This is a part of the past: something newer stands in its place.', link: 'See what stands now' };
