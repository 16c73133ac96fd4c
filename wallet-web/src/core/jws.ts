/**
 * Compact JWS (RFC 7515): ES256 by businesses, verified with jose; EdDSA by the shopper's pairwise key, on the
 * curve library, since not every browser's WebCrypto has Ed25519 for signing. Import it lazily.
 */
import { ed25519 } from '@noble/curves/ed25519.js';
import { compactVerify, importJWK } from 'jose';
import { b64u, fromB64u, utf8, type Bytes } from './bytes';
import { ed25519FromDidKey, isPublicJwk, keyIdOf, p256FromDidKey, type Did, type PublicJwk } from './did';
import { ParseError } from './errors';
import type { SigningKey } from './identity';
import { parseStrict } from './json';
import { matching, object, oneOf, parseJson, type Shape } from './shape';

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

/** Documents of did:web issuers by DID, as the operator fetched them: whoever made one signs as its issuer. */
export type Documents = ReadonlyMap<string, string>;
export const noDocuments: Documents = new Map();

/** A public key that signs: Ed25519 or P-256, as a JWK. */
export type SigningJwk = PublicJwk | { kty: 'OKP'; crv: 'Ed25519'; x: string };

/**
 * Verifies a signature of anyone under ES256 or EdDSA, as the signer's key is, with one of the header types. Throws
 * ParseError bad-signature, or unknown-key for a DID of which there is no document.
 */
export async function verifyAnyJws(what: string, compact: string, types: readonly string[], documents: Documents): Promise<{ did: Did; payload: Bytes }> {
  const { did, kid, alg } = readAnyHeader(what, compact, types);
  const key = did.startsWith('did:key:') ? keyOfDidKey(did) : keyInDocument(what, did, kid, documents);
  if (!key || !(await isSignedWith(key, alg, compact))) throw badSignature(what);
  return { did, payload: payloadOf(what, compact) };
}

/** Whether the key, under its one algorithm, signed the JWT; `alg` is what the header says. */
export async function isSignedWith(key: SigningJwk, alg: string, compact: string): Promise<boolean> {
  const cut = compact.lastIndexOf('.');
  try {
    if (key.kty === 'OKP') {
      return alg === 'EdDSA' && ed25519.verify(fromB64u(compact.slice(cut + 1), 64), utf8(compact.slice(0, cut)), fromB64u(key.x, 32), { zip215: false });
    }
    if (alg !== 'ES256') return false;
    await compactVerify(compact, await importJWK({ ...key }, 'ES256'), { algorithms: ['ES256'] });
    return true;
  } catch {
    return false;
  }
}

/** The bytes of the payload, whoever signed it. */
export function payloadOf(what: string, compact: string): Bytes {
  try {
    return fromB64u(compact.split('.')[1] ?? '');
  } catch {
    throw badSignature(what);
  }
}

function keyOfDidKey(did: Did): SigningJwk | undefined {
  for (const read of [() => p256FromDidKey(did), (): SigningJwk => ({ kty: 'OKP', crv: 'Ed25519', x: b64u(ed25519FromDidKey(did)) })]) {
    try {
      return read();
    } catch {
      // a key of another kind
    }
  }
  return undefined;
}

const isObject = (v: unknown): v is Record<string, unknown> => typeof v === 'object' && v !== null && !Array.isArray(v);

/** The key that the DID's document lists for signing (DID Core, § 5.3). */
function keyInDocument(what: string, did: Did, kid: string, documents: Documents): SigningJwk | undefined {
  const text = documents.get(did);
  if (text === undefined) throw new ParseError('unknown-key', what, 'header.kid', 'want a did:key, or the document of a did:web');
  let doc: unknown;
  try {
    doc = parseStrict('DID document', text, true);
  } catch {
    return undefined;
  }
  if (!isObject(doc) || doc['id'] !== did) return undefined;
  const list = (name: string): unknown[] => (Array.isArray(doc[name]) ? (doc[name] as unknown[]) : []);
  const name = (of: unknown): string => (typeof of === 'string' && of.startsWith('#') ? did + of : String(of));
  const methods = list('verificationMethod').filter(isObject);
  for (const listed of [...list('assertionMethod'), ...list('authentication')]) {
    const method = isObject(listed) ? listed : methods.find((m) => name(m['id']) === name(listed));
    if (!method || name(method['id']) !== kid || (method['controller'] !== undefined && method['controller'] !== did)) continue;
    const jwk = method['publicKeyJwk'];
    return isObject(jwk) ? signingJwk(jwk) : undefined;
  }
  return undefined;
}

/** The key that a JWK says, if it is one that signs here. */
export function signingJwk({ kty, crv, x, y }: Record<string, unknown>): SigningJwk | undefined {
  if (typeof x !== 'string') return undefined;
  try {
    if (kty === 'OKP' && crv === 'Ed25519' && y === undefined && fromB64u(x, 32)) return { kty, crv, x };
  } catch {
    return undefined;
  }
  if (kty !== 'EC' || crv !== 'P-256' || typeof y !== 'string') return undefined;
  const key = { kty, crv, x, y };
  return isPublicJwk(key) ? key : undefined;
}

const kidForm = matching(/^did:[^#]{1,500}#[^#]{1,500}$/, 'a key id');

function readAnyHeader(what: string, compact: string, types: readonly string[]): { did: Did; kid: string; alg: string } {
  try {
    const { alg, typ, kid } = headerOf(what, compact, object({ alg: oneOf('ES256', 'EdDSA'), kid: kidForm }, { typ: oneOf(...types) }));
    // Makers of JWT-VCs leave it out; what is shown in parts always says what it is.
    if (typ === undefined && (alg !== 'ES256' || !types.includes('JWT'))) throw badSignature(what);
    const did = kid.slice(0, kid.indexOf('#')) as Did;
    if (did.startsWith('did:key:') && kid !== keyIdOf(did)) throw badSignature(what);
    return { did, kid, alg };
  } catch {
    throw badSignature(what);
  }
}

/** The header of a compact JWS, strictly decoded: one signature has one spelling. */
export function headerOf<T>(what: string, compact: string, shape: Shape<T>): T {
  const parts = compact.split('.');
  if (parts.length !== 3 || compact.length > MAX_JWS) throw badSignature(what);
  const [header = new Uint8Array(0)] = parts.map((part) => fromB64u(part));
  return parseJson(what, header, shape);
}

/** Signs with the pairwise key. */
export function signEdDsa(header: { alg: 'EdDSA'; typ: string; kid?: string }, payload: string, key: SigningKey): string {
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
    const { kid } = headerOf(what, compact, object({ alg: oneOf(alg), typ: oneOf(typ), kid: kidForm }));
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
