/** Records as the pages show them: verified line by line, and said in words. */
import { readPublished } from '../../api/deposit';
import { Problem, Unparsed, Unreachable } from '../../api/http';
import { onDate } from '../../components/dates';
import type { Did } from '../../core/did';
import { CoreError } from '../../core/errors';
import { pairwiseKey } from '../../core/identity';
import type { Documents } from '../../core/jws';
import { isHolder } from '../../core/present';
import { checkTimes, isSdJwt, openRecord, type Json, type Record } from '../../core/record';
import { choosable, parseSdJwt } from '../../core/sdjwt';
import { checkStatus } from '../../core/status';
import { hostOf, isWeb, namedSigner } from '../../core/web';
import type { OpenVault } from '../../store/vault.svelte';
import { inWords } from '../condition/condition';
import { texts } from './texts';

/** What is known of whether a record was taken back: asked just now. */
export type Standing = 'stands' | 'revoked' | 'unknown' | 'final';

/** A record whose signature holds. */
export interface Read {
  text: string;
  record: Record;
  standing: Standing;
  times: 'now' | 'expired' | 'not-yet';
  /** Whose it is to show: this shopper's alone, anyone's who has it, or another's. */
  holder: 'mine' | 'anyone' | 'other';
  /** Claims that can be shown one by one; null: it is shown whole. */
  parts: string[] | null;
  /** The document of a did:web issuer, as the operator fetched it; '' for a did:key. */
  document: string;
}

/** Reads a record that `business` handed over. Throws CoreError if its issuer did not sign it. */
export async function readRecord(vault: Pick<OpenVault, 'seed'>, text: string, business: Did, now: number, pinned = ''): Promise<Read> {
  const { record, document } = await openWithDocument(text, pinned);
  const own = record.holder && isHolder(record.holder, pairwiseKey(vault.seed, business));
  return {
    text,
    record,
    document,
    standing: await standingOf(record, now, document),
    times: timesOf(record, now),
    holder: record.holder === null ? 'anyone' : own ? 'mine' : 'other',
    parts: isSdJwt(text) ? choosable(parseSdJwt(text)) : null,
  };
}

/** An issuer under did:web is looked up once, when its record arrives; then its document is kept with the record. */
async function openWithDocument(text: string, pinned: string): Promise<{ record: Record; document: string }> {
  const issuer = namedSigner(text);
  if (!isWeb(issuer)) return { record: await openRecord(text), document: '' };
  const document = pinned || (await readPublished(issuer));
  return { record: await openRecord(text, new Map([[issuer, [document]]])), document };
}

function timesOf(record: Record, now: number): Read['times'] {
  try {
    checkTimes(record, now);
    return 'now';
  } catch (error) {
    return error instanceof CoreError && error.code === 'not-yet' ? 'not-yet' : 'expired';
  }
}

async function standingOf(record: Record, now: number, document: string): Promise<Standing> {
  if (record.statuses.length === 0) return 'final';
  const documents: Documents = new Map(document === '' ? [] : [[record.issuer, [document]]]);
  try {
    for (const entry of record.statuses) await checkStatus((await readPublished(entry.list)).trim(), entry, record.issuer, now, documents);
    return 'stands';
  } catch (error) {
    if (error instanceof CoreError) return error.code === 'revoked' ? 'revoked' : 'unknown';
    if (error instanceof Unreachable || error instanceof Unparsed || error instanceof Problem) return 'unknown';
    throw error;
  }
}

/** Whether a business would take it. */
export const counts = (read: Read): boolean => read.times === 'now' && read.standing !== 'revoked' && read.holder !== 'other';

/** What kind of record it is, in words: the last part of its type. */
export const kindOf = (record: Pick<Record, 'types'>): string => sentence(inWords(record.types.find((t) => t !== 'VerifiableCredential') ?? ''));

/** Who issued it: a name that the vault knows, a host, or the beginning of a key. */
export function issuerName(issuer: Did, known: readonly { business: Did; business_name: string }[]): string {
  const name = known.find((k) => k.business === issuer)?.business_name;
  if (name !== undefined) return name;
  return isWeb(issuer) ? hostOf(issuer) : texts.key(issuer.slice('did:key:'.length, 'did:key:'.length + 12));
}

const sentence = (words: string): string => words.charAt(0).toUpperCase() + words.slice(1);

/** The claims in the order in which their issuer put them, as far as it shows. */
export const claimsIn = ({ record, parts }: Pick<Read, 'record' | 'parts'>): [string, Json][] => {
  const place = (name: string) => (parts ?? []).indexOf(name);
  return Object.entries(record.claims).sort(([a], [b]) => place(a) - place(b));
};

/** The name of a claim as a person reads it. */
export const claimName = (name: string): string => sentence(name.replace(/([a-z0-9])([A-Z])/g, '$1 $2').replace(/[-_]+/g, ' ').trim().toLowerCase());

/** A claim's value as a person reads it. */
export function sayClaim(value: Json): string {
  if (typeof value === 'boolean') return value ? texts.yes : texts.no;
  if (typeof value === 'string') return /^\d{4}-\d\d-\d\d$/.test(value) && !Number.isNaN(Date.parse(value)) ? onDate(value) : value;
  if (Array.isArray(value)) return value.map(sayClaim).join(', ');
  if (value !== null && typeof value === 'object') return Object.entries(value).map(([name, v]) => `${claimName(name)}: ${sayClaim(v)}`).join('; ');
  return value === null ? '–' : String(value);
}

/** What was checked, line by line. */
export function checksOf(read: Read, issuer: string, until: string): { title: string; ok: boolean; detail?: string }[] {
  const { checks } = texts;
  const standing = { stands: checks.stands, final: checks.final, revoked: checks.revoked, unknown: checks.unknown }[read.standing];
  return [
    { title: checks.signed(issuer), ok: true, ...(read.document !== '' && { detail: checks.fetched }) },
    { title: read.times === 'expired' ? checks.expired(until) : read.times === 'not-yet' ? checks.notYet : until === '' ? checks.forGood : checks.until(until), ok: read.times === 'now' },
    { title: standing, ok: read.standing === 'stands' || read.standing === 'final' },
    { title: { mine: checks.mine, anyone: checks.anyone, other: checks.other }[read.holder], ok: read.holder !== 'other' },
  ];
}
