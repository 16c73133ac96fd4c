/** Padmé: lengths that leak O(log log n) bits (Nikitin et al., "Reducing Metadata Leakage from Encrypted Files"). */

/** The padded length of `n` bytes: at most 12 % more. */
export function padme(n: number): number {
  if (n < 2) return n;
  const e = Math.floor(Math.log2(n));
  const s = Math.floor(Math.log2(e)) + 1;
  const unit = 2 ** (e - s);
  return unit <= 1 ? n : Math.ceil(n / unit) * unit;
}

/** The length to which a document's plaintext of `n` bytes is padded: Padmé, at least 256. */
export function paddedLength(n: number): number {
  return padme(Math.max(n, 256));
}
