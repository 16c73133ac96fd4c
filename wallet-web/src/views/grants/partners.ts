/** Partners' grants stand under the one to the business that asked, and end with it. */
import type { GrantRecord } from '../../api/grant';

type Placed = Pick<GrantRecord, 'grant' | 'onward_of'>;

/** The grants that stand by themselves: those of partners are shown under theirs. */
export const above = <G extends Placed>(grants: readonly G[]): G[] =>
  grants.filter((g) => g.onward_of === '' || !grants.some((first) => first.grant === g.onward_of));

/** The partners' grants under one. */
export const under = <G extends Placed>(grants: readonly G[], first: string): G[] => grants.filter((g) => g.onward_of === first);
