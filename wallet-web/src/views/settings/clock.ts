/** Quiet hours: the operator keeps offers back at night, and for that it must know when the shopper's night is. */
import { readClock, tellClock, type Clock } from '../../api/clock';

/** How far this device's clock is from UTC then, in quarters of an hour. */
export const quartersAt = (moment: Date): number => -Math.round(moment.getTimezoneOffset() / 15) || 0;

/** What to tell the operator, if anything: at first, and when the clock moved; not what the shopper keeps to themself. */
export const newsOf = (known: Clock, now: number): number | undefined =>
  !known.told || (known.quarters !== null && known.quarters !== now) ? now : undefined;

/** Tells the operator what is new. */
export async function keepClock(): Promise<void> {
  const news = newsOf(await readClock(), quartersAt(new Date()));
  if (news !== undefined) await tellClock(news);
}
