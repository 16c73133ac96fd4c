import { describe, expect, it } from 'vitest';
import type { Access } from '../../api/access';
import { verifyLog, nextHead } from '../../core/access';
import { b64u } from '../../core/bytes';
import { prepareGrant } from '../../core/grant';
import { newId, type GrantId } from '../../core/id';
import { systemRandom } from '../../core/random';
import { prepareRights, type RightsReply } from '../../core/rights';
import { NOW } from '../../core/testing/fixed';
import { testVault } from '../../core/testing/vault';
import { complaintHtml, complaintJson, complaintOf, excerptOf } from './complaint';
import type { Case } from './load';

const world = await testVault();
const { plaintext } = await prepareGrant(world.request, { purposeId: 'delivery', attributes: ['name', 'postal-address'], channels: [], days: 31 }, world.giver, NOW, systemRandom);
const demand = { regime: 'gdpr', right: 'erasure', grants: [plaintext.grant], attributes: [], text: 'Forget <script>alert(1)</script> & me' } as const;
const { rights } = await prepareRights(world.request, demand, world.identitySeed, NOW, systemRandom);
const reply = { step: 'answered', outcome: 'refused', text: 'No "because" <b>', jws: 'eyJ.signed.reply' } as unknown as RightsReply;
const shown: Case = {
  id: rights.id,
  business: 'Corner Shop',
  record: { rights: rights.id, business: { did: rights.aud, name: 'Corner Shop' }, grants: rights.grants, sent: NOW, replies: [] },
  rights,
  times: { sent: NOW, acknowledged: 0, extended: 0, answered: NOW + 60 },
  clock: { state: 'answered', due: '2025-12-22', left: 31 },
  odd: false,
  replies: [
    { at: 'open', step: 'answered', received: NOW + 60, reply },
    { at: 'closed', step: 'extended', received: NOW + 70 },
  ],
};

function log(grant: GrantId, times: number[]): Access[] {
  let head: Uint8Array = new Uint8Array(32);
  return times
    .map((time) => {
      const row = JSON.stringify({ v: 1, grant, time, requested: ['name'], given: ['name'], refused: '' });
      head = nextHead(head, row);
      return { grant, business: { did: rights.aud, name: 'Corner Shop' }, row, head: b64u(head) };
    })
    .reverse();
}
const accesses = [...log(plaintext.grant, [1, 2, 3]), ...log(newId<GrantId>(systemRandom), [4])];
const grants = [{ grant: plaintext.grant, purpose: 'https://w3id.org/dpv#DeliveryOfGoods', attributes: plaintext.attributes, bundle: null, receipt: plaintext.receipt, access_log: excerptOf(accesses, plaintext.grant, true) }];
const complaint = complaintOf(shown, grants, null, 'http://localhost:8080', NOW + 100);

describe('the complaint file', () => {
  it('names the authority and the business as the receipt does', () => {
    expect(complaint).toMatchObject({ authority: 'Data Protection Authority of Testland', business: { name: 'Corner Shop', dpo: 'dpo@corner.example', did: world.shop.did } });
  });

  it('has every signed text as it was signed, and no reply that does not stand', () => {
    expect(complaint.rights_request).toMatchObject({ jws: rights.jws, sent: NOW, due: '2025-12-22', state: 'answered' });
    expect(complaint.replies).toEqual([{ step: 'answered', received: NOW + 60, outcome: 'refused', text: reply.text, jws: reply.jws }]);
    expect(JSON.parse(complaintJson(complaint))).toEqual(JSON.parse(JSON.stringify(complaint)));
  });

  it('has the rows of the grant and of no other, and they lead to the head', () => {
    const { rows, head } = complaint.grants[0]!.access_log;
    expect(verifyLog(rows, plaintext.grant, head)).toHaveLength(3);
  });

  it('prints without a script and with every text escaped', () => {
    const html = complaintHtml(complaint);
    expect(html).not.toMatch(/<script|<b>|\son\w+=|https?:\/\/[^<]*\.(js|css)/);
    for (const text of ['Forget &#60;script&#62;', '&#38; me', 'No &#34;because&#34; &#60;b&#62;', 'Data Protection Authority of Testland', rights.jws, reply.jws, 'due by the end of']) expect(html).toContain(text);
    expect(html).toContain('Refused');
  });

  it('is not made without the own copy: nothing would show what was demanded', () => {
    expect(() => complaintOf({ ...shown, rights: null }, grants, null, '', NOW)).toThrow();
  });
});
