/**
 * Conditions: what must be so before a business may use what it was given, and the evidence for it (consent/FORMAT.md,
 * "Condition"). Twin of Go's consent/condition.go and evidence.go.
 */
import type { Did } from './did';
import type { GrantId } from './id';
import { noDocuments, verifyBusinessJws } from './jws';
import { openCredential } from './record';
import { isIri, nameForm, refuse, SKEW } from './rules';
import { id, int, matching, object, parseJson, text, version, type Of } from './shape';

const MAX_EVIDENCE = 16 << 10;
const any = text(MAX_EVIDENCE, 0);
const whole = int(Number.MIN_SAFE_INTEGER);

/** Holds types and keys only: what breaks a rule is bad-condition. */
export const conditionShape = object(
  {},
  { record: object({ type: any, issuer: any }), from: whole, uses: whole, event: object({ party: any, name: any }) },
);
/** Exactly one of its parts is there. */
export type Condition = Of<typeof conditionShape>;

/** When a request with the condition was made, is over, and how many days it asks for; without, of a template. */
interface Asking {
  iat: number;
  exp: number;
  days: number;
}

/** Holds a condition to its rules. */
export function checkCondition(c: Condition | undefined, what: string, at: string, asking?: Asking): void {
  if (c === undefined) return;
  const no = (path = '') => refuse(what, 'bad-condition', at + path);
  if (c.record && !isIri(c.record.type)) no('.record.type');
  if (c.record && !didLike(c.record.issuer)) no('.record.issuer');
  if (c.from !== undefined && (c.from <= 0 || c.from > 2 ** 40)) no('.from');
  if (c.uses !== undefined && (c.uses < 1 || c.uses > 1000)) no('.uses');
  if (c.event && !didLike(c.event.party)) no('.event.party');
  if (c.event && !nameForm.test(c.event.name)) no('.event.name');
  if (Object.keys(c).length !== 1) no();
  if (asking && c.from !== undefined && (c.from <= asking.iat || c.from >= asking.exp + asking.days * 24 * 3600)) no('.from');
}

const didLike = (did: string): boolean => did.startsWith('did:') && did.length <= 500;

/** The condition as it stands in a document; '' for none. */
export function conditionText(c: Condition | undefined): string {
  if (!c) return '';
  const { record, from, uses, event } = c;
  const ordered = { record: record && { type: record.type, issuer: record.issuer }, from, uses, event: event && { party: event.party, name: event.name } };
  // As Go writes it.
  return JSON.stringify(ordered).replace(/[<>&\u2028\u2029]/g, (ch) => `\\u${ch.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** Whether what meets `after` need not meet `before`: the shopper agreed to less. */
export function isLooser(after: Condition, before: Condition): boolean {
  if (after.from !== undefined && before.from !== undefined) return after.from < before.from;
  if (after.uses !== undefined && before.uses !== undefined) return after.uses > before.uses;
  return true;
}

/**
 * Evidence that was verified: who signed it, from when it counts (0: the beginning) and until when (0: for good). Of a
 * record that can be revoked the operator asked when it was presented, and lets it count for a day.
 */
export interface Evidence {
  by: Did;
  from: number;
  until: number;
}

/**
 * Verifies evidence for a condition, about one of the grants: the record or the event that it names, by whom it names.
 * Throws ParseError with Go's codes, and unknown-key for a signer whose DID this page cannot resolve.
 */
export async function verifyEvidence(jws: string, condition: Condition, about: readonly GrantId[], now: number): Promise<Evidence> {
  const no = (code: string, path: string) => refuse('evidence', code, path);
  if (!condition.record && !condition.event) return no('wrong-evidence', 'grant');
  if (jws.length > MAX_EVIDENCE) no('malformed', '');
  const evidence = condition.record ? await recordOf(jws, condition.record, about) : await eventOf(jws, condition.event!, about);
  if (evidence.until !== 0 && now >= evidence.until) no('expired', '');
  if (evidence.from > now + SKEW) no('not-yet', '');
  return evidence;
}

const happenedShape = object({ v: version, iss: any, grant: id<GrantId>(), name: matching(nameForm, 'a name'), time: int(1, 2 ** 40) });

async function eventOf(jws: string, want: NonNullable<Condition['event']>, about: readonly GrantId[]): Promise<Evidence> {
  const { did, payload } = await verifyBusinessJws('evidence', jws, 'coffer-event+jwt');
  const event = parseJson('evidence', payload, happenedShape);
  if (event.iss !== did) refuse('evidence', 'wrong-issuer', 'iss');
  if (did !== want.party) refuse('evidence', 'wrong-evidence', 'iss');
  if (event.name !== want.name) refuse('evidence', 'wrong-evidence', 'name');
  if (!about.includes(event.grant)) refuse('evidence', 'wrong-evidence', 'grant');
  return { by: did, from: event.time, until: 0 };
}

async function recordOf(jwt: string, want: NonNullable<Condition['record']>, about: readonly GrantId[]): Promise<Evidence> {
  const record = await openCredential(jwt, noDocuments);
  if (record.issuer !== want.issuer) refuse('evidence', 'wrong-evidence', 'iss');
  if (!record.types.includes(want.type)) refuse('evidence', 'wrong-evidence', 'vc.type');
  if (!about.some((g) => `urn:coffer:grant:${g}` === record.subject)) refuse('evidence', 'wrong-evidence', 'sub');
  return { by: record.issuer, from: record.from, until: record.until };
}
