import { listed } from '../../components/dates';
import type { ValueProblem } from '../../core/attributes';

export const title = 'Your vault';
export const lead = 'Each of these is sealed on its own, here in your browser. Nobody sees one until you give it.';
export const leadEmpty = 'Your vault is open, and empty. Put in what shops ask you for; each value is sealed here in your browser before it leaves.';

/** Names of the catalogue, in the groups in which people think of them. What is in no group comes last. */
export const groups: { title: string; names: string[] }[] = [
  { title: 'You', names: ['name', 'birth-date', 'age-over-18', 'language'] },
  { title: 'How to reach you', names: ['postal-address', 'email', 'phone'] },
  { title: 'What fits you', names: ['shoe-size', 'clothing-size', 'product-preference'] },
  { title: 'Cards', names: ['loyalty-card'] },
  { title: 'Health', names: ['glasses-prescription', 'food-intolerance'] },
];
export const rest = 'More';

export const special = 'specially protected by law';

export const add = 'Add';
export const edit = 'Change';
export const remove = 'Remove';
export const save = 'Save';
export const cancel = 'Cancel';
export const undo = 'Undo';
export const close = 'Close';
export const yes = 'Yes';
export const no = 'No';
export const derived = (from: string) => `worked out from your ${from.toLowerCase()}, so that you need not show it`;
export const derivedEmpty = (from: string) => `follows from your ${from.toLowerCase()} as soon as you add it`;
export const saved = (name: string) => `${name} is saved.`;
export const removed = (name: string) => `${name} is removed.`;
export const restored = (name: string) => `${name} is back.`;
export const sharedWith = (businesses: string[]) =>
  `May be collected by ${listed(businesses)}`;
export const sharedNote = 'What you save is sealed anew, and who may collect it now gets the new value.';

export const address = { street: 'Street and number', postcode: 'Postcode', city: 'Town or city', country: 'Country' };
export const countryHint = 'Two letters: DE, FR, NL …';
export const hints: Record<string, string> = {
  'shoe-size': 'As you buy them: 42, or 8.5',
  language: 'For example: English',
};

export const problems: Record<ValueProblem['code'], string> = {
  empty: 'Please fill this in, or cancel.',
  'too-long': 'This is longer than anyone will need. At most 200 characters.',
  email: 'This does not look like an e-mail address. One has an @ and a domain, as in name@example.org.',
  phone: 'This does not look like a phone number. Digits, spaces, and a + in front if you like.',
  date: 'This is not a date of the calendar.',
  future: 'This date has not been yet.',
  'too-long-ago': 'This date is very long ago. Please look at the year.',
  number: 'A number, please, such as 42 or 8.5.',
  country: 'Two letters, please, as in DE or FR.',
  derived: 'The wallet works this out by itself.',
  kind: 'This is not a value of that kind.',
};

export const merge = {
  title: (name: string) => `${name}: changed on two devices`,
  lead: 'You changed this here, and it was changed on another device meanwhile. Nothing is lost; say what counts.',
  mine: 'Typed here',
  theirs: 'On the other device',
  both: 'Both together',
  keepMine: 'Keep mine',
  keepTheirs: 'Keep the other',
  keepBoth: 'Keep both',
  removed: 'removed',
  before: (value: string) => `Before both: ${value}`,
  again: 'It was changed once more just now. Look again, please.',
  settled: (name: string) => `${name} is settled.`,
};
export const waits = 'waits for a connection';
export const willGo = 'will be removed as soon as there is a connection';
export const keptHere = (name: string) => `${name} is kept here and sent when there is a connection.`;

export const files = {
  title: 'Files',
  none: 'A scan of a card, a prescription, a receipt: attach it, and it is sealed like everything else.',
  belongs: 'Belongs to',
  nothing: 'nothing in particular',
  belongsTo: (name: string) => `belongs to ${name}`,
  attach: 'Attach a file',
  limits: (size: string) => `Up to ${size} each. The operator sees about how large a file is, not what it is or what it is called. Files are not given to shops.`,
  all: (n: number) => `Show all ${n}`,
  tooLarge: (size: string) => `This file is larger than ${size}.`,
  progress: (name: string, done: number, of: number) => `Sealing and sending ${name}: ${done} of ${of} parts`,
  goOn: 'Go on',
  stop: 'Stop',
  attached: (name: string) => `${name} is attached.`,
  show: 'Show',
  hide: 'Hide',
  keep: 'Save a copy',
  remove: 'Remove',
  removed: (name: string) => `${name} is removed.`,
  restored: (name: string) => `${name} is back.`,
  picture: (name: string) => `The picture ${name}`,
  noPicture: 'This is no picture that can be shown here. Save a copy to look at it.',
  broken: 'The operator does not hand this file over as it was attached: a part is missing, or was changed. Ask the operator for it; what was served is not shown.',
};

export const reminders = {
  title: (n: number) => (n === 1 ? 'A grant ends soon' : `${n} grants end soon`),
  lead: 'Renew it, and it lasts as long again as you were asked for. Let it end, and you need do nothing: nobody asks you again here.',
  until: (day: string) => `ends on ${day}`,
  renew: 'Renew',
  letEnd: 'Let it end',
  renewAll: 'Renew all',
  letAllEnd: 'Let all end',
  step: (n: string, of: string) => `Renewing ${n} of ${of}. Your passkey confirms each one by itself.`,
  renewed: (n: number) => (n === 1 ? 'The grant is renewed.' : `${n} grants are renewed.`),
  ends: (n: number) => (n === 1 ? 'It ends by itself. You can still renew it on its page.' : 'They end by themselves. You can still renew them on their pages.'),
};

export const waiting = {
  title: (n: number) => (n === 1 ? 'A shop asks you again' : `${n} shops ask you again`),
  lead: 'What you gave stands as it is. Look at what changes, then say yes or no.',
  until: (day: string) => `answer until ${day}`,
  look: 'See what changes',
};
