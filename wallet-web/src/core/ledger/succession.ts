/**
 * How a ledger's validators changed: who trusts a set follows to the newest, each step signed by those before. Twin of
 * Go's anchor/succession.go.
 */
import { equal, fromB64u, type Bytes } from '../bytes';
import { list, matching, object, parseJson, read, version, type Of } from '../shape';
import { parseSignedHeader } from './header';
import { parseValidatorSet, ProofError, setShape, validatorSetHash, verifyHeader, type ValidatorSet } from './proof';

const bytes = matching(/^[A-Za-z0-9_-]*$/, 'base64url');
const successionShape = object({ v: version, steps: list(object({ signed_header: bytes, next: setShape }), 4096) }, { from: setShape });

/** A succession as the ledger serves it; `from` may be missing where there is no step. */
export type Succession = Of<typeof successionShape>;

/** Reads the shape; followSuccession checks the rest. Throws ParseError. */
export function parseSuccession(json: unknown): Succession {
  return typeof json === 'string' ? parseJson('succession', json, successionShape) : read('succession', json, successionShape);
}

/** The newest set, once each step is signed by the set before it. Throws ProofError. */
export async function followSuccession(from: ValidatorSet, steps: Succession['steps']): Promise<ValidatorSet> {
  let set = from;
  let before = 0n;
  for (const step of steps) {
    const header = readHeader(step.signed_header);
    if (header.height <= before) throw new ProofError('format');
    await verifyHeader(step.signed_header, set);
    const next = readSet(step.next);
    if (!equal(header.nextValidatorsHash, validatorSetHash(next)) || next.chain_id !== set.chain_id) throw new ProofError('validators');
    before = header.height;
    set = next;
  }
  return set;
}

function readHeader(signed: string): { height: bigint; nextValidatorsHash: Bytes } {
  try {
    return parseSignedHeader(fromB64u(signed));
  } catch {
    throw new ProofError('format');
  }
}

function readSet(set: ValidatorSet): ValidatorSet {
  try {
    return parseValidatorSet(set);
  } catch {
    throw new ProofError('validators');
  }
}
