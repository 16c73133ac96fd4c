import { laterReceipts, readGrantProof, readGrants, readWithdrawalProof, type GrantRecord } from '../../api/grant';
import { verifyReceiptBundle, type Bundle, type Check } from '../../core/bundle';
import { ParseError } from '../../core/errors';
import type { GrantId } from '../../core/id';
import { parseProof, type Proven } from '../../core/ledger/proof';
import type { GrantPlaintext } from '../../core/plaintext';
import { parseReceipt, type Receipt } from '../../core/receipt';
import { verifyRequest, type Request } from '../../core/request';
import { documentsOf } from '../../core/web';
import type { OpenVault } from '../../store/vault.svelte';
import { load, type Ending } from '../endings';
import { nowSeconds } from '../../components/dates';
import { under } from '../grants/partners';
import { trustedSet } from '../ledger';
import { lifeOf, type Life } from './life';

/** One line of what was verified. */
export interface Line {
  name: Check['name'];
  ok: boolean;
  detail: string;
}

export interface Evidence {
  /** `none`: not anchored yet; `untrusted`: the validator set is not the pinned one. */
  proof: 'none' | 'untrusted' | 'verified' | 'refused';
  lines: Line[];
  proven: Proven | null;
  /** When the business signed the receipt too, in unix seconds; 0 while it has not. */
  countersigned: number;
  /** What can be handed on: only with a proof. */
  bundle: Bundle | null;
}

export type Loaded =
  | {
      at: 'ready';
      record: GrantRecord;
      /** The wallet's own sealed copy; null when it is not in the vault. */
      own: GrantPlaintext | null;
      receipt: Receipt | null;
      /** The grants of partners under this one, as the operator keeps them. */
      partners: GrantRecord[];
      /** Of a partner's grant: the one that it is under. */
      first: GrantRecord | null;
      /** The operator's copy is the one that the wallet signed. */
      same: boolean;
      evidence: Evidence;
      /** What it answers; null when it cannot be read here. */
      request: Request | null;
      /** null when the wallet has no record of it. */
      life: Life | null;
      /** All grants, for what else belongs to this life. */
      records: readonly GrantRecord[];
    }
  | Ending;

export function loadGrant(vault: OpenVault, id: GrantId): Promise<Loaded> {
  return load<Loaded>(async () => {
    const records = await readGrants();
    const record = records.find((g) => g.grant === id);
    if (!record) return { at: 'notFound' };
    const own = vault.grants.get(id) ?? null;
    const request = own && (await requestOf(own));
    const life = lifeOf(vault.grants, records, id, nowSeconds());
    return {
      at: 'ready',
      record,
      own,
      receipt: receiptOf(own?.receipt ?? record.receipt),
      partners: under(records, id),
      first: records.find((g) => g.grant === record.onward_of) ?? null,
      same: own === null || (own.receipt === record.receipt && own.entry === record.entry),
      evidence: own ? await evidenceOf(vault, own, record, request, endOf(own, record, vault)) : nothing,
      request,
      life,
      records,
    };
  });
}

const nothing: Evidence = { proof: 'none', lines: [], proven: null, countersigned: 0, bundle: null };

/**
 * The receipt that says how a grant's entry ended: that of its pause or end, or of its successor. '' while it stands,
 * or if what the operator has is about something else.
 */
export function endOf(own: GrantPlaintext, record: GrantRecord, vault: Pick<OpenVault, 'grants'>): string {
  const successor = [...vault.grants.values()].find((g) => g.predecessor === own.grant);
  const before = receiptOf(own.receipt)?.record_id;
  return [...laterReceipts(record), successor?.receipt ?? ''].find((jwt) => jwt !== '' && receiptOf(jwt)?.predecessor === before) ?? '';
}

function receiptOf(jwt: string): Receipt | null {
  try {
    return parseReceipt(jwt);
  } catch {
    return null;
  }
}

/**
 * What can be handed on of a grant: its receipt with its proof, and with `end` also that its entry ended. null while it
 * is not on the ledger. Throws ParseError for a proof that is none.
 */
export async function bundleOf(own: GrantPlaintext, record: GrantRecord, end: string): Promise<Bundle | null> {
  const json = record.anchored ? await readGrantProof(own.grant) : null;
  if (!json) return null;
  const ended = record.state !== 'live' && record.state !== 'anchoring' && end !== '';
  const last = ended ? await readWithdrawalProof(own.grant) : null; // none while it waits for the ledger
  const bundle: Bundle = { v: 1, receipt: own.receipt, opening: own.opening, proof: parseProof(json) };
  if (record.countersignature) bundle.countersignature = record.countersignature;
  if (last) bundle.withdrawal = { receipt: end, proof: parseProof(last) };
  return bundle;
}

/** Reads and verifies the proofs of a grant, line by line. */
export async function evidenceOf(vault: OpenVault, own: GrantPlaintext, record: GrantRecord, request: Request | null, end: string): Promise<Evidence> {
  let bundle: Bundle | null;
  try {
    bundle = await bundleOf(own, record, end);
  } catch (error) {
    if (!(error instanceof ParseError)) throw error;
    return { ...nothing, proof: 'refused', lines: [{ name: 'proof', ok: false, detail: 'format' }] };
  }
  if (!bundle) return nothing;
  const { entry } = bundle.proof;
  const set = await trustedSet(vault);
  if (!set) return { proof: 'untrusted', lines: [], proven: null, countersigned: 0, bundle };
  const result = await verifyReceiptBundle(bundle, set, request ?? undefined, documentsOf(own));
  // The proof must be of the entry that this wallet signed, not of just any entry with this receipt.
  const lines: Line[] = result.checks.map((c) =>
    c.name === 'entry' && c.ok && entry !== own.entry ? { name: 'entry', ok: false, detail: 'bad-entry' } : c,
  );
  return { proof: lines.every((l) => l.ok) ? 'verified' : 'refused', lines, proven: result.proven, countersigned: result.countersigned?.time ?? 0, bundle };
}

/** The request as it was when it was answered: its clock is over, its signature and its rules still hold. */
async function requestOf(own: GrantPlaintext): Promise<Request | null> {
  try {
    return await verifyRequest(own.request, { audience: location.origin, now: null, catalogue: null, documents: documentsOf(own) });
  } catch {
    return null;
  }
}
