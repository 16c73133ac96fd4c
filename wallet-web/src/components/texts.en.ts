/**
 * What every page says, in English. Texts of one page stand beside it (views/<name>/texts.ts). The words are those
 * of design/words.md; the version goes up when a meaning changes, not for a comma.
 */
export const TEXTS_VERSION = '1';

export const nav = {
  skip: 'Skip to the content',
  label: 'Vault',
  home: 'Vault',
  waiting: 'waiting for your answer',
  grants: 'Grants',
  inbox: 'Inbox',
  activity: 'Activity',
  settings: 'Settings',
  lock: 'Lock',
};

export const checks = { yes: 'Verified:', no: 'Not verified:' };

export const endings = {
  locked: {
    title: 'Your vault is locked',
    text: 'Unlock it to go on. What you were looking at will be here.',
    action: 'Unlock',
  },
  unreachable: {
    title: 'The operator does not answer',
    text: 'Your vault is where it was. Look at your connection, or try again in a moment.',
    action: 'Try again',
  },
  notFound: {
    title: 'There is nothing here',
    text: 'This address names nothing in your vault. The link may be mistyped, or meant for someone else.',
    action: 'To your vault',
  },
  unreadable: {
    title: 'The answer is not understood',
    text: 'The operator answered something this page cannot read, so it shows nothing rather than guess. Reloading the page may bring a newer one.',
    action: 'Try again',
  },
  refused: {
    title: 'The operator refused',
    text: 'It gave this reason:',
    action: 'Try again',
  },
};

/** What a refusal of the operator means; the code is in its problem type. */
export const problems: Record<string, string> = {
  'not-found': 'The operator does not know this.',
  'not-signed-in': 'Your session is over. Unlock your vault and try again.',
  conflict: 'Another device changed this at the same moment. What you see now is the newest; please try again.',
  invalid: 'The operator did not accept what this page sent. Nothing was changed.',
  'too-large': 'This is too large to keep.',
  'too-many': 'Your vault is full, or this was tried too often. Nothing was changed.',
  'other-key': 'Your vault has another key meanwhile. Lock it and unlock it again.',
  'pairing-over': 'That code is another one, was used, or is too old. Make a new one on the device that has your vault.',
  'passkey-changed': 'This passkey’s device says something about copies that cannot have changed since the passkey was made: it may be a copy. It was not let in. Use another passkey or your words, and look at your passkeys under Settings.',
  'not-finished': 'Your vault needs two ways in before it can be used.',
  'prf-leaked': 'The operator refused, because the browser was about to send it the secret of your passkey.',
  'ceremony-over': 'That took too long, or was used before. Please try again.',
  'already-answered': 'This request has been answered.',
  expired: 'This request is over: its time to answer has passed.',
  'over-wide': 'The business asked for more than this purpose may ever ask.',
  'wider-than-request': 'The answer would have given more than was asked. Nothing was given.',
  'ledger-unavailable': 'The ledger does not answer just now. Please try again in a moment.',
  policy: 'A rule of this vault forbids that.',
  withdrawn: 'This grant is withdrawn.',
  paused: 'This grant is paused.',
  narrowed: 'This grant was narrowed or shortened meanwhile; look at the newer one.',
  replaced: 'A newer grant has taken this one’s place; look at that one.',
  'wrong-change': 'This change does not fit the grant any more. Look at it again.',
  'business-suspended': 'The operator has suspended this business. Nothing was given.',
  'business-pending': 'The operator has not approved this business yet. Nothing was given.',
  'stale-decision': 'This answer took too long to arrive, or the clock of this device is wrong. Please give it again.',
  replayed: 'The operator has seen this before. Nothing was done twice.',
  unexpected: 'Something went wrong at the operator. Nothing is known to have changed.',
};

export const failures: Record<string, string> = {
  cancelled: 'No passkey was used. You can try again whenever you like.',
  exists: 'This device already has a passkey for this vault.',
  insecure: 'Passkeys work only on the address this vault was opened at, over a secure connection.',
  unsupported: 'This browser cannot use passkeys as this wallet needs them. A current version of Chrome, Edge, Safari or Firefox can.',
  unknown: 'The passkey did not work, and the browser does not say why. Please try again.',
};

export const unreachable = 'The operator does not answer. Nothing is known to have changed; look at your connection and try again.';
export const unparsed = 'The operator answered something this page cannot read. Nothing is shown rather than guessed.';
export const unsettled = 'Your vault is not as this browser left it. Look at the notice at the top first: nothing is changed until you decide.';
export const unexplained = 'Something unexpected happened in this page. Nothing was sent after it.';

export const findings = {
  title: 'Your vault is not as this browser left it',
  lead: 'The operator handed over something else than your wallet last wrote:',
  rolledBack: (day: string) =>
    day ? `The whole vault is older than this browser has seen it: its newest document is of ${day}.` : 'The list of your documents is older than one seen in this browser.',
  forked: 'The operator shows this browser another vault than it showed before: two lists of your documents that do not follow on each other.',
  missing: 'is hidden: it stands on your list, and the operator did not hand it over',
  unlisted: 'is here, though it is not on your list: it was removed, or you never saved it',
  older: (day: string) => (day ? `was served in an older version, the one of ${day}` : 'was served in an older version'),
  swapped: 'was exchanged for another of your documents',
  different: 'is not the one your wallet wrote',
  unreadable: 'does not open',
  whatTitle: 'What to do',
  ask: 'Ask the operator what happened. Keep a picture of this page: it names what is wrong.',
  elsewhere: 'Look at your vault on another device or in another browser, if you have one: it may be as you left it there.',
  older2: 'If the operator restored a backup, go on from what is here, and enter again what you changed since.',
  gone: 'Going on takes what is hidden off your list, and deletes what does not open. Enter it again then.',
  recordGone: 'A record cannot be typed again: ask the business that made it out to send it once more.',
  kept: 'Going on puts what is not on your list back on it: remove it then if you do not want it.',
  paused: 'Until you decide, saving and giving are paused, so that nothing is built on this.',
  accept: 'Go on from what is here',
  accepted: 'Your wallet goes on from what is here now.',
  unnamed: 'A document',
  of: (what: string, day: string) => `${what} of ${day}`,
  grant: (business: string) => `Your grant to ${business}`,
  identity: 'Your identity document',
  settings: 'Your settings',
  rights: (business: string) => `Your demand to ${business}`,
  attachment: (file: string) => `Your file “${file}”`,
  record: (business: string) => `Your record from ${business}`,
  ways: 'The list of your ways in',
  attribute: (name: string) => `Your “${name}”`,
};

export const waits = {
  title: (n: number) => (n === 1 ? '1 change waits for a connection' : `${n} changes wait for a connection`),
  lead: 'What waits is sealed and kept in this browser, and sent as soon as the operator answers. Nobody who may collect from you sees it before.',
  again: 'Try now',
  signedOut: 'Your session is over. Lock the wallet and unlock it again; what waits stays here, sealed.',
  sent: (n: number) => (n === 1 ? 'The change that waited is saved.' : `The ${n} changes that waited are saved.`),
  clashes: (n: number) => (n === 1 ? 'One of your changes was made on two devices' : `${n} of your changes were made on two devices`),
  decide: 'Say on your vault’s page what counts.',
  lost: 'Changes that waited in this browser cannot be opened any more: your vault has another key since. Please make them again.',
  door: 'Changes that you made without a connection wait in this browser, sealed. Unlock your vault to send them; that needs the operator.',
};

export const ledger = {
  changedTitle: 'The members of the ledger have changed',
  changed:
    'Since your wallet first used the ledger, the set of validators that signs its blocks has become another. That can be in order (a member joined or left), or someone is showing you a ledger of their own. Until you accept the new set, proofs are not called verified.',
  missing:
    'When members join or leave, those before sign that they agree. Nothing shows that here. Ask the operator why, and compare the fingerprint below with what a member of the ledger says.',
  forged:
    'What is shown as the agreement of the members before is not signed by them. Do not accept this: ask a member of the ledger, or the supervisory authority.',
  chain: 'The ledger calls itself by another name than before:',
  before: 'Fingerprint before',
  now: 'Fingerprint now',
  accept: 'I compared the fingerprint: accept the new set',
};

export const update = {
  text: 'A new version of this wallet is ready.',
  action: 'Use it now',
};
