/**
 * Vectors that TypeScript makes and Go reads (../vectors_test.go): one whole giving, from the wraps to the
 * withdrawal, with every secret, so that Go can walk through it as operator, as business and as ledger.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { b64u } from './bytes';
import { decisionChallenge, decisionText, newDecision } from './decision';
import type { Stored } from './document';
import { prepareGrant, prepareWithdrawal } from './grant';
import { newId, type DocumentId, type VaultId } from './id';
import { kekFrom, vaultKeyFrom, wrapVaultKey } from './keys';
import { verifyRequest } from './request';
import { catalogue, fixedRandom, NOW, ORIGIN, requestPayload, shop } from './testing/fixed';
import { CHAIN, VALUES } from './testing/vault';
import { sealBatch, type Change } from './vault';
import { newWords } from './words';

const file = new URL('../../testdata/vectors/giving.json', import.meta.url);

async function make() {
  const random = fixedRandom('giving vectors');
  const vault = newId<VaultId>(random);
  const [vaultKey, prf, salt, credential, identitySeed] = [32, 32, 32, 20, 32].map((n) => random(n)) as [never, never, never, never, never];
  const { words, entropy } = newWords(random);
  const wraps = [
    await wrapVaultKey(await kekFrom(prf, salt), vaultKey, { vault, credential }, random),
    await wrapVaultKey(await kekFrom(entropy, salt), vaultKey, { vault }, random),
  ];
  const key = await vaultKeyFrom(vaultKey);
  const names = Object.entries(VALUES);
  const ids = new Map(names.map(([name]) => [name, newId<DocumentId>(random)]));
  const idOf = (name: string) => ids.get(name) as DocumentId;
  const changes = names.map(([name, value]): Change => ({ kind: 'put', id: idOf(name), version: 1, plaintext: { v: 1, kind: 'attribute', name, value, updated: NOW } }));
  const filled = await sealBatch(key, vault, [], 0, changes, random);
  const documents = Object.fromEntries(names.map(([name]) => [name, filled.puts.find((p) => p.id === idOf(name)) as Stored]));

  const by = shop();
  const request = await verifyRequest(by.sign('coffer-request+jwt', requestPayload(by)), { audience: ORIGIN, now: NOW, catalogue: catalogue() });
  const giver = { vaultKey: key, identitySeed, chain: CHAIN, catalogue: catalogue(), documents };
  const delivery = await prepareGrant(request, { purposeId: 'delivery', attributes: ['name', 'postal-address'], channels: [], days: 31, language: 'de' }, giver, NOW, random);
  const marketing = await prepareGrant(request, { purposeId: 'marketing', attributes: ['shoe-size'], channels: ['wallet'], days: 90 }, giver, NOW, random);
  const decision = decisionText(newDecision(request, { give: [delivery.given, marketing.given], refuse: [], minor: false }, NOW, random));
  const kept = [delivery, marketing].map((g): Change => ({ kind: 'put', id: newId<DocumentId>(random), version: 1, plaintext: g.plaintext }));
  const batch = await sealBatch(key, vault, filled.puts, 1, kept, random);
  const withdrawal = prepareWithdrawal(marketing.plaintext, identitySeed, CHAIN, NOW + 7200, random);
  const refusal = decisionText(newDecision(request, { give: [], refuse: ['delivery', 'marketing'], minor: true }, NOW, random));

  return {
    v: 1,
    now: NOW,
    audience: ORIGIN,
    chain: CHAIN,
    vault,
    vault_key: b64u(vaultKey),
    ways_in: [
      { prf: b64u(prf), salt: b64u(salt), wrap: wraps[0] },
      { words: words.join(' '), entropy: b64u(entropy), salt: b64u(salt), wrap: wraps[1] },
    ],
    identity_seed: b64u(identitySeed),
    request: request.jws,
    agreement_key: by.agreement,
    values: VALUES,
    filled: filled.puts,
    decision: { text: decision, challenge: b64u(decisionChallenge(decision)) },
    give: [delivery.give, marketing.give],
    documents: batch.puts,
    withdrawal: { grant: marketing.given.grant, time: NOW + 7200, ...withdrawal },
    refusal: { text: refusal, challenge: b64u(decisionChallenge(refusal)) },
  };
}

test('one whole giving is made today as it was, byte for byte', async () => {
  const made = `${JSON.stringify(await make(), null, 2)}\n`;
  if (process.env['UPDATE_VECTORS']) {
    mkdirSync(new URL('.', file), { recursive: true });
    writeFileSync(file, made);
  }
  // Stale on purpose? run: UPDATE_VECTORS=1 npx vitest run src/core/giving.vectors.test.ts
  expect(made === readFileSync(file, 'utf8')).toBe(true);
});
