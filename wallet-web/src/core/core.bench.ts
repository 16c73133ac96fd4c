/** The wallet's figures (architecture.md, Sizes). Run: npx vitest bench --run */
import { bench, describe } from 'vitest';
import { newId, type DocumentId, type VaultId } from './id';
import { vaultKeyFrom } from './keys';
import { commit } from './ledger/commitment';
import { parseProof, parseValidatorSet, verifyProof } from './ledger/proof';
import { prepareGrant } from './grant';
import { utf8 } from './bytes';
import { verifyRequest } from './request';
import { catalogue, fixedRandom, NOW, ORIGIN, requestPayload, shop } from './testing/fixed';
import { testVault } from './testing/vault';
import { textVectors } from './testing/vectors';
import { openVault, sealBatch, type Change } from './vault';

const random = fixedRandom('bench');
const key = await vaultKeyFrom(random(32));
const vault = newId<VaultId>(random);
const changes = Array.from({ length: 1000 }, (_, i): Change => {
  const plaintext = { v: 1 as const, kind: 'attribute' as const, name: 'name', value: `value ${i} `.repeat(20), updated: NOW };
  return { kind: 'put', id: newId<DocumentId>(random), version: 1, plaintext };
});
const stored = (await sealBatch(key, vault, [], 0, changes, random)).puts;
const proofs = textVectors('anchor/testdata/vectors/proofs.txt').filter((v) => v.expect === 'ok');
const biggest = proofs.reduce((a, b) => ((a['validators'] ?? '').length >= (b['validators'] ?? '').length ? a : b));
const proof = parseProof(biggest['proof']);
const set = parseValidatorSet(biggest['validators']);
const giver = await testVault();
const by = shop();
const jws = by.sign('coffer-request+jwt', requestPayload(by));
const choice = { purposeId: 'delivery', attributes: ['name', 'postal-address'], channels: [], days: 31 as const };

describe('vault', () => {
  bench('open 1,000 documents and hold them to the manifest', async () => void (await openVault(key, vault, stored, { version: 1, hash: '' })), { time: 2000 });
  bench('seal 1,000 documents', async () => void (await sealBatch(key, vault, [], 0, changes, random)), { time: 2000 });
});

describe('ledger', () => {
  bench(`verify a proof (${set.validators.length} validators)`, async () => void (await verifyProof(proof, set)));
  bench('commit', () => void commit(utf8('document'), random));
});

describe('consent', () => {
  bench('verify a request', async () => void (await verifyRequest(jws, { audience: ORIGIN, now: NOW, catalogue: catalogue() })));
  bench('prepare a grant of two attributes', async () => void (await prepareGrant(giver.request, choice, giver.giver, NOW, random)));
});
