/** Where a grant stands, as people see it. */
import type { GrantRecord } from '../../api/grant';
import { epochAt } from '../../core/epoch';
import type { IconName } from '../../components/icons';

export type Stand = 'live' | 'anchoring' | 'paused' | 'replaced' | 'withdrawn' | 'terminated' | 'expired' | 'erased';

/** The state at `now`; a grant whose last hour is over has run out, whatever the operator still calls it. */
export function standOf(grant: Pick<GrantRecord, 'state' | 'end'>, now: number): Stand {
  if ((grant.state === 'live' || grant.state === 'anchoring' || grant.state === 'paused') && grant.end <= epochAt(now)) return 'expired';
  return grant.state;
}

export type Section = 'live' | 'anchoring' | 'paused' | 'ended';

export const section = (stand: Stand): Section => (stand === 'live' || stand === 'anchoring' || stand === 'paused' ? stand : 'ended');

/** The lists that a shopper can look at; `all` is without what a successor replaced, which is that one's past. */
export const FILTERS = ['all', 'live', 'paused', 'ended'] as const;
export type Filter = (typeof FILTERS)[number];

export function inFilter(filter: Filter, stand: Stand): boolean {
  if (stand === 'replaced') return false;
  const where = section(stand);
  return filter === 'all' || filter === where || (filter === 'live' && where === 'anchoring');
}

export const looks: Record<Stand, { tone: 'good' | 'warn' | ''; icon: IconName }> = {
  live: { tone: 'good', icon: 'check' },
  anchoring: { tone: 'warn', icon: 'clock' },
  paused: { tone: 'warn', icon: 'pause' },
  replaced: { tone: '', icon: 'arrow' },
  withdrawn: { tone: '', icon: 'cross' },
  terminated: { tone: '', icon: 'cross' },
  expired: { tone: '', icon: 'clock' },
  erased: { tone: '', icon: 'cross' },
};
