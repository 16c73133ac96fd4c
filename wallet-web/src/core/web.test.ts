import { p256 } from '@noble/curves/nist.js';
import { describe, expect, test } from 'vitest';
import { b64u, fromB64u } from './bytes';
import { verifyAcknowledgement } from './loop';
import { p256FromDidKey, type Did } from './did';
import { ParseError } from './errors';
import { prepareGrant } from './grant';
import type { GrantId } from './id';
import { verifyBusinessJws, type Documents } from './jws';
import { parsePlaintext, plaintextJson, type GrantPlaintext } from './plaintext';
import { fixedRandom, NOW, ORIGIN, requestPayload, shop } from './testing/fixed';
import { testVault } from './testing/vault';
import { verifyRequest } from './request';
import { documentsOf, hasNewKey, hostOf, isWeb, namedSigner, pinnedOf } from './web';

const by = shop();
const other = shop('another key');
const WEB = 'did:web:corner.example' as Did;
const kid = `${WEB}#key-1`;
const documentOf = (signer: { did: Did }, changes: object = {}) =>
  JSON.stringify({ '@context': ['https://www.w3.org/ns/did/v1'], id: WEB, verificationMethod: [{ id: kid, type: 'JsonWebKey2020', controller: WEB, publicKeyJwk: p256FromDidKey(signer.did) }], assertionMethod: [kid], ...changes });
const under = (...documents: string[]): Documents => new Map([[WEB, documents]]);
const sign = (signer = by, typ = 'coffer-request+jwt', payload: object = { ...requestPayload(by), iss: WEB }, header: object = { kid }) => signer.sign(typ, payload, header);
const rules = { audience: ORIGIN, now: NOW, catalogue: null };
const verdict = (jws: string, documents?: Documents) =>
  verifyRequest(jws, { ...rules, ...(documents && { documents }) }).then(
    (q) => `ok ${q.iss}`,
    (error: unknown) => (error instanceof ParseError ? `${error.code} ${error.path}`.trim() : String(error)),
  );

const number = (b64: string): bigint => BigInt(`0x${Buffer.from(fromB64u(b64)).toString('hex')}`);

describe('a request of a did:web', () => {
  test('holds under the document that has its key, and keeps it', async () => {
    const q = await verifyRequest(sign(), { ...rules, documents: under(documentOf(by)) });
    expect([q.iss, q.document]).toEqual([WEB, documentOf(by)]);
  });

  test.each<[string, string, Documents | undefined, string]>([
    ['without a document', sign(), undefined, 'unknown-key header.kid'],
    ['with the document of another', sign(), new Map([['did:web:other.example', [documentOf(by)]]]), 'unknown-key header.kid'],
    ['with a document that calls itself otherwise', sign(), under(documentOf(by, { id: 'did:web:other.example' })), 'bad-signature'],
    ['with a key that is not for signing', sign(), under(documentOf(by, { assertionMethod: [], keyAgreement: [kid] })), 'bad-signature'],
    ['with a key of another controller', sign(), under(documentOf(by, { verificationMethod: [{ id: kid, controller: 'did:web:x.example', publicKeyJwk: p256FromDidKey(by.did) }] })), 'bad-signature'],
    ['with the key of somebody else', sign(other), under(documentOf(by)), 'bad-signature'],
    ['under a name that the document does not have', sign(by, undefined, undefined, { kid: `${WEB}#key-2` }), under(documentOf(by)), 'bad-signature'],
    ['with an Ed25519 key under ES256', sign(), under(documentOf(by, { verificationMethod: [{ id: kid, publicKeyJwk: { kty: 'OKP', crv: 'Ed25519', x: p256FromDidKey(by.did).x } }] })), 'bad-signature'],
    ['with two keys of one name', sign(), under(documentOf(by).replace('"id":"did:web:corner.example",', '"id":"did:web:corner.example","id":"did:web:corner.example",')), 'bad-signature'],
    ['with no JSON', sign(), under('<html>'), 'bad-signature'],
    ['that says it is of another', sign(by, undefined, { ...requestPayload(by), iss: 'did:web:other.example' }), under(documentOf(by)), 'wrong-issuer iss'],
    ['with a document for a did:key', by.sign('coffer-request+jwt', requestPayload(by)), new Map([[by.did, [documentOf(other)]]]), `ok ${by.did}`],
  ])('%s', async (_, jws, documents, want) => {
    expect(await verdict(jws, documents)).toBe(want);
  });
});

describe('the pinned document', () => {
  const random = fixedRandom('web');
  const given = async (signer: typeof by, at: number): Promise<GrantPlaintext> => {
    const { giver } = await testVault();
    const request = await verifyRequest(sign(signer), { ...rules, documents: under(documentOf(signer)) });
    return (await prepareGrant(request, { purposeId: 'delivery', attributes: ['name', 'postal-address'], channels: [], days: 31 }, giver, at, random)).plaintext;
  };

  test('is in the grant, survives its JSON, and verifies its request for ever', async () => {
    const grant = await given(by, NOW);
    expect(parsePlaintext(plaintextJson(grant))).toEqual(grant);
    expect(grant.request_document).toBe(documentOf(by));
    expect(await verdict(grant.request, documentsOf(grant))).toBe(`ok ${WEB}`);
    expect(await verdict(grant.request, documentsOf({ request: grant.request }))).toBe('unknown-key header.kid');
  });

  test('is not there for a did:key', async () => {
    const { request, giver } = await testVault();
    const grant = (await prepareGrant(request, { purposeId: 'delivery', attributes: ['name', 'postal-address'], channels: [], days: 31 }, giver, NOW, random)).plaintext;
    expect('request_document' in grant).toBe(false);
    expect(pinnedOf([grant], grant.business).size).toBe(0);
  });

  test('shows a changed key, and no change that leaves the key', async () => {
    const grant = await given(by, NOW);
    const pinned = pinnedOf([grant], WEB);
    expect(hasNewKey(sign(), documentOf(by, { service: [] }), pinned)).toBe(false);
    expect(hasNewKey(sign(other), documentOf(other), pinned)).toBe(true);
    expect(hasNewKey(sign(by, undefined, undefined, { kid: `${WEB}#key-2` }), documentOf(by).replaceAll('key-1', 'key-2'), pinned)).toBe(false);
    expect(hasNewKey(sign(), documentOf(by), under(documentOf(by, { id: 'did:web:x.example' })))).toBe(true);
    expect(hasNewKey(sign(other), documentOf(other), pinnedOf([], WEB))).toBe(false);
    // The mirrored point has the same x, and is another key.
    const { x, y } = p256FromDidKey(by.did);
    const mirrored = b64u(p256.Point.fromAffine({ x: number(x), y: number(y) }).negate().toBytes(false).subarray(33));
    expect(hasNewKey(sign(), documentOf(by), under(documentOf(by).replace(y, mirrored)))).toBe(true);
  });

  test('counts what was signed before a change of the key and after it', async () => {
    const [before, after] = [await given(by, NOW), await given(other, NOW + 60)];
    const pinned = pinnedOf([before, after], WEB);
    expect(pinned.get(WEB)).toEqual([documentOf(other), documentOf(by)]);
    const words = (signer: typeof by, grant: GrantId) => sign(signer, 'coffer-acknowledgement+jwt', { v: 1, iss: WEB, aud: ORIGIN, grant, event: 'withdrawn', time: NOW });
    const hold = { business: WEB, audience: ORIGIN, now: NOW, grant: before.grant, documents: pinned };
    for (const signer of [by, other]) expect(await verifyAcknowledgement(words(signer, before.grant), hold)).toMatchObject({ iss: WEB });
    await expect(verifyAcknowledgement(words(shop('third'), before.grant), hold)).rejects.toMatchObject({ code: 'bad-signature' });
    await expect(verifyBusinessJws('x', words(by, before.grant), 'coffer-acknowledgement+jwt')).rejects.toMatchObject({ code: 'unknown-key' });
  });
});

test('names', () => {
  expect([isWeb(WEB), isWeb(by.did)]).toEqual([true, false]);
  expect([WEB, 'did:web:shop.example%3A8443:a:b', by.did].map(hostOf)).toEqual(['corner.example', 'shop.example:8443', '']);
  expect([sign(), by.sign('x', {}), 'junk', 'e30.e30.e30', ''].map(namedSigner)).toEqual([WEB, by.did, '', '', '']);
});
