import { beforeEach, describe, expect, it, vi } from 'vitest';
import { catalogue } from '../../core/testing/fixed';
import type { GrantPlaintext } from '../../core/plaintext';

const done: string[] = [];
const fail = new Set<string>();
const run = (what: string) => {
  if (fail.has(what)) throw new Error(what);
  done.push(what);
};
vi.mock('./send', () => ({ demand: async (_: unknown, grants: GrantPlaintext[], d: { right: string }) => run(`${d.right} ${grants[0]!.business}`) }));
vi.mock('../grant/withdraw', async (original) => ({
  ...(await original<object>()),
  withdraw: async (_: unknown, g: GrantPlaintext, pause?: string) => run(`withdraw ${g.grant}${pause ? ` behind ${pause}` : ''}`),
}));
const sent = new Map<string, { right: string; grants: string[] }>();
vi.mock('../../core/rights', () => ({ parseRights: (jws: string) => sent.get(jws) }));
const api = vi.hoisted(() => ({ readGrants: vi.fn() }));
vi.mock('../../api/grant', async (original) => ({ ...(await original<object>()), ...api }));
const { conflicting, covers, optOutOf, optOutOfAll } = await import('./gpc');
type Vault = Parameters<typeof optOutOfAll>[0];

const MARKETING = 'https://w3id.org/dpv#DirectMarketing';
const DELIVERY = 'https://w3id.org/dpv#DeliveryOfGoods';
const vault = (gpc = false, more: object = {}) => ({ settings: { gpc, id: null, version: 0 }, rights: new Map(), grants: new Map(), ...more }) as unknown as Vault;
const grant = (id: string, business: string) => ({ grant: id, business }) as unknown as GrantPlaintext;

beforeEach(() => {
  done.length = 0;
  fail.clear();
  api.readGrants.mockResolvedValue([]);
  sent.clear();
});

describe('an opt-out', () => {
  it('is in force by the browser\'s signal or by the switch, and by nothing else', () => {
    expect(optOutOf(vault(), { globalPrivacyControl: true })).toBe('browser');
    expect(optOutOf(vault(true), { globalPrivacyControl: true })).toBe('browser');
    expect(optOutOf(vault(true), {})).toBe('switch');
    expect(optOutOf(vault(), { globalPrivacyControl: false })).toBeNull();
    expect(optOutOf(vault(), {})).toBeNull();
  });

  it('covers what the catalogue calls marketing, and what the operator names', () => {
    const all = catalogue();
    expect(covers(all, { id: 'offers', purpose: MARKETING }, 'switch')).toBe(true);
    expect(covers(all, { id: 'delivery', purpose: DELIVERY }, 'browser')).toBe(false);
    expect(covers(all, { id: 'offers', purpose: MARKETING }, null)).toBe(false);
    expect(covers(all, { id: 'offers', purpose: MARKETING }, null, ['offers'])).toBe(true);
  });

  it('conflicts with grants for marketing that stand or are paused', async () => {
    const record = (id: string, purpose: string, state: string) => ({ grant: id, purpose, state, end: 0xffffffff });
    api.readGrants.mockResolvedValue([record('a', MARKETING, 'live'), record('b', DELIVERY, 'live'), record('c', MARKETING, 'withdrawn'), record('d', MARKETING, 'anchoring'), record('e', MARKETING, 'live'), record('f', MARKETING, 'paused'), record('g', DELIVERY, 'paused')]);
    const held = new Map(['a', 'b', 'c', 'd', 'f', 'g'].map((id) => [id, grant(id, 'shop')]));
    expect((await conflicting(vault(true, { grants: held }), catalogue())).map((g) => g.grant)).toEqual(['a', 'd', 'f']);
  });

  it('ends a paused grant behind its pause', async () => {
    api.readGrants.mockResolvedValue([{ grant: 'a', state: 'live', receipt: 'r', receipts: ['r'], withdrawal_receipt: '' }, { grant: 'f', state: 'paused', receipt: 'r', receipts: ['r', 'p'], withdrawal_receipt: 'p' }]);
    await optOutOfAll(vault(), [grant('a', 'one'), grant('f', 'one')]);
    expect(done).toEqual(['opt-out one', 'withdraw a', 'withdraw f behind p']);
  });

  it('is sent to each business once, and withdraws every grant', async () => {
    await optOutOfAll(vault(), [grant('a', 'one'), grant('b', 'two'), grant('c', 'one')]);
    expect(done).toEqual(['opt-out one', 'withdraw a', 'withdraw c', 'opt-out two', 'withdraw b']);
  });

  it('goes on after a failure, says so, and sends nothing twice when tried again', async () => {
    fail.add('withdraw a');
    const grants = [grant('a', 'one'), grant('b', 'two')];
    await expect(optOutOfAll(vault(), grants)).rejects.toThrow('withdraw a');
    expect(done).toEqual(['opt-out one', 'opt-out two', 'withdraw b']);
    fail.clear();
    done.length = 0;
    sent.set('jws', { right: 'opt-out', grants: ['a'] });
    await optOutOfAll(vault(false, { rights: new Map([['r', { jws: 'jws' }]]) }), [grants[0]!]);
    expect(done).toEqual(['withdraw a']);
  });
});
