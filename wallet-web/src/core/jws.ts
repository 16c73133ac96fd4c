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
 * Verifies a business's signature. `typ` is the header type wanted. Returns who signed, the payload's bytes
 * and, for a did:web, which document has the key. Throws ParseError: bad-signature for whatever is wrong, unknown-key for a DID of which there is no document.
 */
export async function verifyBusinessJws(what: string, compact: string, typ: string, documents: Documents = noDocuments): Promise<{ did: Did; payload: Bytes; document: string }> {
  const { did, kid } = readHeader(what, compact, 'ES256', typ);
  const keys = did.startsWith('did:key:') ? [{ jwk: keyOfDidKey(did), document: '' }] : keysInDocuments(what, did, kid, documents);
  for (const { jwk, document } of keys) {
    if (jwk?.kty === 'EC' && (await isSignedWith(jwk, 'ES256', compact))) return { did, payload: payloadOf(what, compact), document };
  }
  throw badSignature(what);
}

/** Documents of did:web by DID, as the operator fetched them: whoever made one signs as its DID. Any of a DID's counts. */
export type Documents = ReadonlyMap<string, readonly string[]>;
export const noDocuments: Documents = new Map();

/** A public key that signs: Ed25519 or P-256, as a JWK. */
export type SigningJwk = PublicJwk | { kty: 'OKP'; crv: 'Ed25519'; x: string };

/**
 * Verifies a signature of anyone under ES256 or EdDSA, as the signer's key is, with one of the header types. Throws
 * ParseError bad-signature, or unknown-key for a DID of which there is no document.
 */
export async function verifyAnyJws(what: string, compact: string, types: readonly string[], documents: Documents): Promise<{ did: Did; payload: Bytes }> {
  const { did, kid, alg } = readAnyHeader(what, compact, types);
  const keys = did.startsWith('did:key:') ? [{ jwk: keyOfDidKey(did) }] : keysInDocuments(what, did, kid, documents);
  for (const { jwk } of keys) if (jwk && (await isSignedWith(jwk, alg, compact))) return { did, payload: payloadOf(what, compact) };
  throw badSignature(what);
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

/** The keys that the DID's documents list under the name: a host that changes its key may keep the name. */
function keysInDocuments(what: string, did: Did, kid: string, documents: Documents): { jwk: SigningJwk | undefined; document: string }[] {
  const texts = documents.get(did) ?? [];
  if (texts.length === 0) throw new ParseError('unknown-key', what, 'header.kid', 'want a did:key, or the document of a did:web');
  return texts.map((document) => ({ jwk: keyListed(did, kid, document), document }));
}

/** Whether a document lists, under whatever name, the key that `document` lists under `kid`. */
export function listsKeyOf(did: Did, kid: string, document: string, old: string): boolean {
  const key = keyListed(did, kid, document);
  const same = (k: SigningJwk) => k.kty === key?.kty && k.x === key.x && (k.kty === 'OKP' || (key.kty === 'EC' && k.y === key.y));
  return key !== undefined && listed(did, old).some(({ jwk }) => jwk !== undefined && same(jwk));
}

const keyListed = (did: Did, kid: string, text: string): SigningJwk | undefined => listed(did, text).find((l) => l.kid === kid)?.jwk;

/** The keys that a document lists for signing (DID Core, § 5.3), each with the name that it has there. */
function listed(did: Did, text: string): { kid: string; jwk: SigningJwk | undefined }[] {
  let doc: unknown;
  try {
    doc = parseStrict('DID document', text, true);
  } catch {
    return [];
  }
  if (!isObject(doc) || doc['id'] !== did) return [];
  const list = (name: string): unknown[] => (Array.isArray(doc[name]) ? (doc[name] as unknown[]) : []);
  const name = (of: unknown): string => (typeof of === 'string' && of.startsWith('#') ? did + of : String(of));
  const methods = list('verificationMethod').filter(isObject);
  return [...list('assertionMethod'), ...list('authentication')].flatMap((ref) => {
    const method = isObject(ref) ? ref : methods.find((m) => name(m['id']) === name(ref));
    if (!method || (method['controller'] !== undefined && method['controller'] !== did)) return [];
    const jwk = method['publicKeyJwk'];
    return [{ kid: name(method['id']), jwk: isObject(jwk) ? signingJwk(jwk) : undefined }];
  });
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
function readHeader(what: string, compact: string, alg: string, typ: string): { did: Did; kid: string } {
  try {
    const { kid } = headerOf(what, compact, object({ alg: oneOf(alg), typ: oneOf(typ), kid: kidForm }));
    const did = kid.slice(0, kid.indexOf('#')) as Did;
    if (did.startsWith('did:key:') && kid !== keyIdOf(did)) throw badSignature(what);
    return { did, kid };
  } catch {
    throw badSignature(what);
  }
}

function badSignature(what: string): ParseError {
  return new ParseError('bad-signature', what, '', 'want the signature of who it names');
}
