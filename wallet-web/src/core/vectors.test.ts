import { ed25519 } from '@noble/curves/ed25519.js';
import { flattenedDecrypt, importJWK } from 'jose';
import { describe, expect, test } from 'vitest';
import { chunkKey, openChunk } from './attachment';
import { b64u, fromB64u, fromUtf8, type Bytes } from './bytes';
import { cekOf, contentHash, openDocument, type Sealed, type Stored } from './document';
import type { Did, PrivateJwk } from './did';
import type { DocumentId, GrantId, VaultId } from './id';
import { agreementKey, grantWalletKey, pairwiseKey } from './identity';
import { kekFrom, unwrapVaultKey, vaultKeyFrom, type Wrap } from './keys';
import { openJwe } from './letter';
import { padme, paddedLength } from './padme';
import { isCommittedTo, openHanded, phrase } from './pairing';
import { locatorOf, recoveryMessage, registrationOf, signRecovery, signerSeedOf } from './recovery';
import { cekOfShare, shareOf } from './share';
import { jsonVectors, vectorFiles } from './testing/vectors';
import { openVault } from './vault';
import { publicOf, unwrapFrom } from './way';

const folder = 'vault/testdata/vectors';

interface Named {
  name: string;
  expect: string;
}
const cases = <T extends Named>(file: string) => jsonVectors<T>(`${folder}/${file}`, (c) => c.expect);

test('every corpus of the vault is read here', () => {
  expect(vectorFiles(folder)).toEqual(['attachment.json', 'document.json', 'export.json', 'keys.json', 'letter.json', 'manifest.json', 'padme.json', 'pairing.json', 'recovery.json', 'share.json', 'way.json', 'wrap.json']);
});

test.each(jsonVectors<{ length: number; padded: number }>(`${folder}/padme.json`))('padme of $length', ({ length, padded }) => {
  expect(padme(length)).toBe(padded);
  expect(paddedLength(length)).toBeGreaterThanOrEqual(256);
});

interface KeysCase {
  name: string;
  ikm: string;
  salt: string;
  kek: string;
  seed: string;
  business: Did;
  pairwise: { seed: string; public: string; did: string };
  agreement: PrivateJwk;
  grant: { id: GrantId; seed: string; public: string };
}
describe('keys', () => {
  test.each(jsonVectors<KeysCase>(`${folder}/keys.json`))('$name', async (c) => {
    const seed = fromB64u(c.seed, 32);
    const pairwise = pairwiseKey(seed, c.business);
    expect({ seed: b64u(pairwise.seed), public: b64u(pairwise.publicKey), did: pairwise.did }).toEqual(c.pairwise);
    expect(agreementKey(seed, c.business).privateJwk).toEqual(c.agreement);
    const grant = grantWalletKey(seed, c.grant.id);
    expect({ seed: b64u(grant.seed), public: b64u(grant.publicKey) }).toEqual({ seed: c.grant.seed, public: c.grant.public });
    // A KEK cannot be read out: both must encrypt alike.
    const iv = new Uint8Array(12);
    const mine = await crypto.subtle.encrypt({ name: 'AES-GCM', iv }, await kekFrom(fromB64u(c.ikm), fromB64u(c.salt)), iv);
    const theirs = await crypto.subtle.importKey('raw', fromB64u(c.kek), 'AES-GCM', false, ['encrypt']);
    expect(b64u(new Uint8Array(mine))).toBe(b64u(new Uint8Array(await crypto.subtle.encrypt({ name: 'AES-GCM', iv }, theirs, iv))));
  });
});

interface RecoveryCase extends Named {
  entropy: string;
  origin: string;
  challenge: string;
  signature: string;
  signer: string;
  locator?: string;
  locator_hash?: string;
  signer_seed?: string;
}
describe('recovery', () => {
  test.each(cases<RecoveryCase>('recovery.json'))('$name', (c) => {
    const challenge = fromB64u(c.challenge, 32);
    const entropy = fromB64u(c.entropy, 32);
    const signed = ed25519.verify(fromB64u(c.signature, 64), recoveryMessage(c.origin, challenge), fromB64u(c.signer, 32));
    expect(signed).toBe(c.expect === 'opens');
    // Ed25519 signs deterministically (RFC 8032): what the wallet makes is the vector, or is none.
    expect(b64u(signRecovery(entropy, c.origin, challenge)) === c.signature).toBe(c.expect === 'opens');
    if (c.expect !== 'opens') return;
    expect(b64u(locatorOf(entropy))).toBe(c.locator);
    expect(b64u(signerSeedOf(entropy))).toBe(c.signer_seed);
    expect(registrationOf(entropy)).toEqual({ locator_hash: c.locator_hash, signer: c.signer });
  });
});

interface WayCase extends Named, Required<Wrap> {
  ikm: string;
  salt: string;
  vault: VaultId;
  public?: string;
  vault_key?: string;
}
describe('ways in', () => {
  test.each(cases<WayCase>('way.json'))('$name', async (c) => {
    const [ikm, salt] = [fromB64u(c.ikm, 32), fromB64u(c.salt, 32)];
    const owner = { vault: c.vault, ...(c.kind === 'passkey' && { credential: fromB64u(c.credential) }) };
    if (c.public) expect(b64u(publicOf(ikm, salt))).toBe(c.public);
    const opened = unwrapFrom(ikm, salt, c, owner);
    if (c.expect === 'opens') expect(b64u(await opened)).toBe(c.vault_key);
    else await expect(opened).rejects.toMatchObject({ code: 'cannot-open' });
  });
});

interface HalfCase {
  d?: string;
  key: string;
  nonce: string;
}
interface PairingCase extends Named {
  from: HalfCase;
  to: HalfCase;
  commitment: string;
  phrase: number[];
  iv: string;
  ciphertext: string;
  vault?: VaultId;
  number?: number;
  vault_key?: string;
}
describe('pairing', () => {
  const half = ({ key, nonce }: HalfCase) => ({ key: fromB64u(key, 65), nonce: fromB64u(nonce, 32) });
  test.each(cases<PairingCase>('pairing.json'))('$name', async (c) => {
    const [from, to] = [half(c.from), half(c.to)];
    const point = to.key;
    const jwk = { kty: 'EC', crv: 'P-256', d: c.to.d!, x: b64u(point.subarray(1, 33)), y: b64u(point.subarray(33)) };
    const secret = await crypto.subtle.importKey('jwk', jwk, { name: 'ECDH', namedCurve: 'P-256' }, false, ['deriveBits']);
    const agreed = isCommittedTo(from, fromB64u(c.commitment, 32)) && JSON.stringify(phrase(from, to)) === JSON.stringify(c.phrase);
    const opened = await openHanded({ ...to, secret }, from, fromB64u(c.iv, 12), fromB64u(c.ciphertext)).catch((error: unknown) => error);
    if (c.expect !== 'opens') {
      if (agreed) expect(opened).toMatchObject({ code: 'cannot-open' });
      return;
    }
    expect(agreed).toBe(true);
    const { vault, number, raw } = opened as { vault: VaultId; number: number; raw: Bytes };
    expect({ vault, number, vault_key: b64u(raw) }).toEqual({ vault: c.vault, number: c.number, vault_key: c.vault_key });
  });
});

interface WrapCase extends Named, Required<Wrap> {
  kek: string;
  vault: VaultId;
  vault_key?: string;
}
describe('wraps', () => {
  test.each(cases<WrapCase>('wrap.json'))('$name', async (c) => {
    const kek = await crypto.subtle.importKey('raw', fromB64u(c.kek), 'AES-GCM', false, ['decrypt']);
    const owner = { vault: c.vault, ...(c.kind === 'passkey' && { credential: fromB64u(c.credential) }) };
    const opened = unwrapVaultKey(kek, c, owner);
    if (c.expect === 'opens') expect(b64u(await opened)).toBe(c.vault_key);
    else await expect(opened).rejects.toMatchObject({ code: 'cannot-open' });
  });
});

interface DocumentCase extends Named {
  vault_key: string;
  document: DocumentId;
  version: number;
  sealed: Sealed;
  plaintext?: string;
  cek?: string;
  content_hash?: string;
}
describe('documents', () => {
  test.each(cases<DocumentCase>('document.json'))('$name', async (c) => {
    const key = await vaultKeyFrom(fromB64u(c.vault_key));
    const opened = openDocument(key, { id: c.document, version: c.version }, c.sealed);
    if (c.expect !== 'opens') return expect(opened).rejects.toMatchObject({ code: 'cannot-open' });
    expect(await opened).toBe(c.plaintext);
    expect(b64u(await cekOf(key, c.sealed))).toBe(c.cek);
    expect(contentHash(c.sealed)).toBe(c.content_hash);
  });
});

interface ShareCase extends Named {
  grant: GrantId;
  grant_key: string;
  cek?: string;
  encrypted_key?: string;
  plaintext?: string;
  release: Parameters<typeof flattenedDecrypt>[0];
}
describe('shares', () => {
  test.each(cases<ShareCase>('share.json'))('$name', async (c) => {
    if (c.expect !== 'opens') {
      // Which release a business may believe is Go's to say; that jose opens no other bytes is tested here.
      if (c.name === "another grant's key") await expect(release(c)).rejects.toThrow();
      return;
    }
    expect(await shareOf(fromB64u(c.grant_key), fromB64u(c.cek ?? ''))).toBe(c.encrypted_key);
    expect(b64u(await cekOfShare(fromB64u(c.grant_key), c.encrypted_key ?? ''))).toBe(c.cek);
    expect(await release(c)).toBe(c.plaintext);
  });
  async function release(c: ShareCase) {
    const key = await importJWK({ kty: 'oct', k: c.grant_key, alg: 'A256KW' });
    return fromUtf8((await flattenedDecrypt(c.release, key)).plaintext).trimEnd();
  }
});

interface ChunkCase extends Named {
  key: string;
  document: DocumentId;
  place: number;
  count: number;
  sealed: string;
  content?: string;
}
describe('chunks', () => {
  test.each(cases<ChunkCase>('attachment.json'))('$name', async (c) => {
    const opened = openChunk(await chunkKey(fromB64u(c.key, 32)), c, fromB64u(c.sealed));
    if (c.expect === 'opens') expect(b64u(await opened)).toBe(c.content);
    else await expect(opened).rejects.toMatchObject({ code: 'cannot-open' });
  });
});

describe('letters', () => {
  test.each(cases<Named & { key: PrivateJwk; letter: string; plaintext?: string }>('letter.json'))('$name', async (c) => {
    const opened = openJwe(c.key, c.letter);
    if (c.expect === 'opens') expect(fromUtf8(await opened)).toBe(c.plaintext);
    else await expect(opened).rejects.toMatchObject({ code: 'cannot-open' });
  });
});

interface ManifestCase extends Named {
  vault_key: string;
  vault: VaultId;
  seen: number;
  documents: Stored[];
  differences: { document: string; what: string }[];
}
describe('manifests', () => {
  test.each(cases<ManifestCase>('manifest.json'))('$name', async (c) => {
    const got = await openVault(await vaultKeyFrom(fromB64u(c.vault_key)), c.vault, c.documents, { version: c.seen, hash: '' });
    const rolledBack = got.findings.some((f) => f.kind === 'rolled-back');
    const differences = got.findings.filter((f) => f.kind !== 'rolled-back').map((f) => ({ document: f.document as string, what: f.kind as string }));
    switch (c.expect) {
      case 'opens':
        expect(rolledBack).toBe(false);
        expect(differences).toEqual(c.differences);
        return expect(got.manifestVersion).toBe(c.documents.find((d) => (d.id as string) === c.vault)?.version);
      case 'rolled-back':
        return expect(rolledBack).toBe(true);
      case 'refused':
        return expect(got.unreadable).toContain(c.vault);
      default:
        throw new Error(`unknown outcome ${c.expect}`);
    }
  });
});
