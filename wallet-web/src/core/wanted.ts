/** What a purpose asks of a record, and the record as it is shown for it. Twin of Go's consent/wanted.go. */
import type { Record as Attested } from './record';
import { refuse, repeated, said } from './rules';
import { list, object, record, text, type Of } from './shape';

/** The kind of an attribute that is given by showing a record. */
export const KIND_RECORD = 'record';
const MAX_CLAIMS = 32;

const any = text(1 << 15, 0);
const wantedShape = object({ type: any, required: list(any, 1000), optional: list(any, 1000) });
/** `type` as the record names it; claims that are needed, and that are welcome. */
export type Wanted = Of<typeof wantedShape>;
export const wantedsShape = record(/(?:)/, wantedShape, 1000);

/** What the rules look at of a purpose. */
interface Asking {
  required: string[];
  optional: string[];
  records?: Record<string, Wanted>;
  partners?: { attributes: string[] }[];
}

/** Holds what a purpose says of records against itself: each is of an attribute that it asks, and goes to no partner. */
export function checkWanted(a: Asking, at: string): void {
  const { records } = a;
  if (!records) return;
  const names = Object.keys(records).sort();
  if (names.length === 0) refuse('request', 'malformed', `${at}.records`);
  for (const name of names) {
    const { type, required, optional } = records[name]!;
    const no = (code: string, path = '') => refuse('request', code, `${at}.records.${name}${path}`);
    if (!a.required.includes(name) && !a.optional.includes(name)) no('over-wide');
    if (!said(type, 200)) no('malformed', '.type');
    const claims = [...required, ...optional];
    if (claims.length > MAX_CLAIMS || !claims.every((c) => said(c, 100))) no('malformed');
    const twice = repeated(claims);
    if (twice >= 0) no('duplicate', `[${twice}]`);
    a.partners?.forEach((p, j) => {
      if (p.attributes.includes(name)) refuse('request', 'bad-partner', `${at}.partners[${j}].attributes`);
    });
  }
}

/** What is asked, line by line: attributes, and of a record its type and each claim. */
export function linesOf(a: Asking): { required: string[]; optional: string[] } {
  const of = (name: string, lines: readonly string[]) => lines.map((line) => `${name}.${line}`);
  const records = Object.entries(a.records ?? {}).sort(([x], [y]) => (x < y ? -1 : 1));
  return {
    required: [...a.required, ...records.flatMap(([name, w]) => of(name, [w.type, ...w.required]))],
    optional: [...a.optional, ...records.flatMap(([name, w]) => of(name, w.optional))],
  };
}

/** Whether a record is what is wanted: of that type, with every claim that is needed. */
export const fits = (wanted: Wanted, held: Pick<Attested, 'types' | 'claims'>): boolean =>
  held.types.includes(wanted.type) && wanted.required.every((claim) => Object.hasOwn(held.claims, claim));

/** The wanted claims that the record has, and the others that it shows in any case: all of one that is shown whole. */
export function sidesOf(wanted: Wanted, held: Pick<Attested, 'claims'>, parts: readonly string[] | null): { required: string[]; optional: string[]; always: string[] } {
  const open = (claim: string) => parts === null || !parts.includes(claim);
  const has = (claim: string) => Object.hasOwn(held.claims, claim);
  return {
    required: wanted.required.filter(has),
    optional: wanted.optional.filter((claim) => has(claim) && !open(claim)),
    always: Object.keys(held.claims).filter((claim) => open(claim) && !wanted.required.includes(claim)),
  };
}
