import { beforeEach, describe, expect, it, vi } from 'vitest';
import { Problem, Unparsed, Unreachable } from '../../api/http';
import { prepareGrant } from '../../core/grant';
import { newId, type GrantId } from '../../core/id';
import { ACKNOWLEDGE_WITHIN, STATE_WITHIN } from '../../core/loop';
import { systemRandom } from '../../core/random';
import { prepareRights } from '../../core/rights';
import { NOW, ORIGIN } from '../../core/testing/fixed';
import { testVault } from '../../core/testing/vault';

const api = vi.hoisted(() => ({ readOwed: vi.fn(), readRights: vi.fn() }));
vi.mock('../../api/loop', async (original) => ({ ...(await original<object>()), readOwed: api.readOwed }));
vi.mock('../../api/rights', async (original) => ({ ...(await original<object>()), readRights: api.readRights }));
const { loadOverdue } = await import('./overdue');
type Vault = Parameters<typeof loadOverdue>[0];

const DAY = 86400;
const world = await testVault();
const held = (purposeId: string, attributes: string[]) => prepareGrant(world.request, { purposeId, attributes, channels: [], days: 31 }, world.giver, NOW, systemRandom);
const { plaintext: grant } = await held('delivery', ['name', 'postal-address']);
const { rights } = await prepareRights(world.request, { regime: 'gdpr', right: 'erasure', grants: [grant.grant], attributes: [], text: '' }, world.identitySeed, NOW, systemRandom);
const acknowledgement = world.shop.sign('coffer-acknowledgement+jwt', { v: 1, iss: world.shop.did, aud: ORIGIN, grant: grant.grant, event: 'withdrawn', time: NOW });
const owed = (more: object = {}) => ({ grant: grant.grant, event: 'withdrawn', notified: NOW, acknowledgement: '', ...more });
const demanded = { rights: rights.id, business: { did: rights.aud, name: 'Named by the operator' }, grants: rights.grants, sent: NOW, replies: [] };
const copy = { v: 1, kind: 'rights', rights: rights.id, business: rights.aud, business_name: 'Corner Shop', jws: rights.jws };
const vault = (own = [grant], copies = [copy]) => ({ grants: new Map(own.map((g) => [g.grant, g])), rights: new Map(copies.map((c) => [c.rights, c])), seed: world.identitySeed }) as unknown as Vault;

beforeEach(() => {
  vi.resetAllMocks();
  vi.stubGlobal('location', { origin: ORIGIN });
  api.readOwed.mockResolvedValue([]);
  api.readRights.mockResolvedValue([]);
});

const linesAt = async (now: number, of = vault()) => {
  const loaded = await loadOverdue(of, now);
  return loaded.at === 'ready' ? loaded.debtors.flatMap((d) => d.late.map((l) => `${d.name}: ${l.what} ${l.days}`)) : loaded;
};

describe('who is late', () => {
  it('is nobody while the deadlines run, and then by how many days', async () => {
    api.readOwed.mockResolvedValue([owed()]);
    expect(await linesAt(NOW + ACKNOWLEDGE_WITHIN)).toEqual([]);
    expect(await linesAt(NOW + ACKNOWLEDGE_WITHIN + 1)).toEqual(['Corner Shop: acknowledgement 0']);
    expect(await linesAt(NOW + ACKNOWLEDGE_WITHIN + 2 * DAY)).toEqual(['Corner Shop: acknowledgement 2']);
    expect(await linesAt(NOW + STATE_WITHIN + DAY)).toEqual(['Corner Shop: statement 1']);
  });

  it('counts an acknowledgement that the business signed, and hands it on as evidence', async () => {
    api.readOwed.mockResolvedValue([owed({ acknowledgement })]);
    expect(await linesAt(NOW + ACKNOWLEDGE_WITHIN + DAY)).toEqual([]);
    const loaded = await loadOverdue(vault(), NOW + STATE_WITHIN + DAY);
    expect(loaded).toMatchObject({ debtors: [{ contact: 'dpo@corner.example', authority: 'Data Protection Authority of Testland', late: [{ acknowledgement, told: NOW, event: 'withdrawn' }] }] });
  });

  it('does not count one that somebody else signed, and never hands it on', async () => {
    api.readOwed.mockResolvedValue([owed({ acknowledgement: acknowledgement.slice(0, -4) + 'AAAA' })]);
    const loaded = await loadOverdue(vault(), NOW + ACKNOWLEDGE_WITHIN + DAY);
    expect(loaded).toMatchObject({ debtors: [{ late: [{ what: 'acknowledgement', acknowledgement: '' }] }] });
  });

  it('has the answers that are missing, with the others of the same business, the longest overdue first', async () => {
    api.readOwed.mockResolvedValue([owed()]);
    api.readRights.mockResolvedValue([demanded]);
    // Due on 22 December 2025, at its end.
    const end = Date.UTC(2025, 11, 23) / 1000;
    expect(await linesAt(end - 1, vault([]))).toEqual([]);
    expect(await linesAt(end + DAY)).toEqual(['Corner Shop: statement 2', 'Corner Shop: answer 2']);
  });

  it('says nothing of grants and rights requests without an own copy', async () => {
    api.readOwed.mockResolvedValue([owed({ grant: newId<GrantId>(systemRandom) })]);
    api.readRights.mockResolvedValue([{ ...demanded, rights: newId(systemRandom) }]);
    expect(await linesAt(NOW + 90 * DAY)).toEqual([]);
  });

  it('asks nobody for a vault that never gave or demanded anything', async () => {
    expect(await linesAt(NOW, vault([], []))).toEqual([]);
    expect(api.readOwed).not.toHaveBeenCalled();
    expect(api.readRights).not.toHaveBeenCalled();
  });

  it.each([
    [new Unreachable(), 'unreachable'],
    [new Unparsed('n'), 'unreadable'],
    [new Problem('not-signed-in', 401, ''), 'locked'],
    [new Problem('policy', 403, ''), 'refused'],
  ])('ends as %s says', async (error, at) => {
    api.readOwed.mockRejectedValue(error);
    expect(await loadOverdue(vault(), NOW)).toMatchObject({ at });
  });
});
