import { describe, expect, it, test } from 'vitest';
import { b64u, fromB64u, fromUtf8, utf8 } from './bytes';
import { didKeyEd25519, keyIdOf, type PrivateJwk } from './did';
import { CoreError } from './errors';
import type { GrantId } from './id';
import { agreementKey, pairwiseKey, signingKey } from './identity';
import { signEdDsa } from './jws';
import { openEnvelope, sealEnvelope } from './letter';
import { openReply, parseRights, prepareRights, RIGHTS, type Demand, type Regime, type RightsKind } from './rights';
import { daysLeft, dueDate, extensionCounts, stateOf, type RightsState } from './rightsClock';
import { fixedRandom, NOW } from './testing/fixed';
import { testVault } from './testing/vault';
import { jsonVectors } from './testing/vectors';

const folder = 'consent/testdata/vectors';
const cases = <T>(file: string) => jsonVectors<T & { name: string; expect: string }>(`${folder}/${file}`, (c) => c.expect);

async function outcome(run: () => unknown): Promise<string> {
  try {
    await run();
    return 'ok';
  } catch (error) {
    if (!(error instanceof CoreError)) throw error;
    return error.code === 'cannot-open' ? 'refused' : `refused ${error.code}`;
  }
}

describe('rights requests', () => {
  test.each(cases<{ jws: string; pairwise_seed?: string; claims?: string }>('rights.json'))('$name', async (c) => {
    expect(await outcome(() => parseRights(c.jws))).toBe(c.expect);
    if (c.claims === undefined) return;
    // The same key over the same bytes gives the same JWS.
    const key = signingKey(fromB64u(c.pairwise_seed ?? ''));
    expect(signEdDsa({ alg: 'EdDSA', typ: 'coffer-rights+jwt', kid: keyIdOf(didKeyEd25519(key.publicKey)) }, c.claims, key).split('.')[1]).toBe(c.jws.split('.')[1]);
  });
});

describe('replies', () => {
  test.each(cases<{ key: PrivateJwk; rights: string; sealed: string; reply?: object }>('rights-reply.json'))('$name', async (c) => {
    const got = await outcome(async () => expect(await openReply(c.key, c.sealed, parseRights(c.rights))).toMatchObject(c.reply ?? {}));
    expect(got).toBe(c.expect);
  });
});

interface Clock {
  name: string;
  regime: Regime;
  right: RightsKind;
  sent: number;
  extended: number;
  answered: number;
  now: number;
  due: string;
  left: number;
  state: RightsState;
}
test('the clock is the one that Go reckons', () => {
  const clocks = jsonVectors<Clock>(`${folder}/rights-clock.json`);
  for (const c of clocks) {
    const times = { sent: c.sent, acknowledged: 0, extended: c.extended, answered: c.answered };
    expect([c.name, dueDate(c, times), daysLeft(c, times, c.now), stateOf(c, times, c.now)]).toEqual([c.name, c.due, c.left, c.state]);
  }
  expect(new Set(clocks.map((c) => c.state)).size).toBeGreaterThan(2);
});

describe('the clock', () => {
  const at = (day: string) => Date.parse(`${day}T12:00:00Z`) / 1000;
  const rights = { regime: 'gdpr', right: 'access' } as const;

  it('ends on the last day of a month that has no such day', () => {
    expect(dueDate(rights, { sent: at('2026-08-31'), acknowledged: 0, extended: 0, answered: 0 })).toBe('2026-09-30');
  });
  it('is overdue when the due day is over, and not before', () => {
    const times = { sent: at('2026-06-10'), acknowledged: 0, extended: 0, answered: 0 };
    const over = Date.parse('2026-07-11T00:00:00Z') / 1000;
    expect([stateOf(rights, times, over - 1), stateOf(rights, times, over)]).toEqual(['sent', 'overdue']);
    expect(stateOf(rights, { ...times, answered: over + 5 }, over + 9)).toBe('answered');
  });
  it('takes no extension that came too late, and none of an opt-out', () => {
    const times = { sent: at('2026-06-10'), acknowledged: 0, extended: at('2026-07-12'), answered: 0 };
    expect(extensionCounts(rights, times)).toBe(false);
    expect(extensionCounts({ regime: 'ccpa', right: 'opt-out' }, { ...times, extended: at('2026-06-11') })).toBe(false);
  });
});

describe('a rights request of this wallet', async () => {
  const vault = await testVault();
  const demand: Demand = { regime: 'gdpr', right: 'erasure', grants: [b64u(fixedRandom('grant')(16)) as GrantId], attributes: [], text: 'One line\r\nand another ' };
  const make = (change: Partial<Demand> = {}) => prepareRights(vault.request, { ...demand, ...change }, vault.identitySeed, NOW, fixedRandom('rights'));

  it('opens for the business alone, and names the shopper that it knows', async () => {
    const { rights, sealed } = await make();
    expect(rights).toMatchObject({ iss: pairwiseKey(vault.identitySeed, vault.shop.did).did, aud: vault.shop.did, text: 'One line\nand another' });
    expect(fromUtf8(await openEnvelope(vault.shop.agreement, 'coffer-rights+jwe', sealed))).toBe(rights.jws);
    await expect(openEnvelope(agreementKey(vault.identitySeed, vault.shop.did).privateJwk, 'coffer-rights+jwe', sealed)).rejects.toThrow();
    await expect(openEnvelope(vault.shop.agreement, 'coffer-letter+json', sealed)).rejects.toThrow();
  });

  it('is as long with a text as without, whatever it demands', async () => {
    const lengths = await Promise.all([make(), make({ text: '' }), make({ right: 'access' }), make({ regime: 'ccpa', right: 'opt-out' })]);
    expect(new Set(lengths.map((p) => p.sealed.length)).size).toBe(1);
  });

  it('is refused when its law does not know the right', async () => {
    for (const regime of ['gdpr', 'ccpa'] as const) {
      const other = RIGHTS[regime === 'gdpr' ? 'ccpa' : 'gdpr'][0];
      await expect(make({ regime, right: other })).rejects.toMatchObject({ code: 'bad-right' });
    }
  });

  it('takes the answer of its business, and of no other', async () => {
    const { rights } = await make();
    const key = agreementKey(vault.identitySeed, vault.shop.did);
    const { hashOf } = await import('./bytes');
    const answer = { v: 1, id: rights.id, iss: vault.shop.did, sub: rights.iss, request_hash: hashOf(rights.jws), time: NOW, step: 'answered', outcome: 'done', text: '', nonce: b64u(fixedRandom('n')(32)) };
    const sealed = (jws: string) => sealEnvelope(key.publicJwk, 'coffer-rights+jwe', utf8(jws), fixedRandom('seal'));
    const good = await sealed(vault.shop.sign('coffer-rights-reply+jwt', answer));
    expect(await openReply(key.privateJwk, good, rights)).toMatchObject({ step: 'answered', outcome: 'done' });
    const { shop } = await import('./testing/fixed');
    const other = shop('another shop');
    const bad = await sealed(other.sign('coffer-rights-reply+jwt', { ...answer, iss: other.did }));
    await expect(openReply(key.privateJwk, bad, rights)).rejects.toMatchObject({ code: 'wrong-issuer' });
  });
});
