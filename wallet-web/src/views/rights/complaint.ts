/**
 * The complaint file: what a supervisory authority needs to decide without believing anybody, about a rights request
 * or about what a business left unsaid after grants ended. Signed texts stand in it exactly as they were signed;
 * everything else repeats what they say, in the shopper's language.
 */
import { readAccesses, type Access } from '../../api/access';
import { laterReceipts, readGrantProof, readGrants } from '../../api/grant';
import { speech } from '../../components/language.svelte';
import { parseAccess } from '../../core/access';
import type { Bundle } from '../../core/bundle';
import type { GrantId } from '../../core/id';
import { ACKNOWLEDGE_WITHIN, STATE_WITHIN, type Ending } from '../../core/loop';
import { parseProof, type ValidatorSet } from '../../core/ledger/proof';
import type { GrantPlaintext } from '../../core/plaintext';
import { parseReceipt, purposeOf } from '../../core/receipt';
import type { OpenVault } from '../../store/vault.svelte';
import { labelOf, purposeLabel } from '../catalogue';
import { trustedSet } from '../ledger';
import { texts as words } from './complaintTexts';
import type { Case } from './load';
import type { Debtor } from './overdue';
import { texts } from './texts';

/** One grant that the rights request is about. */
export interface ComplaintGrant {
  grant: GrantId;
  purpose: string;
  attributes: string[];
  /** The receipt with opening and proof, for `coffer verify`; null while the grant has no proof. */
  bundle: Bundle | null;
  receipt: string;
  /** What became of it: the receipt of its end is the shopper's own signature. */
  later_receipts: string[];
  /** Exact rows, the oldest first; `head` is where they lead (SHA-256 chain), `whole` whether they go back to the first. */
  access_log: { rows: string[]; head: string; whole: boolean };
}

/** What a business has not said after a grant's end; `acknowledgement` is signed by it, '' if there is none. */
export interface ComplaintEnd {
  grant: GrantId;
  event: string;
  told: number;
  acknowledge_by: number;
  state_by: number;
  late: string;
  acknowledgement: string;
}

export interface Complaint {
  v: 1;
  kind: 'coffer-complaint';
  made: number;
  /** Of everything here that nobody signed. */
  language: string;
  authority: string;
  operator: string;
  business: { did: string; name: string; address: string; contact: string; dpo: string };
  /** null: it is about ends of grants. */
  rights_request: { jws: string; right: string; regime: string; text: string; sent: number; due: string; state: string } | null;
  /** When the operator took each step; the business signed what stands in `jws`. */
  replies: { step: string; received: number; outcome: string; text: string; jws: string }[];
  ends: ComplaintEnd[];
  grants: ComplaintGrant[];
  validators: ValidatorSet | null;
  how_to_check: string[];
}

/** What both kinds have, of the receipt that names who is responsible and who watches. */
function about(grants: ComplaintGrant[], validators: ValidatorSet | null, operator: string, now: number) {
  const receipt = grants[0] && parseReceipt(grants[0].receipt);
  const party = receipt?.parties[0];
  const complaint = {
    v: 1,
    kind: 'coffer-complaint',
    made: now,
    language: speech.now,
    authority: receipt?.authority_party ?? '',
    operator,
    business: { did: '', name: party?.name ?? '', address: party?.address ?? '', contact: party?.contact ?? '', dpo: party?.dpo ?? '' },
    rights_request: null,
    replies: [],
    ends: [],
    grants,
    validators,
  } as const;
  return complaint;
}

/** Puts the file together. Pure, so that a test can hold it against what it is made from. */
export function complaintOf(c: Case, grants: ComplaintGrant[], validators: ValidatorSet | null, operator: string, now: number): Complaint {
  const rights = c.rights;
  const clock = c.clock;
  if (!rights || !clock) throw new Error('a complaint needs the own copy of what was demanded');
  const file = about(grants, validators, operator, now);
  return {
    ...file,
    business: { ...file.business, did: rights.aud, name: file.business.name || c.business },
    rights_request: { jws: rights.jws, right: rights.right, regime: rights.regime, text: rights.text, sent: c.times.sent, due: clock.due, state: clock.state },
    replies: c.replies.flatMap((r) => (r.at === 'open' ? [{ step: r.step, received: r.received, outcome: r.reply.outcome, text: r.reply.text, jws: r.reply.jws }] : [])),
    ends: [],
    how_to_check: [words.check.rights, words.check.replies, words.check.bundle, words.check.log],
  };
}

/** The file about what a business left unsaid after grants ended. Pure, as the other. */
export function lateComplaintOf(d: Debtor, grants: ComplaintGrant[], validators: ValidatorSet | null, operator: string, now: number): Complaint {
  const file = about(grants, validators, operator, now);
  const ends = d.late.flatMap((l) =>
    l.what === 'answer' ? [] : [{ grant: l.grant.grant, event: l.event, told: l.told, acknowledge_by: l.told + ACKNOWLEDGE_WITHIN, state_by: l.told + STATE_WITHIN, late: l.what, acknowledgement: l.acknowledgement }],
  );
  if (ends.length === 0) throw new Error('a complaint needs something that is late');
  return {
    ...file,
    business: { ...file.business, did: d.business, name: file.business.name || d.name },
    replies: [],
    ends,
    how_to_check: [words.check.receipts, words.check.acknowledgement, words.check.bundle, words.check.log],
  };
}

/** The rows of one grant, as the operator delivered them (the newest first). */
export function excerptOf(accesses: readonly Access[], grant: GrantId, whole: boolean): ComplaintGrant['access_log'] {
  const rows = accesses.filter((a) => a.grant === grant);
  return { rows: rows.map((a) => a.row).reverse(), head: rows[0]?.head ?? '', whole };
}

/** Gathers what the file needs: proofs from the ledger, rows from the operator, the rest from the vault. */
export async function gatherComplaint(vault: OpenVault, c: Case, now: number): Promise<Complaint> {
  const { grants, set } = await gather(vault, c.rights?.grants ?? []);
  return complaintOf(c, grants, set, location.origin, now);
}

export async function gatherLateComplaint(vault: OpenVault, d: Debtor, now: number): Promise<Complaint> {
  const { grants, set } = await gather(vault, d.late.flatMap((l) => (l.what === 'answer' ? [] : [l.grant.grant])));
  return lateComplaintOf(d, grants, set, location.origin, now);
}

async function gather(vault: OpenVault, of: readonly GrantId[]): Promise<{ grants: ComplaintGrant[]; set: ValidatorSet | null }> {
  const [{ accesses, whole }, records, set] = await Promise.all([readAccesses(), readGrants(), trustedSet(vault)]);
  const own = of.flatMap((g) => vault.grants.get(g) ?? []);
  const grants = await Promise.all(
    own.map(async (g) => {
      const record = records.find((r) => r.grant === g.grant);
      return { ...(await grantOf(g)), later_receipts: record ? laterReceipts(record) : [], access_log: excerptOf(accesses, g.grant, whole) };
    }),
  );
  return { grants, set };
}

async function grantOf(g: GrantPlaintext): Promise<Omit<ComplaintGrant, 'access_log' | 'later_receipts'>> {
  const proof = await readGrantProof(g.grant);
  const bundle: Bundle | null = proof && { v: 1, receipt: g.receipt, opening: g.opening, proof: parseProof(proof) };
  return { grant: g.grant, purpose: purposeOf(parseReceipt(g.receipt)).purpose, attributes: g.attributes, bundle, receipt: g.receipt };
}

export const complaintJson = (complaint: Complaint): string => `${JSON.stringify(complaint, null, 2)}\n`;

const escaped = (text: string): string => text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
const utc = (seconds: number): string => `${new Date(seconds * 1000).toISOString().slice(0, 16).replace('T', ' ')} UTC`;

/** One row of the log as people read it: when, and what was given or why it was refused. */
function collected(row: string): [string, string] {
  const { time, requested, given, refused } = parseAccess(row);
  const named = (names: readonly string[]) => names.map(labelOf).join(', ');
  return [utc(time), refused ? words.refused(named(requested)) : words.given(named(given))];
}

/** A page that prints: no script, nothing from elsewhere, every text escaped. */
export function complaintHtml(x: Complaint): string {
  const row = (name: string, value: string) => (value ? `<tr><th scope="row">${escaped(name)}</th><td>${escaped(value)}</td></tr>` : '');
  const p = (text: string) => `<p>${escaped(text)}</p>`;
  const h = (level: 2 | 3 | 4, text: string) => `<h${level}>${escaped(text)}</h${level}>`;
  const pre = (text: string) => `<pre>${escaped(text)}</pre>`;
  const table = (rows: string[]) => `<table>${rows.join('')}</table>`;
  const q = x.rights_request;
  const right = q && texts.rights[q.right as keyof typeof texts.rights];
  const demanded = q
    ? `${h(2, words.demanded)}
${table([row(words.right, right ? `${right.name}. ${right.says}` : q.right), row(words.sent, utc(q.sent)), row(words.due, `${q.due} (UTC)`), row(words.state, texts.states[q.state as keyof typeof texts.states] ?? q.state)])}
${q.text ? `<blockquote>${escaped(q.text)}</blockquote>` : ''}
${h(2, words.happened)}
${table([row(utc(q.sent), words.wasSent), ...x.replies.map((r) => row(utc(r.received), [texts.one.steps[r.step as keyof typeof texts.one.steps], [texts.one.outcomes[r.outcome as keyof typeof texts.one.outcomes], r.text].filter(Boolean).join(': ')].filter(Boolean).join('. ')))])}`
    : '';
  const ends = x.ends.map(
    (e) => `${h(3, purposeLabel(x.grants.find((g) => g.grant === e.grant)?.purpose ?? ''))}
${table([
  row(words.event, words.events[e.event as Ending] ?? e.event),
  row(words.told, utc(e.told)),
  row(words.acknowledgeBy, utc(e.acknowledge_by)),
  row(words.acknowledged, e.acknowledgement ? words.signed : words.never),
  row(words.stateBy, utc(e.state_by)),
  row(words.stated, words.never),
])}`,
  );
  const grants = x.grants.map(
    (g) => `${h(3, purposeLabel(g.purpose))}
${p(`${g.attributes.map(labelOf).join(', ')}. ${g.bundle ? words.anchored : words.notAnchored}`)}
${h(4, words.log)}
${g.access_log.rows.length > 0 ? `${table(g.access_log.rows.map((r) => row(...collected(r))))}${g.access_log.whole ? '' : p(words.cut)}${h(4, words.rows)}${pre(g.access_log.rows.join('\n'))}<p>${escaped(words.head)} <code>${escaped(g.access_log.head)}</code></p>` : p(words.nobody)}
${h(4, words.receipt)}${pre(g.receipt)}${g.later_receipts.map((r) => h(4, words.later) + pre(r)).join('')}`,
  );
  const signed = [
    ...(q ? [h(3, words.request) + pre(q.jws)] : []),
    ...x.replies.map((r) => h(3, words.reply(texts.one.steps[r.step as keyof typeof texts.one.steps] ?? r.step)) + pre(r.jws)),
    ...x.ends.filter((e) => e.acknowledgement).map((e) => h(3, words.acknowledgement) + pre(e.acknowledgement)),
  ];
  const title = words.title(x.business.name);
  return `<!doctype html>
<html lang="${escaped(x.language)}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escaped(title)}</title>
<style>body{font:11pt/1.5 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem;color:#111}table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;padding:.3rem .6rem .3rem 0;border-bottom:1px solid #bbb}th{width:16rem}pre{white-space:pre-wrap;overflow-wrap:anywhere;font-size:8pt;border:1px solid #bbb;padding:.5rem}blockquote{white-space:pre-line;margin-left:1rem}td,code{overflow-wrap:anywhere}</style></head>
<body><h1>${escaped(title)}</h1>
${table([row(words.to, x.authority), row(words.made, utc(x.made)), row(words.business, [x.business.name, x.business.address].filter(Boolean).join(', ')), row(words.contact, x.business.contact), row(words.dpo, x.business.dpo), row(words.key, x.business.did), row(words.operator, x.operator)])}
${demanded}
${ends.length > 0 ? h(2, words.unsaid) + p(words.duty) + ends.join('\n') : ''}
${h(2, words.hadBeenGiven)}
${grants.join('\n') || p(words.noGrant)}
${signed.length > 0 ? h(2, words.asSigned) + signed.join('\n') : ''}
${h(2, words.howToCheck)}<ol>${x.how_to_check.map((line) => `<li>${escaped(line)}</li>`).join('')}</ol>
</body></html>
`;
}
