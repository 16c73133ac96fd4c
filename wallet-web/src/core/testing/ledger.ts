/** For tests only: a ledger of entries with one validator, which signs a header over them. */
import { ed25519 } from '@noble/curves/ed25519.js';
import { b64u, concat, sha256, utf8, type Bytes } from '../bytes';
import { signingKey } from '../identity';
import { leafOf } from '../ledger/entry';
import { hashChildren, treeRoot, voteBytes, type SignedHeader } from '../ledger/header';
import { validatorSetHash, type Proof, type ValidatorSet } from '../ledger/proof';
import { dataField, numberField } from '../ledger/protobuf';
import { fixedRandom, NOW } from './fixed';

const validator = signingKey(fixedRandom('validator')(32));
const address = sha256(validator.publicKey).slice(0, 20);

export function validators(chain: string): ValidatorSet {
  return { v: 1, chain_id: chain, validators: [{ public_key: b64u(validator.publicKey), power: 10 }] };
}

/** A proof of the entry at `index` among these, under a header of that moment. */
export function prove(chain: string, entries: readonly Bytes[], index: number, time = NOW, partsHash: Bytes = sha256(utf8('parts'))): Proof {
  const leaves = entries.map((e) => leafOf(e));
  const size = new Uint8Array(8);
  new DataView(size.buffer).setBigUint64(0, BigInt(entries.length));
  const header = headerBytes(chain, concat(root(leaves), size), time);
  const hash = treeRoot(header.tree);
  const blockId = concat(dataField(1, hash), dataField(2, concat(numberField(1, 1), dataField(2, partsHash)), true));
  const voteTime = numberField(1, time + 1);
  const commit = { height: 7n, round: 0n, blockHash: hash, blockId, votes: [] };
  const vote = { flag: 2n, address, time: voteTime, signature: new Uint8Array(0) };
  const signed = ed25519.sign(voteBytes({ chain, commit } as unknown as SignedHeader, vote), validator.seed);
  const voteMessage = concat(numberField(1, 2), dataField(2, address), dataField(3, voteTime, true), dataField(4, signed));
  const commitMessage = concat(numberField(1, 7), dataField(3, blockId, true), dataField(4, voteMessage, true));
  return {
    v: 1,
    entry: b64u(entries[index] ?? new Uint8Array(0)),
    index,
    path: path(leaves, index).map(b64u),
    signed_header: b64u(concat(dataField(1, header.message, true), dataField(2, commitMessage, true))),
  };
}

function headerBytes(chain: string, appHash: Bytes, time: number) {
  const version = numberField(1, 11);
  const at = numberField(1, time);
  const lastBlock = dataField(2, new Uint8Array(0), true);
  const set = validatorSetHash(validators(chain));
  const any = sha256(utf8('any'));
  const fields = [any, any, set, set, any, appHash, any, any, address];
  return {
    tree: [version, dataField(1, utf8(chain)), numberField(1, 7), at, lastBlock, ...fields.map((f) => dataField(1, f))],
    message: concat(
      dataField(1, version, true),
      dataField(2, utf8(chain)),
      numberField(3, 7),
      dataField(4, at, true),
      dataField(5, lastBlock, true),
      ...fields.map((f, i) => dataField(6 + i, f)),
    ),
  };
}

function splitOf(n: number): number {
  let split = 1;
  while (split * 2 < n) split *= 2;
  return split;
}

function root(leaves: readonly Bytes[]): Bytes {
  const [only] = leaves;
  if (leaves.length === 1 && only) return only;
  const split = splitOf(leaves.length);
  return hashChildren(root(leaves.slice(0, split)), root(leaves.slice(split)));
}

function path(leaves: readonly Bytes[], index: number): Bytes[] {
  if (leaves.length === 1) return [];
  const split = splitOf(leaves.length);
  const [left, right] = [leaves.slice(0, split), leaves.slice(split)];
  return index < split ? [...path(left, index), root(right)] : [...path(right, index - split), root(left)];
}
