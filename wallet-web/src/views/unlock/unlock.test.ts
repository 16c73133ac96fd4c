import { beforeEach, expect, it, vi } from 'vitest';
import { b64u } from '../../core/bytes';
import { fixedRandom } from '../../core/testing/fixed';

const api = vi.hoisted(() => ({ startGet: vi.fn(), finishGet: vi.fn() }));
vi.mock('../../api/session', async (original) => ({ ...(await original<object>()), ...api }));
const passkey = vi.hoisted(() => ({ usePasskey: vi.fn() }));
vi.mock('../../passkey/ceremony', async (original) => ({ ...(await original<object>()), ...passkey }));
const { wallet } = await import('../../store/wallet.svelte');
const { OtherVault, testedWrap, unlockAgain } = await import('./unlock');
type Session = Awaited<ReturnType<typeof import('../../api/session').finishGet>>;
type Vault = Parameters<typeof unlockAgain>[0];

const random = fixedRandom('unlock test');
const id = (): string => b64u(random(16));
const [mine, others] = [id(), id()];
const [credential, secret, raw] = [random(16), random(32), random(32)];
const open = { id: mine } as unknown as Vault;

async function session(vault: string): Promise<Session> {
  const bare = { vault, salt: b64u(random(32)), state: 'open', key: 1, wraps: [], next: [] } as unknown as Session;
  return { ...bare, wraps: [await testedWrap(bare, raw, secret, credential)] };
}

beforeEach(() => {
  passkey.usePasskey.mockResolvedValue({ wire: {}, id: credential, secret });
  wallet.enter(open);
});

it('the passkey of the open vault gives its key again', async () => {
  api.finishGet.mockResolvedValue(await session(mine));
  const way = await unlockAgain(open);
  expect(way.at === 'open' && b64u(way.raw)).toBe(b64u(raw));
  expect(wallet.vault).toBe(open);
});

it('the passkey of another vault locks the open one, and gives nothing', async () => {
  api.finishGet.mockResolvedValue(await session(others));
  await expect(unlockAgain(open)).rejects.toThrow(OtherVault);
  expect([wallet.vault, wallet.locked]).toEqual([null, 'other']);
});
