/** A copy to read, and to hand to whatever program (GDPR, article 20): JSON, or a table as CSV. Not sealed. */
import { parseAccess } from '../../core/access';
import type { AttributeValue } from '../../core/attributes';
import { CoreError } from '../../core/errors';
import { startOf, type Epoch } from '../../core/epoch';
import { openRecord, type Json } from '../../core/record';
import type { RecordPlaintext } from '../../core/plaintext';
import type { Collected } from './collect';

export const TABLES = ['attributes', 'records', 'grants', 'accesses'] as const;
export type TableName = (typeof TABLES)[number];
type Row = Readonly<Record<string, Json>>;

const moment = (seconds: number): string => new Date(seconds * 1000).toISOString().replace('.000', '');

/** The four tables; a record whose issuer's signature does not hold stands there as it was kept. */
export async function tables(all: Collected): Promise<Record<TableName, Row[]>> {
  const attributes: Row[] = [];
  const records: Row[] = [];
  for (const { plaintext: p } of all.documents) {
    if (p.kind === 'attribute') attributes.push({ attribute: p.name, value: p.value as AttributeValue as Json, updated: moment(p.updated), derived_from: p.derived_from ?? '' });
    if (p.kind === 'record') records.push(await recordRow(p));
  }
  const grants = all.grants.map((g): Row => ({
    grant: g.grant,
    business: g.business.name,
    business_id: g.business.did,
    purpose: g.purpose,
    attributes: g.attributes,
    channels: g.channels,
    given: moment(g.given),
    from: moment(startOf(g.start as Epoch)),
    until: moment(startOf(g.end as Epoch)),
    state: g.state,
  }));
  const moved = all.documents.flatMap(({ plaintext: p }): Row[] =>
    p.kind === 'moved'
      ? [{ grant: p.grant.grant, business: p.grant.business_name, business_id: p.grant.business, purpose: p.grant.purpose_id, attributes: p.grant.attributes, channels: p.grant.channels, given: moment(p.grant.given), from: moment(startOf(p.grant.start)), until: moment(startOf(p.grant.end)), state: `${p.state}, ${p.operator}, ${moment(p.made)}` }]
      : [],
  );
  const accesses = all.accesses.map((a): Row => {
    const { time, requested, given, refused } = parseAccess(a.row);
    return { time: moment(time), business: a.business.name, grant: a.grant, requested, given, refused };
  });
  return { attributes, records, grants: [...grants, ...moved], accesses };
}

async function recordRow(p: RecordPlaintext): Promise<Row> {
  const base = { received: moment(p.received), business: p.business_name, signed: p.record };
  try {
    const documents = p.issuer_document === undefined ? undefined : new Map([[issuerOf(p.issuer_document), [p.issuer_document]]]);
    const record = await openRecord(p.record, documents);
    return { issuer: record.issuer, types: record.types, claims: record.claims as Json, from: moment(record.from), until: record.until ? moment(record.until) : '', ...base };
  } catch (error) {
    if (!(error instanceof CoreError)) throw error;
    return { issuer: '', types: [], claims: {}, from: '', until: '', ...base };
  }
}

const issuerOf = (document: string): string => (JSON.parse(document) as { id: string }).id;

/** All tables as one JSON text. */
export const asJson = (all: Readonly<Record<TableName, readonly Row[]>>): string => `${JSON.stringify(all, null, 2)}\n`;

/** Columns of a value: an object has one for each member, a list is one. */
function flat(row: Row): Map<string, string> {
  const out = new Map<string, string>();
  const put = (name: string, value: Json) => {
    if (Array.isArray(value)) out.set(name, value.map((v) => (typeof v === 'object' ? JSON.stringify(v) : String(v))).join(' '));
    else if (value !== null && typeof value === 'object') for (const [k, v] of Object.entries(value)) put(`${name}.${k}`, v);
    else out.set(name, value === null ? '' : String(value));
  };
  for (const [name, value] of Object.entries(row)) put(name, value);
  return out;
}

/**
 * One table as CSV (RFC 4180). A cell that a spreadsheet would run as a formula begins with an apostrophe: the values are
 * strangers' texts.
 */
export function asCsv(rows: readonly Row[]): string {
  const cells = rows.map(flat);
  const columns = [...new Set(cells.flatMap((c) => [...c.keys()]))];
  const cell = (text: string) => {
    const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
    return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  };
  return [columns, ...cells.map((c) => columns.map((name) => c.get(name) ?? ''))].map((line) => `${line.map(cell).join(',')}\r\n`).join('');
}
