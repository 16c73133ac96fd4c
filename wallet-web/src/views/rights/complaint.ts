/**
 * The complaint file: what a supervisory authority needs to decide about a rights request without believing anybody.
 * Signed texts stand in it exactly as they were signed; everything else repeats what they say.
 */
import { readAccesses, type Access } from '../../api/access';
import { readGrantProof } from '../../api/grant';
import type { Bundle } from '../../core/bundle';
import type { GrantId } from '../../core/id';
import { parseProof, type ValidatorSet } from '../../core/ledger/proof';
import type { GrantPlaintext } from '../../core/plaintext';
import { parseReceipt, purposeOf } from '../../core/receipt';
import type { OpenVault } from '../../store/vault.svelte';
import { labelOf, purposeLabel } from '../catalogue';
import { trustedSet } from '../ledger';
import type { Case } from './load';
import { texts } from './texts';

/** One grant that the rights request is about. */
export interface ComplaintGrant {
  grant: GrantId;
  purpose: string;
  attributes: string[];
  /** The receipt with opening and proof, for `coffer verify`; null while the grant has no proof. */
  bundle: Bundle | null;
  receipt: string;
  /** Exact rows, the oldest first; `head` is where they lead (SHA-256 chain), `whole` whether they go back to the first. */
  access_log: { rows: string[]; head: string; whole: boolean };
}

export interface Complaint {
  v: 1;
  kind: 'coffer-complaint';
  made: number;
  authority: string;
  operator: string;
  business: { did: string; name: string; address: string; contact: string; dpo: string };
  rights_request: { jws: string; right: string; regime: string; text: string; sent: number; due: string; state: string };
  /** When the operator took each step; the business signed what stands in `jws`. */
  replies: { step: string; received: number; outcome: string; text: string; jws: string }[];
  grants: ComplaintGrant[];
  validators: ValidatorSet | null;
  how_to_check: string[];
}

const howToCheck = [
  'rights_request.jws and each receipt are signed (EdDSA) by one key, which the business knows as this shopper; the key is in the did:key of "kid".',
  'Each reply is signed (ES256) by the business; "request_hash" in it is the SHA-256 of rights_request.jws.',
  'Save a grant\'s "bundle" and "validators" as files and run: coffer verify bundle.json --validators validators.json',
  'The access log is a chain: start with 32 zero bytes; each head is SHA-256(head before ‖ row).',
];

/** Puts the file together. Pure, so that a test can hold it against what it is made from. */
export function complaintOf(c: Case, grants: ComplaintGrant[], validators: ValidatorSet | null, operator: string, now: number): Complaint {
  const rights = c.rights;
  const clock = c.clock;
  if (!rights || !clock) throw new Error('a complaint needs the own copy of what was demanded');
  const receipt = grants[0] && parseReceipt(grants[0].receipt);
  const party = receipt?.parties[0];
  return {
    v: 1,
    kind: 'coffer-complaint',
    made: now,
    authority: receipt?.authority_party ?? '',
    operator,
    business: { did: rights.aud, name: party?.name ?? c.business, address: party?.address ?? '', contact: party?.contact ?? '', dpo: party?.dpo ?? '' },
    rights_request: { jws: rights.jws, right: rights.right, regime: rights.regime, text: rights.text, sent: c.times.sent, due: clock.due, state: clock.state },
    replies: c.replies.flatMap((r) => (r.at === 'open' ? [{ step: r.step, received: r.received, outcome: r.reply.outcome, text: r.reply.text, jws: r.reply.jws }] : [])),
    grants,
    validators,
    how_to_check: howToCheck,
  };
}

/** The rows of one grant, as the operator delivered them (the newest first). */
export function excerptOf(accesses: readonly Access[], grant: GrantId, whole: boolean): ComplaintGrant['access_log'] {
  const rows = accesses.filter((a) => a.grant === grant);
  return { rows: rows.map((a) => a.row).reverse(), head: rows[0]?.head ?? '', whole };
}

/** Gathers what the file needs: proofs from the ledger, rows from the operator, the rest from the vault. */
export async function gatherComplaint(vault: OpenVault, c: Case, now: number): Promise<Complaint> {
  const [{ accesses, whole }, set] = await Promise.all([readAccesses(), trustedSet(vault)]);
  const own = (c.rights?.grants ?? []).flatMap((g) => vault.grants.get(g) ?? []);
  const grants = await Promise.all(own.map(async (g) => ({ ...(await grantOf(g)), access_log: excerptOf(accesses, g.grant, whole) })));
  return complaintOf(c, grants, set, location.origin, now);
}

async function grantOf(g: GrantPlaintext): Promise<Omit<ComplaintGrant, 'access_log'>> {
  const proof = await readGrantProof(g.grant);
  const bundle: Bundle | null = proof && { v: 1, receipt: g.receipt, opening: g.opening, proof: parseProof(proof) };
  return { grant: g.grant, purpose: purposeOf(parseReceipt(g.receipt)).purpose, attributes: g.attributes, bundle, receipt: g.receipt };
}

export const complaintJson = (complaint: Complaint): string => `${JSON.stringify(complaint, null, 2)}\n`;

const escaped = (text: string): string => text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
const utc = (seconds: number): string => `${new Date(seconds * 1000).toISOString().slice(0, 16).replace('T', ' ')} UTC`;

/** A page that prints: no script, nothing from elsewhere, every text escaped. */
export function complaintHtml(x: Complaint): string {
  const row = (name: string, value: string) => (value ? `<tr><th scope="row">${escaped(name)}</th><td>${escaped(value)}</td></tr>` : '');
  const words = texts.rights[x.rights_request.right as keyof typeof texts.rights];
  const events: [number, string, string][] = [
    [x.rights_request.sent, 'The rights request was sent', ''],
    ...x.replies.map((r): [number, string, string] => [r.received, texts.one.steps[r.step as keyof typeof texts.one.steps], [texts.one.outcomes[r.outcome as keyof typeof texts.one.outcomes], r.text].filter(Boolean).join(': ')]),
  ];
  const grants = x.grants.map(
    (g) => `<h3>${escaped(purposeLabel(g.purpose))}</h3>
<p>${escaped(g.attributes.map(labelOf).join(', '))}. ${g.bundle ? 'The receipt is anchored on the ledger; its proof is in the evidence file.' : 'The receipt has no proof on the ledger.'}</p>
<h4>Who collected what</h4>
${g.access_log.rows.length > 0 ? `<pre>${g.access_log.rows.map(escaped).join('\n')}</pre><p>Head of the log: <code>${escaped(g.access_log.head)}</code></p>` : '<p>Nobody has collected anything.</p>'}
<h4>Receipt, as signed</h4><pre>${escaped(g.receipt)}</pre>`,
  );
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Complaint about ${escaped(x.business.name)}</title>
<style>body{font:11pt/1.5 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem;color:#111}table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;padding:.3rem .6rem .3rem 0;border-bottom:1px solid #bbb}pre{white-space:pre-wrap;overflow-wrap:anywhere;font-size:8pt;border:1px solid #bbb;padding:.5rem}blockquote{white-space:pre-line;margin-left:1rem}</style></head>
<body><h1>Complaint about ${escaped(x.business.name)}</h1>
<table>${row('To', x.authority)}${row('Made', utc(x.made))}${row('Business', [x.business.name, x.business.address].filter(Boolean).join(', '))}${row('Contact', x.business.contact)}${row('Data protection officer', x.business.dpo)}${row('Key of the business', x.business.did)}${row('Operator', x.operator)}</table>
<h2>What was demanded</h2>
<table>${row('Right', words ? `${words.name}. ${words.says}` : x.rights_request.right)}${row('Sent', utc(x.rights_request.sent))}${row('Answer due by the end of', `${x.rights_request.due} (UTC)`)}${row('State', texts.states[x.rights_request.state as keyof typeof texts.states] ?? x.rights_request.state)}</table>
${x.rights_request.text ? `<blockquote>${escaped(x.rights_request.text)}</blockquote>` : ''}
<h2>What happened</h2>
<table>${events.map(([at, what, text]) => row(utc(at), text ? `${what}. ${text}` : what)).join('')}</table>
<h2>What the business was given</h2>
${grants.join('\n') || '<p>No record of a grant is in the vault.</p>'}
<h2>As signed</h2><h3>Rights request</h3><pre>${escaped(x.rights_request.jws)}</pre>
${x.replies.map((r) => `<h3>Reply: ${escaped(r.step)}</h3><pre>${escaped(r.jws)}</pre>`).join('\n')}
<h2>How to check</h2><ol>${x.how_to_check.map((line) => `<li>${escaped(line)}</li>`).join('')}</ol>
</body></html>
`;
}
