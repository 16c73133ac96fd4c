/** Conditions in plain words, and what was shown for them. */
import type { Shown, Standing } from '../../api/grant';
import { verifyEvidence, type Condition } from '../../core/condition';
import { CoreError } from '../../core/errors';
import type { GrantId } from '../../core/id';
import { texts } from './texts';

/** Those whom a request names: a condition may need the word of one of them. */
export interface Parties {
  /** The business that holds the grant. */
  business: string;
  /** Names by DID. */
  names: ReadonlyMap<string, string>;
}

/** Who it is, as well as a page can say: by name, by host, or by the first of the key. */
export function partyOf(did: string, parties: Parties): string {
  if (did === parties.business) return texts.self;
  const name = parties.names.get(did);
  if (name) return name;
  const host = /^did:web:([^:]+)/.exec(did)?.[1];
  return host ? decodeURIComponent(host) : texts.key(`${did.replace(/^did:key:/, '').slice(0, 12)}…`);
}

/** The last part of an IRI or a name, as words. */
export function inWords(name: string): string {
  const last = name.replace(/.*[#/](?=.)/, '');
  const words = last.replace(/([a-z0-9])([A-Z])/g, '$1 $2').replace(/[-_]+/g, ' ').trim().toLowerCase();
  return words === '' ? name : words;
}

/** The one whose word the condition needs; '' for the clock's or the counter's. */
export const wordOf = (c: Condition): string => c.record?.issuer ?? c.event?.party ?? '';

/** The condition in one sentence. */
export function sayCondition(c: Condition, parties: Parties): string {
  if (c.record) return texts.record(inWords(c.record.type), partyOf(c.record.issuer, parties));
  if (c.event) return texts.event(inWords(c.event.name), partyOf(c.event.party, parties));
  if (c.from !== undefined) return texts.from(c.from);
  return texts.uses(c.uses ?? 0);
}

/** How it stands now, in a word or two. */
export function sayStanding(c: Condition, standing: Standing, now: number): { tone: 'good' | 'warn' | ''; text: string } {
  if (c.from !== undefined) return now >= c.from ? { tone: 'good', text: texts.met } : { tone: 'warn', text: texts.notMet };
  if (c.uses !== undefined) {
    return standing.used >= c.uses ? { tone: '', text: texts.usedUp } : { tone: 'good', text: texts.left(standing.used, c.uses) };
  }
  if (standing.met) return { tone: 'good', text: texts.met };
  return standing.evidence.length > 0 ? { tone: '', text: texts.over } : { tone: 'warn', text: texts.notMet };
}

/** Whether this page can confirm a piece of evidence, as it was when it was shown. */
export async function checkEvidence(c: Condition, shown: Shown, about: readonly GrantId[]): Promise<keyof typeof texts.checks> {
  try {
    const found = await verifyEvidence(shown.evidence, c, about, shown.received);
    // Where its issuer can take it back, the operator lets it count for less than it says.
    const within = found.until === 0 || (shown.until !== 0 && shown.until <= found.until);
    return found.by === shown.by && within ? 'verified' : 'refused';
  } catch (error) {
    if (!(error instanceof CoreError)) throw error;
    return error.code === 'unknown-key' ? 'unresolved' : 'refused';
  }
}

/** The grant and those that it came of: evidence may be about any of them. */
export function lineOf(id: GrantId, predecessorOf: (g: GrantId) => GrantId | undefined): GrantId[] {
  const all: GrantId[] = [];
  for (let at: GrantId | undefined = id; at !== undefined && !all.includes(at); at = predecessorOf(at)) all.push(at);
  return all;
}

/** The claims of a paper as they stand there, for whoever wants to read it; '' if it is none. */
export function claimsOf(jws: string): string {
  try {
    const part = jws.split('.')[1] ?? '';
    const bytes = Uint8Array.from(atob(part.replace(/-/g, '+').replace(/_/g, '/')), (ch) => ch.charCodeAt(0));
    return JSON.stringify(JSON.parse(new TextDecoder().decode(bytes)), null, 2);
  } catch {
    return '';
  }
}
