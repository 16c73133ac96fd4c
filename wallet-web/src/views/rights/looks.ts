/** How the states of a rights request look. */
import type { RightsState } from '../../core/rightsClock';

export const looks: Record<RightsState, { tone: 'good' | 'warn' | 'bad' | ''; icon: 'clock' | 'check' | 'warn' }> = {
  sent: { tone: '', icon: 'clock' },
  acknowledged: { tone: '', icon: 'check' },
  extended: { tone: 'warn', icon: 'clock' },
  answered: { tone: 'good', icon: 'check' },
  overdue: { tone: 'bad', icon: 'warn' },
};
