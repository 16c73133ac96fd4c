import { describe, expect, test } from 'vitest';
import { b64u } from './bytes';
import { checkDecision, decisionText, needsConfirmation, newDecision, parseDecision, type Decision, type Given } from './decision';
import { LENGTHS, type Days, type Epoch } from './epoch';
import { newId, type GrantId } from './id';
import { encodeEntry } from './ledger/entry';
import type { Random } from './random';
import { askedOf, type Request } from './request';
import { fixedRandom, NOW } from './testing/fixed';
import { testVault } from './testing/vault';

const { request } = await testVault();
const random = fixedRandom('decision test');

/** A given purpose with an entry of the wanted length, whatever it gives. Whether it is signed is the ledger's to check. */
function give(from: Random, change: Partial<Given> = {}, hours?: number): Given {
  const days = change.days ?? 31;
  const start = Math.floor(NOW / 3600) as Epoch;
  const end = (start + (hours ?? days * 24)) as Epoch;
  const keys = { handle: from(32), walletKey: from(32), commitment: from(32), signature: from(64) };
  const entry = b64u(encodeEntry({ kind: 'grant', scheme: 1, start, end, ...keys }));
  const grant = newId<GrantId>(from);
  return { grant, purpose: 'delivery', attributes: ['name', 'postal-address'], days, channels: [], entry, receipt_hash: b64u(from(32)), ...change };
}

const decide = (answer: { give: Given[]; refuse: string[] }, of: Request = request) => newDecision(of, { ...answer, minor: false }, NOW, random);
const codeOf = (run: () => unknown): string => {
  try {
    run();
    return 'ok';
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
};

describe('a decision', () => {
  test('gives one, refuses one, and its text has every key of the format in its order', () => {
    const text = decisionText(decide({ give: [give(random)], refuse: ['marketing'] }));
    expect(Object.keys(JSON.parse(text) as object)).toEqual(['v', 'request', 'request_hash', 'time', 'nonce', 'minor', 'give', 'refuse']);
    expect(decisionText(parseDecision(text))).toBe(text);
  });

  test('that gives nothing needs no passkey', () => {
    expect(needsConfirmation(decide({ give: [], refuse: ['delivery', 'marketing'] }))).toBe(false);
    expect(needsConfirmation(decide({ give: [give(random)], refuse: ['marketing'] }))).toBe(true);
  });

  const twin = give(random);
  test.each<[string, { give: Given[]; refuse: string[] }, string]>([
    ['leaves a purpose open', { give: [give(random)], refuse: [] }, 'undecided'],
    ['refuses and gives a purpose', { give: [give(random)], refuse: ['delivery', 'marketing'] }, 'decided-twice'],
    ['refuses twice', { give: [], refuse: ['delivery', 'delivery'] }, 'decided-twice'],
    ['gives twice', { give: [give(random), give(random)], refuse: ['marketing'] }, 'decided-twice'],
    ['refuses what nobody asked', { give: [give(random)], refuse: ['marketing', 'x'] }, 'wider-than-request'],
    ['gives what nobody asked', { give: [give(random, { purpose: 'x' })], refuse: ['marketing'] }, 'wider-than-request'],
    ['gives an attribute too many', { give: [give(random, { attributes: ['name', 'postal-address', 'email'] })], refuse: ['marketing'] }, 'wider-than-request'],
    ['lacks a required one', { give: [give(random, { attributes: ['name'] })], refuse: ['marketing'] }, 'missing-required'],
    ['gives a channel', { give: [give(random, { channels: ['wallet'] })], refuse: ['marketing'] }, 'wider-than-request'],
    ['gives for longer', { give: [give(random, { days: 90 })], refuse: ['marketing'] }, 'wider-than-request'],
    ['gives for two days', { give: [give(random, { days: 2 as Days })], refuse: ['marketing'] }, 'bad-length'],
    ['names an attribute twice', { give: [give(random, { attributes: ['name', 'postal-address', 'name'] })], refuse: ['marketing'] }, 'duplicate'],
    ['gives nothing of a purpose', { give: [give(random, { purpose: 'marketing', attributes: [] })], refuse: ['delivery'] }, 'missing-required'],
    ['has no entry', { give: [give(random, { entry: 'AAAA' })], refuse: ['marketing'] }, 'bad-entry'],
    ['has an entry that lasts longer', { give: [give(random, {}, 90 * 24)], refuse: ['marketing'] }, 'bad-entry'],
    ['uses keys twice', { give: [twin, { ...twin, purpose: 'marketing', attributes: ['shoe-size'] }], refuse: [] }, 'duplicate'],
  ])('cannot be made if it %s', (_, answer, code) => {
    expect(codeOf(() => decide(answer))).toBe(code);
  });

  test('of another request', () => {
    const made = decide({ give: [give(random)], refuse: ['marketing'] });
    expect(codeOf(() => checkDecision({ ...request, hash: b64u(new Uint8Array(32)) }, made))).toBe('wrong-request');
  });
});

test('no decision that passes is wider than its request', () => {
  const from = fixedRandom('property');
  const pick = <T>(list: readonly T[]): T => list[(from(1)[0] ?? 0) % list.length] as T;
  const some = <T>(list: readonly T[]): T[] => list.filter(() => (from(1)[0] ?? 0) % 3 === 0);
  const names = ['name', 'postal-address', 'phone', 'shoe-size', 'email'];
  let passed = 0;
  for (let i = 0; i < 3000; i++) {
    const given = ['delivery', 'marketing', 'delivery'].slice(0, (from(1)[0] ?? 0) % 4).map((purpose) => {
      const asked = askedOf(request, purpose);
      const attributes = [...(pick([true, true, false]) ? (asked?.required ?? []) : []), ...some(pick([asked?.optional ?? [], names]))];
      return give(from, { purpose, attributes, days: pick(LENGTHS), channels: some(pick([asked?.channels ?? [], ['wallet']])) });
    });
    const refuse = pick([['delivery', 'marketing'].filter((p) => !given.some((g) => g.purpose === p)), some(['delivery', 'marketing'])]);
    let decision: Decision;
    try {
      decision = decide({ give: given, refuse });
    } catch {
      continue;
    }
    passed++;
    // Said again in other words: right by right, and by the hours of the entry.
    expect([...decision.refuse, ...decision.give.map((g) => g.purpose)].sort()).toEqual(['delivery', 'marketing']);
    for (const g of decision.give) {
      const asked = request.purposes.find((p) => p.id === g.purpose)!;
      expect(new Set([...asked.required, ...asked.optional, ...g.attributes]).size).toBe(asked.required.length + asked.optional.length);
      expect(asked.required.every((name) => g.attributes.includes(name))).toBe(true);
      expect(g.channels.every((c) => asked.channels.includes(c))).toBe(true);
      expect(g.days).toBeLessThanOrEqual(asked.days);
    }
  }
  // The generator makes enough of both, or the property says nothing.
  expect(passed).toBeGreaterThan(100);
  expect(passed).toBeLessThan(2500);
});
