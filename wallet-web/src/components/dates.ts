/** Moments as people read them, in the language of their browser. */
const day = new Intl.DateTimeFormat(undefined, { dateStyle: 'long' });
const moment = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });
const plainDay = new Intl.DateTimeFormat(undefined, { dateStyle: 'long', timeZone: 'UTC' });
const numbers = new Intl.NumberFormat();

/** "12 December 2025", from unix seconds. */
export const onDay = (seconds: number): string => day.format(seconds * 1000);

/** "12 Dec 2025, 14:05", from unix seconds. */
export const atMoment = (seconds: number): string => moment.format(seconds * 1000);

/** A calendar date "YYYY-MM-DD", the same in every time zone. */
export const onDate = (date: string): string => plainDay.format(new Date(`${date}T00:00:00Z`));

export const number = (n: number): string => numbers.format(n);

/** Today where the shopper is, "YYYY-MM-DD". */
export function today(now = new Date()): string {
  const two = (n: number) => String(n).padStart(2, '0');
  return `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}`;
}

export const nowSeconds = (): number => Math.floor(Date.now() / 1000);

/** ISO 8601 durations as retention is written: "P90D" is "90 days". Others are shown as they stand. */
export function duration(iso: string): string {
  const match = /^P(\d{1,4})([DWMY])$/.exec(iso);
  if (!match) return iso;
  const unit = { D: 'day', W: 'week', M: 'month', Y: 'year' }[match[2]!]!;
  return new Intl.NumberFormat(undefined, { style: 'unit', unit, unitDisplay: 'long' }).format(Number(match[1]));
}

/** A fixed length as people say it. */
export function lengthOf(days: number): string {
  const names: Record<number, string> = { 1: '1 day', 7: '1 week', 31: '1 month', 90: '3 months', 365: '1 year' };
  return names[days] ?? `${days} days`;
}
