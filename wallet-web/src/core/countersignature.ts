/**
 * Counter-signatures: the business's answer to a receipt, made when it first collects. It has the receipt and takes its
 * terms as its own. Twin of Go's consent/countersignature.go.
 */
import { hashOf } from './bytes';
import type { Did } from './did';
import type { GrantId } from './id';
import { noDocuments, verifyBusinessJws, type Documents } from './jws';
import { eventOf, type Receipt } from './receipt';
import { refuse, SKEW } from './rules';
import { base64url, id, int, object, parseJson, text, version, type Of } from './shape';

/** Bounds what is parsed at all, in characters of the JWS. */
export const MAX_COUNTERSIGNATURE = 4 << 10;
const shape = object({ v: version, iss: text(2000), grant: id<GrantId>(), receipt_hash: base64url(32), time: int(1) });

export type Countersignature = Omit<Of<typeof shape>, 'iss'> & { iss: Did };

/**
 * Verifies a counter-signature and holds it against the receipt whose JWT is given: the receipt's controller signed
 * exactly this receipt, and not before it was there. Throws ParseError: bad-signature, unknown-key, wrong-issuer,
 * wrong-receipt or malformed.
 */
export async function verifyCountersignature(jws: string, receipt: Receipt, jwt: string, documents: Documents = noDocuments): Promise<Countersignature> {
  const what = 'counter-signature';
  if (jws.length > MAX_COUNTERSIGNATURE) refuse(what, 'malformed', '');
  const { did, payload } = await verifyBusinessJws(what, jws, 'coffer-countersignature+jwt', documents);
  const c = parseJson(what, payload, shape);
  if (c.iss !== did || c.iss !== receipt.pii_controllers[0]?.party_id) refuse(what, 'wrong-issuer', 'iss');
  const event = eventOf(receipt);
  if (event.event_state !== 'given') refuse(what, 'wrong-receipt', 'events[0].event_state');
  if (c.grant !== receipt.grant) refuse(what, 'wrong-receipt', 'grant');
  if (c.receipt_hash !== hashOf(jwt)) refuse(what, 'wrong-receipt', 'receipt_hash');
  if (c.time < event.event_time - SKEW) refuse(what, 'wrong-receipt', 'time');
  return { ...c, iss: did };
}
