/** Grants that an export brought, as the pages show them. */
import { epochAt } from '../../core/epoch';
import type { Exported } from '../../core/move';
import type { MovedPlaintext } from '../../core/plaintext';

/** Whether it was in force when it was exported, and its time is not over since. */
export const stood = ({ state, grant }: Pick<MovedPlaintext, 'state' | 'grant'>, now: number): boolean =>
  (state === 'live' || state === 'anchoring' || state === 'paused') && grant.end > epochAt(now);

/** How many grants of an export live on where they were given. */
export const stillStand = (exported: Pick<Exported, 'documents' | 'grants'>, now: number): number =>
  exported.documents.filter(({ plaintext: p }) => p.kind === 'grant' && stood({ state: exported.grants.get(p.grant)?.state ?? '', grant: p }, now)).length;

/** By the operator at whom they were given, the newest first. */
export function byOperator(moved: Iterable<MovedPlaintext>): { operator: string; grants: MovedPlaintext[] }[] {
  const found = new Map<string, MovedPlaintext[]>();
  for (const m of [...moved].sort((a, b) => b.grant.given - a.grant.given)) found.set(m.operator, [...(found.get(m.operator) ?? []), m]);
  return [...found].map(([operator, grants]) => ({ operator, grants }));
}
