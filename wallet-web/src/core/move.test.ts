import { describe, expect, it } from 'vitest';
import { fromB64u, b64u } from './bytes';
import { CoreError } from './errors';
import { prepareGrant } from './grant';
import { newId, type DepositId, type DocumentId, type RightsId, type VaultId } from './id';
import { grantWalletKey } from './identity';
import { parseEntry } from './ledger/entry';
import { documentLine, firstOf, historyId, identityIn, lacking, lackingFiles, movedId, parseDocumentLine, type Exported, type Listed, type Target } from './move';
import type { AttributePlaintext, IdentityPlaintext, Plaintext } from './plaintext';
import { fixedRandom, NOW, ORIGIN } from './testing/fixed';
import { testVault } from './testing/vault';
import type { Change } from './vault';

const random = fixedRandom('move test');
const { request, giver } = await testVault();
const grant = (await prepareGrant(request, { purposeId: 'marketing', attributes: [], channels: ['wallet'], days: 7 }, giver, NOW, random)).plaintext;
const seed = b64u(giver.identitySeed);
const listed = (plaintext: Plaintext): Listed => ({ id: newId<DocumentId>(random), plaintext });
const attribute = (name: string, value: string, updated = NOW): AttributePlaintext => ({ v: 1, kind: 'attribute', name, value, updated });
const file = listed({ v: 1, kind: 'attachment', name: 'card.png', type: 'image/png', size: 9, hash: b64u(random(32)), key: b64u(random(32)), added: NOW });
const exported: Exported = {
  contents: { vault: newId<VaultId>(random), operator: ORIGIN, made: NOW + 60 },
  documents: [
    listed({ v: 1, kind: 'identity', seed, ledger: { chain_id: 'old', validators_hash: b64u(random(32)) } }),
    listed(attribute('email', 'ada@mail.example')),
    listed({ ...attribute('age-over-18', 'x'), value: true, derived_from: 'birth-date' }),
    listed(grant),
    listed({ v: 1, kind: 'record', record: 'r', business: grant.business, business_name: 'Shop', deposit: newId<DepositId>(random), received: NOW }),
    listed({ v: 1, kind: 'rights', rights: newId<RightsId>(random), business: grant.business, business_name: 'Shop', jws: 'x' }),
    listed({ v: 1, kind: 'presentation', name: 'warranty', value: 'r', updated: NOW, request: grant.request_id, purpose: grant.purpose_id }),
    listed({ v: 1, kind: 'settings', gpc: true, let_end: [grant.grant] }),
    file,
  ],
  grants: new Map([[grant.grant, { grant: grant.grant, state: 'live', receipts: [grant.receipt] }]]),
  bundles: new Map([[grant.receipt, '{"v":1}']]),
};

/** A vault that takes what it is given. */
class Vault implements Target {
  id = newId<VaultId>(random);
  documents: { id: DocumentId; version: number; plaintext: Plaintext }[] = [];
  get identity() {
    const d = this.documents.find((x) => x.plaintext.kind === 'identity');
    return d ? { ...(d.plaintext as IdentityPlaintext), id: d.id, version: d.version } : null;
  }
  with(...all: Plaintext[]) {
    for (const plaintext of all) this.documents.push({ id: newId<DocumentId>(random), version: 1, plaintext });
    return this;
  }
  write(changes: readonly Change[]) {
    for (const c of changes) {
      if (c.kind !== 'put') throw new Error('nothing is to be deleted');
      const had = this.documents.find((d) => d.id === c.id);
      expect(c.version).toBe((had?.version ?? 0) + 1);
      if (had) Object.assign(had, { version: c.version, plaintext: c.plaintext });
      else this.documents.push(c);
    }
    return this;
  }
  of = (kind: Plaintext['kind']) => this.documents.filter((d) => d.plaintext.kind === kind).map((d) => d.plaintext);
}
const fresh = () => new Vault().with({ v: 1, kind: 'identity', seed: b64u(random(32)), ledger: null });

describe('bringing an export to another vault', () => {
  it('brings the identity, what is held, and grants as history', () => {
    const vault = fresh();
    vault.write(lacking(vault, exported));
    expect(vault.of('identity')).toEqual([{ v: 1, kind: 'identity', seed, ledger: null }]); // the ledger is this operator's
    expect(vault.of('attribute')).toEqual([attribute('email', 'ada@mail.example')]);
    expect(vault.of('settings')).toEqual([{ v: 1, kind: 'settings', gpc: true }]);
    expect(vault.of('grant')).toEqual([]);
    expect(vault.of('moved')).toEqual([{ v: 1, kind: 'moved', operator: ORIGIN, made: NOW + 60, grant, state: 'live', receipts: [grant.receipt], bundle: '{"v":1}' }]);
    expect([vault.of('record').length, vault.of('rights').length]).toEqual([1, 1]);
    // The key that can withdraw the grant where it was given came along.
    const key = grantWalletKey(fromB64u(vault.identity!.seed, 32), grant.grant).publicKey;
    expect(parseEntry(fromB64u(grant.entry))).toMatchObject({ walletKey: key });
  });

  it('doubles nothing, and goes on after any number of documents', () => {
    for (let stop = 1; stop <= 7; stop++) {
      const vault = fresh();
      vault.write(lacking(vault, exported).slice(0, stop));
      vault.write(lacking(vault, exported));
      expect(lacking(vault, exported)).toEqual([]);
      expect(vault.documents).toHaveLength(6);
    }
  });

  it('keeps what is newer here, and takes what is newer there', () => {
    const newer = fresh().with(attribute('email', 'new@mail.example', NOW + 5));
    newer.write(lacking(newer, exported));
    expect(newer.of('attribute')).toEqual([attribute('email', 'new@mail.example', NOW + 5)]);
    const older = fresh().with(attribute('email', 'old@mail.example', NOW - 5));
    older.write(lacking(older, exported));
    expect(older.of('attribute')).toEqual([attribute('email', 'ada@mail.example')]);
  });

  it('takes a later export of the same vault on top: the grant has ended meanwhile', () => {
    const vault = fresh();
    vault.write(lacking(vault, exported));
    const later: Exported = { ...exported, contents: { ...exported.contents, made: NOW + 900 }, grants: new Map([[grant.grant, { grant: grant.grant, state: 'withdrawn', receipts: [] }]]) };
    vault.write(lacking(vault, later));
    expect(vault.of('moved')).toMatchObject([{ state: 'withdrawn', made: NOW + 900 }]);
    expect(lacking(vault, exported)).toEqual([]); // the older one changes nothing back
  });

  it('brings what was shown to a business back into the same vault alone', () => {
    const own = fresh();
    own.id = exported.contents.vault;
    expect(own.write(lacking(own, exported)).of('presentation')).toHaveLength(1);
    const other = fresh();
    expect(other.write(lacking(other, exported)).of('presentation')).toEqual([]);
  });

  it('puts back into the same vault what it lost, as it was', () => {
    const vault = new Vault();
    vault.id = exported.contents.vault;
    vault.write(lacking(vault, exported));
    expect(vault.of('grant')).toEqual([grant]);
    expect(vault.documents.find((d) => d.plaintext.kind === 'grant')!.id).toBe(exported.documents[3]!.id);
    expect(lackingFiles(vault, exported).map((f) => f.id)).toEqual([file.id]);
  });

  it('leaves a vault alone that has grants under an identity of its own, and an export without one', () => {
    expect(() => lacking(fresh().with(grant), exported)).toThrow(expect.objectContaining({ code: 'in-use' }) as CoreError);
    const without = { ...exported, documents: exported.documents.slice(1) };
    expect(() => identityIn(without)).toThrow(expect.objectContaining({ code: 'no-identity' }) as CoreError);
  });

  it('names files anew, and once', () => {
    const vault = fresh();
    const [lacks] = lackingFiles(vault, exported);
    expect(lacks).toMatchObject({ was: file.id, plaintext: { name: 'card.png' } });
    expect(lacks!.id).toBe(movedId(giver.identitySeed, vault.id, file.id));
    expect(new Set([lacks!.id, file.id, movedId(giver.identitySeed, newId<VaultId>(random), file.id), movedId(random(32), vault.id, file.id)]).size).toBe(4);
    vault.documents.push({ id: lacks!.id, version: 1, plaintext: file.plaintext });
    expect(lackingFiles(vault, exported)).toEqual([]);
    expect(historyId(giver.identitySeed, vault.id, exported.contents, 0)).not.toBe(historyId(giver.identitySeed, vault.id, exported.contents, 1));
  });
});

it('batches stay below what an operator takes, and one document always goes', () => {
  const put = (length: number): Change => ({ kind: 'put', id: newId<DocumentId>(random), version: 1, plaintext: attribute('email', 'x'.repeat(length)) });
  expect(firstOf([put(300_000), put(1)])).toHaveLength(1);
  expect(firstOf([put(90_000), put(90_000), put(90_000)])).toHaveLength(2);
  expect(firstOf(Array.from({ length: 100 }, () => put(10)))).toHaveLength(64);
  expect(firstOf([])).toEqual([]);
});

it('a line is read back, and a strange one is refused', () => {
  for (const d of exported.documents) expect(parseDocumentLine(documentLine(d))).toEqual(d);
  expect(() => parseDocumentLine('{"id":"x","plaintext":{}}')).toThrow(CoreError);
  expect(() => parseDocumentLine(JSON.stringify({ id: file.id, plaintext: { v: 1, kind: 'hologram' } }))).toThrow(expect.objectContaining({ code: 'newer' }) as CoreError);
});
