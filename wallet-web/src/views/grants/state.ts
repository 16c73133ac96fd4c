/** Where a grant stands, as people see it. */
import type { GrantRecord } from '../../api/grant';
import { epochAt } from '../../core/epoch';
import type { IconName } from '../../components/icons';

export type Stand = 'live' | 'anchoring' | 'withdrawn' | 'terminated' | 'expired' | 'erased';

/** The state at `now`; a grant whose last hour is over has run out, whatever the operator still calls it. */
export function standOf(grant: Pick<GrantRecord, 'state' | 'end'>, now: number): Stand {
  if ((grant.state === 'live' || grant.state === 'anchoring') && grant.end <= epochAt(now)) return 'expired';
  return grant.state;
}

export const section = (stand: Stand): 'live' | 'anchoring' | 'ended' => (stand === 'live' || stand === 'anchoring' ? stand : 'ended');

export const looks: Record<Stand, { tone: 'good' | 'warn' | ''; icon: IconName }> = {
  live: { tone: 'good', icon: 'check' },
  anchoring: { tone: 'warn', icon: 'clock' },
  withdrawn: { tone: '', icon: 'cross' },
  terminated: { tone: '', icon: 'cross' },
  expired: { tone: '', icon: 'clock' },
  erased: { tone: '', icon: 'cross' },
};
