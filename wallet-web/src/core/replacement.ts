/** Requests that take the place of grants. Twin of Go's consent/replacement.go. */
import { epochAt, type Epoch } from './epoch';
import type { GrantId } from './id';
import type { Request } from './request';

/** What is known of a grant that a request may replace. */
export interface Replaceable {
  grant: GrantId;
  purpose_id: string;
  /** IRI. */
  purpose: string;
  state: string;
  end: number;
}

/** Whether the grant gives something, or will once it is anchored or resumed. */
export const stands = (g: Pick<Replaceable, 'state' | 'end'>, now: number): boolean =>
  ['anchoring', 'live', 'paused'].includes(g.state) && epochAt(now) < (g.end as Epoch);

/**
 * The grants that end by an answer which gives these purposes: those that a given purpose takes the place of, and, where
 * the request replaces all, the others too. An answer that gives nothing ends none.
 */
export function endedBy<G extends Replaceable>(request: Pick<Request, 'replaces' | 'purposes'>, given: readonly string[], all: readonly G[], now: number): G[] {
  const { replaces } = request;
  if (!replaces || given.length === 0) return [];
  return replaces.grants.flatMap((id) => all.filter((g) => g.grant === id && stands(g, now) && (given.includes(g.purpose_id) || replaces.mode === 'replace')));
}

