/**
 * Requests: what a business asks, signed by it (contract D.1). The wallet verifies a request itself and holds it to
 * every rule that the operator holds it to; codes are those of Go's consent.Code.
 */
import type { Catalogue } from './attributes';
import { hashOf } from './bytes';
import { checkCondition, conditionShape } from './condition';
import { isPublicJwk, type Did, type PublicJwk } from './did';
import { isDays, type Days } from './epoch';
import type { GrantId, RequestId } from './id';
import { verifyBusinessJws, type Documents } from './jws';
import { countryForm, isIri, languageForm, nameForm, originOf, refuse, repeated, retentionForm, said, SKEW, versionForm } from './rules';
import { checkWanted, KIND_RECORD, wantedsShape } from './wanted';
import { base64url, id, int, list, object, oneOf, parseJson, record, text, version, type Of } from './shape';

/** How long a request may wait for its answer, in seconds. */
export const MAX_OPEN = 7 * 24 * 3600;
/** The wallet's inbox, the one channel there is so far. */
export const CHANNEL_WALLET = 'wallet';
const MAX_PAYLOAD = 32 << 10;
const MAX_PURPOSES = 8;

// Shapes hold types and keys only; what breaks a rule gets the rule's own code below.
const any = text(MAX_PAYLOAD, 0);
const partnerShape = object({
  did: any,
  name: any,
  address: any,
  contact: any,
  country: any,
  agreement_key: object({ kty: any, crv: any, x: any, y: any }),
  role: any,
  attributes: list(any, 1000),
});
const askedShape = object(
  {
    id: any,
    purpose: any,
    text: record(/(?:)/, any, 64),
    required: list(any, 1000),
    optional: list(any, 1000),
    days: int(-MAX_OPEN, MAX_OPEN),
    retention: any,
    recipients: list(object({ name: any, country: any }), 1000),
    lawful_basis: any,
    channels: list(any, 1000),
    weekly_cap: int(-MAX_OPEN, MAX_OPEN),
  },
  { partners: list(partnerShape, 8, 1), condition: conditionShape, records: wantedsShape },
);
const controllerShape = object({
  name: any,
  address: any,
  contact: any,
  dpo: any,
  authority: any,
  privacy_notice: any,
  url: any,
});
/** Shapes of what a request and a template say alike. */
export const termsFields = {
  v: version,
  iss: any,
  aud: any,
  iat: int(Number.MIN_SAFE_INTEGER),
  controller: controllerShape,
  jurisdictions: list(any, 1000),
  language: any,
  notice_version: any,
  purposes: list(askedShape, 1000),
};
const MAX_REPLACED = 32;
const requestShape = object(
  {
    ...termsFields,
    id: id<RequestId>(),
    exp: int(Number.MIN_SAFE_INTEGER),
    nonce: base64url(16),
    agreement_key: object({ kty: any, crv: any, x: any, y: any }),
  },
  {
    return_url: any,
    template: object({ name: any, version: int(Number.MIN_SAFE_INTEGER), hash: base64url(32) }),
    replaces: object({ mode: oneOf('merge', 'replace'), grants: list(id<GrantId>(), MAX_REPLACED, 1) }),
  },
);

/** One purpose that is asked. `days` at most; `weekly_cap` messages in seven days, 0 without channels. */
export type Asked = Omit<Of<typeof askedShape>, 'days' | 'partners'> & { days: Days; partners?: Partner[] };
/** Another business that a purpose names: `onward` may be left out, `joint` asks too and co-signed. */
export type Partner = Omit<Of<typeof partnerShape>, 'did' | 'agreement_key' | 'role'> & {
  did: Did;
  /** Its letters are encrypted to it. */
  agreement_key: PublicJwk;
  role: 'onward' | 'joint';
};
/** Who is responsible (GDPR art. 13). `dpo` may be "". */
export type Controller = Of<typeof controllerShape>;
/** What a request or a template says, before it is held against its rules. */
export type RawTerms = { [K in keyof typeof termsFields]: Of<(typeof termsFields)[K]> };
/** Which grants a request takes the place of, and how (Go's consent.Replaces). They are of one shopper. */
export type Replaces = NonNullable<Of<typeof requestShape>['replaces']>;
/** A verified request: its payload, and the exact signed string with its hash. */
export type Request = Omit<Of<typeof requestShape>, 'iss' | 'agreement_key' | 'purposes'> & {
  iss: Did;
  /** Letters are encrypted to it. */
  agreement_key: PublicJwk;
  purposes: Asked[];
  /** The compact JWS as received. */
  jws: string;
  /** base64url SHA-256 of the JWS. */
  hash: string;
  /** Of a did:web, under which the signature holds: the operator's word; '' for a did:key. */
  document: string;
};

/** What a request is held against. */
export interface RequestRules {
  /** The operator's origin, which is the page's. */
  audience: string;
  /** Unix seconds; null leaves the clock out (an old request that is only shown or verified). */
  now: number | null;
  /** What may be asked at all; null leaves its rules out (likewise). */
  catalogue: Catalogue | null;
  /** Of a did:web that signed; without one it is an unknown key. */
  documents?: Documents;
}

/**
 * Verifies the signature and every rule. Throws ParseError with the code of the rule: bad-signature, unknown-key,
 * wrong-issuer, wrong-audience, not-yet, expired, over-long, over-wide, no-text, malformed and the others of
 * Go's consent.Code; its path names the place.
 */
export async function verifyRequest(jws: string, rules: RequestRules): Promise<Request> {
  if (jws.length > 2 * MAX_PAYLOAD) refuse('request', 'malformed', '', 'want a shorter one');
  const { did, payload, document } = await verifyBusinessJws('request', jws, 'coffer-request+jwt', rules.documents);
  return { ...parseRequest(payload, did, rules), jws, hash: hashOf(jws), document };
}

/** The request's purpose of that name. */
export function askedOf(request: Request, purposeId: string): Asked | undefined {
  return request.purposes.find((p) => p.id === purposeId);
}

/** The notice that the shopper sees for a purpose: in `language` if it was written in it, else in the request's own. */
export function noticeOf(request: Request, asked: Asked, language = request.language): { language: string; text: string } {
  const shown = asked.text[language];
  if (shown !== undefined) return { language, text: shown };
  return { language: request.language, text: asked.text[request.language] ?? '' };
}

/** Reads a payload whose signature was verified. Exported for vectors; views use verifyRequest. */
export function parseRequest(payload: Uint8Array, signer: Did, rules: RequestRules): Omit<Request, 'jws' | 'hash' | 'document'> {
  const no = (code: string, path: string) => refuse('request', code, path);
  if (payload.length > MAX_PAYLOAD) no('malformed', '');
  const q = parseJson('request', payload, requestShape);
  if (q.iss !== signer) no('wrong-issuer', 'iss');
  if (originOf(q.aud) !== q.aud || q.aud !== rules.audience) no('wrong-audience', 'aud');
  if (q.iat <= 0 || q.exp <= q.iat || q.exp > 2 ** 40) no('malformed', 'exp');
  const now = rules.now ?? q.iat;
  if (q.iat > now + SKEW) no('not-yet', 'iat');
  if (now >= q.exp) no('expired', 'exp');
  if (q.exp - q.iat > MAX_OPEN) no('over-long', 'exp');
  checkController(q);
  if (q.return_url !== undefined && q.return_url !== '' && originOf(q.return_url) !== originOf(q.controller.url)) no('bad-url', 'return_url');
  if (!isPublicJwk(q.agreement_key)) no('bad-key', 'agreement_key');
  checkPurposes(q, rules.catalogue);
  q.purposes.forEach((asked, i) => checkCondition(asked.condition, 'request', `purposes[${i}].condition`, { iat: q.iat, exp: q.exp, days: asked.days }));
  if (q.template && !nameForm.test(q.template.name)) no('malformed', 'template.name');
  if (q.template && !isTemplateVersion(q.template.version)) no('malformed', 'template.version');
  const twice = repeated(q.replaces?.grants ?? []);
  if (twice >= 0) no('duplicate', `replaces.grants[${twice}]`);
  return q as Omit<Request, 'jws' | 'hash' | 'document'>;
}

/** Versions of a template begin with 1. */
export const isTemplateVersion = (n: number): boolean => n >= 1 && n <= 9999;

/** Holds what a request and a template say of their purposes to the rules. */
export function checkPurposes(q: RawTerms, catalogue: Catalogue | null): void {
  const no = (code: string, path: string) => refuse('request', code, path);
  if (q.purposes.length === 0) no('no-purpose', 'purposes');
  if (q.purposes.length > MAX_PURPOSES) no('too-many-purposes', 'purposes');
  q.purposes.forEach((asked, i) => {
    checkAsked(asked, `purposes[${i}]`, q.language, catalogue);
    checkPartners(asked, q.iss, `purposes[${i}]`);
    checkCondition(asked.condition, 'request', `purposes[${i}].condition`);
  });
  const twice = repeated(q.purposes.map((p) => p.id));
  if (twice >= 0) no('duplicate', `purposes[${twice}]`);
}

/** Holds what they say of who asks, where and in which language to the rules. */
export function checkController(q: RawTerms): void {
  const no = (code: string, path: string) => refuse('request', code, path);
  const c = q.controller;
  const parts = [['name', 120], ['address', 300], ['contact', 200], ['authority', 200]] as const;
  for (const [part, max] of parts) if (!said(c[part], max)) no('no-controller', `controller.${part}`);
  // Not everyone has to have a data protection officer.
  if (c.dpo !== '' && !said(c.dpo, 200)) no('no-controller', 'controller.dpo');
  if (originOf(c.privacy_notice) === null) no('bad-url', 'controller.privacy_notice');
  if (originOf(c.url) === null) no('bad-url', 'controller.url');
  if (q.jurisdictions.length === 0 || q.jurisdictions.length > 8) no('malformed', 'jurisdictions');
  if (!q.jurisdictions.every((j) => countryForm.test(j))) no('malformed', 'jurisdictions');
  if (!languageForm.test(q.language)) no('malformed', 'language');
  if (!versionForm.test(q.notice_version)) no('malformed', 'notice_version');
  const twice = repeated(q.jurisdictions);
  if (twice >= 0) no('duplicate', `jurisdictions[${twice}]`);
}

function checkAsked(a: Of<typeof askedShape>, at: string, language: string, catalogue: Catalogue | null): void {
  const no = (code: string, path: string) => refuse('request', code, `${at}.${path}`);
  if (!nameForm.test(a.id)) no('malformed', 'id');
  if (!isIri(a.purpose)) no('malformed', 'purpose');
  for (const [l, notice] of Object.entries(a.text)) if (!languageForm.test(l) || !said(notice, 2000)) no('malformed', 'text');
  if (!a.text[language]) no('no-text', 'text');
  const all = [...a.required, ...a.optional];
  const place = (j: number) => (j < a.required.length ? `required[${j}]` : `optional[${j - a.required.length}]`);
  all.forEach((name, j) => {
    if (!nameForm.test(name)) no('malformed', place(j));
    if (all.indexOf(name) < j) no('duplicate', place(j));
  });
  if (all.length > 64) no('malformed', 'optional');
  if (all.length === 0 && a.channels.length === 0) no('nothing-asked', 'required');
  if (!isDays(a.days)) no('bad-length', 'days');
  if (!retentionForm.test(a.retention)) no('malformed', 'retention');
  if (a.recipients.length > 32) no('malformed', 'recipients');
  a.recipients.forEach((r, j) => {
    if (!said(r.name, 120) || !countryForm.test(r.country)) no('malformed', `recipients[${j}]`);
  });
  if (!isIri(a.lawful_basis) || !a.lawful_basis.startsWith('https://w3id.org/dpv')) no('malformed', 'lawful_basis');
  a.channels.forEach((c, j) => {
    if (c !== CHANNEL_WALLET || j > 0) no('bad-channel', `channels[${j}]`);
  });
  if (a.channels.length > 0 !== a.weekly_cap > 0 || a.weekly_cap < 0 || a.weekly_cap > 70) no('bad-channel', 'weekly_cap');
  checkWanted(a, at);
  if (catalogue === null) return;
  const purpose = catalogue.purpose(a.purpose) ?? no('unknown-purpose', 'purpose');
  all.forEach((name, j) => {
    const known = catalogue.attribute(name) ?? no('unknown-attribute', place(j));
    if ((a.records?.[name] !== undefined) !== (known.kind === KIND_RECORD)) no('malformed', place(j));
    if (!purpose.attributes.includes(name)) no('over-wide', place(j));
  });
  if (a.days > purpose.max_days) no('bad-length', 'days');
  if (purpose.contact !== a.channels.length > 0) no('bad-channel', 'channels');
}

function checkPartners(a: Of<typeof askedShape>, first: string, at: string): void {
  const partners = a.partners ?? [];
  partners.forEach((p, j) => {
    const no = (code: string, path: string) => refuse('request', code, `${at}.partners[${j}].${path}`);
    if (!p.did.startsWith('did:') || p.did.length > 500) no('bad-partner', 'did');
    const parts = [['name', 120], ['address', 300], ['contact', 200]] as const;
    for (const [part, max] of parts) if (!said(p[part], max)) no('bad-partner', part);
    if (!countryForm.test(p.country)) no('bad-partner', 'country');
    if (!isPublicJwk(p.agreement_key)) no('bad-key', 'agreement_key');
    if (p.role !== 'onward' && p.role !== 'joint') no('bad-partner', 'role');
    if (p.attributes.length === 0) no('nothing-asked', 'attributes');
    p.attributes.forEach((name, i) => {
      if (!a.required.includes(name) && !a.optional.includes(name)) no('over-wide', `attributes[${i}]`);
    });
    const again = repeated(p.attributes);
    if (again >= 0) no('duplicate', `attributes[${again}]`);
    if (p.did === first || partners.findIndex((other) => other.did === p.did) < j) no('duplicate', 'did');
  });
}

/**
 * Where the page leads back to after a decision: where the operator says, which for a
 * request that an OAuth client pushed carries the client's code, if that is the
 * business that was shown; else where the request itself says, or '' for nowhere.
 */
export function returnTo(request: Request, offered: string): string {
  return originOf(offered) !== null && originOf(offered) === originOf(request.controller.url) ? offered : (request.return_url ?? '');
}
