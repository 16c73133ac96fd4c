/**
 * Deposits: a record that a business hands the shopper (consent/FORMAT.md, "Deposit"): JWS by the business inside a JWE
 * to the pairwise agreement key. Twin of Go's consent/deposit.go.
 */
import { fromUtf8 } from './bytes';
import type { Did, PrivateJwk } from './did';
import type { DepositId, GrantId } from './id';
import { noDocuments, verifyBusinessJws, type Documents } from './jws';
import { unpack } from './message';
import { MAX_RECORD } from './record';
import { refuse } from './rules';
import { base64url, id, int, object, parseJson, text, version, type Of } from './shape';

const MAX_DEPOSIT = 24 << 10;
const any = text(MAX_DEPOSIT, 0);
const depositShape = object({
  v: version,
  id: id<DepositId>(),
  from: any,
  to: any,
  created_time: int(),
  grant: id<GrantId>(),
  record: any,
  nonce: base64url(32),
});

/** A deposit whose signature holds; whether its record does is another question. */
export type Deposit = Omit<Of<typeof depositShape>, 'from' | 'to'> & { from: Did; to: Did };

/** Opens and verifies a deposit. OpenError if it is not for this key; ParseError if what is inside is none. */
export async function openDeposit(key: PrivateJwk, jwe: string, documents: Documents = noDocuments): Promise<Deposit> {
  return verifyDeposit(fromUtf8(await unpack(key, jwe), 'deposit'), documents);
}

/** Verifies the JWS inside. Exported for vectors; views use openDeposit. */
export async function verifyDeposit(jws: string, documents: Documents = noDocuments): Promise<Deposit> {
  const { did, payload } = await verifyBusinessJws('deposit', jws, 'coffer-deposit+jwt', documents);
  if (payload.length > MAX_DEPOSIT) refuse('deposit', 'malformed', '');
  const d = parseJson('deposit', payload, depositShape);
  if (d.from !== did) refuse('deposit', 'wrong-issuer', 'from');
  if (/^A+$/.test(d.grant) || /^A+$/.test(d.id) || d.created_time <= 0 || d.to === '') refuse('deposit', 'malformed', 'id');
  if (d.record === '' || d.record.length > MAX_RECORD) refuse('deposit', 'malformed', 'record');
  return d as Deposit;
}
