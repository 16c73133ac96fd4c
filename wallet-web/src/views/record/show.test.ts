import { beforeEach, expect, test, vi } from 'vitest';
import type { GrantId, RequestId } from '../../core/id';
import { jsonVectors } from '../../core/testing/vectors';
import { only, parseSdJwt, shownText } from '../../core/sdjwt';
import type { Change } from '../../core/vault';
import type { OpenVault } from '../../store/vault.svelte';
import { claimsShown, forgetShown, isUnder } from './show';

const api = vi.hoisted(() => ({ readGrants: vi.fn(), sendBatch: vi.fn() }));
vi.mock('../../api/grant', async (original) => ({ ...(await original<object>()), readGrants: api.readGrants }));
vi.mock('../documents', () => ({ sendBatch: api.sendBatch }));

const own = { grant: 'g' as GrantId, request_id: 'r' as RequestId, purpose_id: 'care', attributes: ['name', 'warranty'] };
const shown = { id: 'd', version: 1, name: 'warranty', request: 'r' as RequestId, purpose: 'care' };
const live = { grant: 'g', state: 'live', end: 1e9 };

test('what is shown is under the grants of its request and purpose that name it', () => {
  expect(isUnder(shown, own)).toBe(true);
  expect(isUnder({ ...shown, request: 'q' as RequestId }, own)).toBe(false);
  expect(isUnder({ ...shown, purpose: 'delivery' }, own)).toBe(false);
  expect(isUnder(shown, { ...own, attributes: ['name'] })).toBe(false);
  expect(isUnder(shown, { ...own, onward_of: 'f' as GrantId })).toBe(false);
});

let changes: Change[] = [];
const vault = (presentations: unknown[]) =>
  ({ presentations, grants: new Map([['g', own]]), write: (make: () => Change[]) => void changes.push(...make()) }) as unknown as OpenVault;

beforeEach(() => {
  changes = [];
  api.readGrants.mockReset();
});

test.each([
  ['stays while the grant is live', live, 0],
  ['stays while it is paused', { ...live, state: 'paused' }, 0],
  ['goes when it is withdrawn', { ...live, state: 'withdrawn' }, 1],
  ['goes when its time is over', { ...live, end: 1 }, 1],
  ['goes when the operator knows no such grant', { ...live, grant: 'other' }, 1],
])('it %s', async (_, record, gone) => {
  api.readGrants.mockResolvedValue([record]);
  await forgetShown(vault([shown]));
  expect(changes).toEqual(gone === 0 ? [] : [{ kind: 'delete', id: 'd', version: 1 }]);
});

test('where nothing is shown nobody is asked', async () => {
  await forgetShown(vault([]));
  expect(api.readGrants).not.toHaveBeenCalled();
});

test('a presentation says which claims it shows', () => {
  const record = jsonVectors<{ name: string; expect: string; record: string }>('consent/testdata/vectors/record.json', (c) => c.expect).find((c) => c.name === 'an SD-JWT, whole')!.record;
  expect(claimsShown(shownText(only(parseSdJwt(record), ['serial', 'product'])))).toEqual(['product', 'serial']);
  expect(claimsShown('a.b.c')).toBe(null);
  expect(claimsShown('a~b~')).toEqual([]);
});
