import type { RightsKind, RightsStep } from '../../core/rights';
import type { RightsState } from '../../core/rightsClock';

export const title = 'Your rights';
export const lead = 'Whoever has your data owes you answers about it, also after you withdrew. What you write here only the business can read.';
export const loading = 'Reading your rights requests …';
export const empty = 'You have demanded nothing yet.';
export const list = 'What you demanded';
export const noBusiness = 'No business has ever had anything of you through this vault.';

export const form = {
  title: 'Demand something',
  of: (business: string) => `Demand something of ${business}`,
  business: 'Of which business',
  right: 'What do you want',
  about: 'Only about these (leave empty for everything)',
  text: 'In your own words, if you like',
  textHint: 'At most 4000 characters. The business reads it; the operator cannot.',
  action: 'Sign and send',
  sent: 'Sent. The clock of the law runs from today.',
  choose: 'Choose what you want first.',
  unsigned: 'The request of this business is not in order, so nothing can be sealed to it. Write to its contact instead.',
};

/** Each right in plain words, as one would say it to the business. */
export const rights: Record<RightsKind, { name: string; says: string }> = {
  access: { name: 'See my data', says: 'Tell me what you have about me, why, and who got it (GDPR Art. 15).' },
  rectification: { name: 'Correct my data', says: 'Something you have about me is wrong; put it right (GDPR Art. 16).' },
  erasure: { name: 'Delete my data', says: 'Delete what you have about me (GDPR Art. 17).' },
  restriction: { name: 'Put my data on hold', says: 'Keep it, but do not use it until this is settled (GDPR Art. 18).' },
  portability: { name: 'Hand over my data', says: 'Give me my data in a form that another service can read (GDPR Art. 20).' },
  objection: { name: 'Object', says: 'Stop using my data for this; for advertising you must (GDPR Art. 21).' },
  know: { name: 'Know what you collect', says: 'Tell me what you collected about me, sold or shared (CCPA § 1798.110).' },
  delete: { name: 'Delete my data', says: 'Delete what you collected from me (CCPA § 1798.105).' },
  correct: { name: 'Correct my data', says: 'Something you have about me is wrong; put it right (CCPA § 1798.106).' },
  'opt-out': { name: 'Opt out', says: 'Do not sell or share my data, and do not advertise with it (CCPA § 1798.120).' },
};

export const states: Record<RightsState, string> = {
  sent: 'Sent',
  acknowledged: 'Acknowledged',
  extended: 'Takes longer',
  answered: 'Answered',
  overdue: 'Overdue',
};
export const due = (day: string) => `Answer due by the end of ${day}`;
export const left = (days: number) =>
  days < 0 ? `over since ${days === -1 ? '1 day' : `${-days} days`}` : days === 0 ? 'the last day is today' : days === 1 ? '1 day left' : `${days} days left`;

export const one = {
  loading: 'Reading the rights request …',
  back: 'All rights requests',
  to: 'To',
  about: 'About',
  everything: 'everything you gave it',
  words: 'In your words',
  timeline: 'What happened',
  sent: 'You sent it, signed with your key for this business',
  steps: { acknowledged: 'The business acknowledged it', extended: 'The business takes longer, and says why', answered: 'The business answered' } satisfies Record<RightsStep, string>,
  outcomes: { '': '', done: 'Done', partly: 'Partly done', refused: 'Refused' },
  verified: 'Signature verified',
  closed: 'This reply does not open, or is not signed by the business. Do not rely on it.',
  late: 'This extension came too late to count.',
  noCopy: 'Your own copy of this rights request is not in your vault, so this page cannot tell what you demanded or open the replies.',
  odd: 'The operator says it took this at another time than you signed. Show the complaint file to whoever decides about it.',
  overdue: 'The time that the law gives is over',
  overdueText: (business: string) => `${business} has not answered. You can:`,
  can: (contact: string, authority: string) => [
    `Remind the business: ${contact}.`,
    `Complain to the supervisory authority${authority ? `: ${authority}` : ''}. It costs nothing; the file below has all it needs.`,
    'Go to court. A lawyer or a consumer association can help.',
  ],
  refusedText: 'You need not accept this. You may complain to the supervisory authority, and you may go to court.',
};

export const complaint = {
  title: 'Complaint file',
  lead: 'Everything about this rights request in one place: what you demanded, when, what was answered, the receipts with their proofs, and who collected what. It holds your words in the clear, so keep it like a letter.',
  authority: (name: string) => `For: ${name}`,
  json: 'Download the evidence (JSON)',
  html: 'Download for print (HTML)',
  file: (business: string, end: string) => `coffer-complaint-${business.toLowerCase().replace(/[^a-z0-9]+/g, '-').replace(/^-|-$/g, '') || 'business'}.${end}`,
};

export const overdue = {
  title: (n: number) => (n === 1 ? 'One business is late' : `${n} businesses are late`),
  none: 'Nobody is late',
  noneLead: 'Every business has said in time what it owes you: that it knows of a grant’s end, what it deleted, and what you demanded.',
  lead: 'Remind them first, if you like; that costs nothing and starts a clock that the law sets. Or complain at once: the file has the evidence.',
  what: { acknowledgement: 'it has not acknowledged the end', statement: 'it has not said what it deleted', answer: 'it has not answered' },
  days: (n: number) => (n === 0 ? 'due since today' : n === 1 ? 'late by 1 day' : `late by ${n} days`),
  line: (about: string, what: string, days: string) => `${about}: ${what}, ${days}`,
  look: 'See what to do',
  contact: 'Write to',
  authority: 'Complain to',
  remind: 'Remind it',
  reminder: (lines: string) => `You were told of this and have not said what you owe:\n${lines}\nPlease delete what you have of it, and say so, signed.`,
  answer: 'For what it has not answered, the complaint file is on the page of the rights request.',
  unreadable: 'Whether somebody is late cannot be shown now.',
};

export const optOut = {
  honoured: 'Opt-out request honoured',
  browser: 'Your browser sends the Global Privacy Control signal.',
  switch: 'You switched the opt-out on in your settings.',
  purpose: 'This purpose is advertising, so it is opted out. Nothing of it is given.',
  lift: 'Decide about this one myself',
  conflicts: (n: number) => (n === 1 ? 'One grant for advertising still stands' : `${n} grants for advertising still stand`),
  explain: 'You gave them before the opt-out, or in spite of it. With one tap they are withdrawn, and each business is sent a signed opt-out that it must honour within 15 business days.',
  action: 'Withdraw them and opt out',
  done: 'The grants are withdrawn, and each business has your opt-out.',
  none: 'No grant for advertising stands.',
  half: 'Not all of it worked. What is listed still stands; try again.',
  setting: 'Opt out of advertising, sale and sharing',
  settingLead: 'Every purpose that the catalogue calls advertising is opted out when you are asked, as the Global Privacy Control signal of a browser does (CCPA regulations § 7025). You can still decide otherwise about one request.',
  on: 'On',
  off: 'Off',
  turnOn: 'Switch the opt-out on',
  turnOff: 'Switch the opt-out off',
  byBrowser: 'Your browser sends the signal, so the opt-out is on whatever you choose here.',
};
