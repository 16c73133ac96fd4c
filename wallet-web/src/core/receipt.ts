/**
 * Receipts: the signed record of one purpose given, and of each event of its life (ISO/IEC TS 27560 with DPV terms,
 * contract D.3), as a JWT-VC by the pairwise key. Twin of Go's consent/receipt.go and credential.go; the texts are repeated from the
 * request word for word, so that a receipt can be read alone.
 */
import type { Catalogue } from './attributes';
import { hashOf } from './bytes';
import { checkCondition, conditionShape } from './condition';
import type { Did } from './did';
import { keyIdOf } from './did';
import { isDays, shortest, type Days } from './epoch';
import { newId, type GrantId } from './id';
import type { PairwiseKey } from './identity';
import { signEdDsa, verifyEdDsa } from './jws';
import type { Random } from './random';
import { RECEIPT_CONTEXT } from './receiptContext';
import { partnerOf } from './partner';
import { askedOf, noticeOf, type Asked, type Request } from './request';
import { refuse } from './rules';
import { base64url, id, int, list, matching, nullable, object, oneOf, parseJson, text, type Of, type Shape } from './shape';

const SCHEMA_VERSION = 'https://w3id.org/dpv/schema/dpv-27560#receipt-eu-gdpr';
const VC_CONTEXT = 'https://www.w3.org/2018/credentials/v1';
const RECORD = 'urn:coffer:receipt:';
const COLLECTION_METHOD = "sealed in the shopper's browser";
const PROCESSING_METHOD = 'collected under an hourly permit, decrypted by the business';
const PRIVACY_RIGHTS = ['access', 'rectification', 'erasure', 'restriction', 'portability', 'objection', 'withdraw-consent'];
const MAX_RECEIPT = 32 << 10;

/** Events that leave a grant with a successor, and those that leave it with none. Twin of Go's event states. */
export const SUCCEEDING = ['narrowed', 'shortened', 'renewed', 'resumed'] as const;
export const ENDING = ['paused', 'withdrawn', 'expired', 'erased'] as const;
export type Succeeding = (typeof SUCCEEDING)[number];
export type EndState = (typeof ENDING)[number];
export type EventState = 'given' | Succeeding | EndState;

const any = text(MAX_RECEIPT, 0);
const texts = list(any, 1000);
const record = matching(/^urn:coffer:receipt:[A-Za-z0-9_-]{22}$/, 'a record id');
const purposeShape = object(
  {
    purpose: any,
    purpose_id: any,
    lawful_basis: any,
    retention_period: any,
    pii_information: list(object({ pii_type: any, attribute: any, necessity: any }), 1000),
    recipient_third_parties: list(object({ name: any, country: any }), 1000),
    channels: texts,
    weekly_cap: int(),
    withdrawal_method: any,
    storage_locations: texts,
    processing_locations: texts,
    collection_method: any,
    processing_method: any,
    jurisdiction: texts,
  },
  { condition: conditionShape },
);
const did = matching<Did>(/^did:/, 'a DID');
const recordShape = object(
  {
    id: did,
    schema_version: oneOf(SCHEMA_VERSION),
    record_id: record,
    pii_principal_id: did,
    grant: id<GrantId>(),
    predecessor: nullable(record),
    privacy_notice: any,
    language: any,
    notice_version: any,
    notice_hash: base64url(32),
    request_hash: base64url(32),
    purposes: list(purposeShape, 1, 1),
    pii_controllers: list(object({ party_id: did }), 1, 1),
    parties: list(object({ party_id: did, name: any, address: any, contact: any, dpo: any, type: any }), 1, 1),
    authority_party: any,
    privacy_rights: texts,
    events: list(
      object({ event_time: int(1), validity_duration: any, entity_id: did, event_type: any, event_state: oneOf<readonly EventState[]>('given', ...SUCCEEDING, ...ENDING) }),
      1,
      1,
    ),
  },
  { onward_of: id<GrantId>(), partner: object({ role: oneOf('onward', 'joint'), party_id: did, name: any }) },
);
/** The VC's context, and ours. The first receipts had the first alone. */
const contextShape: Shape<unknown[]> = (v, at) => {
  const [base, ours, ...more] = list((x) => x, 2, 1)(v, at);
  oneOf(VC_CONTEXT)(base, at);
  const known = ours === undefined || stable(ours) === stable(RECEIPT_CONTEXT);
  return known && more.length === 0 ? [base, ours] : refuse('receipt', 'malformed', at.path);
};
const claimsShape = object({
  iss: did,
  sub: did,
  nbf: int(1),
  jti: record,
  vc: object({
    '@context': contextShape,
    type: list(oneOf('VerifiableCredential'), 1, 1),
    credentialSubject: recordShape,
  }),
});

/** A receipt's content. Purposes, events, controllers and parties are one each. */
export type Receipt = Of<typeof recordShape>;

/** What the shopper chose within a request. */
export interface Terms {
  grant: GrantId;
  purposeId: string;
  attributes: readonly string[];
  channels: readonly string[];
  days: Days;
  /** Of the notice that the shopper read; absent means the request's own. */
  language?: string;
  /** DID of the partner that it is given to; absent for the business that asks. */
  partner?: Did;
  /** Of a partner: the grant to the business that asks. */
  onward_of?: GrantId;
}

/** The one purpose of a receipt. */
export function purposeOf(receipt: Receipt): Receipt['purposes'][number] {
  return receipt.purposes[0] ?? refuse('receipt', 'malformed', 'purposes');
}

/** The one event of a receipt. */
export function eventOf(receipt: Receipt): Receipt['events'][number] {
  return receipt.events[0] ?? refuse('receipt', 'malformed', 'events');
}

/** To whom it was given: the business that asked, or one of its partners. */
export function controllerOf(receipt: Receipt): Did {
  return receipt.pii_controllers[0]?.party_id ?? refuse('receipt', 'malformed', 'pii_controllers');
}

/** The receipt of one purpose given to the business of a request, at `now` (unix seconds). Draws 16 random bytes. */
export function newReceipt(request: Request, terms: Terms, shopper: Did, catalogue: Catalogue, now: number, random: Random): Receipt {
  return build(request, terms, shopper, (name) => catalogue.attribute(name)?.iri, now, newId<GrantId>(random));
}

/** The receipt that ends one without a successor. Draws 16 random bytes. */
export function newEndReceipt(given: Receipt, state: EndState, now: number, random: Random): Receipt {
  return endOf(given, state, now, RECORD + newId<GrantId>(random));
}

/** What a successor keeps of the grant before it, and for how many hours from its start. */
export interface Succession {
  grant: GrantId;
  state: Succeeding;
  attributes: readonly string[];
  channels: readonly string[];
  hours: number;
}

/** The receipt of a grant's successor. Draws 16 random bytes. */
export function newSuccessorReceipt(previous: Receipt, next: Succession, now: number, random: Random): Receipt {
  return succeed(previous, next, now, RECORD + newId<GrantId>(random));
}

/** The JWT, EdDSA by the pairwise key: the exact bytes that the ledger entry commits to. */
export function signReceipt(receipt: Receipt, key: PairwiseKey): string {
  return signEdDsa({ alg: 'EdDSA', typ: 'JWT', kid: keyIdOf(key.did) }, receiptClaims(receipt), key);
}

/** The payload of the JWT. */
export function receiptClaims(receipt: Receipt): string {
  return JSON.stringify({
    iss: receipt.id,
    sub: receipt.id,
    nbf: eventOf(receipt).event_time,
    jti: receipt.record_id,
    vc: { '@context': [VC_CONTEXT, RECEIPT_CONTEXT], type: ['VerifiableCredential'], credentialSubject: receipt },
  });
}

/**
 * Verifies the signature and reads the receipt; all that names the shopper must be who signed. Throws ParseError
 * with the code bad-signature, wrong-issuer or malformed.
 */
export function parseReceipt(jwt: string): Receipt {
  if (jwt.length > MAX_RECEIPT) refuse('receipt', 'bad-signature', '');
  return verifyEdDsa('receipt', jwt, 'JWT', (payload, signer) => {
    const claims = parseJson('receipt', payload, claimsShape);
    const receipt = claims.vc.credentialSubject;
    const event = eventOf(receipt);
    const shopper = [claims.iss, claims.sub, receipt.id, receipt.pii_principal_id, event.entity_id];
    if (shopper.some((name) => name !== signer)) refuse('receipt', 'wrong-issuer', 'iss');
    if (claims.jti !== receipt.record_id || claims.nbf !== event.event_time) refuse('receipt', 'malformed', 'jti');
    checkCondition(purposeOf(receipt).condition, 'receipt', 'purposes[0].condition');
    if ((receipt.onward_of === undefined) !== (receipt.partner === undefined)) refuse('receipt', 'malformed', 'onward_of');
    return receipt;
  });
}

/** How long the grant of a receipt lasts, in days; 0 for a successor, which lasts hours. */
export function daysOf(receipt: Receipt): number {
  return Number(/^P(\d{1,3})D$/.exec(eventOf(receipt).validity_duration)?.[1] ?? 0);
}

/** How long the grant of a receipt lasts, in hours from the hour of its event. */
export function hoursOf(receipt: Receipt): number {
  return daysOf(receipt) * 24 || Number(/^PT([1-9]\d{0,4})H$/.exec(eventOf(receipt).validity_duration)?.[1] ?? 0);
}

/** Whether the receipt is of something that stands: given, or a successor. */
export function begins(receipt: Receipt): boolean {
  return !isEnd(eventOf(receipt).event_state);
}

/**
 * Holds the receipt of something given, or of a successor, against the request: to the letter what the request's
 * terms and the receipt's own choices make. Throws ParseError `wrong-receipt` with the first key that differs.
 */
export function checkReceipt(receipt: Receipt, request: Request): void {
  const purpose = purposeOf(receipt);
  const event = eventOf(receipt);
  const types = new Map(purpose.pii_information.map((info) => [info.attribute, info.pii_type]));
  const asked = askedOf(request, purpose.purpose_id) ?? refuse('receipt', 'wider-than-request', 'purposes[0].purpose_id');
  const first = event.event_state === 'given';
  if (!begins(receipt) || first !== (receipt.predecessor === null)) refuse('receipt', 'wrong-receipt', 'events[0].event_state');
  const hours = hoursOf(receipt);
  const whole = first ? isDays(daysOf(receipt)) : daysOf(receipt) === 0 && shortest(hours) !== undefined;
  if (!whole || hours === 0) refuse('receipt', 'wrong-receipt', 'events[0].validity_duration');
  if (hours > asked.days * 24) refuse('receipt', 'wider-than-request', 'events[0].validity_duration');
  const terms: Terms = {
    grant: receipt.grant,
    purposeId: purpose.purpose_id,
    attributes: [...types.keys()],
    channels: purpose.channels,
    days: daysOf(receipt) as Days,
    language: receipt.language,
    ...(receipt.onward_of && { partner: controllerOf(receipt), onward_of: receipt.onward_of }),
  };
  const want = build(request, terms, receipt.id, (name) => types.get(name), event.event_time, receipt.record_id.slice(RECORD.length));
  if (!first) {
    want.predecessor = receipt.predecessor;
    want.events = [{ ...eventOf(want), validity_duration: `PT${hours}H`, event_state: event.event_state }];
  }
  same(receipt, want);
}

/**
 * Holds the receipt of a pause or an end against the one before it: of the grant's beginning, or of its pause. Throws
 * ParseError `wrong-receipt`.
 */
export function checkEndReceipt(ended: Receipt, before: Receipt): void {
  const event = eventOf(ended);
  const [state, was] = [event.event_state, eventOf(before).event_state];
  if (!isEnd(state) || ended.predecessor === null || event.event_time < eventOf(before).event_time) return refuse('receipt', 'wrong-receipt', 'events[0]');
  if (!begins(before) && (was !== 'paused' || state === 'paused')) refuse('receipt', 'wrong-receipt', 'predecessor');
  same(ended, endOf(before, state, event.event_time, ended.record_id));
}

/** As {@link checkEndReceipt}, and the end is a withdrawal. */
export function checkWithdrawalReceipt(withdrawn: Receipt, before: Receipt): void {
  if (eventOf(withdrawn).event_state !== 'withdrawn') refuse('receipt', 'wrong-receipt', 'events[0]');
  checkEndReceipt(withdrawn, before);
}

/**
 * Holds a successor's receipt against the one that it follows, of the grant before or of its pause: same shopper,
 * request, purpose and notice, another grant, no attribute and no channel more, and what the event says. When each
 * ends only the entries tell. Throws ParseError `wrong-receipt` or `wider-than-grant`.
 */
export function checkFollows(next: Receipt, before: Receipt): void {
  const no = (path: string, code = 'wrong-receipt') => refuse('receipt', code, path);
  const [event, was] = [eventOf(next), eventOf(before)];
  const resumes = event.event_state === 'resumed';
  if (next.predecessor !== before.record_id || event.event_time < was.event_time) no('predecessor');
  if (!begins(next) || event.event_state === 'given') no('events[0].event_state');
  if (resumes !== (was.event_state === 'paused') || (!resumes && !begins(before))) no('events[0].event_state');
  if (next.id !== before.id) no('id');
  if (next.grant === before.grant) no('grant');
  const [p, old] = [purposeOf(next), purposeOf(before)];
  const same = next.request_hash === before.request_hash && p.purpose_id === old.purpose_id;
  if (!same || next.notice_hash !== before.notice_hash || next.language !== before.language) no('request_hash');
  const had = new Map(old.pii_information.map((i) => [i.attribute, i.pii_type]));
  const attributes = new Set(p.pii_information.map((i) => i.attribute));
  const channels = new Set(p.channels);
  if ([...attributes].some((a) => !had.has(a)) || [...channels].some((c) => !old.channels.includes(c))) no('purposes[0]', 'wider-than-grant');
  if (p.pii_information.some((i) => had.get(i.attribute) !== i.pii_type)) no('purposes[0]');
  const fewer = attributes.size + channels.size < old.pii_information.length + old.channels.length;
  if (event.event_state === 'narrowed' ? !fewer : fewer && event.event_state !== 'renewed') no('purposes[0]');
}

const isEnd = (state: EventState): state is EndState => (ENDING as readonly string[]).includes(state);

function endOf(given: Receipt, state: EndState, now: number, recordId: string): Receipt {
  const event = { ...eventOf(given), event_time: now, event_state: state };
  return { ...given, record_id: recordId, predecessor: given.record_id, events: [event] };
}

function succeed(previous: Receipt, next: Succession, now: number, recordId: string): Receipt {
  const purpose = purposeOf(previous);
  const pick = (name: string) => purpose.pii_information.find((i) => i.attribute === name) ?? refuse('receipt', 'wider-than-grant', 'attributes');
  if (next.channels.some((c) => !purpose.channels.includes(c))) refuse('receipt', 'wider-than-grant', 'channels');
  return {
    ...previous,
    record_id: recordId,
    grant: next.grant,
    predecessor: previous.record_id,
    purposes: [
      {
        ...purpose,
        pii_information: next.attributes.map(pick),
        channels: [...next.channels],
        weekly_cap: next.channels.length > 0 ? purpose.weekly_cap : 0,
        withdrawal_method: `${purpose.storage_locations[0] ?? ''}/grants/${next.grant}`,
      },
    ],
    events: [{ ...eventOf(previous), event_time: now, validity_duration: `PT${next.hours}H`, event_state: next.state }],
  };
}

function same(receipt: Receipt, want: Receipt): void {
  for (const key of new Set([...Object.keys(want), ...Object.keys(receipt)]) as Set<keyof Receipt>) {
    if (stable(want[key]) !== stable(receipt[key])) refuse('receipt', 'wrong-receipt', key);
  }
}

function build(
  request: Request,
  terms: Terms,
  shopper: Did,
  iriOf: (attribute: string) => string | undefined,
  now: number,
  recordId: string,
): Receipt {
  const asked = askedOf(request, terms.purposeId) ?? refuse('receipt', 'wider-than-request', 'purpose');
  const notice = noticeOf(request, asked, terms.language);
  const c = request.controller;
  const receipt: Receipt = {
    id: shopper,
    schema_version: SCHEMA_VERSION,
    record_id: RECORD + recordId,
    pii_principal_id: shopper,
    grant: terms.grant,
    predecessor: null,
    privacy_notice: c.privacy_notice,
    language: notice.language,
    notice_version: request.notice_version,
    notice_hash: hashOf(notice.text),
    request_hash: request.hash,
    purposes: [
      {
        purpose: asked.purpose,
        purpose_id: asked.id,
        lawful_basis: asked.lawful_basis,
        retention_period: asked.retention,
        pii_information: terms.attributes.map((attribute) => ({
          pii_type: iriOf(attribute) ?? refuse('receipt', 'unknown-attribute', attribute),
          attribute,
          necessity: asked.required.includes(attribute) ? 'required' : 'optional',
        })),
        recipient_third_parties: asked.recipients.map(({ name, country }) => ({ name, country })),
        channels: [...terms.channels],
        weekly_cap: terms.channels.length > 0 ? asked.weekly_cap : 0,
        withdrawal_method: `${request.aud}/grants/${terms.grant}`,
        storage_locations: [request.aud],
        processing_locations: [...request.jurisdictions],
        collection_method: COLLECTION_METHOD,
        processing_method: PROCESSING_METHOD,
        jurisdiction: [...request.jurisdictions],
        ...(asked.condition && { condition: asked.condition }),
      },
    ],
    pii_controllers: [{ party_id: request.iss }],
    parties: [{ party_id: request.iss, name: c.name, address: c.address, contact: c.contact, dpo: c.dpo, type: 'controller' }],
    authority_party: c.authority,
    privacy_rights: [...PRIVACY_RIGHTS],
    events: [{ event_time: now, validity_duration: `P${terms.days}D`, entity_id: shopper, event_type: 'explicit', event_state: 'given' }],
  };
  return terms.partner === undefined && terms.onward_of === undefined ? receipt : toPartner(receipt, request, asked, terms);
}

/** The receipt as one of a partner: it is the controller, and the data goes to it and to nobody else. */
function toPartner(receipt: Receipt, request: Request, asked: Asked, terms: Terms): Receipt {
  const partner = partnerOf(asked, terms.partner ?? '') ?? refuse('receipt', 'wider-than-request', 'partner');
  const first = terms.onward_of;
  if (first === undefined || first === terms.grant) return refuse('receipt', 'wrong-receipt', 'onward_of');
  const { did, name, address, contact, role, country } = partner;
  return {
    ...receipt,
    purposes: [{ ...purposeOf(receipt), recipient_third_parties: [], processing_locations: [country] }],
    pii_controllers: [{ party_id: did }],
    parties: [{ party_id: did, name, address, contact, dpo: '', type: role === 'joint' ? 'joint-controller' : 'controller' }],
    onward_of: first,
    partner: { role, party_id: request.iss, name: request.controller.name },
  };
}

/** JSON with sorted keys, so that the order in which a signer wrote them does not matter. */
function stable(value: unknown): string {
  return JSON.stringify(value, (_, v: unknown) =>
    typeof v === 'object' && v !== null && !Array.isArray(v) ? Object.fromEntries(Object.entries(v).sort(([a], [b]) => (a < b ? -1 : 1))) : v,
  );
}
