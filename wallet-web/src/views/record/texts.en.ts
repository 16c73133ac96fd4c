import { counted } from '../../components/dates';

export const title = 'Your records';
export const lead = 'What others attested to you: warranties, cards, certificates. They lie sealed in your vault, where only you can read them.';
export const none = 'No records yet. A business you said yes to can hand you one; it then waits in your inbox.';
export const loading = 'Checking your records …';
export const held = 'Records';
export const some = (n: number) => counted(n, '1 record', `${n} records`);
export const all = 'See them';
export const kept = (business: string, day: string) => `From ${business}, in your vault since ${day}`;
export const issuedBy = 'Issued by';
export const key = (short: string) => `the holder of the key ${short}…`;
export const yes = 'Yes';
export const no = 'No';
export const how = 'What was checked';
export const remove = 'Remove';
export const sure = 'Remove it for good? Nobody can bring it back but who issued it.';
export const really = 'Remove it for good';
export const keep = 'Keep it';
export const broken = 'This record cannot be verified. Nobody would take it.';

export const arrived = 'A record for you';
export const from = (business: string, moment: string) => `${business} hands you this · ${moment}`;
export const question = 'Do you want to keep it? It is sealed in your vault then, and nobody sees it but you. The business learns whether you kept it.';
export const accept = 'Keep it in my vault';
export const decline = 'Decline';
export const closedTitle = 'A record that does not open';
export const closed = 'It was made for another key, changed on the way, or came under no grant that your vault knows. Decline it.';
export const voidTitle = 'A record that is not genuine';
export const voided = (business: string) => `${business} handed you a record that its issuer did not sign as it stands. Decline it.`;
export const accepted = 'It is in your vault now.';
export const declined = 'Declined. What was sent is deleted.';

export const states = { stands: 'Valid', final: 'Valid', revoked: 'Taken back', unknown: 'Not confirmed', expired: 'Expired', 'not-yet': 'Not valid yet', other: 'Not yours' } as const;
export const parts = 'It is made so that single lines of it can be shown without the others.';
export const whole = 'It can only be shown whole.';

export const checks = {
  signed: (issuer: string) => `Signed by ${issuer}, and unchanged since`,
  fetched: 'The issuer’s key is the one that your operator found at the issuer’s address when the record arrived.',
  until: (day: string) => `Valid until ${day}`,
  forGood: 'Valid without an end',
  expired: (day: string) => `Its time was over on ${day}`,
  notYet: 'Its time has not begun',
  stands: 'Not taken back: your operator has just asked the issuer’s public list, which does not show whose record it is',
  final: 'It cannot be taken back',
  revoked: 'Its issuer has taken it back',
  unknown: 'Whether it was taken back could not be found out just now',
  mine: 'Made out to you: nobody else can show it',
  anyone: 'Whoever has a copy can show it',
  other: 'It is made out to somebody else',
};

export const show = {
  which: (label: string) => `Which record do you show for “${label}”?`,
  none: (kind: string) => `No record in your vault fits. Wanted is one of the kind “${kind}”; who issued it can hand it to your Coffer.`,
  whole: 'This record can only be shown whole. The business sees every line below.',
  claims: 'What the business sees of it',
  needed: 'needed',
  anyway: 'shown in any case',
  besides: (issuer: string) => `Nothing else that it says is shown. The business also sees who issued it, when it counts, and the key by which ${issuer} knows you.`,
  shows: (claims: string) => `shows ${claims}`,
  all: 'shows all of the record',
};
