import { afterEach, describe, expect, it, vi } from 'vitest';
import { ACKNOWLEDGE_WITHIN, lateWith, STATE_WITHIN } from '../../core/loop';
import { jsonVectors } from '../../core/testing/vectors';
import { loadLoop, verifyLoop, type Of } from './loop';

interface Case extends Of {
  name: string;
  expect: string;
  kind: string;
  jws: string;
  audience: string;
  now: number;
}
const cases = jsonVectors<Case>('consent/testdata/vectors/loop.json', (c) => c.expect);
const named = (kind: string, name: string) => cases.find((c) => c.kind === kind && c.name === name)!;
const acknowledged = named('acknowledgement', 'acknowledged');
const stated = named('deletion', 'deleted and kept');
const bare = { event: 'withdrawn' as const, notified: acknowledged.now, acknowledgement: '', statement: '', reason: '' };

afterEach(() => vi.unstubAllGlobals());

describe('the loop of a grant', () => {
  it('is awaited, acknowledged, stated', async () => {
    const verify = (more: object) => verifyLoop({ ...bare, ...more }, acknowledged, acknowledged.audience, acknowledged.now);
    expect(await verify({})).toMatchObject({ acknowledgement: { at: 'awaited' }, deletion: { at: 'awaited' }, late: null });
    const whole = await verify({ acknowledgement: acknowledged.jws, statement: stated.jws });
    expect(whole.acknowledgement).toMatchObject({ at: 'verified', what: { event: 'withdrawn' } });
    expect(whole.deletion).toMatchObject({ at: 'verified', what: { deleted: ['postal-address'], text: 'The invoice stays for ten years.' } });
  });

  it('counts what the business did not sign as never said', async () => {
    const now = acknowledged.now + STATE_WITHIN + 1;
    const loop = await verifyLoop({ ...bare, acknowledgement: stated.jws, statement: acknowledged.jws }, acknowledged, acknowledged.audience, now);
    expect(loop).toMatchObject({ acknowledgement: { at: 'refused', code: 'bad-signature' }, deletion: { at: 'refused', code: 'bad-signature' }, late: 'statement' });
    const other = await verifyLoop({ ...bare, statement: stated.jws }, { ...acknowledged, attributes: ['name', 'postal-address', 'email'] }, acknowledged.audience, now);
    expect(other.deletion).toEqual({ at: 'refused', code: 'wrong-statement' });
  });

  it('is none while the grant lives', async () => {
    vi.stubGlobal('fetch', vi.fn(async () => new Response('{"loop":null}')));
    expect(await loadLoop(acknowledged, acknowledged.audience, acknowledged.now)).toBeNull();
  });

  it('refuses an end that this page does not know', async () => {
    vi.stubGlobal('fetch', vi.fn(async () => new Response(JSON.stringify({ loop: { ...bare, event: 'forgotten' } }))));
    await expect(loadLoop(acknowledged, acknowledged.audience, acknowledged.now)).rejects.toThrow('not understood');
  });
});

describe('deadlines', () => {
  it.each([
    [0, false, false, null],
    [ACKNOWLEDGE_WITHIN, false, false, null],
    [ACKNOWLEDGE_WITHIN + 1, false, false, 'acknowledgement'],
    [ACKNOWLEDGE_WITHIN + 1, true, false, null],
    [STATE_WITHIN, true, false, null],
    [STATE_WITHIN + 1, true, false, 'statement'],
    [STATE_WITHIN + 1, false, false, 'statement'],
    [10 * STATE_WITHIN, false, true, null],
  ])('after %i seconds, acknowledged %s, stated %s: %s', (after, wasAcknowledged, wasStated, want) => {
    expect(lateWith({ notified: 1000, acknowledged: wasAcknowledged, stated: wasStated }, 1000 + after)).toBe(want);
  });
});
