/** Padmé: lengths that leak O(log log n) bits (Nikitin et al., "Reducing Metadata Leakage from Encrypted Files"). */

/** The padded length of `n` bytes, at least 256, at most 12 % longer. */
export function padme(n: number): number {
  const length = Math.max(n, 256);
  const e = Math.floor(Math.log2(length));
  const s = Math.floor(Math.log2(e)) + 1;
  const unit = 2 ** (e - s);
  return Math.ceil(length / unit) * unit;
}
