/**
 * The legal clocks of rights requests, in UTC days (consent/FORMAT.md § Rights request). Twin of Go's
 * consent/rights_clock.go; the vectors hold the two together.
 */
import type { Regime, RightsKind } from './rights';

/** When the operator took the request and each step, unix seconds; 0 for what has not happened. */
export interface RightsTimes {
  sent: number;
  acknowledged: number;
  extended: number;
  answered: number;
}

export type RightsState = 'sent' | 'acknowledged' | 'extended' | 'answered' | 'overdue';

interface Claimed {
  regime: Regime;
  right: RightsKind;
}

const DAY = 86400;

/** The day by whose end the answer is due, "YYYY-MM-DD" in UTC. */
export function dueDate(rights: Claimed, times: RightsTimes): string {
  return new Date(due(rights, times) * 1000).toISOString().slice(0, 10);
}

/** Days from the day of `now` to the due day; negative when it is over. */
export function daysLeft(rights: Claimed, times: RightsTimes, now: number): number {
  return (due(rights, times) - dayOf(now)) / DAY;
}

/** Where a rights request stands at `now` (unix seconds). */
export function stateOf(rights: Claimed, times: RightsTimes, now: number): RightsState {
  if (times.answered > 0) return 'answered';
  if (now >= due(rights, times) + DAY) return 'overdue';
  if (times.extended > 0) return 'extended';
  return times.acknowledged > 0 ? 'acknowledged' : 'sent';
}

/** An extension counts only if the operator took it before the first due day was over. An opt-out has none. */
export function extensionCounts(rights: Claimed, times: RightsTimes): boolean {
  return times.extended > 0 && rights.right !== 'opt-out' && times.extended < deadline(rights, times.sent, false) + DAY;
}

function due(rights: Claimed, times: RightsTimes): number {
  return deadline(rights, times.sent, extensionCounts(rights, times));
}

/** First second of the due day. */
function deadline({ regime, right }: Claimed, sent: number, extended: boolean): number {
  const from = dayOf(sent);
  if (right === 'opt-out') return workingDays(from, 15);
  if (regime === 'ccpa') return from + (extended ? 90 : 45) * DAY;
  return working(months(from, extended ? 3 : 1));
}

const dayOf = (seconds: number): number => Math.floor(seconds / DAY) * DAY;
/** 0 is Sunday: 1 January 1970 was a Thursday. */
const weekday = (day: number): number => (day / DAY + 4) % 7;
const weekend = (day: number): boolean => weekday(day) === 0 || weekday(day) === 6;

/** The same day so many months later, or that month's last day if it has no such day. */
function months(from: number, n: number): number {
  const date = new Date(from * 1000);
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth() + n];
  const last = new Date(Date.UTC(year, month + 1, 0)).getUTCDate();
  return Date.UTC(year, month, Math.min(date.getUTCDate(), last)) / 1000;
}

function working(day: number): number {
  return weekend(day) ? working(day + DAY) : day;
}

function workingDays(from: number, n: number): number {
  let day = from;
  for (let left = n; left > 0; ) {
    day += DAY;
    if (!weekend(day)) left--;
  }
  return day;
}
