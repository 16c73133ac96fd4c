import { beforeEach, describe, expect, it, vi } from 'vitest';
import { Problem, Unparsed, Unreachable } from '../../api/http';
import type { GrantRecord } from '../../api/grant';
import { prepareSuccessor } from '../../core/change';
import { endReceipt, prepareGrant } from '../../core/grant';
import type { GrantId } from '../../core/id';
import type { GrantPlaintext } from '../../core/plaintext';
import { fixedRandom, NOW, ORIGIN } from '../../core/testing/fixed';
import { testVault } from '../../core/testing/vault';

const api = vi.hoisted(() => ({ readGrants: vi.fn(), readGrantProof: vi.fn(), readWithdrawalProof: vi.fn() }));
vi.mock('../../api/grant', async (original) => ({ ...(await original<object>()), ...api }));
vi.mock('../../components/dates', async (original) => ({ ...(await original<object>()), nowSeconds: () => NOW + 3600 }));
vi.mock('../ledger', () => ({ trustedSet: async () => null }));
const { endOf, loadGrant } = await import('./load');
type Vault = Parameters<typeof loadGrant>[0];

const random = fixedRandom('load test');
const { request, giver } = await testVault();
const given = (await prepareGrant(request, { purposeId: 'delivery', attributes: ['name', 'postal-address', 'phone'], channels: [], days: 31 }, giver, NOW, random)).plaintext;
const wish = { kind: 'narrowed' as const, attributes: ['name', 'postal-address'], channels: [], until: given.end };
const next = (await prepareSuccessor(given, request, wish, giver, NOW + 60, random)).plaintext!;
const record = (g: GrantPlaintext, state: string, more: object = {}) =>
  ({ grant: g.grant, state, attributes: g.attributes, start: g.start, end: g.end, entry: g.entry, receipt: g.receipt, receipts: [], withdrawal_receipt: '', withdrawn: 0, anchored: false, business: { did: g.business, name: 'Shop' }, ...more }) as unknown as GrantRecord;
const vault = (...held: GrantPlaintext[]) => ({ grants: new Map(held.map((g) => [g.grant, g])) }) as unknown as Vault;

beforeEach(() => {
  vi.resetAllMocks();
  vi.stubGlobal('location', { origin: ORIGIN });
});

describe('loading a grant', () => {
  it('has what it answers, its life and the line of grants', async () => {
    api.readGrants.mockResolvedValue([record(given, 'replaced', { successor: next.grant }), record(next, 'live')]);
    const loaded = await loadGrant(vault(given, next), next.grant);
    expect(loaded).toMatchObject({ at: 'ready', same: true, evidence: { proof: 'none' }, request: { id: request.id }, life: { whole: true, last: next.grant } });
    expect(loaded.at === 'ready' && loaded.life?.moments.map((m) => m.state)).toEqual(['given', 'narrowed']);
  });

  it('without an own record tells no life and verifies nothing', async () => {
    api.readGrants.mockResolvedValue([record(given, 'live')]);
    expect(await loadGrant(vault(), given.grant)).toMatchObject({ at: 'ready', own: null, request: null, life: null, evidence: { proof: 'none' } });
  });

  it('does not take another entry for the one that was signed', async () => {
    api.readGrants.mockResolvedValue([record(given, 'live', { entry: next.entry })]);
    expect(await loadGrant(vault(given), given.grant)).toMatchObject({ at: 'ready', same: false });
  });

  it('shows a proof that is none as refused', async () => {
    api.readGrants.mockResolvedValue([record(given, 'live', { anchored: true })]);
    api.readGrantProof.mockResolvedValue({ v: 7 });
    expect(await loadGrant(vault(given), given.grant)).toMatchObject({ at: 'ready', evidence: { proof: 'refused', lines: [{ name: 'proof', ok: false, detail: 'format' }] } });
  });

  it.each([
    [new Unreachable(), 'unreachable'],
    [new Unparsed('n'), 'unreadable'],
    [new Problem('not-signed-in', 401, ''), 'locked'],
    [new Problem('not-found', 404, ''), 'notFound'],
    [new Problem('policy', 403, ''), 'refused'],
  ])('ends as %s says', async (error, at) => {
    api.readGrants.mockRejectedValue(error);
    expect(await loadGrant(vault(given), given.grant)).toMatchObject({ at });
  });

  it('of nobody is not found', async () => {
    api.readGrants.mockResolvedValue([record(given, 'live')]);
    expect(await loadGrant(vault(given), 'AAAAAAAAAAAAAAAAAAAAAA' as GrantId)).toEqual({ at: 'notFound' });
  });
});

describe('the receipt of an end', () => {
  const paused = endReceipt(given, 'paused', giver.identitySeed, NOW + 60, random);
  const withdrawn = endReceipt(given, 'withdrawn', giver.identitySeed, NOW + 90, random, paused);
  it('is the one that follows the beginning, or the successor\'s', () => {
    expect(endOf(given, record(given, 'paused', { receipts: [given.receipt, paused] }), vault(given))).toBe(paused);
    // The entry ended with the pause, whatever came after it.
    expect(endOf(given, record(given, 'withdrawn', { receipts: [given.receipt, paused], withdrawal_receipt: withdrawn }), vault(given))).toBe(paused);
    expect(endOf(given, record(given, 'withdrawn', { withdrawal_receipt: withdrawn }), vault(given))).toBe('');
    expect(endOf(given, record(given, 'replaced'), vault(given, next))).toBe(next.receipt);
    expect(endOf(given, record(given, 'live'), vault(given))).toBe('');
  });
});
