import { describe, expect, test } from 'vitest';
import { b64u, fromB64u, fromUtf8, hashOf, utf8 } from './bytes';
import { bundleText, parseBundle, verifyReceiptBundle, type Bundle } from './bundle';
import { prepareSuccessor } from './change';
import type { Epoch } from './epoch';
import { prepareGrant, prepareWithdrawal } from './grant';
import { grantWalletKey } from './identity';
import { encodeEntry, parseEntry, signGrant, type GrantEntry } from './ledger/entry';
import { parseReceipt } from './receipt';
import { fixedRandom, NOW } from './testing/fixed';
import { prove, validators } from './testing/ledger';
import { CHAIN, testVault } from './testing/vault';

const random = fixedRandom('bundle test');
const vault = await testVault();
const choice = { purposeId: 'delivery', attributes: ['name', 'postal-address', 'phone'], channels: [], days: 7 as const };
const mine = await prepareGrant(vault.request, choice, vault.giver, NOW, random);
const other = await prepareGrant(vault.request, choice, vault.giver, NOW, random);
const entries = [other, mine].map((g) => fromB64u(g.given.entry));
const set = validators(CHAIN);
const good: Bundle = { v: 1, receipt: mine.give.receipt, opening: mine.plaintext.opening, proof: prove(CHAIN, entries, 1) };

/** The lines that fail, with their details. */
async function failing(bundle: Bundle, by = set, request = vault.request): Promise<Record<string, string>> {
  const { checks, ok } = await verifyReceiptBundle(bundle, by, request);
  const bad = checks.filter((c) => !c.ok);
  expect(ok).toBe(bad.length === 0);
  expect(checks.map((c) => c.name)).toEqual(['signature', 'proof', 'entry', 'opening', 'request']);
  return Object.fromEntries(bad.map((c) => [c.name, c.detail]));
}

describe('what came after', () => {
  const receipt = parseReceipt(good.receipt);
  const countersign = (changed = {}) =>
    vault.shop.sign('coffer-countersignature+jwt', {
      v: 1,
      iss: vault.shop.did,
      grant: mine.given.grant,
      receipt_hash: hashOf(good.receipt),
      time: NOW + 60,
      ...changed,
    });
  const end = prepareWithdrawal(mine.plaintext, vault.identitySeed, CHAIN, NOW + 60, random);
  const otherEnd = prepareWithdrawal(other.plaintext, vault.identitySeed, CHAIN, NOW + 60, random);
  const all = [...entries, fromB64u(end.entry), fromB64u(otherEnd.entry)];
  const bad = async (with_: Partial<Bundle>) =>
    (await verifyReceiptBundle({ ...good, ...with_ }, set)).checks.filter((c) => !c.ok).map((c) => `${c.name} ${c.detail}`);

  test('a counter-signature and a withdrawal stand, also from a file', async () => {
    const whole = { ...good, countersignature: countersign(), withdrawal: { receipt: end.receipt, proof: prove(CHAIN, all, 2) } };
    const result = await verifyReceiptBundle(parseBundle(bundleText(whole)), set, vault.request);
    expect(result.ok).toBe(true);
    expect(result.checks.map((c) => c.name).slice(-2)).toEqual(['countersignature', 'withdrawal']);
    expect(result.countersigned?.time).toBe(NOW + 60);
    expect(receipt.predecessor).toBeNull();
  });

  test('a successor stands with the shortest entry that reaches its end, and with no longer one', async () => {
    const now = NOW + 3600;
    const wish = { kind: 'shortened' as const, attributes: mine.plaintext.attributes, channels: [], until: (mine.plaintext.start + 25) as Epoch };
    const next = (await prepareSuccessor(mine.plaintext, vault.request, wish, vault.giver, now, random)).plaintext!;
    const proofOf = (entry: string) => prove(CHAIN, [...entries, fromB64u(entry)], 2);
    expect((await verifyReceiptBundle({ v: 1, receipt: next.receipt, opening: next.opening, proof: proofOf(next.entry) }, set, vault.request)).ok).toBe(true);
    const e = parseEntry(fromB64u(next.entry)) as GrantEntry;
    const long = signGrant(CHAIN, { ...e, end: (e.start + 7 * 24) as Epoch }, grantWalletKey(vault.identitySeed, next.grant));
    const { checks } = await verifyReceiptBundle({ v: 1, receipt: next.receipt, opening: next.opening, proof: proofOf(b64u(encodeEntry(long))) }, set);
    expect(checks.filter((c) => !c.ok).map((c) => `${c.name} ${c.detail}`)).toContain('entry bad-length');
  });

  test('a counter-signature of something else does not', async () => {
    expect(await bad({ countersignature: countersign({ receipt_hash: hashOf('x') }) })).toEqual(['countersignature wrong-receipt']);
    expect(await bad({ countersignature: countersign({ time: 1 }) })).toEqual(['countersignature wrong-receipt']);
    expect(await bad({ countersignature: 'x' })).toEqual(['countersignature bad-signature']);
    expect(await bad({ countersignature: countersign(), receipt: good.receipt.slice(0, -9) })).toContain('countersignature not-checked');
  });

  test('another withdrawal does not', async () => {
    const proof = prove(CHAIN, all, 2);
    expect(await bad({ withdrawal: { receipt: '', proof } })).toEqual([]);
    expect(await bad({ withdrawal: { receipt: '', proof: prove(CHAIN, all, 3) } })).toEqual(['withdrawal bad-entry']);
    expect(await bad({ withdrawal: { receipt: '', proof: prove(CHAIN, all, 0) } })).toEqual(['withdrawal bad-entry']);
    expect(await bad({ withdrawal: { receipt: '', proof: { ...proof, index: 1 } } })).toEqual(['withdrawal path']);
    expect(await bad({ withdrawal: { receipt: otherEnd.receipt, proof } })).toEqual(['withdrawal wrong-receipt']);
    expect(await bad({ withdrawal: { receipt: good.receipt, proof } })).toEqual(['withdrawal wrong-receipt']);
  });
});

describe('a receipt bundle', () => {
  test('stands line by line, also from its file', async () => {
    expect(await failing(good)).toEqual({});
    const { receipt, proven } = await verifyReceiptBundle(parseBundle(bundleText(good)), set);
    expect(receipt?.grant).toBe(mine.given.grant);
    expect(proven).toMatchObject({ index: 1, size: 2, height: 7, time: NOW });
  });

  test("another grant's receipt fails at the opening", async () => {
    expect(await failing({ ...good, receipt: other.give.receipt })).toEqual({ opening: 'wrong-opening' });
  });

  test("another grant's opening fails at the opening", async () => {
    expect(await failing({ ...good, opening: other.plaintext.opening })).toEqual({ opening: 'wrong-opening' });
  });

  test('a proof of another entry fails at the opening', async () => {
    expect(await failing({ ...good, proof: prove(CHAIN, entries, 0) })).toEqual({ opening: 'wrong-opening' });
  });

  test('an entry put into a proof of another fails at the proof, and what rests on it is not said to hold', async () => {
    const proof = { ...good.proof, index: 0 };
    expect(await failing({ ...good, proof })).toEqual({ proof: 'path', entry: 'not-checked' });
  });

  test('another ledger, another validator set', async () => {
    expect(await failing(good, { ...set, chain_id: 'other' })).toEqual({ proof: 'chain', entry: 'not-checked' });
    const stranger = { ...set, validators: [{ public_key: b64u(new Uint8Array(32).fill(7)), power: 10 }] };
    expect(await failing(good, stranger)).toEqual({ proof: 'validators', entry: 'not-checked' });
  });

  test('a withdrawn entry or receipt is no grant', async () => {
    const end = prepareWithdrawal(mine.plaintext, vault.identitySeed, CHAIN, NOW, random);
    const proof = prove(CHAIN, [...entries, fromB64u(end.entry)], 2);
    expect(await failing({ ...good, proof })).toEqual({ entry: 'bad-entry', opening: 'not-checked' });
    expect(await failing({ ...good, receipt: end.receipt })).toMatchObject({ entry: 'bad-entry', opening: 'wrong-opening' });
  });

  test('an entry that its key did not sign is no grant, even if the members admitted it', async () => {
    const entry = fromB64u(mine.given.entry);
    entry[entry.length - 1] = (entry.at(-1) ?? 0) ^ 1;
    expect(await failing({ ...good, proof: prove(CHAIN, [entry], 0) })).toEqual({ entry: 'bad-entry' });
  });

  test('no word of the receipt can be changed', async () => {
    const [header = '', payload = '', signature = ''] = good.receipt.split('.');
    const claims = fromUtf8(fromB64u(payload));
    const changed = claims.replace('"phone"', '"email"');
    expect(changed).not.toBe(claims);
    const receipt = [header, b64u(utf8(changed)), signature].join('.');
    expect(await failing({ ...good, receipt })).toEqual({
      signature: 'bad-signature',
      entry: 'not-checked',
      opening: 'wrong-opening',
      request: 'not-checked',
    });
  });

  test('a truncated receipt', async () => {
    expect(await failing({ ...good, receipt: good.receipt.slice(0, -9) })).toMatchObject({ signature: 'bad-signature' });
  });

  test('a receipt of another request says so', async () => {
    const another = { ...vault.request, hash: b64u(new Uint8Array(32)) };
    expect(await failing(good, set, another)).toEqual({ request: 'wrong-receipt' });
  });

  test('a file that is none says where', () => {
    expect(() => parseBundle('{"v":1}')).toThrow(expect.objectContaining({ code: 'malformed', path: 'receipt' }));
    expect(() => parseBundle(bundleText({ ...good, v: 2 as 1 }))).toThrow(expect.objectContaining({ code: 'wrong-version' }));
    expect(() => parseBundle({ ...good, more: 1 })).toThrow(expect.objectContaining({ code: 'malformed' }));
  });
});
