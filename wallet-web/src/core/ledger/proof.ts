/**
 * Offline verification: that an entry is on the ledger, shown by its place in the log and a header that the
 * validators signed. Twin of Go's anchor/proof.go; signatures are checked by WebCrypto.
 */
import { b64u, concat, equal, fromB64u, sha256, type Bytes } from '../bytes';
import { CoreError, ParseError } from '../errors';
import { base64url, int, list, matching, object, parseJson, read, version, type Of } from '../shape';
import { leafOf, parseEntry, type Entry } from './entry';
import { hashChildren, parseSignedHeader, treeRoot, VOTE_FOR_BLOCK, voteBytes, type SignedHeader } from './header';
import { dataField, numberField } from './protobuf';

const bytes = matching(/^[A-Za-z0-9_-]*$/, 'base64url');
export const proofShape = object({ v: version, entry: bytes, index: int(), path: list(base64url(32), 64), signed_header: bytes });
const chainId = matching(/^[!-~]{1,50}$/, 'a chain id');
export const setShape = object({
  v: version,
  chain_id: chainId,
  validators: list(object({ public_key: base64url(32), power: int(1) }), 1000, 1),
});

/** A proof as the ledger serves it (contract A); bytes are base64url. */
export type Proof = Of<typeof proofShape>;
/** Who signs the blocks of a chain, in CometBFT's order. Trust it, and all that it signed is shown. */
export type ValidatorSet = Of<typeof setShape>;

/** What a verified proof says. */
export interface Proven {
  entry: Entry;
  index: number;
  /** Of the log that the header fixes. */
  size: number;
  /** Of that header. */
  height: number;
  /** Of that header, in unix seconds: the entry was on the ledger by then. */
  time: number;
}

/**
 * At which step a proof was refused. format: a part does not parse; chain: of another ledger; header: the commit is
 * for another header; validators: signed by another set; signature: a vote is not its validator's; power: not more
 * than two thirds signed; path: the entry is not at this place; incomplete: not all, or not only, the handle's entries.
 */
export type ProofReason = 'format' | 'chain' | 'header' | 'validators' | 'signature' | 'power' | 'path' | 'incomplete';

/** A proof that shows nothing. */
export class ProofError extends CoreError {
  override readonly name = 'ProofError';
  constructor(override readonly code: ProofReason) {
    super(code, `the proof does not hold: ${code}`);
  }
}

/** Reads a proof's shape; verifyProof checks the rest. Throws ParseError. */
export function parseProof(json: unknown): Proof {
  return typeof json === 'string' ? parseJson('proof', json, proofShape) : read('proof', json, proofShape);
}

/** Reads a validator set and refuses one that could be counted wrongly. Throws ParseError. */
export function parseValidatorSet(json: unknown): ValidatorSet {
  const set = typeof json === 'string' ? parseJson('validator set', json, setShape) : read('validator set', json, setShape);
  if (new Set(set.validators.map((v) => v.public_key)).size !== set.validators.length) {
    throw new ParseError('malformed', 'validator set', 'validators', 'want each key once');
  }
  const total = set.validators.reduce((sum, v) => sum + BigInt(v.power), 0n);
  if (total > MAX_POWER) throw new ParseError('malformed', 'validator set', 'validators', 'want less power in total');
  return set;
}

/** What a header calls validators_hash, 32 bytes: what a wallet pins when it first sees a ledger. */
export function validatorSetHash(set: ValidatorSet): Bytes {
  return treeRoot(
    set.validators.map((v) => {
      const key = dataField(1, fromB64u(v.public_key, 32));
      return concat(dataField(1, key), numberField(2, v.power));
    }),
  );
}

/** Checks the proof against a set that the caller trusts. Needs no network. Throws ProofError. */
export async function verifyProof(proof: Proof, set: ValidatorSet): Promise<Proven> {
  const { entry, entryBytes } = readEntry(proof);
  const fixed = await verifyHeader(proof.signed_header, set);
  const path = proof.path.map((hash) => fromB64u(hash, 32));
  const got = inclusionRoot(leafOf(entryBytes), BigInt(proof.index), BigInt(fixed.size), path);
  if (got === null || !equal(got, fixed.root)) throw new ProofError('path');
  return { entry, index: proof.index, size: fixed.size, height: fixed.height, time: fixed.time };
}

/** What a verified header fixes: the log, and what the ledger knows beside it; null on one of the first version. */
export interface Fixed {
  root: Bytes;
  size: number;
  state: Bytes | null;
  height: number;
  /** Unix seconds. */
  time: number;
}

/** Checks a signed header (base64url) against a set that the caller trusts. Throws ProofError. */
export async function verifyHeader(signedHeader: string, set: ValidatorSet): Promise<Fixed> {
  const header = readHeader(signedHeader);
  const { appHash } = header;
  const state = appHash.length === 72 ? appHash.subarray(40) : null;
  if ((appHash.length !== 40 && state === null) || state?.every((b) => b === 0)) throw new ProofError('format');
  if (header.chain !== set.chain_id) throw new ProofError('chain');
  if (!equal(header.commit.blockHash, header.hash) || header.commit.height !== header.height) throw new ProofError('header');
  await verifyVotes(header, set);
  const size = new DataView(appHash.buffer, appHash.byteOffset + 32, 8).getBigUint64(0);
  return { root: appHash.subarray(0, 32), size: Number(size), state, height: Number(header.height), time: header.time };
}

/** CometBFT's MaxTotalVotingPower. */
const MAX_POWER = (2n ** 63n - 1n) / 8n;

function readEntry(proof: Proof): { entry: Entry; entryBytes: Bytes } {
  try {
    const entryBytes = fromB64u(proof.entry);
    return { entry: parseEntry(entryBytes), entryBytes };
  } catch {
    throw new ProofError('format');
  }
}

function readHeader(signed: string): SignedHeader {
  try {
    return parseSignedHeader(fromB64u(signed));
  } catch {
    throw new ProofError('format');
  }
}

async function verifyVotes(header: SignedHeader, set: ValidatorSet): Promise<void> {
  const { votes } = header.commit;
  if (!equal(header.validatorsHash, validatorSetHash(parseSet(set))) || votes.length !== set.validators.length) {
    throw new ProofError('validators');
  }
  const signed = await Promise.all(
    set.validators.map(async (validator, i) => {
      const vote = votes[i];
      if (vote?.flag !== VOTE_FOR_BLOCK) return 0n;
      const key = fromB64u(validator.public_key, 32);
      if (!equal(vote.address, sha256(key).subarray(0, 20))) throw new ProofError('signature');
      if (!(await verifyEd25519(key, vote.signature, voteBytes(header, vote)))) throw new ProofError('signature');
      return BigInt(validator.power);
    }),
  );
  const total = set.validators.reduce((sum, v) => sum + BigInt(v.power), 0n);
  const got = signed.reduce((sum, power) => sum + power, 0n);
  if (got * 3n <= total * 2n) throw new ProofError('power');
}

/** The set again, in case its caller made it by hand. */
function parseSet(set: ValidatorSet): ValidatorSet {
  try {
    return parseValidatorSet(set);
  } catch {
    throw new ProofError('validators');
  }
}

async function verifyEd25519(key: Bytes, signature: Bytes, message: Bytes): Promise<boolean> {
  try {
    const imported = await globalThis.crypto.subtle.importKey('raw', key, 'Ed25519', false, ['verify']);
    return await globalThis.crypto.subtle.verify('Ed25519', imported, signature, message);
  } catch {
    return false;
  }
}

/** The root that an inclusion path leads to (RFC 9162 § 2.1.3.2); null if the path has not the one length that fits. */
export function inclusionRoot(leaf: Bytes, index: bigint, size: bigint, path: readonly Bytes[]): Bytes | null {
  if (index >= size) return null;
  let node = leaf;
  let last = size - 1n;
  for (const sibling of path) {
    if (last === 0n) return null;
    // Levels at which the node is the last and alone have no sibling in the path.
    while (index === last && (index & 1n) === 0n) [index, last] = [index >> 1n, last >> 1n];
    node = (index & 1n) === 1n ? hashChildren(sibling, node) : hashChildren(node, sibling);
    [index, last] = [index >> 1n, last >> 1n];
  }
  return last === 0n ? node : null;
}

/** base64url of the leaf hash: how a proof is asked for (GET /ledger/v1/proofs/{leaf}). */
export function leafText(entry: Uint8Array): string {
  return b64u(leafOf(entry));
}
