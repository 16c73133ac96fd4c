import { describe, expect, test } from 'vitest';
import { b64u, equal, utf8, type Bytes } from '../bytes';
import { CoreError } from '../errors';
import { fromHex, textVectors, vectorFiles } from '../testing/vectors';
import { opens, type Opening } from './commitment';
import { parseConsistency, verifyConsistency } from './consistency';
import { encodeEntry, isSigned, leafOf, parseEntry, type Entry } from './entry';
import { parseCompleteness, parseMultiProof, verifyCompleteness, verifyMultiProof, type ProvenList } from './lists';
import { followSuccession, parseSuccession } from './succession';
import { inclusionRoot, parseProof, parseValidatorSet, ProofError, validatorSetHash, verifyProof, type ValidatorSet } from './proof';

const folder = 'anchor/testdata/vectors';

/** "ok", or "refused" and the code. */
async function outcome(run: () => unknown): Promise<string> {
  try {
    await run();
    return 'ok';
  } catch (error) {
    if (error instanceof CoreError) return `refused ${error.code}`;
    throw error;
  }
}

test('there is a corpus for each format', () => {
  expect(vectorFiles(folder)).toEqual(expect.arrayContaining(['commitments.txt', 'completeness.txt', 'consistency.txt', 'entries.txt', 'multiproofs.txt', 'proofs.txt', 'succession.txt']));
});

describe('entries', () => {
  test.each(textVectors(`${folder}/entries.txt`))('$case', async (v) => {
    const bytes = fromHex(v['entry'] ?? '');
    let entry: Entry | undefined;
    const got = await outcome(() => {
      entry = parseEntry(bytes);
      if (!isSigned(v['chain'] ?? '', entry, fromHex(v['wallet'] ?? ''))) throw new CoreError('signature', '');
    });
    expect(got).toBe(v.expect);
    if (!entry || got !== 'ok') return;
    expect(equal(encodeEntry(entry), bytes)).toBe(true);
    expect(equal(leafOf(bytes), fromHex(v['leaf'] ?? ''))).toBe(true);
    for (const field of ['kind', 'scheme', 'start', 'end', 'epoch', 'handle', 'commitment'] as const) {
      if (v[field] === undefined) continue;
      const has = (entry as unknown as Record<string, unknown>)[field];
      expect(has instanceof Uint8Array ? b64u(has) : String(has), field).toBe(has instanceof Uint8Array ? b64u(fromHex(v[field])) : v[field]);
    }
  });
});

describe('commitments', () => {
  test.each(textVectors(`${folder}/commitments.txt`))('$case', (v) => {
    const opening = { scheme: Number(v['scheme']), r: b64u(fromHex(v['r'] ?? '')) } as Opening;
    const opened = opens(opening, fromHex(v['commitment'] ?? ''), fromHex(v['document'] ?? ''));
    expect(opened ? 'ok' : 'refused opening').toBe(v.expect);
  });
});

describe('proofs', () => {
  test.each(textVectors(`${folder}/proofs.txt`))('$case', async (v) => {
    const got = await outcome(async () => {
      const proof = step('format', () => parseProof(v['proof']));
      const set = step('validators', () => parseValidatorSet(v['validators']));
      const proven = await verifyProof(proof, set);
      expect(proven).toMatchObject({ index: Number(v['index']), size: Number(v['size']), height: Number(v['height']) });
      expect(proven.time).toBe(Math.floor(Date.parse((v['time'] ?? '').replace(/(\.\d{3})\d*/, '$1')) / 1000));
    });
    expect(got).toBe(v.expect);
  });

  /** What the corpus calls a proof or a set whose JSON does not parse. */
  function step<T>(reason: 'format' | 'validators', run: () => T): T {
    try {
      return run();
    } catch {
      throw new ProofError(reason);
    }
  }

  test('no bit of a proof can be flipped', async () => {
    const v = textVectors(`${folder}/proofs.txt`).find((c) => c.expect === 'ok' && c['index'] !== '0');
    const proof = parseProof(v?.['proof']);
    const set = parseValidatorSet(v?.['validators']);
    const header = decode(proof.signed_header);
    let accepted = 0;
    for (let i = 0; i < header.length; i++) {
      const flipped = header.slice();
      flipped[i] = (flipped[i] ?? 0) ^ 1;
      if ((await outcome(() => verifyProof({ ...proof, signed_header: b64u(flipped) }, set))) === 'ok') accepted++;
    }
    expect(accepted).toBe(0);
    expect(await outcome(() => verifyProof({ ...proof, index: proof.index + 1 }, set))).toBe('refused path');
    expect(await outcome(() => verifyProof({ ...proof, path: proof.path.slice(1) }, set))).toBe('refused path');
    expect(await outcome(() => verifyProof(proof, { ...set, chain_id: 'other' }))).toBe('refused chain');
  });

  function decode(text: string): Bytes {
    return Uint8Array.from(Buffer.from(text, 'base64url'));
  }
});

describe.each([
  ['multiproofs.txt', (proof: string, set: ValidatorSet) => verifyMultiProof(shaped(() => parseMultiProof(proof)), set)],
  ['completeness.txt', (proof: string, set: ValidatorSet) => verifyCompleteness(shaped(() => parseCompleteness(proof)), set)],
] as const)('%s', (file, verify) => {
  test.each(textVectors(`${folder}/${file}`))('$case', async (v) => {
    let list: ProvenList | undefined;
    const got = await outcome(async () => {
      list = await verify(v['proof'] ?? '', parseValidatorSet(v['validators']));
    });
    expect(got).toBe(v.expect);
    if (list === undefined) return;
    expect(String(list.entries.length)).toBe(v['count']);
    expect(String(list.dropped.length)).toBe(v['dropped'] ?? '0');
    if (v['size'] !== undefined) expect(String(list.size)).toBe(v['size']);
  });
});

/** What the corpus calls a proof whose JSON does not parse. */
function shaped<T>(run: () => T): T {
  try {
    return run();
  } catch {
    throw new ProofError('format');
  }
}

describe('consistency', () => {
  test.each(textVectors(`${folder}/consistency.txt`))('$case', async (v) => {
    const got = await outcome(() => {
      let proof;
      try {
        proof = parseConsistency(v['proof']);
      } catch {
        throw new ProofError('format');
      }
      verifyConsistency(proof, fromHex(v['from_root'] ?? ''), fromHex(v['to_root'] ?? ''));
    });
    expect(got).toBe(v.expect);
  });

  test('no bit of a path can be flipped', async () => {
    const v = textVectors(`${folder}/consistency.txt`).find((c) => c.case === 'from 7 to 13');
    const proof = parseConsistency(v?.['proof']);
    const [from, to] = [fromHex(v?.['from_root'] ?? ''), fromHex(v?.['to_root'] ?? '')];
    expect(await outcome(() => verifyConsistency(proof, from, to))).toBe('ok');
    expect(proof.path.length).toBeGreaterThan(2);
    for (const [i, hash] of proof.path.entries()) {
      const flipped = Uint8Array.from(Buffer.from(hash, 'base64url'));
      flipped[9] = (flipped[9] ?? 0) ^ 8;
      expect(await outcome(() => verifyConsistency({ ...proof, path: proof.path.with(i, b64u(flipped)) }, from, to))).toBe('refused path');
    }
    expect(await outcome(() => verifyConsistency({ ...proof, from: 14 }, from, to))).toBe('refused format');
  });
});

test('a commitment hides nothing that its opening does not open', () => {
  expect(opens({ scheme: 1, r: 'AA' }, new Uint8Array(32), utf8(''))).toBe(false);
});

test('an inclusion path has the one length that fits its place', () => {
  const hash = new Uint8Array(32);
  const lengths = (index: bigint, size: bigint) => [0, 1, 2, 3, 4].filter((n) => inclusionRoot(hash, index, size, Array<Bytes>(n).fill(hash)) !== null);
  expect(lengths(0n, 1n)).toEqual([0]);
  expect(lengths(1n, 2n)).toEqual([1]);
  expect(lengths(2n, 3n)).toEqual([1]);
  expect(lengths(4n, 7n)).toEqual([3]);
  expect(lengths(6n, 7n)).toEqual([2]);
  expect(lengths(7n, 7n)).toEqual([]);
});

describe('successions', () => {
  test.each(textVectors(`${folder}/succession.txt`))('$case', async (v) => {
    const got = await outcome(async () => {
      let succession;
      try {
        succession = parseSuccession(v['succession']);
      } catch {
        throw new ProofError('format');
      }
      if (!succession.from) throw new ProofError('format');
      const newest = await followSuccession(succession.from, succession.steps);
      expect(equal(validatorSetHash(newest), fromHex(v['newest'] ?? ''))).toBe(true);
    });
    expect(got).toBe(v.expect);
  });
});
