/** For tests only: a small vault, and a grant given from it. */
import type { Bytes } from '../bytes';
import { sealDocument, type Stored } from '../document';
import type { Giver } from '../grant';
import { newId, type DocumentId } from '../id';
import { vaultKeyFrom, type VaultKey } from '../keys';
import { plaintextJson, type AttributePlaintext } from '../plaintext';
import { verifyRequest, type Request } from '../request';
import { catalogue, fixedRandom, NOW, ORIGIN, requestPayload, shop, type Shop } from './fixed';

export const CHAIN = 'coffer-test';
export const VALUES = {
  name: 'Ada Canary',
  'postal-address': { street: '1 Improbable Way', postcode: '99999', city: 'Testburg', country: 'DE' },
  phone: '+49 30 000 1234567',
  'shoe-size': '39',
} as const;

export interface TestVault {
  shop: Shop;
  request: Request;
  vaultKey: VaultKey;
  rawKey: Bytes;
  identitySeed: Bytes;
  giver: Giver;
}

export async function testVault(label = 'vault'): Promise<TestVault> {
  const random = fixedRandom(label);
  const by = shop();
  const rawKey = random(32);
  const vaultKey = await vaultKeyFrom(rawKey);
  const identitySeed = random(32);
  const documents: Record<string, Stored> = {};
  for (const [name, value] of Object.entries(VALUES)) {
    const ref = { id: newId<DocumentId>(random), version: 1 };
    const plaintext: AttributePlaintext = { v: 1, kind: 'attribute', name, value, updated: NOW };
    documents[name] = { ...ref, sealed: await sealDocument(vaultKey, ref, plaintextJson(plaintext), random) };
  }
  const rules = { audience: ORIGIN, now: NOW, catalogue: catalogue() };
  const request = await verifyRequest(by.sign('coffer-request+jwt', requestPayload(by)), rules);
  const giver: Giver = { vaultKey, identitySeed, chain: CHAIN, catalogue: rules.catalogue, documents };
  return { shop: by, request, vaultKey, rawKey, identitySeed, giver };
}
