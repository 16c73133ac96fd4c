import { beforeEach, describe, expect, it, vi } from 'vitest';
import { Problem, Unparsed, Unreachable } from '../../api/http';
import type { RightsRecord } from '../../api/rights';
import { b64u, hashOf, utf8 } from '../../core/bytes';
import { newId, type GrantId, type RightsId } from '../../core/id';
import { agreementKey } from '../../core/identity';
import { sealEnvelope } from '../../core/letter';
import type { GrantPlaintext, RightsPlaintext } from '../../core/plaintext';
import { systemRandom } from '../../core/random';
import { prepareRights, type RightsRequest } from '../../core/rights';
import { NOW, shop } from '../../core/testing/fixed';
import { testVault, type TestVault } from '../../core/testing/vault';

const api = vi.hoisted(() => ({ readRights: vi.fn(), readOneRights: vi.fn() }));
vi.mock('../../api/rights', async (original) => ({ ...(await original<object>()), ...api }));
const { businessesOf, caseOf, loadCase, loadRights } = await import('./load');
type Vault = Parameters<typeof loadRights>[0];

let world: TestVault;
let rights: RightsRequest;
let record: RightsRecord;
let vault: Vault;
const DAY = 86400;

beforeEach(async () => {
  world = await testVault();
  const demand = { regime: 'gdpr', right: 'erasure', grants: [newId<GrantId>(systemRandom)], attributes: [], text: '' } as const;
  ({ rights } = await prepareRights(world.request, demand, world.identitySeed, NOW, systemRandom));
  record = { rights: rights.id, business: { did: rights.aud, name: 'Named by the operator' }, grants: rights.grants, sent: NOW, replies: [] };
  vault = vaultWith({ v: 1, kind: 'rights', rights: rights.id, business: rights.aud, business_name: 'Corner Shop', jws: rights.jws });
});

const vaultWith = (...copies: RightsPlaintext[]) => ({ rights: new Map(copies.map((c) => [c.rights, c])), seed: world.identitySeed, grants: new Map() }) as unknown as Vault;

/** A reply as the business makes it. */
async function replied(step: string, change: object = {}, by = world.shop): Promise<RightsRecord['replies'][number]> {
  const payload = { v: 1, id: rights.id, iss: by.did, sub: rights.iss, request_hash: hashOf(rights.jws), time: NOW, step, outcome: step === 'answered' ? 'done' : '', text: 'Because.', nonce: b64u(systemRandom(32)), ...change };
  const sealed = await sealEnvelope(agreementKey(world.identitySeed, world.shop.did).publicJwk, 'coffer-rights+jwe', utf8(by.sign('coffer-rights-reply+jwt', payload)), systemRandom);
  return { step: step as 'answered', sealed, received: NOW + DAY };
}

describe('loading the rights requests', () => {
  it('reckons the clock, and says who from the own copy', async () => {
    api.readRights.mockResolvedValue([record]);
    const loaded = await loadRights(vault, NOW + DAY);
    expect(loaded).toMatchObject({ at: 'ready', cases: [{ business: 'Corner Shop', odd: false, clock: { state: 'sent', due: '2025-12-22', left: 30 } }] });
  });

  it('puts overdue ones first and answered ones last', async () => {
    const other = (sent: number, replies: RightsRecord['replies']) => ({ ...record, sent, replies });
    api.readRights.mockResolvedValue([other(NOW, [await replied('answered')]), other(NOW, []), other(NOW - 90 * DAY, [])]);
    const loaded = await loadRights(vault, NOW + DAY);
    expect(loaded.at === 'ready' && loaded.cases.map((c) => c.clock?.state)).toEqual(['overdue', 'sent', 'answered']);
  });

  it.each([
    [new Unreachable(), 'unreachable'],
    [new Unparsed('n'), 'unreadable'],
    [new Problem('not-signed-in', 401, ''), 'locked'],
    [new Problem('not-found', 404, ''), 'notFound'],
    [new Problem('policy', 403, ''), 'refused'],
  ])('ends as %s says', async (error, at) => {
    api.readRights.mockRejectedValue(error);
    api.readOneRights.mockRejectedValue(error);
    expect(await loadRights(vault, NOW)).toMatchObject({ at });
    expect(await loadCase(vault, rights.id, NOW)).toMatchObject({ at });
  });
});

describe('a rights request', () => {
  it('opens the replies of its business', async () => {
    const shown = await caseOf(vault, { ...record, replies: [await replied('acknowledged', { text: '' }), await replied('answered')] }, NOW);
    expect(shown.replies).toMatchObject([{ at: 'open', step: 'acknowledged' }, { at: 'open', step: 'answered', reply: { outcome: 'done', text: 'Because.' } }]);
    expect(shown.clock?.state).toBe('answered');
  });

  it('relies on no reply that another signed, that is to another request, or that is called something else', async () => {
    const bad = [
      await replied('answered', {}, shop('another shop')),
      await replied('answered', { request_hash: b64u(systemRandom(32)) }),
      { ...(await replied('acknowledged')), step: 'answered' as const },
      { step: 'answered' as const, sealed: 'a.b.c.d.e', received: NOW },
    ];
    for (const reply of bad) expect((await caseOf(vault, { ...record, replies: [reply] }, NOW)).replies[0]?.at).toBe('closed');
  });

  it('says nothing of what it does not have its own copy of', async () => {
    expect(await caseOf(vaultWith(), record, NOW)).toMatchObject({ rights: null, clock: null, business: 'Named by the operator' });
  });

  it('does not take another record for the one that was signed', async () => {
    expect((await caseOf(vault, { ...record, business: { did: 'did:key:zOther', name: 'x' } }, NOW)).rights).toBeNull();
  });

  it('notices an operator that sets the clock to another time', async () => {
    expect((await caseOf(vault, { ...record, sent: NOW + 3600 }, NOW)).odd).toBe(true);
  });
});

describe('businessesOf', () => {
  it('lists each business once, its newest grant first', () => {
    const grant = (business: string, given: number) => ({ grant: newId<RightsId>(systemRandom), business, business_name: business.toUpperCase(), given }) as unknown as GrantPlaintext;
    const all = [grant('b', 1), grant('a', 2), grant('b', 3)];
    const found = businessesOf(new Map(all.map((g) => [g.grant, g])));
    expect(found.map((b) => [b.name, b.grants.map((g) => g.given)])).toEqual([
      ['A', [2]],
      ['B', [3, 1]],
    ]);
  });
});
