import { afterEach, describe, expect, it } from 'vitest';
import type { Access } from '../../api/access';
import { verifyLog, nextHead } from '../../core/access';
import { b64u } from '../../core/bytes';
import { prepareGrant } from '../../core/grant';
import { newId, type GrantId } from '../../core/id';
import { systemRandom } from '../../core/random';
import { prepareRights, type RightsReply } from '../../core/rights';
import { NOW } from '../../core/testing/fixed';
import { testVault } from '../../core/testing/vault';
import { speech } from '../../components/language.svelte';
import { texts as german } from '../../languages/de';
import { texts as french } from '../../languages/fr';
import { complaintHtml, complaintJson, complaintOf, excerptOf, lateComplaintOf } from './complaint';
import type { Case } from './load';
import type { Debtor } from './overdue';

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
const grants = [{ grant: plaintext.grant, purpose: 'https://w3id.org/dpv#DeliveryOfGoods', attributes: plaintext.attributes, bundle: null, receipt: plaintext.receipt, later_receipts: ['eyJ.the.end'], access_log: excerptOf(accesses, plaintext.grant, true) }];
const complaint = complaintOf(shown, grants, null, 'http://localhost:8080', NOW + 100);

const debtor: Debtor = {
  business: rights.aud,
  name: 'Corner Shop',
  contact: 'dpo@corner.example',
  authority: 'Data Protection Authority of Testland',
  late: [
    { what: 'statement', days: 3, grant: plaintext, event: 'withdrawn', told: NOW, acknowledgement: 'eyJ.ack.sig' },
    { what: 'answer', days: 2, rights: rights.id, right: 'erasure' },
  ],
};
const late = () => lateComplaintOf(debtor, grants, null, 'http://localhost:8080', NOW + 33 * 86400);

afterEach(() => speech.speak('en'));

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

  it('says of a late deletion what was owed until when, and has the signed evidence', () => {
    const file = late();
    expect(file).toMatchObject({ rights_request: null, replies: [], business: { did: world.shop.did, name: 'Corner Shop' }, authority: 'Data Protection Authority of Testland' });
    expect(file.ends).toEqual([{ grant: plaintext.grant, event: 'withdrawn', told: NOW, acknowledge_by: NOW + 72 * 3600, state_by: NOW + 30 * 86400, late: 'statement', acknowledgement: 'eyJ.ack.sig' }]);
    const html = complaintHtml(file);
    for (const text of ['Withdrawn by the shopper', 'eyJ.ack.sig', 'eyJ.the.end', plaintext.receipt, 'What the business left unsaid']) expect(html).toContain(text);
    expect(html).not.toContain('What was demanded');
    expect(() => lateComplaintOf({ ...debtor, late: [debtor.late[1]!] }, grants, null, '', NOW)).toThrow('late');
  });

  it('says the excerpt of the log in words beside its exact rows', () => {
    const rows = ['{"v":1,"grant":"' + plaintext.grant + '","time":1763600000,"requested":["name"],"given":["name"],"refused":""}', '{"v":1,"grant":"' + plaintext.grant + '","time":1763600060,"requested":["phone"],"given":[],"refused":"narrowed"}'];
    const html = complaintHtml({ ...complaint, grants: [{ ...complaint.grants[0]!, access_log: { rows, head: 'h', whole: false } }] });
    for (const text of ['2025-11-20 00:53 UTC</th><td>Collected: Name', 'Asked for, and refused: Phone', 'Older rows are not shown', '&#34;refused&#34;:&#34;narrowed&#34;']) expect(html).toContain(text);
  });

  it.each([
    ['de', ['<html lang="de">', 'Beschwerde über Corner Shop', 'Was verlangt wurde', 'Meine Daten löschen', 'Abgelehnt: No', 'Abgerufen: Name', 'Wie es zu prüfen ist'], ['Was das Unternehmen nicht gesagt hat', 'Widerrufen']],
    ['fr', ['<html lang="fr">', 'Plainte au sujet de Corner Shop', 'Ce qui a été exigé', 'Effacer mes données', 'Refusé: No', 'Relevé : Nom', 'Comment vérifier'], ['Ce que l’entreprise n’a pas dit', 'Retiré']],
  ] as const)('speaks %s, and signs nothing differently', async (language, demanded, ended) => {
    await speech.speak(language, { de: async () => ({ texts: german }), fr: async () => ({ texts: french }) });
    const file = complaintOf(shown, grants, null, 'http://localhost:8080', NOW + 100);
    expect(file).toEqual({ ...complaint, language, how_to_check: file.how_to_check });
    expect(file.how_to_check).not.toEqual(complaint.how_to_check);
    const [html, other] = [complaintHtml(file), complaintHtml(late())];
    for (const text of demanded) expect(html).toContain(text);
    for (const text of ended) expect(other).toContain(text);
    for (const english of ['What was', 'How to check', 'Receipt, as signed', 'The business', 'Collected', 'Acknowledged', 'signed by']) expect(html + other).not.toContain(english);
  });
});
