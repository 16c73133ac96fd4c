/** Where randomness comes from: an argument everywhere, so that tests and vectors can fix it. */
import type { Bytes } from './bytes';

/** Gives `n` fresh random bytes, or throws. */
export type Random = (n: number) => Bytes;

/** The browser's own secure source; what a wallet uses outside of tests. */
export const systemRandom: Random = (n) => {
  const out = new Uint8Array(n);
  // The one door to the platform's randomness.
  // eslint-disable-next-line no-restricted-properties
  crypto.getRandomValues(out);
  return out;
};
