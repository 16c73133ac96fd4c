/**
 * Records: what an issuer signed for others to believe, as a JWT-VC or as an SD-JWT VC (consent/FORMAT.md, "Record").
 * Twin of Go's consent/record.go, sdjwt.go and holder.go.
 */
import type { Did } from './did';
import { parseStrict } from './json';
import { noDocuments, signingJwk, verifyAnyJws, type Documents, type SigningJwk } from './jws';
import { originOf, refuse, SKEW } from './rules';
import { parseSdJwt, reveal, type SdJwt } from './sdjwt';

/** Bounds a record as text, of either form. */
export const MAX_RECORD = 16 << 10;

/** What stands in a record: any JSON. */
export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };
export type Claims = { [key: string]: Json };

/** Where a record's status stands: a bit of a published list. */
export interface StatusEntry {
  purpose: 'revocation' | 'suspension';
  /** URL */
  list: string;
  index: number;
}

/** What a record says, its signature verified. Times are unix seconds, 0 for none. */
export interface Record {
  issuer: Did;
  types: string[];
  subject: string;
  from: number;
  until: number;
  statuses: StatusEntry[];
  /** Who may present it; null: whoever has it. */
  holder: SigningJwk | null;
  claims: Claims;
}

/** Whether the text is meant as an SD-JWT: nothing else has a tilde. */
export const isSdJwt = (text: string): boolean => text.includes('~');

/** Verifies a record of either form. Whether it counts now and was revoked are other questions. Throws ParseError. */
export async function openRecord(text: string, documents: Documents = noDocuments): Promise<Record> {
  if (!isSdJwt(text)) return openCredential(text, documents);
  const parts = parseSdJwt(text);
  const { did, payload } = await verifyAnyJws('record', parts.jwt, ['dc+sd-jwt', 'vc+sd-jwt'], documents);
  return parseSdRecord(parts, payload, did);
}

/** Verifies a JWT-VC. Throws ParseError. */
export async function openCredential(jwt: string, documents: Documents): Promise<Record> {
  const { did, payload } = await verifyAnyJws('record', jwt, ['JWT'], documents);
  return parseCredential(payload, did);
}

/** Holds a record against a moment: expired, or not-yet. */
export function checkTimes(record: Pick<Record, 'from' | 'until'>, now: number): void {
  if (record.until !== 0 && now >= record.until) refuse('record', 'expired', '');
  if (record.from > now + SKEW) refuse('record', 'not-yet', '');
}

const isObject = (v: unknown): v is Claims => typeof v === 'object' && v !== null && !Array.isArray(v);
const no = (path: string, code = 'malformed') => refuse('record', code, path);
const textOr = (v: unknown, path: string): string => (v === undefined || v === null ? '' : typeof v === 'string' ? v : no(path));
const named = (v: unknown, path: string): string => (isObject(v) ? textOr(v['id'], path) : textOr(v, path));

/** Claims of a document of others: keys that are not needed may stand there, none may stand twice. */
export function claimsOf(payload: Uint8Array | string): Claims {
  if (payload.length > MAX_RECORD) no('');
  const claims = parseStrict('record', payload, true);
  return isObject(claims) ? claims : no('');
}

/** The claims of a JWT-VC that matter to records and status lists alike. */
export function credentialOf(claims: Claims, signer: Did): { vc: Claims; subject: Claims | null; types: string[]; from: number; until: number; sub: string } {
  const vc = claims['vc'];
  if (!isObject(vc)) return no('vc');
  const issuer = named(vc['issuer'], 'vc.issuer');
  if (textOr(claims['iss'], 'iss') !== signer || (issuer !== '' && issuer !== signer)) no('iss', 'wrong-issuer');
  const [sub, about] = [textOr(claims['sub'], 'sub'), named(vc['credentialSubject'], 'vc.credentialSubject')];
  if (sub !== '' && about !== '' && sub !== about) no('vc.credentialSubject');
  const types = (Array.isArray(vc['type']) ? vc['type'] : [vc['type']]) as unknown[];
  if (!types.every((t) => typeof t === 'string') || !types.includes('VerifiableCredential')) no('vc.type');
  const moments = (claim: unknown, date: unknown): number[] => [secondsOf(claim), secondsOfDate(date)].filter((s) => s !== 0);
  return {
    vc,
    subject: isObject(vc['credentialSubject']) ? vc['credentialSubject'] : null,
    types: types as string[],
    sub: sub || about,
    from: Math.max(0, ...moments(claims['nbf'], vc['issuanceDate'])),
    until: earliest(moments(claims['exp'], vc['expirationDate'])),
  };
}

function parseCredential(payload: Uint8Array, signer: Did): Record {
  const { vc, subject, types, sub, from, until } = credentialOf(claimsOf(payload), signer);
  const claims = Object.fromEntries(Object.entries(subject ?? {}).filter(([name]) => name !== 'id'));
  return { issuer: signer, types, subject: sub, from, until, statuses: statusesOf(vc['credentialStatus'], 'vc.credentialStatus'), holder: null, claims };
}

/** Claims that are no word about the holder. */
const about = ['iss', 'nbf', 'exp', 'cnf', 'vct', 'vct#integrity', 'status', 'credentialStatus', '_sd_alg', 'sub', 'iat', 'jti'];

function parseSdRecord(parts: SdJwt, payload: Uint8Array, signer: Did): Record {
  const said = claimsOf(payload);
  const [iss, type] = [textOr(said['iss'], 'iss'), textOr(said['vct'], 'vct')];
  if (iss === '' || iss !== signer) no('iss', 'wrong-issuer');
  if (type === '' || new TextEncoder().encode(type).length > 200) no('vct');
  if (said['_sd_alg'] !== undefined && said['_sd_alg'] !== null && said['_sd_alg'] !== 'sha-256') no('_sd_alg');
  if (said['status'] !== undefined) no('status', 'wrong-evidence');
  const statuses = statusesOf(said['credentialStatus'], 'credentialStatus');
  const holder = holderOf(said['cnf']);
  const [from, until] = [secondsOf(said['nbf']), secondsOf(said['exp'])];
  const claims = Object.fromEntries(Object.entries(reveal(parts, said)).filter(([name]) => !about.includes(name)));
  return { issuer: signer, types: [type], subject: textOr(said['sub'], 'sub'), from, until, statuses, holder, claims };
}

function holderOf(cnf: unknown): SigningJwk | null {
  if (cnf === undefined) return null;
  const jwk = isObject(cnf) && isObject(cnf['jwk']) ? cnf['jwk'] : no('cnf');
  return signingJwk(jwk) ?? no('cnf.jwk');
}

function statusesOf(status: unknown, path: string): StatusEntry[] {
  if (status === undefined) return [];
  const all: unknown[] = Array.isArray(status) ? status : [status];
  if (all.length === 0 || all.length > 4) no(path, 'wrong-evidence');
  return all.map((entry): StatusEntry => {
    const { type, statusPurpose: purpose, statusListIndex: index, statusListCredential: list, statusSize: size } = isObject(entry) ? entry : no(path, 'wrong-evidence');
    const asked =
      type === 'BitstringStatusListEntry' &&
      (purpose === 'revocation' || purpose === 'suspension') &&
      typeof index === 'string' &&
      /^(0|[1-9]\d{0,6})$/.test(index) &&
      Number(index) < 8 << 20 &&
      (size === undefined || size === null || size === 1) &&
      typeof list === 'string' &&
      list.length <= 500 &&
      originOf(list) !== null;
    return asked ? { purpose, list, index: Number(index) } : no(path, 'wrong-evidence');
  });
}

const earliest = (all: readonly number[]): number => (all.length === 0 ? 0 : Math.min(...all));
const inTime = (seconds: number): number => (seconds >= 1 && seconds <= 2 ** 40 ? Math.floor(seconds) : no('nbf'));
const secondsOf = (v: unknown): number => (v === undefined || v === null ? 0 : typeof v === 'number' ? inTime(v) : no('nbf'));
const rfc3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;

function secondsOfDate(v: unknown): number {
  if (v === undefined || v === null) return 0;
  if (typeof v !== 'string' || !rfc3339.test(v) || Number.isNaN(Date.parse(v))) return no('vc.issuanceDate');
  return inTime(Date.parse(v) / 1000);
}
