/**
 * CometBFT v0.38 signed headers: a block header and the validators' votes for it. Twin of Go's anchor/header.go,
 * which is tested against CometBFT's own types.
 */
import { concat, fromUtf8, sha256, utf8, type Bytes } from '../bytes';
import { dataField, fixed64Field, malformed, numberField, Reader, varint } from './protobuf';

/** The version of CometBFT's block format that is known here. */
const BLOCK_PROTOCOL = 11n;

/** What a validator voted for. */
export const VOTE_FOR_BLOCK = 2n;
const VOTE_ABSENT = 1n;
const VOTE_FOR_NIL = 3n;

/** Go's zero time, 0001-01-01, in unix seconds. */
const ZERO_TIME = -62135596800n;

/** One validator's place in a commit. */
export interface Vote {
  flag: bigint;
  /** 20 bytes: the first of the key's SHA-256. */
  address: Bytes;
  /** google.protobuf.Timestamp as it was signed. */
  time: Bytes;
  signature: Bytes;
}

/** A header with its commit, as far as a proof needs them. */
export interface SignedHeader {
  chain: string;
  height: bigint;
  /** Unix seconds. */
  time: number;
  validatorsHash: Bytes;
  /** Of the set that signs the next header. */
  nextValidatorsHash: Bytes;
  appHash: Bytes;
  /** The header's hash: what a block is called. */
  hash: Bytes;
  commit: { height: bigint; round: bigint; blockHash: Bytes; blockId: Bytes; votes: Vote[] };
}

/** Reads the protobuf form; accepts only what CometBFT writes and its ValidateBasic lets pass. Throws ParseError `format`. */
export function parseSignedHeader(bytes: Bytes): SignedHeader {
  const r = new Reader(bytes);
  const header = parseHeader(r.message(1));
  const commit = parseCommit(r.message(2));
  r.end();
  return { ...header, commit };
}

/** What the validator of a vote signs: the canonical precommit, with its length in front. */
export function voteBytes(header: SignedHeader, vote: Vote): Bytes {
  const precommit = 2;
  const message = concat(
    numberField(1, precommit),
    fixed64Field(2, header.commit.height),
    fixed64Field(3, header.commit.round),
    vote.flag === VOTE_FOR_BLOCK ? dataField(4, header.commit.blockId, true) : new Uint8Array(0),
    dataField(5, vote.time, true),
    dataField(6, utf8(header.chain)),
  );
  return concat(varint(message.length), message);
}

/** The RFC 6962 root of a short list of byte strings, as CometBFT hashes headers and validator sets. */
export function treeRoot(items: readonly Bytes[]): Bytes {
  const [first] = items;
  if (first === undefined) return sha256();
  if (items.length === 1) return sha256(Uint8Array.of(0), first);
  let split = 1;
  while (split * 2 < items.length) split *= 2;
  return hashChildren(treeRoot(items.slice(0, split)), treeRoot(items.slice(split)));
}

/** The RFC 6962 hash of an inner node. */
export function hashChildren(left: Uint8Array, right: Uint8Array): Bytes {
  return sha256(Uint8Array.of(1), left, right);
}

function parseHeader(bytes: Bytes): Omit<SignedHeader, 'commit'> {
  const r = new Reader(bytes);
  const version = r.message(1);
  const chainBytes = r.data(2);
  const height = r.number(3);
  const time = r.message(4);
  const lastBlock = r.message(5);
  // last commit, data, validators, next validators, consensus, app, last results, evidence hash, proposer
  const rest = [6, 7, 8, 9, 10, 11, 12, 13, 14].map((field) => r.data(field));
  r.end();
  const v = new Reader(version);
  const protocol = v.number(1);
  v.number(2);
  v.end();
  parseBlockId(lastBlock);
  const chain = fromUtf8(chainBytes, 'signed header');
  const [, , validatorsHash = malformed(), nextValidatorsHash = malformed(), , appHash = malformed(), , , proposer = malformed()] = rest;
  if (protocol !== BLOCK_PROTOCOL || !isChain(chain) || height < 1n) malformed();
  if (validatorsHash.length !== 32 || proposer.length !== 20) malformed();
  rest.forEach((hash, i) => {
    if (i !== 5 && i !== 8) hashOrNothing(hash);
  });
  const seconds = parseTime(time).seconds;
  const hash = treeRoot([
    version,
    dataField(1, chainBytes),
    numberField(1, height),
    time,
    lastBlock,
    ...rest.map((value) => dataField(1, value)),
  ]);
  return { chain, height, time: Number(seconds), validatorsHash, nextValidatorsHash, appHash, hash };
}

function parseCommit(bytes: Bytes): SignedHeader['commit'] {
  const r = new Reader(bytes);
  const height = r.number(1);
  const round = r.number(2);
  const blockId = r.message(3);
  const votes = r.messages(4).map(parseVote);
  r.end();
  const blockHash = parseBlockId(blockId);
  if (height < 1n || round < 0n || round >= 1n << 31n || blockHash.length !== 32 || votes.length === 0) malformed();
  return { height, round, blockHash, blockId, votes };
}

function parseVote(bytes: Bytes): Vote {
  const r = new Reader(bytes);
  const vote = { flag: r.number(1), address: r.data(2), time: r.message(3), signature: r.data(4) };
  r.end();
  const { seconds, nanos } = parseTime(vote.time);
  if (vote.flag === VOTE_ABSENT) {
    if (vote.address.length > 0 || seconds !== ZERO_TIME || nanos !== 0n || vote.signature.length > 0) malformed();
  } else {
    if (vote.flag !== VOTE_FOR_BLOCK && vote.flag !== VOTE_FOR_NIL) malformed();
    if (vote.address.length !== 20 || vote.signature.length === 0 || vote.signature.length > 64) malformed();
  }
  return vote;
}

/** The hash in a BlockID. */
function parseBlockId(bytes: Bytes): Bytes {
  const r = new Reader(bytes);
  const hash = r.data(1);
  const parts = new Reader(r.message(2));
  r.end();
  const total = parts.number(1);
  const partsHash = parts.data(2);
  parts.end();
  if (total < 0n || total >= 1n << 32n) malformed();
  hashOrNothing(hash);
  hashOrNothing(partsHash);
  return hash;
}

function parseTime(bytes: Bytes): { seconds: bigint; nanos: bigint } {
  const r = new Reader(bytes);
  const seconds = r.number(1);
  const nanos = r.number(2);
  r.end();
  // CometBFT's bounds: years 1 to 9999.
  if (seconds < ZERO_TIME || seconds >= 253402300800n || nanos < 0n || nanos >= 1000000000n) malformed();
  return { seconds, nanos };
}

function hashOrNothing(hash: Bytes): void {
  if (hash.length !== 0 && hash.length !== 32) malformed();
}

function isChain(chain: string): boolean {
  return /^[!-~]{1,50}$/.test(chain);
}
