/** Moments and numbers as people read them, in the language of the screen, as their browser's country writes it. */
import { spoken } from './language.svelte';

const made = new Map<string, unknown>();
/** Making a formatter is slow, so each is made once for a language. */
function per<T>(name: string, make: (language: string) => T): T {
  const language = spoken();
  const key = `${name} ${language}`;
  if (!made.has(key)) made.set(key, make(language));
  return made.get(key) as T;
}

/** "12 December 2025", from unix seconds. */
export const onDay = (seconds: number): string => per('day', (l) => new Intl.DateTimeFormat(l, { dateStyle: 'long' })).format(seconds * 1000);

/** "12 Dec 2025, 14:05", from unix seconds. */
export const atMoment = (seconds: number): string =>
  per('moment', (l) => new Intl.DateTimeFormat(l, { dateStyle: 'medium', timeStyle: 'short' })).format(seconds * 1000);

/** A calendar date "YYYY-MM-DD", the same in every time zone. */
export const onDate = (date: string): string =>
  per('date', (l) => new Intl.DateTimeFormat(l, { dateStyle: 'long', timeZone: 'UTC' })).format(new Date(`${date}T00:00:00Z`));

export const number = (n: number): string => per('number', (l) => new Intl.NumberFormat(l)).format(n);

/** Words joined by commas and "and". */
export const listed = (names: readonly string[]): string => per('list', (l) => new Intl.ListFormat(l, { type: 'conjunction' })).format(names);

/** A country's name, or what the code says if it is none. */
export const country = (code: string): string =>
  /^[A-Z]{2}$/.test(code) ? (per('country', (l) => new Intl.DisplayNames(l, { type: 'region', fallback: 'code' })).of(code) ?? code) : code;

/** A language's name; its tag if nobody knows it. */
export const languageName = (tag: string): string => per('language', (l) => new Intl.DisplayNames(l, { type: 'language', fallback: 'code' })).of(tag) ?? tag;

/** One of two forms, by the language's own rule for numbers. */
export const counted = (n: number, one: string, other: string): string => (per('plural', (l) => new Intl.PluralRules(l)).select(n) === 'one' ? one : other);

/** Today where the shopper is, "YYYY-MM-DD". */
export function today(now = new Date()): string {
  const two = (n: number) => String(n).padStart(2, '0');
  return `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}`;
}

export const nowSeconds = (): number => Math.floor(Date.now() / 1000);

const span = (unit: string, n: number): string => per(`span ${unit}`, (l) => new Intl.NumberFormat(l, { style: 'unit', unit, unitDisplay: 'long' })).format(n);

/** ISO 8601 durations as retention is written: "P90D" is "90 days". Others are shown as they stand. */
export function duration(iso: string): string {
  const match = /^P(\d{1,4})([DWMY])$/.exec(iso);
  return match ? span({ D: 'day', W: 'week', M: 'month', Y: 'year' }[match[2]!]!, Number(match[1])) : iso;
}

/** A fixed length as people say it. */
export function lengthOf(days: number): string {
  const said: Record<number, [string, number]> = { 7: ['week', 1], 31: ['month', 1], 90: ['month', 3], 365: ['year', 1] };
  return span(...(said[days] ?? ['day', days]));
}

/** "3.4 MB": of bytes, as people write them. */
export function fileSize(bytes: number): string {
  const [unit, n] = bytes < 1_000_000 ? ['kilobyte', Math.max(1, Math.round(bytes / 1000))] : ['megabyte', Math.round(bytes / 100_000) / 10];
  return per(`size ${unit}`, (l) => new Intl.NumberFormat(l, { style: 'unit', unit: String(unit), unitDisplay: 'short' })).format(Number(n));
}
