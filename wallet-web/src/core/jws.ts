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
import { matching, object, oneOf, parseJson } from './shape';

/** Bounds what is parsed at all, in characters. */
const MAX_JWS = 64 << 10;

/**
 * Verifies a business's signature. `typ` is the header type wanted. Returns who signed and the payload's bytes.
 * Throws ParseError: bad-signature for whatever is wrong, unknown-key for a DID that this page cannot resolve.
 */
export async function verifyBusinessJws(what: string, compact: string, typ: string): Promise<{ did: Did; payload: Bytes }> {
  const { did } = readHeader(what, compact, 'ES256', typ);
  if (!did.startsWith('did:key:')) {
    // did:web would have to be fetched, and this page speaks to its operator only.
    throw new ParseError('unknown-key', what, 'header.kid', 'want a did:key');
  }
  try {
    const key = await importJWK({ ...p256FromDidKey(did) }, 'ES256');
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

/**
 * Verifies a pairwise key's signature; the key is in the DID. `read` reads the payload of who claims to have signed,
 * and its refusals come first, as in Go; nothing is returned unless the signature holds. Throws ParseError
 * `bad-signature` or what `read` throws.
 */
export function verifyEdDsa<T>(what: string, compact: string, typ: string, read: (payload: Bytes, signer: Did) => T): T {
  const { did } = readHeader(what, compact, 'EdDSA', typ);
  const cut = compact.lastIndexOf('.');
  const value = read(fromB64u(compact.slice(compact.indexOf('.') + 1, cut)), did);
  if (!isSignedBy(did, compact.slice(0, cut), compact.slice(cut + 1))) throw badSignature(what);
  return value;
}

function isSignedBy(did: Did, signed: string, signature: string): boolean {
  try {
    return ed25519.verify(fromB64u(signature, 64), utf8(signed), ed25519FromDidKey(did), { zip215: false });
  } catch {
    return false;
  }
}

/** Who a header says has signed. Exactly alg, typ and kid: no crit, no b64, no jwk can slip in. */
function readHeader(what: string, compact: string, alg: string, typ: string): { did: Did } {
  try {
    const parts = compact.split('.');
    if (parts.length !== 3 || compact.length > MAX_JWS) throw badSignature(what);
    // Strict decoding: one signature has one spelling.
    const [header = new Uint8Array(0)] = parts.map((part) => fromB64u(part));
    const { kid } = parseJson(what, header, object({ alg: oneOf(alg), typ: oneOf(typ), kid: matching(/^did:[^#]{1,500}#[^#]{1,500}$/, 'a key id') }));
    const did = kid.slice(0, kid.indexOf('#')) as Did;
    if (did.startsWith('did:key:') && kid !== keyIdOf(did)) throw badSignature(what);
    return { did };
  } catch {
    throw badSignature(what);
  }
}

function badSignature(what: string): ParseError {
  return new ParseError('bad-signature', what, '', 'want the signature of who it names');
}
