import { describe, expect, test } from 'vitest';
import { b64u, equal, fromB64u, hashOf, utf8 } from './bytes';
import { verifyChain } from './chain';
import { changeChallenge, needsPasskey, parseChange, preparePause, prepareSuccessor, type PreparedChange, type Wish } from './change';
import { startOf, type Epoch } from './epoch';
import { endReceipt, prepareGrant, prepareWithdrawal } from './grant';
import { opens } from './ledger/commitment';
import { isSigned, parseEntry, type GrantEntry } from './ledger/entry';
import { openLetter } from './letter';
import { parsePlaintext, plaintextJson, type GrantPlaintext } from './plaintext';
import { checkFollows, checkReceipt, eventOf, hoursOf, parseReceipt, purposeOf } from './receipt';
import { fixedRandom, NOW } from './testing/fixed';
import { CHAIN, testVault } from './testing/vault';

const random = fixedRandom('change test');
const vault = await testVault();
const giver = vault.giver;
const HOUR = 3600;
const given = await prepareGrant(vault.request, { purposeId: 'delivery', attributes: ['name', 'postal-address', 'phone'], channels: [], days: 31 }, giver, NOW, random);
const offers = await prepareGrant(vault.request, { purposeId: 'marketing', attributes: ['shoe-size'], channels: ['wallet'], days: 90 }, giver, NOW, random);
const whole = (grant: GrantPlaintext, kind: Wish['kind'], changed: Partial<Wish> = {}): Wish => ({ kind, attributes: grant.attributes, channels: grant.channels, until: grant.end, ...changed });
const change = (grant: GrantPlaintext, wish: Wish, now = NOW + 50 * HOUR) => prepareSuccessor(grant, vault.request, wish, giver, now, random);
const leftOut = (name: string) => given.plaintext.attributes.filter((a) => a !== name);

describe('a successor', () => {
  test('has keys of its own and exactly what was left', async () => {
    const made = await change(given.plaintext, whole(given.plaintext, 'narrowed', { attributes: leftOut('phone') }));
    const { next, ...rest } = parseChange(made.change);
    expect(rest).toMatchObject({ grant: given.plaintext.grant, kind: 'narrowed', receipt: hashOf(given.plaintext.receipt), time: NOW + 50 * HOUR });
    expect(next).toMatchObject({ attributes: ['name', 'postal-address'], channels: [], until: given.plaintext.end, days: 31, receipt_hash: hashOf(made.receipt) });
    const letter = await openLetter(vault.shop.agreement, made.letter!);
    expect(letter).toMatchObject({ grant: next!.grant, receipt: made.receipt, entry: next!.entry });
    for (const key of ['grant_key', 'handle_secret', 'grant'] as const) expect(letter[key]).not.toBe(given.plaintext[key]);
    expect(made.shares.map((s) => s.attribute)).toEqual(['name', 'postal-address']);
    const entry = parseEntry(fromB64u(next!.entry)) as GrantEntry;
    expect(opens(letter.opening, entry.commitment, utf8(made.receipt))).toBe(true);
    expect(entry.start).toBe(Math.floor(NOW / HOUR) + 50);
    expect(parsePlaintext(plaintextJson(made.plaintext!))).toEqual(made.plaintext);
    expect(made.plaintext).toMatchObject({ predecessor: given.plaintext.grant, end: given.plaintext.end, grant: next!.grant });
  });

  test('ends the old grant on the ledger, and can be withdrawn itself', async () => {
    const made = await change(given.plaintext, whole(given.plaintext, 'shortened', { until: (given.plaintext.end - 24 * 20) as Epoch }));
    const old = parseEntry(fromB64u(given.plaintext.entry)) as GrantEntry;
    const next = parseEntry(fromB64u(made.plaintext!.entry)) as GrantEntry;
    expect(isSigned(CHAIN, parseEntry(fromB64u(made.withdraw!)), old.walletKey)).toBe(true);
    expect(isSigned(CHAIN, parseEntry(fromB64u(made.ahead!)), next.walletKey)).toBe(true);
    expect(equal(old.walletKey, next.walletKey)).toBe(false);
    // A shorter entry is enough: 31 − 20 days minus two hours and two days have passed.
    expect(parseChange(made.change).next?.days).toBe(31);
    expect(hoursOf(parseReceipt(made.receipt))).toBe(31 * 24 - 20 * 24 - 50);
  });

  test('names the shortest entry that reaches its end', async () => {
    const until = (Math.floor(NOW / HOUR) + 50 + 24 * 7) as Epoch;
    const made = await change(given.plaintext, whole(given.plaintext, 'shortened', { until }));
    expect(parseChange(made.change).next?.days).toBe(7);
    const entry = parseEntry(fromB64u(made.plaintext!.entry)) as GrantEntry;
    expect(entry.end).toBe(until);
  });

  test('repeats the request and follows what it came of', async () => {
    const made = await change(offers.plaintext, whole(offers.plaintext, 'narrowed', { channels: [] }));
    const receipt = parseReceipt(made.receipt);
    checkReceipt(receipt, vault.request);
    checkFollows(receipt, parseReceipt(offers.plaintext.receipt));
    expect(purposeOf(receipt)).toMatchObject({ channels: [], weekly_cap: 0 });
    expect(() => checkFollows(parseReceipt(offers.plaintext.receipt), receipt)).toThrow(expect.objectContaining({ code: 'wrong-receipt' }));
    expect(() => checkFollows(receipt, parseReceipt(given.plaintext.receipt))).toThrow();
  });

  test.each<[string, string, GrantPlaintext, Partial<Wish> & { kind: Wish['kind'] }]>([
    ['what the grant never had', 'wider-than-grant', given.plaintext, { kind: 'narrowed', attributes: ['name', 'postal-address', 'shoe-size'] }],
    ['a channel that the grant never had', 'wider-than-grant', given.plaintext, { kind: 'renewed', channels: ['wallet'] }],
    ['less than the purpose needs', 'missing-required', given.plaintext, { kind: 'narrowed', attributes: ['name'] }],
    ['nothing at all', 'missing-required', offers.plaintext, { kind: 'narrowed', attributes: [], channels: [] }],
    ['nothing new', 'nothing-changes', given.plaintext, { kind: 'narrowed' }],
    ['the same end', 'nothing-changes', given.plaintext, { kind: 'shortened' }],
    ['a later end', 'wider-than-grant', given.plaintext, { kind: 'shortened', until: (given.plaintext.end + 1) as Epoch }],
    ['a later end by resuming', 'wider-than-grant', given.plaintext, { kind: 'resumed', until: (given.plaintext.end + 1) as Epoch }],
    ['renewed for less', 'nothing-changes', given.plaintext, { kind: 'renewed' }],
    ['shortened and narrowed by that word', 'nothing-changes', given.plaintext, { kind: 'shortened', attributes: leftOut('phone'), until: (given.plaintext.end - 1) as Epoch }],
    ['longer than was asked', 'wider-than-request', given.plaintext, { kind: 'renewed', until: (given.plaintext.end + 51) as Epoch }],
    ['an end that is over', 'bad-length', given.plaintext, { kind: 'shortened', until: (given.plaintext.start + 50) as Epoch }],
  ])('cannot be %s', async (_, code, grant, wish) => {
    await expect(change(grant, whole(grant, wish.kind, wish))).rejects.toMatchObject({ code });
  });

  test('renewed lasts as long as was asked, from now', async () => {
    const now = NOW + 30 * 24 * HOUR;
    const until = (Math.floor(now / HOUR) + 31 * 24) as Epoch;
    const made = await change(given.plaintext, whole(given.plaintext, 'renewed', { until }), now);
    checkFollows(parseReceipt(made.receipt), parseReceipt(given.plaintext.receipt));
    expect(made.plaintext!.end).toBe(until);
    expect(startOf(made.plaintext!.end)).toBeGreaterThan(startOf(given.plaintext.end));
  });

  test('only what makes it stand longer, or again, needs a passkey', () => {
    expect((['narrowed', 'shortened', 'renewed', 'paused', 'resumed'] as const).filter(needsPasskey)).toEqual(['renewed', 'resumed']);
    expect(b64u(changeChallenge('{}'))).not.toBe(b64u(changeChallenge('{} ')));
  });
});

describe('a change that was read', () => {
  const bend = (made: PreparedChange, to: (c: { next: Record<string, unknown> | null } & Record<string, unknown>) => void) => {
    const c = JSON.parse(made.change) as { next: Record<string, unknown> | null } & Record<string, unknown>;
    to(c);
    return () => parseChange(JSON.stringify(c));
  };
  test('is refused when it contradicts itself', async () => {
    const made = await change(given.plaintext, whole(given.plaintext, 'narrowed', { attributes: leftOut('phone') }));
    const pause = preparePause(given.plaintext, giver, NOW + HOUR, random);
    expect(bend(made, () => undefined)()).toMatchObject({ kind: 'narrowed' });
    expect(bend(pause, () => undefined)()).toMatchObject({ kind: 'paused', next: null });
    const code = (c: string) => expect.objectContaining({ code: c });
    expect(bend(made, (c) => (c['kind'] = 'paused'))).toThrow(code('malformed'));
    expect(bend(pause, (c) => (c['kind'] = 'resumed'))).toThrow(code('malformed'));
    expect(bend(made, (c) => (c['kind'] = 'widened'))).toThrow(code('malformed'));
    expect(bend(made, (c) => (c['v'] = 2))).toThrow(code('wrong-version'));
    expect(bend(made, (c) => (c.next!['days'] = 90))).toThrow(code('bad-entry'));
    expect(bend(made, (c) => (c.next!['days'] = 30))).toThrow(code('bad-length'));
    expect(bend(made, (c) => (c.next!['until'] = given.plaintext.end + 24 * 31))).toThrow(code('bad-length'));
    expect(bend(made, (c) => (c.next!['grant'] = c['grant']))).toThrow(code('duplicate'));
    expect(bend(made, (c) => (c.next!['attributes'] = ['name', 'name']))).toThrow(code('duplicate'));
    expect(bend(made, (c) => (c.next!['entry'] = made.withdraw))).toThrow(code('bad-entry'));
  });
});

describe('the chain of a life', async () => {
  const at = (hours: number) => NOW + hours * HOUR;
  const narrowed = await change(given.plaintext, whole(given.plaintext, 'narrowed', { attributes: leftOut('phone') }), at(1));
  const paused = preparePause(narrowed.plaintext!, giver, at(2), random);
  const resumed = await change(narrowed.plaintext!, whole(narrowed.plaintext!, 'resumed', { pause: paused.receipt }), at(3));
  const withdrawn = prepareWithdrawal(resumed.plaintext!, giver.identitySeed, CHAIN, at(4), random);
  const life = [given.give.receipt, narrowed.receipt, paused.receipt, resumed.receipt, withdrawn.receipt];
  const shopper = parseReceipt(given.give.receipt).id;

  test('is told in order, whatever the order of its receipts', () => {
    const chain = verifyChain([...life].reverse(), shopper);
    expect(chain.map((l) => eventOf(l.receipt).event_state)).toEqual(['given', 'narrowed', 'paused', 'resumed', 'withdrawn']);
    expect(chain.map((l) => l.jwt)).toEqual(life);
    expect(resumed.withdraw).toBeNull();
  });

  test('has no gap, no second successor and no stranger', async () => {
    const no = (jwts: string[], code: string) => expect(() => verifyChain(jwts, shopper)).toThrow(expect.objectContaining({ code }));
    no([], 'broken-chain');
    no(life.slice(1), 'broken-chain');
    no([life[0]!, life[2]!, life[3]!], 'broken-chain');
    no([...life, offers.give.receipt], 'broken-chain');
    const again = await change(given.plaintext, whole(given.plaintext, 'shortened', { until: (given.plaintext.end - 48) as Epoch }), at(1));
    no([...life, again.receipt], 'broken-chain');
    // Two ends of one grant.
    no([...life, endReceipt(resumed.plaintext!, 'expired', giver.identitySeed, at(5), random)], 'broken-chain');
    // What stood while it was paused.
    const shortened = await change(narrowed.plaintext!, whole(narrowed.plaintext!, 'shortened', { until: (given.plaintext.end - 48) as Epoch }), at(3));
    no([life[0]!, life[1]!, life[2]!, shortened.receipt], 'broken-chain');
    const unpaused = await change(given.plaintext, whole(given.plaintext, 'resumed', { pause: given.give.receipt }), at(1));
    no([life[0]!, unpaused.receipt], 'wrong-receipt');
    no([life[0]!, life[1]!, life[2]!, endReceipt(narrowed.plaintext!, 'paused', giver.identitySeed, at(3), random, life[2])], 'wrong-receipt');
    expect(verifyChain([life[0]!, life[1]!, life[2]!, endReceipt(narrowed.plaintext!, 'expired', giver.identitySeed, at(3), random, life[2])], shopper)).toHaveLength(4);
    const other = await testVault('another vault');
    const stranger = await prepareGrant(vault.request, { purposeId: 'marketing', attributes: [], channels: ['wallet'], days: 7 }, other.giver, NOW, random);
    no([stranger.give.receipt], 'wrong-issuer');
  });

  test.each(['paused', 'expired', 'erased', 'withdrawn'] as const)('may end as %s', (state) => {
    const end = endReceipt(given.plaintext, state, giver.identitySeed, at(9), random);
    expect(verifyChain([given.give.receipt, end], shopper)).toHaveLength(2);
    expect(() => verifyChain([given.give.receipt, endReceipt(given.plaintext, state, giver.identitySeed, NOW - 1, random)], shopper)).toThrow();
  });
});
