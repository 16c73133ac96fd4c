/** What was just done to a grant, for the page of the grant that stands now: it is another one. */
import type { ChangeKind } from '../../core/change';
import type { GrantId } from '../../core/id';

class Just {
  done = $state.raw<{ kind: ChangeKind; grant: GrantId } | null>(null);

  /** What to say on the page of this grant. */
  of(grant: GrantId): ChangeKind | null {
    return this.done?.grant === grant ? this.done.kind : null;
  }
}

export const just = new Just();
