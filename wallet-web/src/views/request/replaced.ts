/** What a request would take the place of: this vault's own grants, and what the request says differently from theirs. */
import { readGrants, type GrantRecord } from '../../api/grant';
import { nowSeconds } from '../../components/dates';
import { differences, only, type Difference } from '../../core/difference';
import type { GrantPlaintext } from '../../core/plaintext';
import { stands, type Replaceable } from '../../core/replacement';
import { verifyRequest, type Request } from '../../core/request';
import { documentsOf } from '../../core/web';
import type { OpenVault } from '../../store/vault.svelte';

/** One grant that stands and that the request would replace. */
export interface Replaced extends Replaceable {
  own: GrantPlaintext;
  /** The receipt of its pause, if it is paused: its end follows that one. */
  pause?: string;
  given: number;
  /** The request that it answers, as it was signed then. */
  old: Request;
  /** What is asked of this purpose now and was not then, and the other way round. Empty if the purpose is not asked any more. */
  differences: Difference[];
}

/**
 * The grants that the request names and that stand. They are compared with the wallet's own copy of what was asked
 * then, not with what the operator says. null if one is not this vault's, or not of the business that asks.
 */
export async function replacedOf(vault: OpenVault, request: Request, origin: string): Promise<Replaced[] | null> {
  if (!request.replaces) return [];
  const records = new Map((await readGrants()).map((g) => [g.grant, g]));
  const out: Replaced[] = [];
  for (const grant of request.replaces.grants) {
    const own = vault.grants.get(grant);
    const record = records.get(grant);
    if (!own || !record || own.business !== request.iss) return null;
    if (!stands(record, nowSeconds())) continue;
    out.push(await replaced(own, record, request, origin));
  }
  return out;
}

async function replaced(own: GrantPlaintext, record: GrantRecord, request: Request, origin: string): Promise<Replaced> {
  // Its clock is over; its signature and its rules still hold.
  const old = await verifyRequest(own.request, { audience: origin, now: null, catalogue: null, documents: documentsOf(own) });
  const next = only(request, own.purpose_id);
  return {
    grant: own.grant,
    purpose_id: own.purpose_id,
    purpose: record.purpose,
    state: record.state,
    end: record.end,
    own,
    ...(record.state === 'paused' && { pause: record.withdrawal_receipt }),
    given: record.given,
    old,
    differences: next.purposes.length === 0 ? [] : differences(only(old, own.purpose_id), next),
  };
}
