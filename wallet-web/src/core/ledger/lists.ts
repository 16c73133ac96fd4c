/**
 * Offline verification of lists: several entries in one proof, and that these are all entries of a handle. Twin of
 * Go's anchor/multiproof.go, anchor/completeness.go and anchor/handles.go.
 */
import { concat, equal, fromB64u, sha256, utf8, type Bytes } from '../bytes';
import { base64url, int, list, matching, nullable, object, parseJson, read, version, type Of } from '../shape';
import { leafOf, parseEntry, type Entry } from './entry';
import { hashChildren } from './header';
import { ProofError, verifyHeader, type ValidatorSet } from './proof';

const bytes = matching(/^[A-Za-z0-9_-]*$/, 'base64url');
const MAX_PROVEN = 1 << 16;
const entriesShape = list(object({ index: int(), entry: bytes }), MAX_PROVEN);
export const multiProofShape = object({ v: version, entries: entriesShape, nodes: list(base64url(32), 64 * MAX_PROVEN), signed_header: bytes });
export const completenessShape = object(
  {
    v: version,
    handle: base64url(32),
    entries: entriesShape,
    path: list(base64url(32), 256),
    other: nullable(object({ handle: base64url(32), digest: base64url(32) })),
    register: base64url(32),
    signed_header: bytes,
  },
  { dropped: list(object({ index: int(), leaf: base64url(32) }), MAX_PROVEN, 1) },
);

/** A proof of several entries as the ledger serves it; bytes are base64url. */
export type MultiProof = Of<typeof multiProofShape>;
/** A proof of completeness as the ledger serves it; bytes are base64url. */
export type Completeness = Of<typeof completenessShape>;

/** What a verified list says. `size` is that of the log that the header fixes. */
export interface ProvenList {
  entries: { index: number; entry: Entry }[];
  /** Permits whose bytes the member has no more: with the entries, these are all of the handle. */
  dropped: { index: number; leaf: Bytes }[];
  size: number;
  height: number;
  /** Of the header, in unix seconds. */
  time: number;
}

/** Reads the shape; verifyMultiProof checks the rest. Throws ParseError. */
export function parseMultiProof(json: unknown): MultiProof {
  return typeof json === 'string' ? parseJson('multi-proof', json, multiProofShape) : read('multi-proof', json, multiProofShape);
}

/** Reads the shape; verifyCompleteness checks the rest. Throws ParseError. */
export function parseCompleteness(json: unknown): Completeness {
  const what = 'completeness proof';
  return typeof json === 'string' ? parseJson(what, json, completenessShape) : read(what, json, completenessShape);
}

interface Place {
  index: number;
  leaf: Bytes;
}

interface Placed extends Place {
  entry: Entry;
}

/** Checks that all entries are on the ledger, against a set that the caller trusts. Throws ProofError. */
export async function verifyMultiProof(proof: MultiProof, set: ValidatorSet): Promise<ProvenList> {
  const entries = readEntries(proof.entries);
  const fixed = await verifyHeader(proof.signed_header, set);
  if (entries.length === 0) throw new ProofError('format');
  inOrder(entries, fixed.size);
  const nodes = proof.nodes.map((hash) => fromB64u(hash, 32));
  let node = 0;
  let next = 0;
  const root = (from: number, to: number): Bytes => {
    const entry = entries[next];
    if (entry === undefined || entry.index >= to) {
      const hash = nodes[node++];
      if (hash === undefined) throw new ProofError('path');
      return hash;
    }
    if (to - from === 1) {
      next++;
      return entry.leaf;
    }
    const middle = from + split(to - from);
    const left = root(from, middle);
    return hashChildren(left, root(middle, to));
  };
  const got = root(0, fixed.size);
  if (node !== nodes.length || !equal(got, fixed.root)) throw new ProofError('path');
  return proven(entries, fixed);
}

/** Checks that these are all entries of the handle up to the header's size. Throws ProofError. */
export async function verifyCompleteness(proof: Completeness, set: ValidatorSet): Promise<ProvenList> {
  const entries = readEntries(proof.entries);
  const fixed = await verifyHeader(proof.signed_header, set);
  if (fixed.state === null) throw new ProofError('format'); // a ledger of the first version
  const handle = fromB64u(proof.handle, 32);
  if (entries.some((e) => !equal(e.entry.handle, handle))) throw new ProofError('incomplete');
  const dropped = (proof.dropped ?? []).map((d) => ({ index: d.index, leaf: fromB64u(d.leaf, 32) }));
  const all = merged(entries, dropped);
  const [first, last] = [all[0], all.at(-1)];
  // A handle's entries begin with its grant and end with its withdrawal: what is dropped must be known for a permit.
  if (first && last && dropped.some((d) => d.index <= first.index || d.index >= last.index)) throw new ProofError('incomplete');
  inOrder(all, fixed.size);
  let digest: Bytes = new Uint8Array(32);
  for (const e of all) digest = sha256(concat(digest, number64(e.index), e.leaf));
  const root = handleRoot(proof, handle, all.length === 0 ? null : digest);
  const state = root && sha256(concat(utf8('coffer/v1 state\0'), fromB64u(proof.register, 32), root));
  if (state === null || !equal(state, fixed.state)) throw new ProofError('incomplete');
  return { ...proven(entries, fixed), dropped };
}

/** Where the path of a handle leads if it has the digest, null for no entries; null if the path cannot be its. */
function handleRoot(proof: Completeness, handle: Bytes, digest: Bytes | null): Bytes | null {
  const path = proof.path.map((hash) => fromB64u(hash, 32));
  let root: Bytes = new Uint8Array(32);
  if (digest !== null) {
    if (proof.other !== null) return null;
    root = handleLeaf(handle, digest);
  } else if (proof.other !== null) {
    // Another handle stands alone where this one would: they agree so far.
    const other = fromB64u(proof.other.handle, 32);
    if (equal(other, handle)) return null;
    for (let n = 0; n < path.length; n++) if (bit(other, n) !== bit(handle, n)) return null;
    root = handleLeaf(other, fromB64u(proof.other.digest, 32));
  }
  path.forEach((sibling, i) => {
    root = bit(handle, path.length - 1 - i) === 1 ? hashChildren(sibling, root) : hashChildren(root, sibling);
  });
  return root;
}

const handleLeaf = (handle: Bytes, digest: Bytes): Bytes => sha256(concat(new Uint8Array(1), handle, digest));
/** Bit n of a handle, the most significant first. */
const bit = (handle: Bytes, n: number): number => ((handle[n >> 3] ?? 0) >> (7 - (n & 7))) & 1;

function number64(n: number): Bytes {
  const out = new Uint8Array(8);
  new DataView(out.buffer).setBigUint64(0, BigInt(n));
  return out;
}

/** The largest power of two below n, which is at least 2. */
function split(n: number): number {
  let k = 1;
  while (k * 2 < n) k *= 2;
  return k;
}

function readEntries(entries: Of<typeof entriesShape>): Placed[] {
  try {
    return entries.map((e) => {
      const raw = fromB64u(e.entry);
      return { index: e.index, entry: parseEntry(raw), leaf: leafOf(raw) };
    });
  } catch {
    throw new ProofError('format');
  }
}

/** Both together, in log order if both are. */
function merged(entries: Placed[], dropped: Place[]): Place[] {
  const all: Place[] = [];
  let next = 0;
  for (const e of entries) {
    for (let d = dropped[next]; d && d.index < e.index; d = dropped[++next]) all.push(d);
    all.push(e);
  }
  return all.concat(dropped.slice(next));
}

function inOrder(entries: Place[], size: number): void {
  entries.forEach((e, i) => {
    if (e.index >= size || (i > 0 && e.index <= (entries[i - 1]?.index ?? 0))) throw new ProofError('format');
  });
}

function proven(entries: Placed[], fixed: { size: number; height: number; time: number }): ProvenList {
  return { entries: entries.map(({ index, entry }) => ({ index, entry })), dropped: [], size: fixed.size, height: fixed.height, time: fixed.time };
}
