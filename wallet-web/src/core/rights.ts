/**
 * Rights requests: what a shopper demands of one business under the GDPR or the CCPA, sealed so that the operator
 * reads neither the right nor the text, and the business's replies. Twin of Go's consent/rights.go and
 * rights_clock.go. Carries the curves and jose: import it lazily.
 */
import { b64u, fromUtf8, hashOf, utf8 } from './bytes';
import { keyIdOf, isPublicJwk, type Did, type PrivateJwk, type PublicJwk } from './did';
import { newId, type GrantId, type RightsId } from './id';
import { agreementKey, pairwiseKey } from './identity';
import { noDocuments, signEdDsa, verifyBusinessJws, verifyEdDsa, type Documents } from './jws';
import { openEnvelope, sealEnvelope } from './letter';
import type { Random } from './random';
import type { Request } from './request';
import { nameForm, refuse, repeated, said } from './rules';
import { base64url, id, int, list, matching, object, oneOf, parseJson, text, version, type Of } from './shape';
import type { Bytes } from './bytes';

export const RIGHTS = {
  gdpr: ['access', 'rectification', 'erasure', 'restriction', 'portability', 'objection'],
  ccpa: ['know', 'delete', 'correct', 'opt-out'],
} as const;
export type Regime = keyof typeof RIGHTS;
export type RightsKind = (typeof RIGHTS)[Regime][number];

const SEALED = 'coffer-rights+jwe';
const MAX = 48 << 10;
const BLOCK = 1024;
const MAX_TEXT = 4000;
const MAX_REPLY = 16 << 10;
const any = text(MAX, 0);
const did = matching<Did>(/^did:/, 'a DID');
const moment = int(1, 2 ** 40);

const rightsShape = object({
  v: version,
  id: id<RightsId>(),
  iss: any,
  aud: did,
  operator: text(2000),
  time: moment,
  regime: any,
  right: any,
  grants: list(id<GrantId>(), 64, 1),
  attributes: list(any, 64),
  text: any,
  agreement_key: object({ kty: any, crv: any, x: base64url(32), y: base64url(32) }),
  nonce: base64url(32),
});
/** A rights request in the clear; `time` is unix seconds. */
export type RightsRequest = Omit<Of<typeof rightsShape>, 'iss' | 'regime' | 'right' | 'agreement_key'> & {
  iss: Did;
  regime: Regime;
  right: RightsKind;
  agreement_key: PublicJwk;
  /** As signed. */
  jws: string;
};

const replyShape = object({
  v: version,
  id: id<RightsId>(),
  iss: any,
  sub: did,
  request_hash: base64url(32),
  time: moment,
  step: oneOf('acknowledged', 'extended', 'answered'),
  outcome: oneOf('', 'done', 'partly', 'refused'),
  text: any,
  nonce: base64url(32),
});
/** One step of the business, its signature verified. */
export type RightsReply = Omit<Of<typeof replyShape>, 'iss'> & { iss: Did; jws: string };
export type RightsStep = RightsReply['step'];

/** What the shopper demands. */
export interface Demand {
  regime: Regime;
  right: RightsKind;
  grants: readonly GrantId[];
  /** Empty: all. */
  attributes: readonly string[];
  text: string;
}

/** A rights request ready to be sent. */
export interface PreparedRights {
  rights: RightsRequest;
  /** JWE to the business. */
  sealed: string;
}

/** Makes, signs and seals a rights request to the business of a request. `now` is unix seconds. Throws ParseError. */
export async function prepareRights(request: Request, demand: Demand, identitySeed: Bytes, now: number, random: Random): Promise<PreparedRights> {
  const pairwise = pairwiseKey(identitySeed, request.iss);
  const payload = padded(
    JSON.stringify({
      v: 1,
      id: newId<RightsId>(random),
      iss: pairwise.did,
      aud: request.iss,
      operator: request.aud,
      time: now,
      regime: demand.regime,
      right: demand.right,
      grants: demand.grants,
      attributes: demand.attributes,
      // A text area ends lines with CRLF in some browsers; the format knows \n only.
      text: demand.text.replace(/\r\n?/g, '\n').trim(),
      agreement_key: agreementKey(identitySeed, request.iss).publicJwk,
      nonce: b64u(random(32)),
    }),
  );
  const jws = signEdDsa({ alg: 'EdDSA', typ: 'coffer-rights+jwt', kid: keyIdOf(pairwise.did) }, payload, pairwise);
  return { rights: parseRights(jws), sealed: await sealEnvelope(request.agreement_key, SEALED, utf8(jws), random) };
}

/** Verifies a rights request's signature and reads it. Throws ParseError. */
export function parseRights(jws: string): RightsRequest {
  return verifyEdDsa('rights request', jws, 'coffer-rights+jwt', (payload, signer) => ({ ...readRights(payload, signer), jws }));
}

function readRights(payload: Uint8Array, signer: Did): Omit<RightsRequest, 'jws'> {
  const what = 'rights request';
  if (payload.length > MAX) refuse(what, 'malformed', '');
  const q = parseJson(what, payload, rightsShape);
  if (q.iss !== signer) refuse(what, 'wrong-issuer', 'iss');
  const rights: readonly string[] = Object.hasOwn(RIGHTS, q.regime) ? RIGHTS[q.regime as Regime] : refuse(what, 'bad-right', 'regime');
  if (!rights.includes(q.right)) refuse(what, 'bad-right', 'right');
  if (repeated(q.grants) >= 0) refuse(what, 'duplicate', 'grants');
  if (q.attributes.some((name) => !nameForm.test(name))) refuse(what, 'malformed', 'attributes');
  if (repeated(q.attributes) >= 0) refuse(what, 'duplicate', 'attributes');
  if (q.text !== '' && !said(q.text, MAX_TEXT)) refuse(what, 'malformed', 'text');
  if (!isPublicJwk(q.agreement_key)) refuse(what, 'bad-key', 'agreement_key');
  return q as Omit<RightsRequest, 'jws'>;
}

/** Opens and verifies a reply and holds it against the rights request. OpenError if it is not for this key. */
export async function openReply(key: PrivateJwk, sealed: string, to: RightsRequest, documents: Documents = noDocuments): Promise<RightsReply> {
  const what = 'reply';
  const jws = fromUtf8(await openEnvelope(key, SEALED, sealed), what);
  const { did: signer, payload } = await verifyBusinessJws(what, jws, 'coffer-rights-reply+jwt', documents);
  if (payload.length > MAX) refuse(what, 'malformed', '');
  const r = parseJson(what, payload, replyShape);
  if (r.iss !== signer) refuse(what, 'wrong-issuer', 'iss');
  if ((r.step === 'answered') !== (r.outcome !== '')) refuse(what, 'malformed', 'outcome');
  const owed = r.step === 'extended' || r.outcome === 'partly' || r.outcome === 'refused';
  if ((owed || r.text !== '') && !said(r.text, MAX_REPLY)) refuse(what, 'malformed', 'text');
  if (r.iss !== to.aud) refuse(what, 'wrong-issuer', 'iss');
  if (r.id !== to.id || r.sub !== to.iss || r.request_hash !== hashOf(to.jws)) refuse(what, 'wrong-rights', 'request_hash');
  return { ...r, iss: signer, jws };
}

/** Spaces up to whole kilobytes: the size of an envelope must not tell whether there is a text. */
function padded(json: string): string {
  const length = utf8(json).length;
  return json + ' '.repeat((BLOCK - (length % BLOCK)) % BLOCK);
}
