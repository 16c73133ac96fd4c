import { lengthOf, listed } from '../../components/dates';
import type { ChangeKind } from '../../core/change';
import type { Effects, Option } from './choices';

export const title = 'Change it';
export const titlePaused = 'It is paused';
export const pausedText = (business: string, day: string) =>
  `${business} can collect nothing and send nothing. The time goes on: on ${day} the grant is over, paused or not.`;
export const waiting = 'As soon as it is on the ledger you can change it here. Withdrawing works at any time.';
export const cannot = 'The request that this grant answers cannot be read here, so this page cannot change it. You can withdraw it.';

export const options: Record<Option, { title: string; summary: string }> = {
  narrow: { title: 'Give less', summary: 'Leave out some of it; the rest stays as it is.' },
  shorten: { title: 'End it earlier', summary: 'Everything stays, for less long.' },
  pause: { title: 'Pause', summary: 'Nothing can be collected until you resume it.' },
  renew: { title: 'Renew', summary: 'The same again, for as long as was asked.' },
  resume: { title: 'Resume', summary: 'It stands again as it was, until the same end.' },
};

export const terms = { has: (business: string) => `What ${business} has`, told: 'What it is told', ledger: 'What the ledger learns', undo: 'If you change your mind' };

const succession = 'That one entry ended and another began, at this hour. Not whose they are, and nothing of what is in them.';

export const effects = {
  narrow: (business: string, dropped: readonly string[], messages: boolean): Effects => ({
    has:
      dropped.length === 0
        ? 'Everything that you gave stays as it is.'
        : `What it has collected cannot be taken back by this page. It must delete ${listed(dropped)}, and say so, signed; you see here whether it did.`,
    told: `That you gave less, and what is left.${messages ? ' It can send you no more messages.' : ''} Not why.`,
    ledger: succession,
    undo: `This cannot be undone here: to have ${dropped.length === 0 ? 'that' : listed(dropped)} again, ${business} must ask you again.`,
  }),
  shorten: (business: string, day: string): Effects => ({
    has: `Nothing changes in what ${business} has. Until ${day} it may collect the same as now, and nothing after that.`,
    told: `The new end, ${day}. Not why.`,
    ledger: succession,
    undo: 'While it is in effect you can renew it, with your passkey.',
  }),
  pause: (business: string, day: string): Effects => ({
    has: `${business} keeps what it has collected: a pause asks for no deletion. It can collect nothing new and send nothing.`,
    told: 'That you paused it. Not why, and not for how long.',
    ledger: 'That an entry ended, at this hour. Not whose it is, and not that it may come back.',
    undo: `Resume it until ${day}, with your passkey. The time goes on meanwhile.`,
  }),
  renew: (business: string, day: string): Effects => ({
    has: `Nothing changes in what ${business} has. It may go on collecting the same, until ${day}.`,
    told: `The new end, ${day}.`,
    ledger: succession,
    undo: 'End it earlier, pause it or withdraw it, at any time.',
  }),
  resume: (business: string, day: string): Effects => ({
    has: `${business} may collect again what this grant names, with your values as they are now, until ${day}.`,
    told: 'That it stands again. It gets new keys; the old ones open nothing.',
    ledger: 'That an entry began, at this hour. Not whose it is, and nothing of what is in it.',
    undo: 'Pause or withdraw it, at any time.',
  }),
};

export const narrow = {
  legend: 'Untick what you no longer give',
  needed: 'needed for this purpose: without it, withdraw the grant',
  gone: 'no longer in your vault',
  messages: 'Messages to your inbox',
  nothing: 'Untick something first.',
  left: (names: readonly string[]) => `Left out: ${listed(names)}.`,
  action: 'Give less from now on',
};
export const shorten = { legend: 'When shall it end?', choice: (days: number, day: string) => `In ${lengthOf(days)}, on ${day}`, action: 'Set this end' };
export const pause = { action: 'Pause this grant' };
export const renew = { until: (day: string) => `It would last until ${day}.`, action: 'Renew with my passkey' };
export const resume = { action: 'Resume with my passkey' };
export const close = 'Leave it as it is';

/** What was just done, said on the page of what stands now. */
export const done: Record<ChangeKind, { title: string; text: (business: string, day: string) => string }> = {
  narrowed: { title: 'You give less from now on.', text: (business) => `What you left out can no longer be collected. ${business} is told, and must say what it deleted.` },
  shortened: { title: 'It ends earlier.', text: (_, day) => `It is over on ${day}.` },
  renewed: { title: 'It is renewed.', text: (_, day) => `It lasts until ${day}.` },
  paused: { title: 'Paused. Nothing can be collected until you resume it.', text: (business) => `${business} is told. Its old keys open nothing more.` },
  resumed: { title: 'Resumed.', text: (_, day) => `It stands again until ${day}.` },
};
export const undo = 'Undo: resume it';

export const progress = {
  title: 'On its way',
  label: 'How far it is',
  steps: ['You decided', 'The operator has stored it', 'The ledger has it'],
  waiting: 'Nobody can collect before the last step. This page looks again by itself.',
  state: { done: 'done', open: 'still to come' },
};

export const problems: Record<string, string> = {
  challenge: 'The operator asked your passkey to confirm something else than this change, so nothing was confirmed or changed.',
  'ledger-changed': 'Look at the notice about the ledger at the top first: nothing is changed until you decide.',
  conflict: 'Your vault was changed on another device meanwhile. It is read anew; look at the grant and try again.',
  'no-value': 'Your vault no longer has all that this grant names. Put it in again first, or leave it out with “Give less”.',
  'missing-required': 'Without that the purpose cannot be served. Withdraw the grant instead.',
  'nothing-changes': 'That would change nothing.',
  'wider-than-grant': 'That would give more than you gave. For more, the business must ask you.',
  'wider-than-request': 'That would last longer than was asked.',
  'bad-length': 'That end is over already.',
  unfit: 'This grant’s own record does not fit together, so this page changes nothing. You can withdraw it.',
};
