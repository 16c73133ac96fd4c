/** For tests only: randomness that repeats, and a business that asks. */
import { p256 } from '@noble/curves/nist.js';
import { readFileSync } from 'node:fs';
import { parseCatalogue, type Catalogue } from '../attributes';
import { b64u, concat, sha256, utf8, type Bytes } from '../bytes';
import { didKeyP256, keyIdOf, type Did, type PrivateJwk, type PublicJwk } from '../did';
import type { Random } from '../random';

/** SHA-256 in counter mode: the same bytes for the same label, so that vectors repeat. */
export function fixedRandom(label: string): Random {
  let block = 0;
  let rest = new Uint8Array(0) as Bytes;
  return (n) => {
    while (rest.length < n) rest = concat(rest, sha256(utf8(`${label} ${block++}`)));
    const out = rest.slice(0, n);
    rest = rest.slice(n);
    return out;
  };
}

/** The catalogue that Go embeds. */
export function catalogue(): Catalogue {
  return parseCatalogue(JSON.parse(readFileSync(new URL('../../../../policies/catalogue.json', import.meta.url), 'utf8')));
}

/** A business with fixed keys. */
export interface Shop {
  did: Did;
  agreement: PrivateJwk;
  /** Signs a payload as a compact JWS, ES256; the header as a test wants it. */
  sign(typ: string, payload: unknown, header?: object): string;
}

export function shop(name = 'corner shop'): Shop {
  const random = fixedRandom(name);
  const signing = p256.keygen(random(48)).secretKey as Bytes;
  const did = didKeyP256(jwkOf(signing));
  return {
    did,
    agreement: jwkOf(p256.keygen(random(48)).secretKey as Bytes),
    sign(typ, payload, changed = {}) {
      const header = { alg: 'ES256', typ, kid: keyIdOf(did), ...changed };
      const text = typeof payload === 'string' ? payload : JSON.stringify(payload);
      const signed = `${b64u(utf8(JSON.stringify(header)))}.${b64u(utf8(text))}`;
      return `${signed}.${b64u(p256.sign(utf8(signed), signing))}`;
    },
  };
}

export function jwkOf(secret: Bytes): PrivateJwk {
  const point = p256.getPublicKey(secret, false);
  return { kty: 'EC', crv: 'P-256', x: b64u(point.subarray(1, 33)), y: b64u(point.subarray(33)), d: b64u(secret) };
}

export function publicOf({ kty, crv, x, y }: PrivateJwk): PublicJwk {
  return { kty, crv, x, y };
}

/** When all tests happen. */
export const NOW = 1763720000;
export const ORIGIN = 'http://localhost:8080';

/** The payload of a request with two purposes; change what a test needs. */
export function requestPayload(by: Shop) {
  return {
    v: 1,
    id: b64u(fixedRandom('request id')(16)),
    iss: by.did as string,
    aud: ORIGIN,
    iat: NOW,
    exp: NOW + 86400,
    nonce: b64u(fixedRandom('request nonce')(16)),
    controller: {
      name: 'Corner Shop',
      address: '1 Canary Street, 12345 Testburg',
      contact: 'privacy@corner.example',
      dpo: 'dpo@corner.example',
      authority: 'Data Protection Authority of Testland',
      privacy_notice: 'https://corner.example/privacy',
      url: 'http://localhost:8081',
    },
    jurisdictions: ['DE'],
    language: 'en',
    notice_version: '1',
    agreement_key: { ...publicOf(by.agreement) } as Record<string, string>,
    return_url: 'http://localhost:8081/orders/7' as string | undefined,
    purposes: [
      {
        id: 'delivery',
        purpose: 'https://w3id.org/dpv#DeliveryOfGoods',
        text: { en: 'To bring you what you ordered.', de: 'Um zu liefern, was Sie bestellt haben.' } as Record<string, string>,
        required: ['name', 'postal-address'],
        optional: ['phone'],
        days: 31,
        retention: 'P90D',
        recipients: [{ name: 'Parcel Co', country: 'DE' }],
        lawful_basis: 'https://w3id.org/dpv/legal/eu/gdpr#A6-1-a',
        channels: [] as string[],
        weekly_cap: 0,
      },
      {
        id: 'marketing',
        purpose: 'https://w3id.org/dpv#DirectMarketing',
        text: { en: 'To send you offers.' } as Record<string, string>,
        required: [] as string[],
        optional: ['shoe-size'],
        days: 365,
        retention: 'P1Y',
        recipients: [],
        lawful_basis: 'https://w3id.org/dpv/legal/eu/gdpr#A6-1-a',
        channels: ['wallet'],
        weekly_cap: 2,
      },
    ],
  };
}
