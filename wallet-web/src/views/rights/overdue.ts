/**
 * Who owes this shopper something and is late with it: an acknowledgement or a deletion statement after a grant's end,
 * or the answer to a rights request. What counts as said is what the wallet verified.
 */
import { readOwed, type OwedRecord } from '../../api/loop';
import { readRights } from '../../api/rights';
import type { Did } from '../../core/did';
import type { RightsId } from '../../core/id';
import { ACKNOWLEDGE_WITHIN, STATE_WITHIN, type Ending as End } from '../../core/loop';
import type { GrantPlaintext } from '../../core/plaintext';
import { parseReceipt } from '../../core/receipt';
import type { RightsKind } from '../../core/rights';
import { pinnedOf } from '../../core/web';
import type { OpenVault } from '../../store/vault.svelte';
import { load, type Ending } from '../endings';
import { verifyLoop } from '../grant/loop';
import { caseOf } from './load';

/** `days`: whole days since it was due; of an answer, days of the calendar, as its law counts. `acknowledgement`: as the business signed it, '' if it did not. */
export type Late = { days: number } & (
  | { what: 'acknowledgement' | 'statement'; grant: GrantPlaintext; event: End; told: number; acknowledgement: string }
  | { what: 'answer'; rights: RightsId; right: RightsKind }
);

/** A business that is late, with who to write to and who watches over it, as its receipt says. */
export interface Debtor {
  business: Did;
  name: string;
  contact: string;
  authority: string;
  /** The longest overdue first. */
  late: Late[];
}

export type Overdue = { at: 'ready'; debtors: Debtor[] } | Ending;

const DAY = 86400;
const daysSince = (due: number, now: number): number => Math.floor((now - due) / DAY);

/** The business that is late for longest comes first. A vault that never gave anything asks nobody. */
export const loadOverdue = (vault: Pick<OpenVault, 'grants' | 'rights' | 'seed'>, now: number): Promise<Overdue> =>
  load<Overdue>(async () => {
    const [loops, cases] = await Promise.all([vault.grants.size > 0 ? readOwed() : [], vault.rights.size > 0 ? readRights() : []]);
    const late = [...(await Promise.all(loops.map((l) => lateLoop(vault, l, now)))), ...(await Promise.all(cases.map(async (r) => lateCase(await caseOf(vault, r, now)))))];
    const found = new Map<Did, Debtor>();
    for (const l of late) {
      if (!l) continue;
      const debtor = found.get(l.business) ?? debtorOf(vault, l.business, l.name);
      debtor.late.push(l.late);
      found.set(l.business, debtor);
    }
    const debtors = [...found.values()];
    for (const d of debtors) d.late.sort((a, b) => b.days - a.days);
    return { at: 'ready', debtors: debtors.sort((a, b) => b.late[0]!.days - a.late[0]!.days || a.name.localeCompare(b.name)) };
  });

type Found = { business: Did; name: string; late: Late } | null;

/** Of own grants only: without the own copy nothing is known of who owes what. */
async function lateLoop(vault: Pick<OpenVault, 'grants'>, owed: OwedRecord, now: number): Promise<Found> {
  const grant = vault.grants.get(owed.grant);
  if (!grant) return null;
  const loop = await verifyLoop({ ...owed, statement: '', reason: '' }, { ...grant, documents: pinnedOf(vault.grants.values(), grant.business) }, location.origin, now);
  if (!loop.late) return null;
  const due = owed.notified + (loop.late === 'statement' ? STATE_WITHIN : ACKNOWLEDGE_WITHIN);
  const acknowledgement = loop.acknowledgement.at === 'verified' ? owed.acknowledgement : '';
  return { business: grant.business, name: grant.business_name, late: { what: loop.late, days: daysSince(due, now), grant, event: owed.event, told: owed.notified, acknowledgement } };
}

function lateCase(c: Awaited<ReturnType<typeof caseOf>>): Found {
  if (!c.rights || c.clock?.state !== 'overdue') return null;
  return { business: c.rights.aud, name: c.business, late: { what: 'answer', days: -c.clock.left, rights: c.id, right: c.rights.right } };
}

/** The newest grant names the contact that is right today. */
function debtorOf(vault: Pick<OpenVault, 'grants'>, business: Did, name: string): Debtor {
  const newest = [...vault.grants.values()].filter((g) => g.business === business).sort((a, b) => b.given - a.given)[0];
  const receipt = newest && parseReceipt(newest.receipt);
  const party = receipt?.parties[0];
  return { business, name, contact: party?.dpo || party?.contact || '', authority: receipt?.authority_party ?? '', late: [] };
}
