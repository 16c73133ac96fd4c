import { generalDecrypt } from 'jose';
import { describe, expect, test } from 'vitest';
import { b64u, equal, fromB64u, fromUtf8, type Bytes } from './bytes';
import { cekOf, openDocument, parseSealed, resealDocument, sealDocument, type Stored } from './document';
import { manifestId, newId, type DocumentId, type VaultId } from './id';
import { kekFrom, newVaultKey, unwrapVaultKey, vaultKeyFrom, wrapVaultKey } from './keys';
import { REMEMBERED } from './manifest';
import { plaintextJson, type AttributePlaintext } from './plaintext';
import { fixedRandom, NOW } from './testing/fixed';
import { openVault, sealBatch, type Batch, type Change } from './vault';

const random = fixedRandom('vault test');
const raw = newVaultKey(random);
const key = await vaultKeyFrom(raw);
const vault = newId<VaultId>(random);
const attribute = (name: string, value: string): AttributePlaintext => ({ v: 1, kind: 'attribute', name, value, updated: NOW });
const put = (id: DocumentId, version: number, value = 'x'): Change => ({ kind: 'put', id, version, plaintext: attribute('name', value) });
const ids = Array.from({ length: 3 }, () => newId<DocumentId>(random));
const [a, b, c] = ids as [DocumentId, DocumentId, DocumentId];

/** What the operator holds after a batch. */
function after(stored: readonly Stored[], batch: Batch): Stored[] {
  const next = new Map(stored.map((s) => [s.id, s]));
  for (const s of batch.puts) next.set(s.id, s);
  for (const d of batch.deletes) next.delete(d.id);
  return [...next.values()];
}
const seen = (version: number, hash = '') => ({ version, hash });
const begun = await sealBatch(key, vault, [], 0, ids.map((id) => put(id, 1)), random);
const first = after([], begun);
const second = after(first, await sealBatch(key, vault, first, 1, [put(a, 2, 'y')], random, begun.past));

describe('wraps', () => {
  const owner = { vault, credential: random(20) };
  test('open with their own way in and with no other, without saying why', async () => {
    const kek = await kekFrom(random(32), random(32));
    const wrap = await wrapVaultKey(kek, raw, owner, random);
    expect(equal(await unwrapVaultKey(kek, wrap, owner), raw)).toBe(true);
    const otherKek = await kekFrom(random(32), random(32));
    const others: (() => Promise<Bytes>)[] = [
      () => unwrapVaultKey(otherKek, wrap, owner),
      () => unwrapVaultKey(kek, wrap, { vault: newId<VaultId>(random), credential: owner.credential }),
      () => unwrapVaultKey(kek, wrap, { vault, credential: random(20) }),
      () => unwrapVaultKey(kek, wrap, { vault }),
      () => unwrapVaultKey(kek, { ...wrap, ciphertext: wrap.ciphertext.slice(4) }, owner),
    ];
    for (const other of others) await expect(other()).rejects.toMatchObject({ code: 'cannot-open', message: 'it does not open' });
  });

  test('what a session holds cannot be read out', async () => {
    await expect(crypto.subtle.exportKey('raw', key.key)).rejects.toThrow();
  });
});

describe('documents', () => {
  const ref = { id: a, version: 4 };
  test('are opened by jose too, and their size says little', async () => {
    const plaintext = plaintextJson(attribute('email', 'ada@mail.example'));
    const sealed = await sealDocument(key, ref, plaintext, random);
    const opened = await generalDecrypt(sealed, raw, { keyManagementAlgorithms: ['A256KW'], contentEncryptionAlgorithms: ['A256GCM'] });
    expect(fromUtf8(opened.plaintext).trimEnd()).toBe(plaintext);
    const sizes = [1, 50, 150].map(async (n) => fromB64u((await sealDocument(key, ref, plaintextJson(attribute('name', 'x'.repeat(n))), random)).ciphertext).length);
    expect(new Set(await Promise.all(sizes))).toEqual(new Set([256]));
  });

  test('swapped, rolled back, of another vault, tampered: none opens', async () => {
    const sealed = await sealDocument(key, ref, '{}', random);
    const flip = (text: string) => (text.startsWith('A') ? 'B' : 'A') + text.slice(1);
    const otherKey = await vaultKeyFrom(random(32));
    const refused = [
      () => openDocument(key, { id: b, version: 4 }, sealed),
      () => openDocument(key, { id: a, version: 5 }, sealed),
      () => openDocument(otherKey, ref, sealed),
      () => openDocument(key, ref, { ...sealed, ciphertext: flip(sealed.ciphertext) }),
      () => openDocument(key, ref, { ...sealed, tag: flip(sealed.tag) }),
      () => openDocument(key, ref, { ...sealed, iv: flip(sealed.iv) }),
      () => openDocument(key, ref, { ...sealed, recipients: [...sealed.recipients, ...sealed.recipients] }),
    ];
    for (const r of refused) await expect(r()).rejects.toMatchObject({ code: 'cannot-open' });
    expect(await openDocument(key, ref, sealed)).toBe('{}');
  });

  test('the shape is checked at the edge', () => {
    const { sealed } = first[0]!;
    expect(parseSealed(JSON.parse(JSON.stringify(sealed)))).toEqual(sealed);
    expect(() => parseSealed({ ...sealed, unprotected: {} })).toThrow(expect.objectContaining({ code: 'malformed' }));
    expect(() => parseSealed({ ...sealed, iv: 'AAAA' })).toThrow(expect.objectContaining({ path: 'iv' }));
  });

  test('each version has a content key of its own', async () => {
    const stored = first.find((s) => s.id === a)!;
    const next = await resealDocument(key, stored, random);
    expect(next.version).toBe(2);
    expect(await openDocument(key, next, next.sealed)).toBe(await openDocument(key, stored, stored.sealed));
    expect(equal(await cekOf(key, stored.sealed), await cekOf(key, next.sealed))).toBe(false);
  });
});

describe('the manifest', () => {
  const findings = async (stored: readonly Stored[], seen: number) => (await openVault(key, vault, stored, { version: seen, hash: '' })).findings.map((f) => `${f.kind} ${f.document}`);
  const sorted = [a, b, c].sort();

  test('nothing to find in what the wallet wrote', async () => {
    const opened = await openVault(key, vault, second, seen(2));
    expect(opened.findings).toEqual([]);
    expect(opened.unreadable).toEqual([]);
    expect(opened.manifestVersion).toBe(2);
    expect(opened.documents.map((d) => d.id).sort()).toEqual(sorted);
  });

  test('a new vault has nothing, and nothing to find', async () => {
    expect(await openVault(key, vault, [], seen(0))).toMatchObject({ documents: [], manifestVersion: 0, findings: [], unreadable: [], past: { manifests: [] } });
  });

  test('missing, unlisted, older, different', async () => {
    expect(await findings(second.filter((s) => s.id !== b), 2)).toEqual([`missing ${b}`]);
    const extra = { id: newId<DocumentId>(random), version: 1 };
    const sealed = await sealDocument(key, extra, plaintextJson(attribute('name', 'z')), random);
    expect(await findings([...second, { ...extra, sealed }], 2)).toEqual([`unlisted ${extra.id}`]);
    const old = first.find((s) => s.id === a)!;
    expect(await findings(second.map((s) => (s.id === a ? old : s)), 2)).toEqual([`older ${a}`]);
    const again = { id: b, version: 1, sealed: await sealDocument(key, { id: b, version: 1 }, plaintextJson(attribute('name', 'q')), random) };
    expect(await findings(second.map((s) => (s.id === b ? again : s)), 2)).toEqual([`different ${b}`]);
  });

  test('delivered twice', async () => {
    expect(await findings([...second, second.find((s) => s.id === c)!], 2)).toEqual([`unlisted ${c}`]);
  });

  test('the whole vault rolled back is consistent in itself, and found by what was seen', async () => {
    expect(await findings(first, 0)).toEqual([]);
    expect(await findings(first, 2)).toEqual([`rolled-back ${manifestId(vault)}`]);
    expect(await findings([], 2)).toEqual([`rolled-back ${manifestId(vault)}`]);
  });

  test('a manifest that does not open makes everything unlisted', async () => {
    const broken = second.map((s) => (s.id === manifestId(vault) ? { ...s, version: 3 } : s));
    const opened = await openVault(key, vault, broken, seen(2));
    expect(opened.unreadable).toEqual([manifestId(vault)]);
    expect(opened.findings.filter((f) => f.kind === 'unlisted').map((f) => f.document as string).sort()).toEqual(sorted);
  });

  test('a hidden document is still named, and one that is served in its place does not rename it', async () => {
    const hidden = await openVault(key, vault, second.filter((s) => s.id !== b), seen(2));
    expect(hidden.past.labels.get(b)).toEqual({ kind: 'attribute', name: 'name', at: NOW });
    const ref = { id: b, version: 1 };
    const other = { ...ref, sealed: await sealDocument(key, ref, plaintextJson(attribute('email', 'q')), random) };
    expect((await openVault(key, vault, [...second.filter((s) => s.id !== b), other], seen(2))).past.labels.get(b)).toMatchObject({ name: 'name' });
  });

  test('two vaults for two browsers are noticed, while the manifests still name each other', async () => {
    // Two devices build on the same state; the operator takes both and shows each its own.
    const common = await openVault(key, vault, second, seen(0));
    const mine = await sealBatch(key, vault, second, 2, [put(b, 2, 'mine')], random, common.past);
    let theirs = await sealBatch(key, vault, second, 2, [put(c, 2, 'theirs')], random, common.past);
    const saw = seen(3, mine.past.manifests[0]);
    const kinds = async (stored: readonly Stored[], at: { version: number; hash: string }) => (await openVault(key, vault, stored, at)).findings.map((f) => f.kind);
    let stored = after(second, theirs);
    expect(await kinds(after(second, mine), saw)).toEqual([]);
    expect(await kinds(stored, saw)).toEqual(['forked']);
    for (let version = 3; version < 3 + REMEMBERED; version++) {
      theirs = await sealBatch(key, vault, stored, version, [], random, theirs.past);
      stored = after(stored, theirs);
      expect(await kinds(stored, saw)).toEqual(['forked']);
      // Who saw the common past, or saw nothing, has nothing to find: nobody told it otherwise.
      if (version < 2 + REMEMBERED) expect(await kinds(stored, seen(2, common.past.manifests[0]))).toEqual([]);
    }
    stored = after(stored, await sealBatch(key, vault, stored, 3 + REMEMBERED, [], random, theirs.past));
    expect(await kinds(stored, saw)).toEqual([]); // too long ago to be known
  });

  test('an attribute cannot pose as the manifest', async () => {
    const ref = { id: manifestId(vault), version: 3 };
    const posed = { ...ref, sealed: await sealDocument(key, ref, plaintextJson(attribute('name', 'x')), random) };
    expect((await openVault(key, vault, [posed], seen(2))).findings).toContainEqual({ kind: 'rolled-back', document: ref.id });
  });
});

describe('a batch', () => {
  test('deletes, and the manifest forgets', async () => {
    const batch = await sealBatch(key, vault, second, 2, [{ kind: 'delete', id: b, version: 1 }], random);
    expect(batch.deletes).toEqual([{ id: b, version: 1 }]);
    const opened = await openVault(key, vault, after(second, batch), seen(3));
    expect(opened.findings).toEqual([]);
    expect(opened.documents.map((d) => d.id)).not.toContain(b);
  });

  test('does not skip a version', async () => {
    for (const change of [put(a, 2), put(a, 4), put(newId<DocumentId>(random), 2), { kind: 'delete' as const, id: b, version: 2 }]) {
      await expect(sealBatch(key, vault, second, 2, [change], random)).rejects.toMatchObject({ code: 'stale' });
    }
  });

  test('every seal is new, even of the same', async () => {
    const one = await sealBatch(key, vault, [], 0, [put(a, 1)], fixedRandom('1'));
    const two = await sealBatch(key, vault, [], 0, [put(a, 1)], fixedRandom('2'));
    expect(b64u(fromB64u(one.puts[0]!.sealed.ciphertext))).not.toBe(two.puts[0]!.sealed.ciphertext);
  });
});
