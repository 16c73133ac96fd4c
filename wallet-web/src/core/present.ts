/** Presenting a record: only the chosen claims, bound by its holder to one business and its request. */
import { b64u, hashOf } from './bytes';
import { CoreError } from './errors';
import type { SigningKey } from './identity';
import { headerOf, isSignedWith, payloadOf, signEdDsa, type SigningJwk } from './jws';
import { claimsOf, isSdJwt, openRecord, type Record } from './record';
import { refuse, SKEW } from './rules';
import { only, parseSdJwt, shownText, type SdJwt } from './sdjwt';
import { object, oneOf } from './shape';

/** Whom a record is presented to, and for which request. */
export interface Audience {
  /** DID of the business. */
  audience: string;
  /** Of its request. */
  nonce: string;
  /** Unix seconds. */
  now: number;
}

/**
 * The record as one business gets it. A JWT-VC goes whole: it cannot be shown in parts. Of an SD-JWT only the chosen
 * claims go; where the record names its holder, `key` must be the holder's and signs what is shown. Throws CoreError
 * `wrong-binding` if it is another: the business would refuse it.
 */
export async function presentRecord(text: string, record: Pick<Record, 'holder'>, chosen: readonly string[], to: Audience, key: SigningKey): Promise<string> {
  if (!isSdJwt(text)) return text;
  const parts = only(parseSdJwt(text), chosen);
  if (!record.holder) return shownText(parts);
  const payload = JSON.stringify({ iat: to.now, aud: to.audience, nonce: to.nonce, sd_hash: hashOf(shownText(parts)) });
  const bound = { ...parts, binding: signEdDsa({ alg: 'EdDSA', typ: 'kb+jwt' }, payload, key) };
  await checkBinding(bound, record.holder, to);
  return shownText(bound) + bound.binding;
}

/** Whether the pairwise key is the one that the record names. */
export const isHolder = (holder: SigningJwk, key: SigningKey): boolean => holder.kty === 'OKP' && holder.x === b64u(key.publicKey);

/** Verifies a presented record as a business does, but for its status. Throws ParseError. */
export async function openPresentation(text: string, to: Audience): Promise<Record> {
  const record = await openRecord(text);
  if (record.holder) await checkBinding(parseSdJwt(text), record.holder, to);
  return record;
}

async function checkBinding(parts: SdJwt, holder: SigningJwk, to: Audience): Promise<void> {
  const no = (path: string) => refuse('record', 'wrong-binding', `binding.${path}`);
  try {
    const { alg } = headerOf('binding', parts.binding, object({ alg: oneOf('ES256', 'EdDSA'), typ: oneOf('kb+jwt') }));
    if (!(await isSignedWith(holder, alg, parts.binding))) no('signature');
  } catch (error) {
    if (error instanceof CoreError) no('signature');
    throw error;
  }
  const { iat, aud, nonce, sd_hash: hash } = claimsOf(payloadOf('binding', parts.binding));
  if (aud !== to.audience) no('aud');
  if (nonce !== to.nonce) no('nonce');
  if (hash !== hashOf(shownText(parts))) no('sd_hash');
  if (typeof iat !== 'number' || iat <= 0 || iat > to.now + SKEW) no('iat');
}
