import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { GrantRecord } from '../../api/grant';
import { verifyChain } from '../../core/chain';
import { preparePause } from '../../core/change';
import { startOf } from '../../core/epoch';
import { prepareGrant } from '../../core/grant';
import { eventOf, parseReceipt } from '../../core/receipt';
import { fixedRandom, NOW } from '../../core/testing/fixed';
import { testVault } from '../../core/testing/vault';

const api = vi.hoisted(() => ({ readGrants: vi.fn(), recordExpiry: vi.fn() }));
vi.mock('../../api/grant', async (original) => ({ ...(await original<object>()), ...api }));
const dates = vi.hoisted(() => ({ nowSeconds: vi.fn() }));
vi.mock('../../components/dates', async (original) => ({ ...(await original<object>()), ...dates }));
const { recordExpiries } = await import('./expiry');

const { request, giver } = await testVault();
const random = fixedRandom('expiry test');
const grant = async () => (await prepareGrant(request, { purposeId: 'marketing', attributes: [], channels: ['wallet'], days: 7 }, giver, NOW, random)).plaintext;
const [live, paused, withdrawn, done] = [await grant(), await grant(), await grant(), await grant()];
const pause = preparePause(paused, giver, NOW + 3600, random).receipt;
const record = (g: typeof live, state: string, ...later: string[]) =>
  ({ grant: g.grant, state, end: g.end, receipt: g.receipt, receipts: [g.receipt, ...later], withdrawal_receipt: '' }) as unknown as GrantRecord;
const vault = { grants: new Map([live, paused, withdrawn, done].map((g) => [g.grant, g])), seed: giver.identitySeed };

beforeEach(() => vi.resetAllMocks());

describe('receipts of expiry', () => {
  it('are made once for what ran out, behind a pause where there was one', async () => {
    dates.nowSeconds.mockReturnValue(startOf(live.end) + 10);
    api.readGrants.mockResolvedValue([record(live, 'live'), record(paused, 'paused', pause), record(withdrawn, 'withdrawn'), record(done, 'live', 'made before')]);
    await recordExpiries(vault);
    expect(api.recordExpiry.mock.calls.map((c) => c[0] as string)).toEqual([live.grant, paused.grant]);
    const [first, second] = api.recordExpiry.mock.calls.map((c) => c[1] as string);
    const shopper = parseReceipt(live.receipt).id;
    expect(verifyChain([live.receipt, first!], shopper)).toHaveLength(2);
    expect(verifyChain([paused.receipt, pause, second!], shopper).map((l) => eventOf(l.receipt).event_state)).toEqual(['given', 'paused', 'expired']);
  });

  it('are not made before the end', async () => {
    dates.nowSeconds.mockReturnValue(startOf(live.end) - 1);
    api.readGrants.mockResolvedValue([record(live, 'live'), record(paused, 'paused', pause)]);
    await recordExpiries(vault);
    expect(api.recordExpiry).not.toHaveBeenCalled();
  });
});
