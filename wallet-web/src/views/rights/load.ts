import { readOneRights, readRights, type RightsRecord } from '../../api/rights';
import type { GrantId, RightsId } from '../../core/id';
import { agreementKey } from '../../core/identity';
import type { GrantPlaintext } from '../../core/plaintext';
import { openReply, parseRights, type RightsReply, type RightsRequest, type RightsStep } from '../../core/rights';
import { daysLeft, dueDate, stateOf, type RightsState, type RightsTimes } from '../../core/rightsClock';
import { pinnedOf } from '../../core/web';
import type { OpenVault } from '../../store/vault.svelte';
import { load, type Ending } from '../endings';

/** One reply of the business; `closed` if it does not open, or is not what it is called. */
export type Reply = { received: number; step: RightsStep } & ({ at: 'open'; reply: RightsReply } | { at: 'closed' });

/** A rights request as far as it can be shown. */
export interface Case {
  id: RightsId;
  business: string;
  record: RightsRecord;
  /** The wallet's own copy; null when it is not in the vault, and then nothing is known of what was demanded. */
  rights: RightsRequest | null;
  times: RightsTimes;
  /** Of the own copy: there is no clock without knowing the law. */
  clock: { state: RightsState; due: string; left: number } | null;
  /** The operator took it at another time than the one that was signed. */
  odd: boolean;
  replies: Reply[];
}

export type Loaded = { at: 'ready'; cases: Case[] } | Ending;
export type LoadedCase = { at: 'ready'; shown: Case } | Ending;

/** All rights requests: those that wait first, the one due soonest before the others. */
export const loadRights = (vault: OpenVault, now: number): Promise<Loaded> =>
  load<Loaded>(async () => {
    const cases = await Promise.all((await readRights()).map((record) => caseOf(vault, record, now)));
    return { at: 'ready', cases: cases.sort((a, b) => rank(a) - rank(b) || (a.clock?.left ?? 0) - (b.clock?.left ?? 0) || b.record.sent - a.record.sent) };
  });

export const loadCase = (vault: OpenVault, id: RightsId, now: number): Promise<LoadedCase> =>
  load<LoadedCase>(async () => ({ at: 'ready', shown: await caseOf(vault, await readOneRights(id), now) }));

const rank = (c: Case): number => (c.clock?.state === 'overdue' ? 0 : c.clock?.state === 'answered' ? 2 : 1);

const WINDOW = 15 * 60;

/** Opens each reply and holds it against the wallet's own copy. */
export async function caseOf(vault: Pick<OpenVault, 'grants' | 'rights' | 'seed'>, record: RightsRecord, now: number): Promise<Case> {
  const own = vault.rights.get(record.rights);
  const rights = own ? readOwn(own.jws, record) : null;
  const times = timesOf(record);
  const replies = await Promise.all(record.replies.map((r) => replyOf(vault, rights, r)));
  return {
    id: record.rights,
    business: own?.business_name ?? record.business.name,
    record,
    rights,
    times,
    clock: rights && { state: stateOf(rights, times, now), due: dueDate(rights, times), left: daysLeft(rights, times, now) },
    odd: rights !== null && Math.abs(record.sent - rights.time) > WINDOW,
    replies,
  };
}

/** The own copy is signed by this wallet; the operator's record must be of it. */
function readOwn(jws: string, record: RightsRecord): RightsRequest | null {
  try {
    const rights = parseRights(jws);
    return rights.id === record.rights && rights.aud === record.business.did ? rights : null;
  } catch {
    return null;
  }
}

function timesOf(record: RightsRecord): RightsTimes {
  const at = (step: RightsStep) => record.replies.find((r) => r.step === step)?.received ?? 0;
  return { sent: record.sent, acknowledged: at('acknowledged'), extended: at('extended'), answered: at('answered') };
}

async function replyOf(vault: Pick<OpenVault, 'grants' | 'seed'>, rights: RightsRequest | null, sealed: RightsRecord['replies'][number]): Promise<Reply> {
  const shown = { received: sealed.received, step: sealed.step };
  if (!rights) return { ...shown, at: 'closed' };
  try {
    const reply = await openReply(agreementKey(vault.seed, rights.aud).privateJwk, sealed.sealed, rights, pinnedOf(vault.grants.values(), rights.aud));
    return reply.step === sealed.step ? { ...shown, at: 'open', reply } : { ...shown, at: 'closed' };
  } catch {
    return { ...shown, at: 'closed' };
  }
}

/** The businesses that something can be demanded of: those that ever held a grant, each with its grants. */
export function businessesOf(grants: ReadonlyMap<GrantId, GrantPlaintext>): { did: string; name: string; grants: GrantPlaintext[] }[] {
  const found = new Map<string, GrantPlaintext[]>();
  // The newest first: its request has the key that the business uses now.
  for (const g of [...grants.values()].sort((a, b) => b.given - a.given)) found.set(g.business, [...(found.get(g.business) ?? []), g]);
  return [...found].map(([did, held]) => ({ did, name: held[0]!.business_name, grants: held })).sort((a, b) => a.name.localeCompare(b.name));
}
