import { lengthOf, listed } from '../../components/dates';

export const title = (business: string) => `${business} asks for your data`;
export const lead = 'Look at each purpose and answer it with yes or no. Nothing is chosen for you, and nothing is given by looking.';
export const loading = 'Reading and checking the request …';

export const who = {
  verified: 'Signature verified',
  says: 'This request is signed with the key of this business, word for word as you see it.',
  otherName: (name: string) => `The operator knows the holder of this key as “${name}”. Look closely at who is asking.`,
  web: (host: string) => `It goes by the name of ${host}. That this key is the key of ${host} is what your operator found there, over an encrypted connection; your wallet cannot look for itself.`,
  newKey: (host: string) => `${host} signs with another key than before`,
  newKeyText: (host: string) => `When you last gave ${host} something, it signed with another key. Businesses do change keys; somebody who took over the name would look the same. If you were not told of it, ask before you answer.`,
  details: 'Who is asking, and how to reach them',
  name: 'Business',
  address: 'Address',
  contact: 'Contact',
  dpo: 'Data protection officer',
  authority: 'Supervisory authority',
  notice: 'Privacy notice',
  url: 'Website',
  did: 'Key of the business',
  place: 'Where your data is used',
  until: 'Answer until',
  version: 'Notice version',
};

export const purpose = {
  question: (label: string) => `${label}?`,
  yes: 'Yes',
  no: 'No',
  notice: 'In the words of the business',
  required: 'Needed for this',
  optional: 'Only if you like',
  none: 'Nothing from your vault is needed.',
  howLong: 'For how long',
  asAsked: (days: number) => `${lengthOf(days)}, as asked`,
  retention: (text: string) => `Kept by the business for ${text} after it ends or is used.`,
  recipients: 'Passed on to',
  nobody: 'Nobody else',
  basis: 'Legal basis',
  consent: 'Your consent (GDPR Art. 6(1)(a)), which you can withdraw at any time',
  messages: (cap: number) => `Messages reach you in your Coffer inbox, at most ${cap} in seven days.`,
  blockedTitle: 'Not for you to be asked',
  blocked: 'Your birth date says that you are under 18. Data of minors is never given for marketing or profiling, so this purpose is refused for you.',
  missing: 'not in your vault yet',
  special: 'specially protected by law',
  fill: 'Fill in',
  derivedFrom: (from: string) => `Worked out from your ${from.toLowerCase()}; the business sees only yes or no.`,
  more: 'The details',
};

export const decide = {
  heading: 'Your answer',
  open: (n: number) => (n === 1 ? 'One purpose is still open.' : `${n} purposes are still open.`),
  missing: (names: string[]) => `Fill in first: ${listed(names)}.`,
  gives: 'You give',
  refuses: 'You refuse',
  nothing: 'nothing',
  messages: 'messages to your inbox',
  until: (days: number) => `for ${lengthOf(days)}`,
  refuseAll: 'Refuse all',
  give: 'Give what I chose',
  refuseChosen: 'Refuse',
  next: 'What happens next',
  steps: [
    'Your passkey confirms exactly this answer, not a word more.',
    'Keys for what you give are made here, and a receipt is signed and kept in your vault.',
    'The grant takes effect when it is anchored on the ledger; until then nobody can collect.',
    'You can withdraw it with one tap, at any time.',
  ],
  refuseNext: 'Refusing needs no passkey. The business learns that you said no, and nothing else.',
  suspended: 'You can refuse. Giving is off, because of the state of this business at the operator.',
};

export const result = {
  title: 'Your answer is given',
  titleRefused: 'You refused',
  refused: (business: string) => `${business} gets nothing, and learns only that you said no.`,
  live: 'In effect',
  anchoring: 'Waiting for the ledger',
  liveText: (business: string) => `It is anchored. ${business} may collect what you gave, and nothing else.`,
  anchoringText: 'It takes effect when it is anchored. Until then nobody can collect; this page looks again by itself.',
  slowText: 'The ledger does not answer just now. Your answer is kept and will be anchored as soon as it does; you can close this page. Nobody can collect before that.',
  grant: 'See the grant and its receipt',
  back: (business: string) => `Back to ${business}`,
  home: 'To your vault',
};

export const answered = {
  title: 'You have answered this request',
  lead: (business: string) => `A request of ${business} can be answered once. This is what came of it:`,
  nothing: 'Nothing was given.',
};

const asked = 'Nothing was given. Ask the business for a new link.';
const faulty = 'The business made a mistake in its request, so it cannot be answered. Nothing was given.';

interface Explained {
  title: string;
  text: string;
}
/** Each refusal of a request in its own words; the codes are those of core and of the operator. */
export const refusals: Record<string, Explained> = {
  expired: { title: 'This request is over', text: `Its time to answer has passed. ${asked}` },
  'not-yet': { title: 'This request is from the future', text: `It says it was made later than now. Either its clock is wrong or yours is; look at the time of this device. Nothing was given.` },
  'over-long': { title: 'This request would wait too long', text: `Requests may wait for an answer for seven days at most, so that nobody is asked by an old one. ${asked}` },
  'bad-signature': { title: 'The signature is wrong', text: 'This request was changed after it was signed, or signed by someone else. Do not answer it, and do not trust the page that sent you here.' },
  'wrong-issuer': { title: 'Signed by someone else', text: 'The request names one business and was signed by another. Do not answer it, and do not trust the page that sent you here.' },
  'unknown-key': { title: 'Nobody known signed this', text: 'The key that signed this request cannot be found, so nobody can say who is asking. Nothing was given.' },
  'wrong-audience': { title: 'Meant for another operator', text: `This request was made for a vault at another address than this one. If you followed a link here, someone passed it on. ${asked}` },
  'over-wide': { title: 'It asks for too much', text: 'This request asks for something its purpose may never ask. You need not decide about it: it is refused for you.' },
  'unknown-attribute': { title: 'It asks for something unknown', text: faulty },
  'unknown-purpose': { title: 'It asks for an unknown purpose', text: `It names a purpose that is in no catalogue, so nobody can say what your data would be used for. Nothing was given.` },
  'unregistered-purpose': { title: 'Not a purpose of this business', text: 'The business has not registered this purpose with the operator. Nothing was given.' },
  'no-text': { title: 'It does not say why', text: `The request has no explanation in its own language. Without one there is nothing to agree to. Nothing was given.` },
  'no-controller': { title: 'It does not say who is asking', text: 'Name, address or contact of the business is missing. Nothing was given.' },
  'nothing-asked': { title: 'It asks for nothing', text: faulty },
  'no-purpose': { title: 'It names no purpose', text: faulty },
  'too-many-purposes': { title: 'It asks for too many things at once', text: 'Nobody can decide about that many purposes with care, so a request may have eight. Nothing was given.' },
  'bad-length': { title: 'Its length is not one of the fixed ones', text: `It asks for longer than its purpose may last, or for an odd length that would make you stand out. ${asked}` },
  'bad-channel': { title: 'It does not say how it would reach you', text: faulty },
  'bad-key': { title: 'Its key is no key', text: faulty },
  'bad-url': { title: 'An address in it is not safe', text: 'A web address in this request is not one of the business, or not secure. Nothing was given.' },
  'wrong-template': { title: 'It does not say what it should', text: `The request names a form of words that the business registered, and says something else. ${asked}` },
  'wrong-grants': { title: 'It would replace what is not there', text: faulty },
  duplicate: { title: 'It asks for the same thing twice', text: faulty },
  'wrong-version': { title: 'Made for a newer wallet', text: 'This page does not know this version of a request. Reload it to get a newer wallet; nothing was given.' },
  pending: { title: 'This business is not approved yet', text: 'The operator has not yet looked at who this is. Nothing can be given until then; you can come back later.' },
  suspended: { title: 'This business is suspended', text: 'The operator has suspended this business. Nothing can be given to it.' },
  malformed: { title: 'This request cannot be read', text: faulty },
};
export const place = 'The place in the request:';
export const toVault = 'To your vault';
export const challenge = 'The operator asked your passkey to confirm something else than your answer, so nothing was confirmed or given.';
export const ledgerChanged = 'Look at the notice about the ledger at the top first: nothing is given until you decide.';
export const unknownOutcome = 'The operator does not answer, so it is not known whether your answer arrived. Open the request again in a moment: it says then whether it was answered.';
export const changedMeanwhile = 'Your vault was changed on another device meanwhile. It is read anew; look at your answer and give it again.';
