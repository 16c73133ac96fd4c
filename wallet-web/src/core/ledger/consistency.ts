/**
 * Offline verification that a log only grew: the older log is how the newer one begins. Twin of Go's
 * anchor/consistency.go (RFC 9162 § 2.1.4).
 */
import { equal, fromB64u, sha256, type Bytes } from '../bytes';
import { ParseError } from '../errors';
import { base64url, int, list, object, parseJson, read, version, type Of } from '../shape';
import { hashChildren } from './header';
import { ProofError } from './proof';

export const consistencyShape = object({ v: version, from: int(), to: int(), path: list(base64url(32), 64) });
/** A consistency proof as the ledger serves it; hashes are base64url. */
export type Consistency = Of<typeof consistencyShape>;

/** Reads a consistency proof's shape; verifyConsistency checks the rest. Throws ParseError. */
export function parseConsistency(json: unknown): Consistency {
  const what = 'consistency proof';
  const proof = typeof json === 'string' ? parseJson(what, json, consistencyShape) : read(what, json, consistencyShape);
  if (proof.from > proof.to) throw new ParseError('malformed', what, 'from', 'want at most to');
  return proof;
}

/** Checks the proof against the roots of both logs. Throws ProofError with the code format or path. */
export function verifyConsistency(proof: Consistency, from: Uint8Array, to: Uint8Array): void {
  if (proof.from > proof.to) throw new ProofError('format');
  const path = proof.path.map((hash) => fromB64u(hash, 32));
  if (!leads(BigInt(proof.from), BigInt(proof.to), path, from, to)) throw new ProofError('path');
}

/** RFC 9162 § 2.1.4.2, and what it leaves open: a log grows from nothing and to itself without a path. */
function leads(size: bigint, newSize: bigint, path: readonly Bytes[], from: Uint8Array, to: Uint8Array): boolean {
  const fromNothing = equal(from, sha256());
  if (size === newSize) return path.length === 0 && equal(from, to) && (size > 0n || fromNothing);
  if (size === 0n) return path.length === 0 && fromNothing;
  let node = size - 1n;
  let last = newSize - 1n;
  const up = () => ([node, last] = [node >> 1n, last >> 1n]);
  // The largest subtree that ends both at the old size and at a node of the new tree: the path begins with it,
  // unless it is the old tree.
  while ((node & 1n) === 1n) up();
  const [start, ...rest] = node === 0n ? [from as Bytes, ...path] : path;
  if (start === undefined) return false;
  let older = start;
  let newer = start;
  for (const sibling of rest) {
    if (last === 0n) return false;
    if ((node & 1n) === 1n || node === last) {
      older = hashChildren(sibling, older);
      newer = hashChildren(sibling, newer);
      // Levels at which the node is the last and alone have no sibling.
      while ((node & 1n) === 0n && node !== 0n) up();
    } else {
      newer = hashChildren(newer, sibling);
    }
    up();
  }
  return last === 0n && equal(older, from) && equal(newer, to);
}
