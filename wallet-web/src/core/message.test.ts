import { p256 } from '@noble/curves/nist.js';
import { CompactEncrypt, FlattenedEncrypt, importJWK } from 'jose';
import { describe, expect, test } from 'vitest';
import { b64u, fromB64u, hashOf, utf8, type Bytes } from './bytes';
import type { PublicJwk } from './did';
import type { Epoch } from './epoch';
import { prepareGrant } from './grant';
import { agreementKey, pairwiseKey, signingKey } from './identity';
import { commit } from './ledger/commitment';
import { encodeEntry, parseEntry, signPermit, type GrantEntry } from './ledger/entry';
import { openMessage, verifyMessage, type SentPermit } from './message';
import { fixedRandom, jwkOf, NOW, shop } from './testing/fixed';
import { prove, validators } from './testing/ledger';
import { CHAIN, testVault } from './testing/vault';

const random = fixedRandom('message test');
const vault = await testVault();
const choice = { purposeId: 'marketing', attributes: [], channels: ['wallet'], days: 365 as const };
const given = await prepareGrant(vault.request, choice, vault.giver, NOW, random);
const shopper = pairwiseKey(vault.identitySeed, vault.shop.did).did;
const key = agreementKey(vault.identitySeed, vault.shop.did);

const payload = {
  v: 1,
  id: b64u(random(16)),
  type: 'urn:coffer:message',
  from: vault.shop.did as string,
  to: [shopper as string],
  created_time: NOW,
  body: { grant: given.given.grant as string, subject: 'New boots', text: 'Size 39 is in.' },
  nonce: b64u(random(32)),
};
const jws = vault.shop.sign('coffer-message+jwt', payload);

async function pack(text: string, to: PublicJwk = key.publicJwk): Promise<string> {
  return new CompactEncrypt(utf8(text)).setProtectedHeader({ alg: 'ECDH-ES+A256KW', enc: 'A256GCM' }).encrypt(await importJWK({ ...to }, 'ECDH-ES+A256KW'));
}

/** A permit for a message, as the shop posts it. */
function permit(change: Record<string, unknown> = {}, handleSecret = given.plaintext.handle_secret, epoch = given.plaintext.start): SentPermit {
  const document = JSON.stringify({
    v: 1,
    grant: given.given.grant,
    epoch,
    kind: 'message',
    channel: 'wallet',
    message: payload.id,
    digest: hashOf(jws),
    ...change,
  });
  const { commitment, opening } = commit(utf8(document), random);
  const entry = signPermit(CHAIN, { scheme: 1, epoch, commitment }, signingKey(fromB64u(handleSecret)));
  return { entry: b64u(encodeEntry(entry)), document, opening };
}

const opened = await openMessage(key.privateJwk, await pack(jws));
const under = { grant: given.plaintext, shopper, chain: CHAIN };
const failing = async (by: Parameters<typeof verifyMessage>[1]) => (await verifyMessage(opened, by)).checks.filter((c) => !c.ok).map((c) => `${c.name} ${c.detail}`);

describe('a message', () => {
  test('opens, compact and flattened, and stands under its permit and proof', async () => {
    expect(opened.message.body.subject).toBe('New boots');
    const flattened = await new FlattenedEncrypt(utf8(jws))
      .setProtectedHeader({ alg: 'ECDH-ES+A256KW', enc: 'A256GCM' })
      .encrypt(await importJWK({ ...key.publicJwk }, 'ECDH-ES+A256KW'));
    expect((await openMessage(key.privateJwk, JSON.stringify(flattened))).digest).toBe(hashOf(jws));
    const sent = permit();
    const proof = prove(CHAIN, [fromB64u(given.given.entry), fromB64u(sent.entry)], 1);
    const result = await verifyMessage(opened, { ...under, permit: sent, proof, set: validators(CHAIN) });
    expect(result.checks.filter((c) => !c.ok)).toEqual([]);
    expect(result.checks.map((c) => c.name)).toEqual(['sender', 'permit', 'opening', 'digest', 'proof']);
    expect(result.proven).toMatchObject({ index: 1 });
  });

  test("for another shopper's key does not open, and does not say why", async () => {
    const other = jwkOf(p256.keygen(random(48)).secretKey as Bytes);
    await expect(openMessage(other, await pack(jws))).rejects.toMatchObject({ code: 'cannot-open' });
    await expect(openMessage(key.privateJwk, 'no message')).rejects.toMatchObject({ code: 'cannot-open' });
    await expect(openMessage(key.privateJwk, '{')).rejects.toMatchObject({ code: 'cannot-open' });
  });

  test('signed by another than it is from', async () => {
    const forged = shop('stranger').sign('coffer-message+jwt', payload);
    await expect(openMessage(key.privateJwk, await pack(forged))).rejects.toMatchObject({ code: 'wrong-issuer' });
    const request = vault.shop.sign('coffer-request+jwt', payload);
    await expect(openMessage(key.privateJwk, await pack(request))).rejects.toMatchObject({ code: 'bad-signature' });
  });

  test('without a readable text', async () => {
    const empty = { ...payload, body: { ...payload.body, text: ' ' } };
    await expect(openMessage(key.privateJwk, await pack(vault.shop.sign('coffer-message+jwt', empty)))).rejects.toMatchObject({ code: 'malformed' });
  });

  test('under another grant, or for another shopper', async () => {
    expect(await failing({ ...under, permit: permit(), shopper: vault.shop.did })).toEqual(['sender wrong-sender']);
    const other = await prepareGrant(vault.request, choice, vault.giver, NOW, random);
    expect(await failing({ ...under, permit: permit(), grant: other.plaintext })).toEqual(['sender wrong-sender', 'permit bad-permit']);
  });

  test('under a permit that the handle key did not sign', async () => {
    expect(await failing({ ...under, permit: permit({}, b64u(random(32))) })).toEqual(['permit bad-permit']);
    expect(await failing({ ...under, permit: permit(), chain: 'other' })).toEqual(['permit bad-permit']);
    expect(await failing({ ...under, permit: { ...permit(), entry: given.given.entry } })).toContain('permit bad-permit');
  });

  test('under a permit of another time', async () => {
    const { start, end } = given.plaintext;
    for (const epoch of [start - 1, end] as Epoch[]) {
      expect(await failing({ ...under, permit: permit({}, given.plaintext.handle_secret, epoch) })).toEqual(['permit bad-permit']);
    }
    expect(await failing({ ...under, permit: permit({}, given.plaintext.handle_secret, (end - 1) as Epoch) })).toEqual([]);
  });

  test("signed well by a business that is not the grant's", async () => {
    const stranger = shop('stranger');
    const forged = stranger.sign('coffer-message+jwt', { ...payload, from: stranger.did });
    const { checks } = await verifyMessage(await openMessage(key.privateJwk, await pack(forged)), { ...under, permit: permit({ digest: hashOf(forged) }) });
    expect(checks.filter((c) => !c.ok).map((c) => c.name)).toEqual(['sender']);
  });

  test('under a permit for another message', async () => {
    for (const change of [{ digest: b64u(random(32)) }, { message: b64u(random(16)) }, { grant: b64u(random(16)) }, { epoch: 1 }]) {
      expect(await failing({ ...under, permit: permit(change) })).toEqual(['digest wrong-message']);
    }
    const collect = JSON.stringify({ v: 1, grant: given.given.grant, epoch: given.plaintext.start, kind: 'collect', log: b64u(new Uint8Array(32)) });
    expect(await failing({ ...under, permit: { ...permit(), document: collect } })).toEqual(['opening wrong-opening', 'digest wrong-message']);
  });

  test("with another permit's proof, or one of another ledger", async () => {
    const [sent, other] = [permit(), permit()];
    const proof = prove(CHAIN, [fromB64u(other.entry), fromB64u(sent.entry)], 0);
    expect(await failing({ ...under, permit: sent, proof, set: validators(CHAIN) })).toEqual(['proof bad-entry']);
    const right = prove(CHAIN, [fromB64u(sent.entry)], 0);
    expect(await failing({ ...under, permit: sent, proof: right, set: validators('other') })).toEqual(['proof chain']);
  });

  test('the grant entry of these tests is one', () => {
    expect((parseEntry(fromB64u(given.given.entry)) as GrantEntry).end).toBe(given.plaintext.end);
  });
});
