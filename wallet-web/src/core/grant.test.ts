import { flattenedDecrypt, importJWK } from 'jose';
import { describe, expect, test } from 'vitest';
import { b64u, equal, fromB64u, fromUtf8, utf8 } from './bytes';
import { decisionChallenge, decisionText, newDecision, parseDecision } from './decision';
import { prepareGrant, prepareGrants, prepareWithdrawal, renewShare } from './grant';
import { resealDocument } from './document';
import { openLetter } from './letter';
import { opens } from './ledger/commitment';
import { isSigned, parseEntry, type GrantEntry } from './ledger/entry';
import type { Did } from './did';
import { agreementKey, pairwiseKey, signingKey } from './identity';
import { parsePlaintext, plaintextJson } from './plaintext';
import { checkReceipt, checkWithdrawalReceipt, eventOf, parseReceipt } from './receipt';
import { cekOfShare } from './share';
import { fixedRandom, NOW } from './testing/fixed';
import { CHAIN, testVault, VALUES } from './testing/vault';

const random = fixedRandom('grant test');
const vault = await testVault();
const choice = { purposeId: 'delivery', attributes: ['name', 'postal-address'], channels: [], days: 31 as const };
const prepared = await prepareGrant(vault.request, choice, vault.giver, NOW, random);

describe('giving', () => {
  test('the business opens the letter and with it exactly what was given', async () => {
    const letter = await openLetter(vault.shop.agreement, prepared.give.letter);
    expect(letter.grant).toBe(prepared.given.grant);
    expect(letter.receipt).toBe(prepared.give.receipt);
    expect(prepared.give.shares.map((s) => s.attribute)).toEqual(['name', 'postal-address']);
    for (const share of prepared.give.shares) {
      const stored = vault.giver.documents[share.attribute]!;
      // A release as the operator makes it: any JOSE library opens it.
      const release = {
        protected: stored.sealed.protected,
        header: { alg: 'A256KW', kid: letter.grant },
        encrypted_key: share.encrypted_key,
        iv: stored.sealed.iv,
        ciphertext: stored.sealed.ciphertext,
        tag: stored.sealed.tag,
      };
      const key = await importJWK({ kty: 'oct', k: letter.grant_key, alg: 'A256KW' });
      const plaintext = parsePlaintext(fromUtf8((await flattenedDecrypt(release, key)).plaintext).trimEnd());
      expect(plaintext).toMatchObject({ name: share.attribute, value: VALUES[share.attribute as keyof typeof VALUES] });
    }
  });

  test('the entry is signed for this ledger, under the handle of the letter, and commits to the receipt', async () => {
    const letter = await openLetter(vault.shop.agreement, prepared.give.letter);
    const entry = parseEntry(fromB64u(letter.entry)) as GrantEntry;
    expect(isSigned(CHAIN, entry)).toBe(true);
    expect(isSigned('other', entry)).toBe(false);
    expect(entry.end - entry.start).toBe(31 * 24);
    expect(equal(entry.handle, signingKey(fromB64u(letter.handle_secret)).publicKey)).toBe(true);
    expect(opens(letter.opening, entry.commitment, utf8(letter.receipt))).toBe(true);
    expect(opens(letter.opening, entry.commitment, utf8(`${letter.receipt}x`))).toBe(false);
  });

  test('the receipt repeats the request, and says so when it does not', () => {
    const receipt = parseReceipt(prepared.give.receipt);
    expect(receipt.id).toBe(pairwiseKey(vault.identitySeed, vault.shop.did).did);
    checkReceipt(receipt, vault.request);
    expect(() => checkReceipt({ ...receipt, authority_party: 'nobody' }, vault.request)).toThrow(expect.objectContaining({ path: 'authority_party' }));
  });

  test('the withdrawal signed ahead is signed by the key of the grant', () => {
    const entry = parseEntry(fromB64u(prepared.give.withdraw));
    const grant = parseEntry(fromB64u(prepared.given.entry)) as GrantEntry;
    expect(isSigned(CHAIN, entry, grant.walletKey)).toBe(true);
    expect(isSigned(CHAIN, entry, grant.handle)).toBe(false);
    expect(entry).toMatchObject({ kind: 'withdraw', epoch: grant.start });
  });

  test('two grants share no key', async () => {
    const again = await prepareGrant(vault.request, choice, vault.giver, NOW, random);
    expect(again.plaintext.grant_key).not.toBe(prepared.plaintext.grant_key);
    expect(again.plaintext.handle_secret).not.toBe(prepared.plaintext.handle_secret);
    const [a, b] = [prepared, again].map((p) => parseEntry(fromB64u(p.given.entry)) as GrantEntry);
    expect(equal(a!.walletKey, b!.walletKey)).toBe(false);
  });

  test('what was not asked cannot be prepared, what the vault lacks is named', async () => {
    const wider = { ...choice, attributes: ['name', 'postal-address', 'shoe-size'] };
    await expect(prepareGrant(vault.request, wider, vault.giver, NOW, random)).rejects.toMatchObject({ code: 'wider-than-request' });
    const poor = { ...vault.giver, documents: { name: vault.giver.documents['name'] } };
    await expect(prepareGrant(vault.request, choice, poor, NOW, random)).rejects.toMatchObject({ code: 'no-value' });
  });

  test('the sealed copy reads back', () => {
    expect(parsePlaintext(plaintextJson(prepared.plaintext))).toEqual(prepared.plaintext);
  });
});

describe('deciding', () => {
  const answer = { give: [prepared.given], refuse: ['marketing'], minor: false };

  test('the text reads back and the challenge is of the text', () => {
    const text = decisionText(newDecision(vault.request, answer, NOW, random));
    expect(parseDecision(text)).toMatchObject({ refuse: ['marketing'] });
    expect(decisionChallenge(text)).toHaveLength(32);
    expect(b64u(decisionChallenge(text))).not.toBe(b64u(decisionChallenge(`${text} `)));
  });
});

describe('withdrawing', () => {
  test('ends the grant with an entry and a receipt that point to it', () => {
    const later = NOW + 5 * 3600;
    const { entry, receipt } = prepareWithdrawal(prepared.plaintext, vault.identitySeed, CHAIN, later, random);
    const grant = parseEntry(fromB64u(prepared.given.entry)) as GrantEntry;
    const withdraw = parseEntry(fromB64u(entry));
    expect(isSigned(CHAIN, withdraw, grant.walletKey)).toBe(true);
    expect(withdraw).toMatchObject({ kind: 'withdraw', epoch: Math.floor(later / 3600), handle: grant.handle });
    const ended = parseReceipt(receipt);
    expect(ended.predecessor).toBe(parseReceipt(prepared.give.receipt).record_id);
    expect(eventOf(ended)).toMatchObject({ event_state: 'withdrawn', event_time: later });
  });

  test('counts from the start of the grant, even by a clock that is behind', () => {
    const { entry } = prepareWithdrawal(prepared.plaintext, vault.identitySeed, CHAIN, NOW - 7200, random);
    expect(parseEntry(fromB64u(entry))).toMatchObject({ epoch: prepared.plaintext.start });
  });

  test('after it, a changed document has a key that the business was never given', async () => {
    const stored = vault.giver.documents['name']!;
    const next = await resealDocument(vault.vaultKey, stored, random);
    const share = prepared.give.shares[0]!;
    const grantKey = fromB64u(prepared.plaintext.grant_key);
    const old = await cekOfShare(grantKey, share.encrypted_key);
    const renewed = await renewShare(prepared.plaintext, 'name', vault.vaultKey, next);
    expect(equal(old, await cekOfShare(grantKey, renewed!.encrypted_key))).toBe(false);
    expect(await renewShare(prepared.plaintext, 'shoe-size', vault.vaultKey, next)).toBeNull();
  });
});

describe('partners', async () => {
  const carrier = { ...business('carrier'), role: 'onward' as const, attributes: ['name', 'postal-address'] };
  const warehouse = { ...business('warehouse'), role: 'joint' as const, attributes: ['name'] };
  const request = { ...vault.request, purposes: vault.request.purposes.map((p) => (p.id === 'delivery' ? { ...p, partners: [carrier, warehouse] } : p)) };

  function business(name: string) {
    const keys = agreementKey(utf8(name.padEnd(32)), 'did:key:x' as Did);
    return { did: pairwiseKey(utf8(name.padEnd(32)), 'did:key:x' as Did).did, name, address: 'Street 1', contact: `${name}@x.example`, country: 'NL', agreement_key: keys.publicJwk };
  }

  test('each gets a grant of its own under the first, and no two share a key', async () => {
    const [first, ...rest] = await prepareGrants(request, { ...choice, partners: [carrier.did] }, vault.giver, NOW, random);
    expect(rest.map((p) => [p.given.partner, p.given.attributes.join()])).toEqual([[carrier.did, 'name,postal-address'], [warehouse.did, 'name']]);
    for (const p of rest) {
      const receipt = parseReceipt(p.give.receipt);
      expect(receipt).toMatchObject({ onward_of: first!.give.grant, id: pairwiseKey(vault.identitySeed, p.plaintext.business).did });
      checkReceipt(receipt, request);
      expect(parsePlaintext(plaintextJson(p.plaintext))).toMatchObject({ onward_of: first!.give.grant, business: p.given.partner });
      const end = parseReceipt(prepareWithdrawal(p.plaintext, vault.identitySeed, CHAIN, NOW + 9, random).receipt);
      checkWithdrawalReceipt(end, receipt);
    }
    const all = [first!, ...rest];
    for (const key of ['grant_key', 'handle_secret', 'entry'] as const) expect(new Set(all.map((p) => p.plaintext[key])).size).toBe(3);
    const decision = newDecision(request, { give: all.map((p) => p.given), refuse: ['marketing'], minor: false }, NOW, random);
    expect(parseDecision(decisionText(decision))).toEqual(decision);
  });

  test('an onward one is left out, a joint one is not', async () => {
    const made = await prepareGrants(request, choice, vault.giver, NOW, random);
    expect(made.map((p) => p.given.partner)).toEqual([undefined, warehouse.did]);
    expect(() => newDecision(request, { give: [made[0]!.given], refuse: ['marketing'], minor: false }, NOW, random)).toThrow(expect.objectContaining({ code: 'missing-required' }));
  });
});
