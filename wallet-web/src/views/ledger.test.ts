/** Which validators a wallet goes on with when others than the pinned ones sign the ledger. */
import { describe, expect, test } from 'vitest';
import { b64u, fromB64u } from '../core/bytes';
import { validatorSetHash, type ValidatorSet } from '../core/ledger/proof';
import { parseSuccession, type Succession } from '../core/ledger/succession';
import { textVectors } from '../core/testing/vectors';
import { unfollowed, type Pin } from './ledger';

const vector = (name: string): Succession => {
  const found = textVectors('anchor/testdata/vectors/succession.txt').find((v) => v['case'] === name);
  return parseSuccession(found?.['succession']);
};
const pinOf = (set: ValidatorSet): Pin => ({ chain_id: set.chain_id, validators_hash: b64u(validatorSetHash(set)) });

describe('the members of the ledger change', () => {
  const good = vector('and these five');
  const from = good.from!;
  const [four, five] = good.steps.map((s) => s.next) as [ValidatorSet, ValidatorSet];

  test('those before agreed, once or twice', async () => {
    expect(await unfollowed(pinOf(from), pinOf(five), good)).toBeNull();
    expect(await unfollowed(pinOf(from), pinOf(four), good)).toBeNull(); // the last step is of a moment ago
    expect(await unfollowed(pinOf(four), pinOf(five), vector('from the middle'))).toBeNull();
  });

  test('nothing leads to those shown', async () => {
    expect(await unfollowed(pinOf(from), pinOf(five), null)).toBe('missing');
    expect(await unfollowed(pinOf(from), pinOf(five), { v: 1, steps: [] })).toBe('missing');
    expect(await unfollowed(pinOf(from), pinOf(five), { ...good, steps: good.steps.slice(0, 1) })).toBe('missing');
    expect(await unfollowed(pinOf(from), pinOf(five), vector('from the middle'))).toBe('missing'); // from others than the pinned
    expect(await unfollowed(pinOf(from), { ...pinOf(five), chain_id: 'another-chain' }, good)).toBe('missing');
    expect(await unfollowed(pinOf(five), pinOf(from), { v: 1, from: five, steps: [] })).toBe('missing'); // back to an older set
  });

  test.each([
    'signed by those who come',
    'two of four agree',
    'another set than the header names',
    'a header that was changed',
    'a signature that was changed',
  ])('%s', async (name) => {
    const bad = vector(name);
    const last = bad.steps[bad.steps.length - 1]!.next;
    expect(await unfollowed(pinOf(bad.from!), pinOf(last), bad)).toBe('forged');
  });

  test('what cannot be read is no agreement', async () => {
    const cut = structuredClone(good) as { steps: { signed_header: string }[] };
    cut.steps[0]!.signed_header = b64u(fromB64u(cut.steps[0]!.signed_header).subarray(0, 40));
    expect(await unfollowed(pinOf(from), pinOf(five), cut)).toBe('forged');
    expect(await unfollowed(pinOf(from), pinOf(five), { v: 2, steps: [] })).toBe('forged');
  });
});
