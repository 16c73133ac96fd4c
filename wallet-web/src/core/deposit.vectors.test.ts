import { expect, test } from 'vitest';
import { verifyDeposit } from './deposit';
import { CoreError } from './errors';
import { jsonVectors } from './testing/vectors';

test.each(jsonVectors<{ name: string; expect: string; jws: string; from?: string; record?: string }>('consent/testdata/vectors/deposit.json', (c) => c.expect))('$name', async (c) => {
  try {
    const { from, record } = await verifyDeposit(c.jws);
    expect(c.expect).toBe('ok');
    expect({ from, record }).toEqual({ from: c.from, record: c.record });
  } catch (error) {
    if (!(error instanceof CoreError)) throw error;
    expect(`refused ${error.code}`).toBe(c.expect);
  }
});
