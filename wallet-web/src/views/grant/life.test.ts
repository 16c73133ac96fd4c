import { describe, expect, it } from 'vitest';
import type { GrantRecord } from '../../api/grant';
import { preparePause, prepareSuccessor, type Wish } from '../../core/change';
import { startOf, type Epoch } from '../../core/epoch';
import { endReceipt, prepareGrant, prepareWithdrawal } from '../../core/grant';
import type { GrantId } from '../../core/id';
import type { GrantPlaintext } from '../../core/plaintext';
import { fixedRandom, NOW } from '../../core/testing/fixed';
import { CHAIN, testVault } from '../../core/testing/vault';
import { lessOf, lifeOf, lineOf, stretches } from './life';

const HOUR = 3600;
const random = fixedRandom('life test');
const { request, giver } = await testVault();
const at = (hours: number) => NOW + hours * HOUR;
const { plaintext: given } = await prepareGrant(request, { purposeId: 'delivery', attributes: ['name', 'postal-address', 'phone'], channels: [], days: 31 }, giver, NOW, random);
const succeed = async (grant: GrantPlaintext, wish: Partial<Wish> & { kind: Wish['kind'] }, now: number) =>
  (await prepareSuccessor(grant, request, { attributes: grant.attributes, channels: grant.channels, until: grant.end, ...wish }, giver, now, random)).plaintext!;
const narrowed = await succeed(given, { kind: 'narrowed', attributes: ['name', 'postal-address'] }, at(1));
const paused = preparePause(narrowed, giver, at(2), random);
const resumed = await succeed(narrowed, { kind: 'resumed', pause: paused.receipt }, at(3));
const withdrawal = prepareWithdrawal(resumed, giver.identitySeed, CHAIN, at(4), random);
const { plaintext: other } = await prepareGrant(request, { purposeId: 'marketing', attributes: [], channels: ['wallet'], days: 7 }, giver, NOW, random);

const grants = (...list: GrantPlaintext[]) => new Map(list.map((g) => [g.grant, g]));
const all = grants(other, resumed, given, narrowed);
const record = (g: GrantPlaintext, state: GrantRecord['state'], more: Partial<GrantRecord> = {}) =>
  ({ grant: g.grant, state, withdrawn: 0, receipt: g.receipt, receipts: [], withdrawal_receipt: '', attributes: g.attributes, ...more }) as unknown as GrantRecord;
const records = [
  record(given, 'replaced'),
  record(narrowed, 'replaced', { receipts: [narrowed.receipt, paused.receipt] }),
  record(resumed, 'withdrawn', { withdrawal_receipt: withdrawal.receipt }),
  record(other, 'live'),
];
const told = (records: GrantRecord[], id: GrantId = given.grant, now = at(5), of = all) => lifeOf(of, records, id, now);

describe('the life of a grant', () => {
  it('is one line, from whichever of its grants it is looked at', () => {
    for (const g of [given, narrowed, resumed]) expect(lineOf(all, g.grant).map((x) => x.grant)).toEqual([given.grant, narrowed.grant, resumed.grant]);
    expect(lineOf(all, other.grant)).toEqual([other]);
  });

  it('tells every event, what was left out, and when each would be over', () => {
    const life = told(records)!;
    expect(life).toMatchObject({ whole: true, last: resumed.grant });
    expect(life.moments.map((m) => m.state)).toEqual(['given', 'narrowed', 'paused', 'resumed', 'withdrawn']);
    expect(life.moments.map((m) => m.names)).toEqual([['name', 'postal-address', 'phone'], ['phone'], [], [], []]);
    expect(life.moments.map((m) => m.until)).toEqual([given.end, narrowed.end, null, resumed.end, null]);
    expect(life.moments.map((m) => m.grant)).toEqual([given.grant, narrowed.grant, narrowed.grant, resumed.grant, resumed.grant]);
    expect(lessOf(all, resumed.grant)).toEqual([{ grant: given, dropped: ['phone'] }]);
  });

  it('says when the operator leaves a receipt out or puts one in, and tells what the wallet knows', () => {
    const without = records.map((r) => (r.grant === narrowed.grant ? { ...r, receipts: [] } : r));
    expect(told(without)).toMatchObject({ whole: false });
    expect(told(without)!.moments.map((m) => m.state)).toEqual(['given', 'narrowed', 'resumed']);
    const foreign = records.map((r) => (r.grant === resumed.grant ? { ...r, withdrawal_receipt: endReceipt(other, 'withdrawn', giver.identitySeed, at(4), random) } : r));
    expect(told(foreign)).toMatchObject({ whole: false });
  });

  it('ends by the clock, by the business or by a newer request, which no receipt says', () => {
    const late = startOf(other.end) + 1;
    expect(told([record(other, 'live')], other.grant, late)!.moments.at(-1)).toMatchObject({ state: 'expired', jwt: '', time: startOf(other.end) });
    expect(told([record(other, 'terminated', { withdrawn: at(3) })], other.grant)!.moments.at(-1)).toMatchObject({ state: 'terminated', time: at(3) });
    expect(told([record(other, 'replaced', { withdrawn: at(3) })], other.grant)!.moments.at(-1)).toMatchObject({ state: 'replaced' });
    const expired = endReceipt(other, 'expired', giver.identitySeed, late, random);
    const moments = told([record(other, 'live', { receipts: [other.receipt, expired] })], other.grant, late)!.moments;
    expect(moments.map((m) => [m.state, m.jwt !== ''])).toEqual([['given', true], ['expired', true]]);
  });

  it('is not told without a record of the wallet\'s own', () => expect(told(records, given.grant, at(5), grants(other))).toBeNull());
});

describe('the picture', () => {
  it('covers the time without a gap', () => {
    const life = told([record(given, 'replaced'), record(narrowed, 'paused', { receipts: [paused.receipt] })], given.grant, at(2.5), grants(given, narrowed))!;
    const shown = stretches(life, narrowed.end, at(2.5));
    expect(shown.map((s) => s.kind)).toEqual(['live', 'live', 'paused', 'paused']);
    shown.forEach((s, i) => expect(s.from).toBe(i === 0 ? NOW : shown[i - 1]!.to));
    expect(shown.at(-1)!.to).toBe(startOf(narrowed.end));
  });

  it('shows what is to come, and nothing ahead once it is over', () => {
    const live = told([record(other, 'live')], other.grant)!;
    expect(stretches(live, other.end, at(5)).map((s) => s.kind)).toEqual(['live', 'ahead']);
    expect(stretches(told(records)!, resumed.end as Epoch, at(9)).map((s) => s.kind)).toEqual(['live', 'live', 'paused', 'live', 'off']);
  });
});
