/** SD-JWT (RFC 9901): records of which claims can be shown one by one. Twin of Go's consent/sdjwt.go. */
import { fromB64u, hashOf } from './bytes';
import { parseStrict } from './json';
import type { Claims, Json } from './record';
import { refuse } from './rules';

const MAX_SDJWT = 16 << 10;
const MAX_DISCLOSURES = 100;

/** One claim that the holder may show or keep. */
export interface Disclosure {
  /** As it travels. */
  text: string;
  /** '' for an element of a list. */
  name: string;
  value: Json;
  digest: string;
}

/** An SD-JWT taken apart, not verified. */
export interface SdJwt {
  jwt: string;
  disclosures: Disclosure[];
  /** The JWT by which its holder presents it; '' for none. */
  binding: string;
}

const no = (path: string): never => refuse('record', 'malformed', path);
const isObject = (v: unknown): v is Claims => typeof v === 'object' && v !== null && !Array.isArray(v);

/** Takes the compact form apart. Throws ParseError. */
export function parseSdJwt(text: string): SdJwt {
  if (text.length > MAX_SDJWT) no('');
  const parts = text.split('~');
  const [jwt = '', ...rest] = parts;
  const binding = rest.pop() ?? no('');
  if (jwt === '' || rest.length > MAX_DISCLOSURES) no('');
  return { jwt, disclosures: rest.map(parseDisclosure), binding };
}

function parseDisclosure(text: string): Disclosure {
  let parts: unknown;
  try {
    parts = parseStrict('record', fromB64u(text), true);
  } catch {
    return no('disclosures');
  }
  if (!Array.isArray(parts) || parts.length < 2 || parts.length > 3 || typeof parts[0] !== 'string') return no('disclosures');
  const [name, value] = (parts.length === 3 ? parts.slice(1) : ['', parts[1]]) as [unknown, Json];
  if (typeof name !== 'string' || (parts.length === 3 && name === '') || name === '_sd' || name === '...') return no('disclosures');
  return { text, name, value, digest: hashOf(text) };
}

/** The compact form without a binding: what a binding's sd_hash is of. */
export const shownText = ({ jwt, disclosures }: Pick<SdJwt, 'jwt' | 'disclosures'>): string => [jwt, ...disclosures.map((d) => d.text), ''].join('~');

/** The digests anywhere within a value. */
function digestsIn(value: Json): string[] {
  if (Array.isArray(value)) return value.flatMap(digestsIn);
  if (!isObject(value)) return [];
  const hidden = [value['...'], ...(Array.isArray(value['_sd']) ? value['_sd'] : [])];
  return [...hidden.filter((d) => typeof d === 'string'), ...Object.values(value).flatMap(digestsIn)];
}

const nested = (all: readonly Disclosure[], d: Disclosure): boolean => all.some((o) => digestsIn(o.value).includes(d.digest));

/** Names of the claims that can be shown one by one, in the record's order. */
export const choosable = ({ disclosures }: SdJwt): string[] => disclosures.filter((d) => d.name !== '' && !nested(disclosures, d)).map((d) => d.name);

/** The record with only the named claims shown, and what stands within them; without a binding, in its own order. */
export function only(parts: SdJwt, names: readonly string[]): SdJwt {
  const kept = new Set<Disclosure>();
  const within = new Set<string>();
  for (let size = -1; size !== kept.size; ) {
    size = kept.size;
    for (const d of parts.disclosures) {
      if (kept.has(d) || !(within.has(d.digest) || (d.name !== '' && names.includes(d.name) && !nested(parts.disclosures, d)))) continue;
      kept.add(d);
      for (const digest of digestsIn(d.value)) within.add(digest);
    }
  }
  return { jwt: parts.jwt, disclosures: parts.disclosures.filter((d) => kept.has(d)), binding: '' };
}

/** Claims that no disclosure may hold (SD-JWT VC). */
const always = ['iss', 'nbf', 'exp', 'cnf', 'vct', 'vct#integrity', 'status', 'credentialStatus', '_sd_alg'];

/** Puts disclosures where their digests stand; each has its own digest there, once. Throws ParseError. */
export function reveal({ disclosures }: SdJwt, claims: Claims): Claims {
  const by = new Map(disclosures.map((d) => [d.digest, d]));
  if (by.size !== disclosures.length) no('disclosures');
  const used = new Set<string>();
  const meet = (digest: Json): Disclosure | undefined => {
    if (typeof digest !== 'string' || used.has(digest)) return no('_sd');
    used.add(digest);
    return by.get(digest);
  };
  const walk = (v: Json): Json => (Array.isArray(v) ? list(v) : isObject(v) ? object(v) : v);
  const object = (v: Claims): Claims => {
    const out: Claims = {};
    for (const [key, value] of Object.entries(v)) {
      if (key === '...') no('...');
      if (key !== '_sd') out[key] = walk(value);
    }
    const hidden = v['_sd'] ?? [];
    for (const digest of Array.isArray(hidden) && v['_sd'] !== null ? hidden : no('_sd')) {
      const d = meet(digest);
      if (!d) continue;
      if (d.name === '' || Object.hasOwn(out, d.name)) no('disclosures');
      out[d.name] = walk(d.value);
    }
    return out;
  };
  const list = (v: Json[]): Json[] =>
    v.flatMap((item) => {
      if (!isObject(item) || !Object.hasOwn(item, '...')) return [walk(item)];
      const d = Object.keys(item).length === 1 ? meet(item['...'] ?? null) : no('...');
      if (d && d.name !== '') no('disclosures');
      return d ? [walk(d.value)] : [];
    });
  const out = object(claims);
  for (const d of disclosures) {
    if (!used.has(d.digest) || (always.includes(d.name) && !nested(disclosures, d))) no('disclosures');
  }
  return out;
}

