import { expect, it } from 'vitest';
import { utf8 } from '../../core/bytes';
import type { Did } from '../../core/did';
import { prepareGrants } from '../../core/grant';
import { agreementKey, pairwiseKey } from '../../core/identity';
import { controllerOf, eventOf, parseReceipt } from '../../core/receipt';
import { fixedRandom, NOW } from '../../core/testing/fixed';
import { CHAIN, testVault } from '../../core/testing/vault';
import { endsUnder } from './withdraw';

it('what ends a grant ends those of partners under it, each with its own receipt, and no other', async () => {
  const random = fixedRandom('under test');
  const { request, giver } = await testVault();
  const [seed, of] = [utf8('carrier'.padEnd(32)), 'did:key:x' as Did];
  const carrier = {
    did: pairwiseKey(seed, of).did, name: 'Carrier', address: 'Street 1', contact: 'post@carrier.example', country: 'NL',
    agreement_key: agreementKey(seed, of).publicJwk, role: 'onward' as const, attributes: ['name', 'postal-address'],
  };
  const asked = { ...request, purposes: request.purposes.map((p) => (p.id === 'delivery' ? { ...p, partners: [carrier] } : p)) };
  const choice = { purposeId: 'delivery', attributes: ['name', 'postal-address'], channels: [], days: 31 as const, partners: [carrier.did] };
  const [first, partner] = (await prepareGrants(asked, choice, giver, NOW, random)).map((p) => p.plaintext);
  const [other, otherPartner] = (await prepareGrants(asked, choice, giver, NOW, random)).map((p) => p.plaintext);
  const vault = { grants: new Map([first!, partner!, other!, otherPartner!].map((g) => [g.grant, g])), seed: giver.identitySeed };

  const ends = await endsUnder(vault as unknown as Parameters<typeof endsUnder>[0], first!.grant, CHAIN, NOW + 60);
  expect(ends.map((e) => e.grant)).toEqual([partner!.grant]);
  const receipt = parseReceipt(ends[0]!.receipt);
  expect([controllerOf(receipt), eventOf(receipt).event_state, receipt.grant]).toEqual([carrier.did, 'withdrawn', partner!.grant]);
  expect(await endsUnder(vault as unknown as Parameters<typeof endsUnder>[0], partner!.grant, CHAIN, NOW + 60)).toEqual([]);
});
