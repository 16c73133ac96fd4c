/** Epochs: UTC hours since 1970 (uint32). The ledger knows no finer time. */

declare const epoch: unique symbol;
export type Epoch = number & { readonly [epoch]: true };

/** The lengths a grant may have, in days; few, so that an end date is no fingerprint. */
export const LENGTHS = [1, 7, 31, 90, 365] as const;
export type Days = (typeof LENGTHS)[number];

/** Whether a number of days is one of the fixed lengths. */
export function isDays(n: unknown): n is Days {
  return (LENGTHS as readonly unknown[]).includes(n);
}

/** The epoch of a moment in unix seconds. */
export function epochAt(seconds: number): Epoch {
  return Math.floor(seconds / 3600) as Epoch;
}

/** The start of an epoch in unix seconds. */
export function startOf(e: Epoch): number {
  return e * 3600;
}

/** The epoch so many days later. */
export function addDays(e: Epoch, days: Days): Epoch {
  return (e + days * 24) as Epoch;
}

/** The shortest fixed length that lasts so many hours; undefined when none does. */
export function shortest(hours: number): Days | undefined {
  return LENGTHS.find((days) => days * 24 >= hours);
}
