import type { Ending } from '../../core/loop';

export const title = (business: string) => `Complaint about ${business}`;
export const to = 'To';
export const made = 'Made';
export const business = 'Business';
export const contact = 'Contact';
export const dpo = 'Data protection officer';
export const key = 'Key of the business';
export const operator = 'Operator';

export const demanded = 'What was demanded';
export const right = 'Right';
export const sent = 'Sent';
export const due = 'Answer due by the end of';
export const state = 'State';
export const happened = 'What happened';
export const wasSent = 'The rights request was sent';

export const unsaid = 'What the business left unsaid';
export const duty = 'When a grant gives less or ends, the operator tells the business. It has to acknowledge within three days that it knows and stopped, and to say within thirty days what it deleted and what it keeps on which ground (GDPR Art. 12(3), 17). Both are signed by it.';
export const event = 'How the grant ended';
export const events: Record<Ending, string> = {
  withdrawn: 'Withdrawn by the shopper',
  expired: 'Its time was over',
  erased: 'With the vault',
  terminated: 'Terminated',
  suspended: 'The business was suspended',
  narrowed: 'The shopper gives less since then',
  renewed: 'Renewed with less',
  merged: 'A newer grant with less took its place',
  replaced: 'A newer grant took its place',
};
export const told = 'The business was told';
export const acknowledgeBy = 'To be acknowledged by';
export const acknowledged = 'Acknowledged';
export const stateBy = 'Deletion to be stated by';
export const stated = 'Deletion stated';
export const signed = 'Yes, signed by the business; below';
export const never = 'No';

export const hadBeenGiven = 'What the business was given';
export const anchored = 'The receipt is anchored on the ledger; its proof is in the evidence file.';
export const notAnchored = 'The receipt has no proof on the ledger.';
export const noGrant = 'No record of a grant is in the vault.';
export const log = 'Who collected what';
export const given = (names: string) => `Collected: ${names}`;
export const refused = (names: string) => `Asked for, and refused: ${names}`;
export const nobody = 'Nobody has collected anything.';
export const cut = 'Older rows are not shown.';
export const rows = 'The rows as the chain covers them';
export const head = 'Head of the log:';
export const receipt = 'Receipt, as signed';
export const later = 'Later receipt, as signed';

export const asSigned = 'As signed';
export const request = 'Rights request';
export const reply = (step: string) => `Reply: ${step}`;
export const acknowledgement = 'Acknowledgement';

export const howToCheck = 'How to check';
export const check = {
  rights: 'rights_request.jws and each receipt are signed (EdDSA) by one key, which the business knows as this shopper; the key is in the did:key of "kid".',
  replies: 'Each reply is signed (ES256) by the business; "request_hash" in it is the SHA-256 of rights_request.jws.',
  receipts: 'Each receipt is signed (EdDSA) by one key, which the business knows as this shopper; the key is in the did:key of "kid". Later receipts say how the grant ended.',
  acknowledgement: 'An acknowledgement is signed (ES256) by the business. When the business was told is the operator\'s word.',
  bundle: 'Save a grant\'s "bundle" and "validators" as files and run: coffer verify bundle.json --validators validators.json',
  log: 'The access log is a chain: start with 32 zero bytes; each head is SHA-256(head before ‖ row).',
};
