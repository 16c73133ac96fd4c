import { expect, test } from 'vitest';
import { b64u, utf8 } from './bytes';
import { newId, type DocumentId, type VaultId } from './id';
import { keyNumberOf, openDocument, rekeyDocument, sealDocument } from './document';
import { kekFrom, newVaultKey, unwrapVaultKey, vaultKeyFrom } from './keys';
import { commitmentTo, isCommittedTo, newCode, newHalf, openHanded, phrase, readCode, sealHanded } from './pairing';
import { systemRandom } from './random';
import { fixedRandom } from './testing/fixed';
import { publicOf, unwrapFrom, wrapTo } from './way';

test('two devices agree, and show three words of 2048', async () => {
  const [phone, tablet] = [await newHalf(systemRandom), await newHalf(systemRandom)];
  const handed = { vault: newId<VaultId>(systemRandom), number: 7, raw: systemRandom(32) };
  const raw = b64u(handed.raw);
  const { iv, ciphertext } = await sealHanded(phone, tablet, handed, systemRandom);
  const got = await openHanded(tablet, phone, iv, ciphertext);
  expect({ ...got, raw: b64u(got.raw) }).toEqual({ vault: handed.vault, number: 7, raw });
  expect(phrase(phone, tablet)).toHaveLength(3);
  expect(phrase(phone, tablet).every((place) => place >= 0 && place < 2048)).toBe(true);
  expect(phrase(phone, tablet)).not.toEqual(phrase(tablet, phone));
});

test('whoever stands in between makes other words, and another half does not fit the commitment', async () => {
  const [phone, tablet, between] = [await newHalf(systemRandom), await newHalf(systemRandom), await newHalf(systemRandom)];
  expect(phrase(phone, between)).not.toEqual(phrase(between, tablet));
  const committed = commitmentTo(phone);
  expect(isCommittedTo(phone, committed)).toBe(true);
  expect(isCommittedTo(between, committed)).toBe(false);
  const handed = { vault: newId<VaultId>(systemRandom), number: 1, raw: systemRandom(32) };
  const { iv, ciphertext } = await sealHanded(phone, between, handed, systemRandom);
  await expect(openHanded(tablet, phone, iv, ciphertext)).rejects.toMatchObject({ code: 'cannot-open' });
  // A point that is none.
  await expect(openHanded(tablet, { key: systemRandom(65), nonce: phone.nonce }, iv, ciphertext)).rejects.toMatchObject({ code: 'cannot-open' });
});

test('a code is read as people type it', () => {
  const code = newCode(fixedRandom('code'));
  expect(code).toMatch(/^[0-9A-HJKMNP-TV-Z]{10}$/);
  expect(readCode(` ${code.slice(0, 5).toLowerCase()}-${code.slice(5)} `)).toBe(code);
  expect(readCode('oil00-00000')).toBe('0110000000');
  for (const bad of ['', 'ABCDE', 'ABCDEFGHJU', 'ABCDEFGHJKM']) expect(readCode(bad)).toBe('');
});

test('a way in that is elsewhere opens what was locked for it, and nothing else does', async () => {
  const random = fixedRandom('way');
  const [ikm, salt, raw, vault] = [random(32), random(32), newVaultKey(random), newId<VaultId>(random)];
  const owner = { vault, credential: utf8('a credential') };
  const wrap = await wrapTo(publicOf(ikm, salt), salt, raw, owner, random);
  expect(b64u(await unwrapFrom(ikm, salt, wrap, owner))).toBe(b64u(raw));
  for (const refused of [
    () => unwrapFrom(random(32), salt, wrap, owner),
    () => unwrapFrom(ikm, random(32), wrap, owner),
    () => unwrapFrom(ikm, salt, wrap, { vault }),
    () => unwrapFrom(ikm, salt, { ...wrap, ephemeral: b64u(publicOf(ikm, salt)) }, owner),
    async () => unwrapVaultKey(await kekFrom(ikm, salt), wrap, owner),
  ])
    await expect(refused()).rejects.toMatchObject({ code: 'cannot-open' });
});

test('a rekeyed document says the same under the next key; in between both keys open it', async () => {
  const random = fixedRandom('rekey');
  const before = await vaultKeyFrom(random(32), 1);
  const next = await vaultKeyFrom(random(32), 2);
  const ref = { id: newId<DocumentId>(random), version: 3 };
  const stored = { ...ref, sealed: await sealDocument(before, ref, '{"v":1}', random) };
  const { encrypted_key } = await rekeyDocument(before, next, stored);
  const sealed = { ...stored.sealed, recipients: [{ header: { alg: 'A256KW' as const, kid: 'vault/2' }, encrypted_key }] };
  expect(keyNumberOf(stored.sealed)).toBe(1);
  expect(keyNumberOf(sealed)).toBe(2);
  expect(await openDocument(next, ref, sealed)).toBe('{"v":1}');
  await expect(openDocument(before, ref, sealed)).rejects.toMatchObject({ code: 'cannot-open' });
  const both = { ...next, before };
  expect(await openDocument(both, ref, stored.sealed)).toBe('{"v":1}');
  expect(await openDocument(both, ref, sealed)).toBe('{"v":1}');
  expect((await sealDocument(both, ref, '{}', random)).recipients[0]?.header.kid).toBe('vault/2');
  for (const kid of ['vault/1', 'vault/02', 'Vault']) {
    await expect(openDocument(both, ref, { ...sealed, recipients: [{ header: { alg: 'A256KW', kid }, encrypted_key }] })).rejects.toMatchObject({ code: 'cannot-open' });
  }
  await expect(rekeyDocument(next, before, stored)).rejects.toMatchObject({ code: 'cannot-open' });
});
