import type { Check } from '../../core/bundle';

export const loading = 'Reading the grant and verifying its proof …';
export const title = (business: string) => `Given to ${business}`;
export const back = 'All grants';
export const what = 'What you gave';
export const messages = (cap: number) => `Messages to your Coffer inbox, at most ${cap} in seven days`;
export const facts = {
  purpose: 'For',
  to: 'To',
  given: 'Given on',
  until: 'Until',
  withdrawn: 'Withdrawn on',
  retention: 'Kept afterwards for',
  recipients: 'Passed on to',
  nobody: 'Nobody else',
};
export const required = 'needed';
export const optional = 'your choice';

export const withdraw = {
  title: 'Withdraw',
  text: (business: string) =>
    `One tap, and from that moment ${business} can collect nothing more under this grant. What they already read cannot be unread; they must delete it, and the law holds them to that, not this page.`,
  action: 'Withdraw this grant',
  done: 'Withdrawn. Nothing more can be collected under this grant.',
  notAnchored: 'The withdrawal counts from now on. Its entry will be on the ledger as soon as the ledger answers.',
  anchored: 'The withdrawal is on the ledger.',
  cannot: 'Your own record of this grant is not here, so this page cannot sign a withdrawal. Ask the operator: it holds one that you signed ahead.',
};

export const proof = {
  title: 'Receipt and proof',
  lead: 'Verified here, in your browser, without believing the operator:',
  waiting: 'This grant waits for the ledger. As soon as it is anchored, its proof is verified here. Until then nobody can collect.',
  noSet: 'The members of the ledger have changed; until you accept the new set, this proof is not called verified.',
  noRecord: 'Your own record of this grant is not in your vault, so there is nothing to verify the operator’s words with.',
  differs: 'The operator’s copy of this grant is not the one that you signed. What you see here is yours.',
  label: 'Verification, line by line',
  good: 'Everything holds',
  bad: 'Something does not hold',
  on: (moment: string, size: string) => `On the ledger since ${moment} at the latest, one of ${size} entries.`,
  countersigned: (business: string, moment: string) => `${business} counter-signed the receipt on ${moment}: it cannot say later that it never saw these terms.`,
  notCountersigned: (business: string) => `${business} has not counter-signed the receipt. It does so when it first collects.`,
  download: 'Download the receipt',
  downloadHint: 'One file with the receipt, its opening and its proof. Anyone you show it to can verify it offline; so keep it like a letter.',
  file: (business: string) => `coffer-receipt-${business.toLowerCase().replace(/[^a-z0-9]+/g, '-').replace(/^-|-$/g, '') || 'business'}.json`,
};

export const lines: Record<Check['name'], string> = {
  signature: 'The receipt is signed with your key for this business',
  proof: 'The entry is on the ledger, signed by its validators',
  entry: 'The entry is your grant, for as long as the receipt says',
  opening: 'The entry commits to exactly this receipt',
  request: 'The receipt says what the business asked, word for word',
  countersignature: 'The business signed this very receipt too',
  withdrawal: 'What ended this entry is on the ledger too',
};
export const details: Record<string, string> = {
  'not-checked': 'Not looked at, because a line above does not hold.',
  signature: 'A signature is not that of its validator.',
  power: 'Not enough validators signed.',
  validators: 'Signed by others than the validators you trust.',
  chain: 'It is of another ledger.',
  header: 'The signatures are for another block.',
  path: 'The entry is not at that place in the log.',
  format: 'The proof cannot be read.',
  'wrong-opening': 'The commitment is to another text.',
  'bad-entry': 'It is another entry.',
  'bad-length': 'It lasts for another time than the receipt says.',
  'bad-signature': 'The signature is wrong.',
  'unknown-key': 'Signed with a key that this page cannot look up.',
  'wrong-issuer': 'Signed by somebody else.',
  'wrong-receipt': 'It is of another receipt.',
  malformed: 'It cannot be read.',
};

export const receipt = {
  title: 'The receipt',
  record: 'Number',
  business: 'Business',
  contact: 'Contact',
  dpo: 'Data protection officer',
  authority: 'Supervisory authority',
  notice: 'Privacy notice',
  noticeVersion: 'Notice version',
  stored: 'Stored at',
  processed: 'Processed in',
  basis: 'Legal basis',
  consent: 'Your consent (GDPR Art. 6(1)(a))',
  rights: 'Your rights',
  you: 'You, to this business',
  fingerprint: 'Fingerprint of the notice',
};
export const rights: Record<string, string> = {
  access: 'access',
  rectification: 'rectification',
  erasure: 'erasure',
  restriction: 'restriction',
  portability: 'portability',
  objection: 'objection',
  'withdraw-consent': 'withdrawal at any time',
};
export const rightsLink = (business: string) => `Demand something of ${business}: to see, correct or delete your data`;
export const activity = 'See who collected it';
