/**
 * Compact JWS (RFC 7515): ES256 by businesses, verified with jose; EdDSA by the shopper's pairwise key, on the
 * curve library, since not every browser's WebCrypto has Ed25519 for signing. Import it lazily.
 */
import { ed25519 } from '@noble/curves/ed25519.js';
import { compactVerify, importJWK } from 'jose';
import { b64u, fromB64u, utf8, type Bytes } from './bytes';
import { ed25519FromDidKey, keyIdOf, p256FromDidKey, type Did } from './did';
import { ParseError } from './errors';
import type { SigningKey } from './identity';
import { matching, object, oneOf, parseJson, type Of } from './shape';

const compactForm = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/;

/** Verifies a business's signature. `typ` is the header type wanted. Returns who signed and the payload's bytes. */
export async function verifyBusinessJws(what: string, compact: string, typ: string): Promise<{ did: Did; payload: Bytes }> {
  const header = readHeader(what, compact, 'ES256', typ);
  const did = signerOf(what, header.kid);
  if (!did.startsWith('did:key:')) {
    // did:web would have to be fetched, and this page speaks to its operator only.
    throw new ParseError('unknown-key', what, 'kid', 'want a did:key');
  }
  const jwk = wrongKey(what, () => p256FromDidKey(did));
  try {
    const key = await importJWK({ ...jwk, alg: 'ES256' }, 'ES256');
    const { payload } = await compactVerify(compact, key, { algorithms: ['ES256'] });
    return { did, payload: payload.slice() };
  } catch {
    throw badSignature(what);
  }
}

/** Signs with the pairwise key. */
export function signEdDsa(header: { alg: 'EdDSA'; typ: string; kid: string }, payload: string, key: SigningKey): string {
  const signed = `${b64u(utf8(JSON.stringify(header)))}.${b64u(utf8(payload))}`;
  return `${signed}.${b64u(ed25519.sign(utf8(signed), key.seed))}`;
}

/** Verifies a pairwise key's signature; the key is in the DID. */
export function verifyEdDsa(what: string, compact: string, typ: string): { did: Did; payload: Bytes } {
  const header = readHeader(what, compact, 'EdDSA', typ);
  const did = signerOf(what, header.kid);
  const key = wrongKey(what, () => ed25519FromDidKey(did));
  const cut = compact.lastIndexOf('.');
  const payload = fromB64u(compact.slice(compact.indexOf('.') + 1, cut), undefined, what);
  let good = false;
  try {
    good = ed25519.verify(fromB64u(compact.slice(cut + 1), 64), utf8(compact.slice(0, cut)), key, { zip215: false });
  } catch {
    // Not even a signature.
  }
  if (!good) throw badSignature(what);
  return { did, payload };
}

function readHeader<A extends string>(what: string, compact: string, alg: A, typ: string): Of<ReturnType<typeof headerShape<A>>> {
  if (typeof compact !== 'string' || !compactForm.test(compact)) throw new ParseError('malformed', what, '', 'want a compact JWS');
  const bytes = fromB64u(compact.slice(0, compact.indexOf('.')), undefined, what);
  return parseJson(what, bytes, headerShape(alg, typ));
}

function headerShape<A extends string>(alg: A, typ: string) {
  return object({ alg: oneOf(alg), typ: oneOf(typ), kid: matching(/^did:[\x21-\x7e]{1,500}$/, 'a key id') });
}

/** The DID in front of a key id's fragment; for a did:key the fragment is the key again. */
function signerOf(what: string, kid: string): Did {
  const did = kid.slice(0, kid.indexOf('#')) as Did;
  if (!kid.includes('#') || (did.startsWith('did:key:') && kid !== keyIdOf(did))) {
    throw new ParseError('malformed', what, 'kid', 'want did#key');
  }
  return did;
}

function wrongKey<T>(what: string, read: () => T): T {
  try {
    return read();
  } catch {
    throw new ParseError('unknown-key', what, 'kid', 'want a key of the right kind');
  }
}

function badSignature(what: string): ParseError {
  return new ParseError('bad-signature', what, '', 'want the signature of who it names');
}
