/**
 * The withdrawal loop: what a business says after a grant's end, signed by it. The wallet verifies both statements
 * itself, so that an operator cannot speak for a business. Twin of Go's consent/loop.go, acknowledgement.go and
 * deletion.go. Import it lazily.
 */
import type { Did } from './did';
import type { GrantId } from './id';
import { verifyBusinessJws, type Documents } from './jws';
import { isIri, nameForm, refuse, said, SKEW } from './rules';
import { id, int, list, object, parseJson, text, version, type Of, type Shape } from './shape';

/**
 * Why a grant gives less, or nothing any more; `suspended` is the business, and the grant stands. The last four are in
 * favour of a successor that does not name every attribute: the loop is about those that it does not.
 */
export const ENDINGS = ['withdrawn', 'expired', 'erased', 'terminated', 'suspended', 'narrowed', 'renewed', 'merged', 'replaced'] as const;
export type Ending = (typeof ENDINGS)[number];

/** The deadlines, in seconds from when the business could know. Those of Go's consent/loop.go. */
export const ACKNOWLEDGE_WITHIN = 72 * 3600;
export const STATE_WITHIN = 30 * 24 * 3600;

/** What a business owes since before `now`; null is nothing. Who has stated what it deleted need not acknowledge. */
export function lateWith(loop: { notified: number; acknowledged: boolean; stated: boolean }, now: number): 'acknowledgement' | 'statement' | null {
  if (loop.stated) return null;
  if (now > loop.notified + STATE_WITHIN) return 'statement';
  return !loop.acknowledged && now > loop.notified + ACKNOWLEDGE_WITHIN ? 'acknowledgement' : null;
}

const MAX = 16 << 10;
const MAX_TEXT = 1000;
const any = text(MAX, 0);
const anyTime = int(Number.MIN_SAFE_INTEGER);

const acknowledgementShape = object({ v: version, iss: any, aud: any, grant: id<GrantId>(), event: any, time: anyTime });
const deletionShape = object({
  v: version,
  iss: any,
  aud: any,
  grant: id<GrantId>(),
  time: anyTime,
  deleted: list(any, 1000),
  kept: list(object({ attribute: any, basis: any, until: anyTime }), 1000),
  text: any,
});

/** A business's word that it knows of a grant's end and has stopped. */
export type Acknowledgement = Of<typeof acknowledgementShape>;
/** What a business deleted, and what it keeps on which ground until when. */
export type Deletion = Of<typeof deletionShape>;

/** What both statements are held against. */
export interface StatementRules {
  business: Did;
  /** The operator's origin. */
  audience: string;
  /** Unix seconds. */
  now: number;
  grant: GrantId;
  /** Of a business under did:web. */
  documents?: Documents;
}

/** Verifies an acknowledgement. Throws ParseError with Go's code for whatever does not hold. */
export async function verifyAcknowledgement(jws: string, rules: StatementRules): Promise<Acknowledgement> {
  const { did, payload } = await verifyBusinessJws('acknowledgement', jws, 'coffer-acknowledgement+jwt', rules.documents);
  const a = parse('acknowledgement', payload, acknowledgementShape);
  hold('acknowledgement', did, a, rules);
  if (!ENDINGS.some((e) => e === a.event)) refuse('acknowledgement', 'malformed', 'event');
  if (a.grant !== rules.grant) refuse('acknowledgement', 'wrong-statement', 'grant');
  return a;
}

/** Verifies a deletion statement against the attributes that the grant named: each stands once, and nothing else. */
export async function verifyDeletion(jws: string, rules: StatementRules & { attributes: readonly string[] }): Promise<Deletion> {
  const { did, payload } = await verifyBusinessJws('deletion', jws, 'coffer-deletion+jwt', rules.documents);
  const d = parse('deletion', payload, deletionShape);
  hold('deletion', did, d, rules);
  const named: string[] = [];
  for (const name of d.deleted) {
    if (named.includes(name)) refuse('deletion', 'duplicate', 'deleted');
    if (!nameForm.test(name)) refuse('deletion', 'malformed', 'deleted');
    named.push(name);
  }
  for (const k of d.kept) {
    if (!nameForm.test(k.attribute)) refuse('deletion', 'malformed', 'kept');
    if (named.includes(k.attribute)) refuse('deletion', 'duplicate', 'kept');
    if (!isIri(k.basis) || k.until <= d.time || k.until > 2 ** 40) refuse('deletion', 'malformed', 'kept');
    named.push(k.attribute);
  }
  if (d.text !== '' && !said(d.text, MAX_TEXT)) refuse('deletion', 'malformed', 'text');
  if (rules.attributes.some((a) => !named.includes(a)) || named.length !== rules.attributes.length) refuse('deletion', 'wrong-statement', 'deleted');
  if (d.grant !== rules.grant) refuse('deletion', 'wrong-statement', 'grant');
  return d;
}

function parse<T>(what: string, payload: Uint8Array, shape: Shape<T>): T {
  if (payload.length > MAX) refuse(what, 'malformed', '');
  return parseJson(what, payload, shape);
}

function hold(what: string, signer: Did, said: { iss: string; aud: string; time: number }, rules: StatementRules): void {
  if (said.iss !== signer || signer !== rules.business) refuse(what, 'wrong-issuer', 'iss');
  if (said.aud !== rules.audience) refuse(what, 'wrong-audience', 'aud');
  if (said.time <= 0) refuse(what, 'malformed', 'time');
  if (said.time > rules.now + SKEW) refuse(what, 'not-yet', 'time');
}
