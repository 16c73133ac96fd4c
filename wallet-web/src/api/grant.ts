/** Grants as the operator keeps them (contract D.10). What they say is checked against the sealed grant document. */
import { bool, id, int, oneOf, text, type Of } from '../core/shape';
import type { GrantId, MessageId, RequestId } from '../core/id';
import { answer, encoded, list, opaque, optional } from './answer';
import { get, isProblem, post, tell } from './http';

const shown = answer({ evidence: text(64 << 10), by: text(2000), from: int(), until: int(), received: int() });
const standing = answer({ met: bool, used: int(), evidence: list(shown) });
const grant = answer({
  grant: id<GrantId>(),
  request: id<RequestId>(),
  business: answer({ did: text(2000), name: text(1000, 0) }),
  purpose: text(2000),
  purpose_id: text(64),
  attributes: list(text(64)),
  channels: list(text(64)),
  start: int(),
  end: int(),
  state: oneOf('anchoring', 'live', 'paused', 'replaced', 'withdrawn', 'terminated', 'erased'),
  given: int(),
  withdrawn: optional(int(), 0),
  anchored: bool,
  entry: encoded,
  receipt: text(256 << 10),
  countersignature: optional(text(8 << 10, 0), ''),
  withdrawal_receipt: optional(text(256 << 10, 0), ''),
  /** All of its receipts in their order, from the one that began it. */
  receipts: optional(list(text(256 << 10)), []),
  /** The grant that took its place, and by what kind of change. */
  successor: optional<GrantId | ''>((v, at) => (v === '' ? '' : id<GrantId>()(v, at)), ''),
  change: optional(text(32, 0), ''),
  /** Of a partner's grant: the one that it is under; '' otherwise. */
  onward_of: optional(text(22, 0), ''),
  /** How its condition stands; null if it hangs on nothing. The receipt says on what. */
  standing: optional<Of<typeof standing> | null>((v, at) => standing(v, at), null),
});
const grants = answer({ grants: list(grant) });
const withdrawal = answer({ state: oneOf('withdrawn'), anchored: bool });

export type GrantRecord = Of<typeof grant>;
/** How a condition stands, and what was presented for it. */
export type Standing = Of<typeof standing>;
export type Shown = Of<typeof shown>;

/** Receipts of what became of the grant: of its pause and of its end, as far as there are any. */
export function laterReceipts(record: Pick<GrantRecord, 'receipt' | 'receipts' | 'withdrawal_receipt'>): string[] {
  const all = [...record.receipts, record.withdrawal_receipt];
  return [...new Set(all)].filter((jwt) => jwt !== '' && jwt !== record.receipt);
}
export type Withdrawal = Of<typeof withdrawal>;

export const readGrants = async (): Promise<GrantRecord[]> => (await get('/wallet/v1/grants', grants)).grants;

/** The ledger's proof of the grant's entry, or null while there is none. */
export const readGrantProof = (g: GrantId): Promise<Record<string, unknown> | null> => proofAt(`/wallet/v1/grants/${g}/proof`);

/** The ledger's proof of the withdrawal, or null while there is none. */
export const readWithdrawalProof = (g: GrantId): Promise<Record<string, unknown> | null> =>
  proofAt(`/wallet/v1/grants/${g}/withdrawal-proof`);

/** What ends a grant. */
export interface Ending {
  grant: GrantId;
  /** null for a paused one, which has no entry to end. */
  entry: string | null;
  receipt: string;
}

/** Withdraws at once, whether or not the ledger answers; with a grant those of partners under it. */
export const withdraw = ({ grant, entry, receipt }: Ending, partners: readonly Ending[] = []): Promise<Withdrawal> =>
  post(`/wallet/v1/grants/${grant}/withdraw`, { entry, receipt, ...(partners.length > 0 && { partners }) }, withdrawal);

/** Keeps the receipt of an expiry with the grant that it is about. */
export const recordExpiry = (g: GrantId, receipt: string): Promise<void> => tell('POST', `/wallet/v1/grants/${g}/expired`, { receipt });

/** A proof that does not exist yet is a passing state, not a fault. */
export async function proofAt(
  path: `/wallet/v1/grants/${GrantId}/proof` | `/wallet/v1/grants/${GrantId}/withdrawal-proof` | `/wallet/v1/messages/${MessageId}/proof`,
): Promise<Record<string, unknown> | null> {
  try {
    return await get(path, opaque);
  } catch (error) {
    if (isProblem(error, 'not-found', 'not-anchored', 'ledger-unavailable')) return null;
    throw error;
  }
}
