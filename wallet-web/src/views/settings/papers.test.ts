import { beforeEach, expect, it, vi } from 'vitest';
import type { GrantRecord } from '../../api/grant';
import { verifyChain } from '../../core/chain';
import { prepareGrant, endReceipt } from '../../core/grant';
import { eventOf, parseReceipt } from '../../core/receipt';
import { fixedRandom, NOW, ORIGIN } from '../../core/testing/fixed';
import { testVault } from '../../core/testing/vault';

const api = vi.hoisted(() => ({ readGrants: vi.fn(), readGrantProof: vi.fn(), readWithdrawalProof: vi.fn() }));
vi.mock('../../api/grant', async (original) => ({ ...(await original<object>()), ...api }));
const dates = vi.hoisted(() => ({ nowSeconds: vi.fn() }));
vi.mock('../../components/dates', async (original) => ({ ...(await original<object>()), ...dates }));
const { erasures, papersFile } = await import('./papers');
type Vault = Parameters<typeof erasures>[0];

const random = fixedRandom('papers test');
const { request, giver } = await testVault();
const grant = async () => (await prepareGrant(request, { purposeId: 'marketing', attributes: [], channels: ['wallet'], days: 7 }, giver, NOW, random)).plaintext;
const [live, paused, gone] = [await grant(), await grant(), await grant()];
const pause = endReceipt(paused, 'paused', giver.identitySeed, NOW + 60, random);
const withdrawn = endReceipt(gone, 'withdrawn', giver.identitySeed, NOW + 60, random);
const record = (g: typeof live, state: string, ...later: string[]) =>
  ({ grant: g.grant, state, end: g.end, entry: g.entry, receipt: g.receipt, receipts: [g.receipt, ...later], withdrawal_receipt: '', anchored: state === 'live' }) as unknown as GrantRecord;
const vault = { grants: new Map([live, paused, gone].map((g) => [g.grant, g])), seed: giver.identitySeed } as unknown as Vault;

beforeEach(() => {
  vi.stubGlobal('location', { origin: ORIGIN });
  dates.nowSeconds.mockReturnValue(NOW + 3600);
  api.readGrants.mockResolvedValue([record(live, 'live'), record(paused, 'paused', pause), record(gone, 'withdrawn', withdrawn)]);
  api.readGrantProof.mockResolvedValue({ v: 7 }); // bent: it takes no receipt with it
});

it('an erasure is recorded of what stands or is paused, and of nothing else', async () => {
  const { grants, receipts } = await erasures(vault);
  expect(grants).toEqual([live.grant, paused.grant]);
  const shopper = parseReceipt(live.receipt).id;
  expect(verifyChain([live.receipt, receipts[0]!], shopper).map((l) => eventOf(l.receipt).event_state)).toEqual(['given', 'erased']);
  expect(verifyChain([paused.receipt, pause, receipts[1]!], shopper).map((l) => eventOf(l.receipt).event_state)).toEqual(['given', 'paused', 'erased']);
});

it('the file has every receipt once', async () => {
  const erased = await erasures(vault);
  const file = JSON.parse(await papersFile(vault, erased)) as { v: number; bundles: unknown[]; receipts: string[] };
  expect(file.v).toBe(1);
  expect(file.bundles).toEqual([]);
  expect(file.receipts).toEqual([live.receipt, paused.receipt, pause, gone.receipt, withdrawn, ...erased.receipts]);
});
