import { beforeEach, describe, expect, it, vi } from 'vitest';
import { Problem, Unparsed, Unreachable } from '../../api/http';
import type { GrantId } from '../../core/id';

const api = vi.hoisted(() => ({ readReminders: vi.fn(), readGrants: vi.fn(), succeed: vi.fn(), verifyRequest: vi.fn(), save: vi.fn() }));
vi.mock('../../api/change', async (original) => ({ ...(await original<object>()), readReminders: api.readReminders }));
vi.mock('../../api/grant', async (original) => ({ ...(await original<object>()), readGrants: api.readGrants }));
vi.mock('../grant/change', () => ({ succeed: api.succeed }));
vi.mock('../../core/request', async (original) => ({ ...(await original<object>()), verifyRequest: api.verifyRequest }));
vi.mock('../documents', () => ({ saveSettings: api.save }));
const { letEnd, loadReminders, renewAll } = await import('./reminders');
type Vault = Parameters<typeof renewAll>[0];

const own = (grant: string, end = 0xfffffff) => ({ grant, business_name: `Shop of ${grant}`, purpose_id: 'p', end, attributes: ['name'], channels: [], request: 'r' });
const vault = (grants: object[], let_end: string[] = []) => ({ grants: new Map(grants.map((g) => [(g as { grant: string }).grant, g])), settings: { gpc: false, let_end } }) as unknown as Vault;
const ids = (...list: string[]) => list as GrantId[];
const DELIVERY = 'https://w3id.org/dpv#DeliveryOfGoods';

beforeEach(() => {
  vi.resetAllMocks();
  vi.stubGlobal('location', { origin: 'http://localhost' });
  api.verifyRequest.mockResolvedValue({ purposes: [{ id: 'p', days: 365 }] });
  api.readGrants.mockResolvedValue([{ grant: 'a', purpose: DELIVERY }, { grant: 'b', purpose: DELIVERY }]);
});

describe('reminders', () => {
  it('are of own grants that the shopper does not let end', async () => {
    api.readReminders.mockResolvedValue(['a', 'b', 'stranger'].map((grant) => ({ grant, end: 1 })));
    const loaded = await loadReminders(vault([own('a'), own('b')], ['b']));
    expect(loaded).toEqual({ at: 'ready', soon: [{ grant: 'a', business: 'Shop of a', purpose: DELIVERY, end: 0xfffffff }] });
  });

  it('are none in a vault without grants, and nobody is asked', async () => {
    expect(await loadReminders(vault([]))).toEqual({ at: 'ready', soon: [] });
    expect(api.readReminders).not.toHaveBeenCalled();
  });

  it.each([
    [new Unreachable(), 'unreachable'],
    [new Unparsed('n'), 'unreadable'],
    [new Problem('not-signed-in', 401, ''), 'locked'],
    [new Problem('policy', 403, ''), 'refused'],
  ])('end as %s says', async (error, at) => {
    api.readReminders.mockRejectedValue(error);
    expect(await loadReminders(vault([own('a')]))).toMatchObject({ at });
  });

  it('are forgotten for what is over', async () => {
    await letEnd(vault([own('a'), own('over', 1)], ['a', 'over', 'unknown']), ids('b', 'a'));
    expect(api.save).toHaveBeenCalledWith(expect.anything(), { let_end: ['a', 'b'] });
  });
});

describe('renewing all', () => {
  const soon = Math.floor(Date.now() / 3600_000) + 24;
  it('renews each as it was, with a step for each', async () => {
    const steps: number[] = [];
    const done = await renewAll(vault([own('a', soon), own('b', soon)]), ids('a', 'b'), (n) => steps.push(n));
    expect(done).toEqual({ renewed: ['a', 'b'], error: null });
    expect(steps).toEqual([1, 2]);
    expect(api.succeed.mock.calls.map((c) => (c[3] as { kind: string; attributes: string[] }).kind)).toEqual(['renewed', 'renewed']);
  });

  it('stops where the passkey is declined, and names what was renewed', async () => {
    const declined = new Error('no');
    api.succeed.mockResolvedValueOnce('next').mockRejectedValueOnce(declined);
    expect(await renewAll(vault([own('a', soon), own('b', soon), own('c', soon)]), ids('a', 'b', 'c'), () => undefined)).toEqual({ renewed: ['a'], error: declined });
    expect(api.succeed).toHaveBeenCalledTimes(2);
  });
});
