/**
 * Grant letters: what the wallet hands the business, encrypted to the request's agreement key (contract D.4): JWE,
 * ECDH-ES+A256KW on P-256, A256GCM. Carries jose: import it lazily.
 */
import { p256 } from '@noble/curves/nist.js';
import { CompactEncrypt, compactDecrypt, importJWK } from 'jose';
import { b64u, utf8, type Bytes } from './bytes';
import { isPublicJwk, type Did, type PrivateJwk, type PublicJwk } from './did';
import { OpenError } from './errors';
import type { GrantId } from './id';
import { openingShape } from './ledger/commitment';
import type { Random } from './random';
import { refuse } from './rules';
import { base64url, id, matching, object, parseJson, text, version, type Of } from './shape';

const ALG = 'ECDH-ES+A256KW';
const ENC = 'A256GCM';
const TYP = 'coffer-letter+json';

const letterShape = object({
  v: version,
  grant: id<GrantId>(),
  grant_key: base64url(32),
  handle_secret: base64url(32),
  receipt: text(32 << 10),
  opening: openingShape,
  entry: base64url(171),
  pairwise: matching<Did>(/^did:key:z/, 'a did:key'),
  agreement_key: object({ kty: text(8), crv: text(8), x: base64url(32), y: base64url(32) }),
});
/** A letter in the clear. With it the business holds the consent and the keys to use it. */
export type Letter = Omit<Of<typeof letterShape>, 'agreement_key'> & { agreement_key: PublicJwk };

/** The compact JWE of a letter. Draws 48, 32 and 12 random bytes: ephemeral key, content key, iv. */
export async function sealLetter(to: PublicJwk, letter: Letter, random: Random): Promise<string> {
  return sealEnvelope(to, TYP, utf8(JSON.stringify(letter)), random);
}

/** A compact JWE whose header says of what kind its content is. Draws as sealLetter. */
export async function sealEnvelope(to: PublicJwk, typ: string, content: Bytes, random: Random): Promise<string> {
  const secret = p256.keygen(random(48)).secretKey as Bytes;
  const cek = random(32);
  const jwe = await new CompactEncrypt(content)
    .setProtectedHeader({ alg: ALG, enc: ENC, typ })
    .setKeyManagementParameters({ epk: await importJWK({ ...privateJwkOf(secret), ext: true }, ALG) })
    .setContentEncryptionKey(cek)
    .setInitializationVector(random(12))
    .encrypt(await importJWK({ ...to }, ALG));
  secret.fill(0);
  return jwe;
}

/** Opens a letter: what the business does with it. OpenError, or ParseError if what is inside is none. */
export async function openLetter(key: PrivateJwk, jwe: string): Promise<Letter> {
  return parseLetter(await openJwe(key, jwe));
}

/** Reads an opened letter. Throws ParseError. */
export function parseLetter(plaintext: Uint8Array | string): Letter {
  const letter = parseJson('letter', plaintext, letterShape);
  if (!isPublicJwk(letter.agreement_key)) refuse('letter', 'bad-key', 'agreement_key');
  return letter as Letter;
}

/** The bytes in a letter's envelope. OpenError. */
export function openJwe(key: PrivateJwk, jwe: string): Promise<Uint8Array> {
  return openEnvelope(key, TYP, jwe);
}

/** The content of an envelope of that kind. OpenError. */
export async function openEnvelope(key: PrivateJwk, typ: string, jwe: string): Promise<Uint8Array> {
  const options = { keyManagementAlgorithms: [ALG], contentEncryptionAlgorithms: [ENC] };
  try {
    const { plaintext, protectedHeader } = await compactDecrypt(jwe, await importJWK({ ...key }, ALG), options);
    if (protectedHeader.typ !== typ) throw new OpenError();
    return plaintext;
  } catch {
    throw new OpenError();
  }
}

function privateJwkOf(secret: Bytes): PrivateJwk {
  const point = p256.getPublicKey(secret, false);
  return { kty: 'EC', crv: 'P-256', x: b64u(point.subarray(1, 33)), y: b64u(point.subarray(33)), d: b64u(secret) };
}
