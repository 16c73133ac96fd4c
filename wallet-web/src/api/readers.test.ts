// One answer of each kind as the operator writes it today, and a bent one that must not pass.
import { afterEach, describe, expect, it, vi } from 'vitest';
import { readAccesses } from './access';
import { decide } from './decision';
import { readDocuments } from './document';
import { readReminders, sendChange } from './change';
import { laterReceipts, readGrantProof, readGrants } from './grant';
import { Unparsed } from './http';
import { readMessages } from './message';
import { readRequest } from './request';
import { currentSession } from './session';
import type { RequestId } from '../core/id';

const ID = 'AAAAAAAAAAAAAAAAAAAAAA';
const business = { did: 'did:key:zDnTest', name: 'Corner Shop' };
const answers = (...bodies: unknown[]) => {
  const next = [...bodies];
  vi.stubGlobal('fetch', vi.fn(async () => new Response(JSON.stringify(next.shift()))));
};
afterEach(() => vi.unstubAllGlobals());

const session = { vault: ID, salt: 'AA', state: 'open', credential: 'AQ', passkeys: [{ id: 'AQ', prf: true, created: 1 }], wraps: [{ kind: 'passkey', credential: 'AQ', iv: 'AA', ciphertext: 'AA' }, { kind: 'recovery', iv: 'AA', ciphertext: 'AA' }] };
const grant = { grant: ID, request: ID, business, purpose: 'https://w3id.org/dpv#DeliveryOfGoods', purpose_id: 'delivery', attributes: ['name'], channels: null, start: 1, end: 25, state: 'live', given: 9, withdrawn: 0, anchored: true, entry: 'AA', receipt: 'a.b.c' };
const message = { id: ID, grant: ID, business, received: 9, sealed: '{}', permit: { entry: 'AA', document: '{}', opening: {} }, read: false };

describe('reading', () => {
  it('a session, and no session', async () => {
    answers(session);
    expect((await currentSession())?.wraps).toEqual(session.wraps);
    vi.stubGlobal('fetch', vi.fn(async () => new Response('{"type":"urn:coffer:problem:not-signed-in"}', { status: 401 })));
    expect(await currentSession()).toBeNull();
  });

  it('a session in a state that this page does not know is refused', async () => {
    answers({ ...session, state: 'half-open' });
    await expect(currentSession()).rejects.toThrow(Unparsed);
  });

  it('what becomes of a vault that nobody signs in to, where the operator has such a policy', async () => {
    answers(session, { ...session, inactive: { months: 24, days: 180, warned: 0 } }, { ...session, inactive: { months: 0, days: 180, warned: 0 } });
    expect((await currentSession())?.inactive).toBeNull();
    expect((await currentSession())?.inactive).toEqual({ months: 24, days: 180, warned: 0 });
    await expect(currentSession()).rejects.toThrow(Unparsed);
  });

  it('documents', async () => {
    answers({ documents: [{ id: ID, version: 1, sealed: { protected: 'x' } }] });
    expect(await readDocuments()).toHaveLength(1);
    answers({ documents: [{ id: ID, version: 0, sealed: {} }] });
    await expect(readDocuments()).rejects.toThrow('documents[0].version');
    answers({ documents: [{ id: 'not an id', version: 1, sealed: {} }] });
    await expect(readDocuments()).rejects.toThrow('documents[0].id');
  });

  it('a request', async () => {
    answers({ request: 'a.b.c', status: 'open', business: { ...business, state: 'active' } });
    expect((await readRequest(ID as RequestId)).status).toBe('open');
    answers({ request: 'a.b.c', status: 'open', business: { ...business, state: 'friend' } });
    await expect(readRequest(ID as RequestId)).rejects.toThrow('business.state');
  });

  it('grants, with an empty list as Go writes it', async () => {
    answers({ grants: [grant] });
    expect((await readGrants())[0]).toMatchObject({ state: 'live', channels: [] });
    answers({ grants: [{ ...grant, state: 'replaced', successor: ID, change: 'narrowed' }] });
    expect((await readGrants())[0]).toMatchObject({ successor: ID, change: 'narrowed' });
    answers({ grants: [{ ...grant, state: 'forgotten' }] });
    await expect(readGrants()).rejects.toThrow('grants[0].state');
    answers({ grants: [{ ...grant, successor: 'someone' }] });
    await expect(readGrants()).rejects.toThrow('grants[0].successor');
  });

  it('later receipts, each once and without the first', () => {
    const papers = { receipt: 'a', receipts: ['a', 'b'], withdrawal_receipt: 'c' };
    expect(laterReceipts(papers)).toEqual(['b', 'c']);
    expect(laterReceipts({ receipt: 'a', receipts: [], withdrawal_receipt: '' })).toEqual([]);
  });

  it('reminders, and what a change makes', async () => {
    answers({ reminders: [{ grant: ID, end: 9 }] }, { reminders: null }, { reminders: [{ grant: ID }] }, { grant: ID }, {});
    expect(await readReminders()).toEqual([{ grant: ID, end: 9 }]);
    expect(await readReminders()).toEqual([]);
    await expect(readReminders()).rejects.toThrow('reminders[0].end');
    const out = { change: '{}', withdraw: 'AA', receipt: 'a.b.c', letter: null, ahead: null, shares: [] };
    expect(await sendChange(ID as never, out, null, [])).toBe(ID);
    const sent = JSON.parse(vi.mocked(fetch).mock.calls[3]![1]!.body as string) as object;
    expect(sent).toEqual({ ...out, ceremony: '', credential: null, documents: { puts: [] } });
    await expect(sendChange(ID as never, out, null, [])).rejects.toThrow(Unparsed);
  });

  it('a proof, or none yet', async () => {
    answers({ v: 1 });
    expect(await readGrantProof(ID as never)).toEqual({ v: 1 });
    vi.stubGlobal('fetch', vi.fn(async () => new Response('{"type":"urn:coffer:problem:not-anchored"}', { status: 404 })));
    expect(await readGrantProof(ID as never)).toBeNull();
  });

  it('messages', async () => {
    answers({ messages: [message] });
    expect(await readMessages()).toHaveLength(1);
    answers({ messages: [{ ...message, permit: {} }] });
    await expect(readMessages()).rejects.toThrow('messages[0].permit.entry');
  });

  it('the access log page by page, and not for ever', async () => {
    const page = (n: number, next: string) => ({ accesses: [{ grant: ID, business, row: `{"n":${n}}`, head: 'AA' }], next });
    answers(page(1, 'a'), page(2, 'b'), page(3, ''));
    const log = await readAccesses();
    expect(log.accesses.map((a) => a.row)).toEqual(['{"n":1}', '{"n":2}', '{"n":3}']);
    expect(log.whole).toBe(true);
    vi.stubGlobal('fetch', vi.fn(async () => new Response(JSON.stringify(page(1, 'same')))));
    expect((await readAccesses()).whole).toBe(false);
    expect(fetch).toHaveBeenCalledTimes(2);
  });

  it('the outcome of a decision; a refusal of all goes without a passkey', async () => {
    answers({ grants: [], return_url: '' });
    expect(await decide('{}', null, [], [])).toEqual({ grants: [], return_url: '' });
    const sent = JSON.parse(vi.mocked(fetch).mock.calls[0]![1]!.body as string) as object;
    expect(sent).toEqual({ decision: '{}', ceremony: '', credential: null, give: [], documents: { puts: [] } });
  });
});
