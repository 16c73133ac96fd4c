/**
 * Changes of a grant (contract § 1): a grant that changes ends, and a successor with its own keys, letter, entry and
 * receipt stands in its place; a paused one has none until it is resumed. Twin of Go's consent/change.go.
 */
import { b64u, equal, fromB64u, hashOf, sha256, utf8, type Bytes } from './bytes';
import { MAX_DECIDING } from './decision';
import { addDays, epochAt, isDays, shortest, type Days, type Epoch } from './epoch';
import { CoreError } from './errors';
import { endReceipt, forge, withdrawEntry, type Giver } from './grant';
import type { GrantId } from './id';
import { parseEntry } from './ledger/entry';
import type { GrantPlaintext } from './plaintext';
import type { Random } from './random';
import { newSuccessorReceipt, parseReceipt, purposeOf, SUCCEEDING } from './receipt';
import { askedOf, type Request } from './request';
import { refuse, repeated, SKEW } from './rules';
import type { Share } from './share';
import { base64url, id, int, list, nullable, object, oneOf, parseJson, text, version, type Of } from './shape';

export const CHANGES = [...SUCCEEDING, 'paused'] as const;
export type ChangeKind = (typeof CHANGES)[number];

const anyText = text(1 << 16, 0);
const nextShape = object({
  grant: id<GrantId>(),
  attributes: list(anyText, 1000),
  channels: list(anyText, 1000),
  days: int(),
  until: int(0, 0xffffffff),
  entry: anyText,
  receipt_hash: base64url(32),
});
const changeShape = object({
  v: version,
  grant: id<GrantId>(),
  kind: oneOf(...CHANGES),
  receipt: base64url(32),
  time: int(),
  nonce: base64url(16),
  next: nullable(nextShape),
});

/** What a successor is. `days` is its entry's fixed length, `until` the epoch at which it really ends. */
export type Next = Of<typeof nextShape>;
/** One change, as the operator keeps it. `receipt` is the hash of the old grant's receipt. */
export type Change = Of<typeof changeShape>;

/** Whether a passkey must confirm: what makes a grant last longer, or stand again. Less is one tap, like withdrawing. */
export const needsPasskey = (kind: ChangeKind): boolean => kind === 'renewed' || kind === 'resumed';

/** The challenge of the passkey assertion that confirms exactly this text, 32 bytes. */
export function changeChallenge(change: string): Bytes {
  return sha256(utf8('coffer/v1 change\0'), utf8(change));
}

/** Reads a change's text and holds it against itself. Throws ParseError. */
export function parseChange(json: string): Change {
  const change = parseJson('change', json, changeShape);
  const no = (code: string, path: string) => refuse('change', code, path);
  const { next } = change;
  if ((next === null) !== (change.kind === 'paused')) return no('malformed', 'next');
  if (next === null) return change;
  if (next.grant === change.grant) no('duplicate', 'next.grant');
  for (const key of ['attributes', 'channels'] as const) {
    const twice = repeated(next[key]);
    if (twice >= 0) no('duplicate', `next.${key}[${twice}]`);
  }
  if (!isDays(next.days)) no('bad-length', 'next.days');
  const entry = grantEntryOf(next.entry) ?? no('bad-entry', 'next.entry');
  if (entry.end - entry.start !== next.days * 24) no('bad-entry', 'next.entry');
  // A longer entry than its end needs would say more than it must.
  if (next.until <= entry.start || shortest(next.until - entry.start) !== next.days) no('bad-length', 'next.until');
  return change;
}

/** What is sent for a change (POST /grants/{id}/change). */
export interface PreparedChange {
  /** The text that is confirmed, sent and kept. */
  change: string;
  /** base64url of the old grant's withdraw entry; null when it is paused and so has ended on the ledger. */
  withdraw: string | null;
  /** JWT of the event: the successor's, or of the pause. */
  receipt: string;
  letter: string | null;
  /** base64url of the successor's withdrawal signed ahead. */
  ahead: string | null;
  shares: Share[];
  /** For the wallet, to be sealed in the same request; null for a pause. */
  plaintext: GrantPlaintext | null;
}

/** What the shopper wants the grant to be from now on. */
export interface Wish {
  kind: Exclude<ChangeKind, 'paused'>;
  attributes: readonly string[];
  channels: readonly string[];
  /** The epoch at which it shall end. */
  until: Epoch;
  /** Of a resumption: the JWT of the pause. */
  pause?: string;
}

/** The latest end that a wish of the kind may have. */
export function latest(kind: Wish['kind'], grant: Pick<GrantPlaintext, 'end'>, days: Days, now: number): Epoch {
  return kind === 'renewed' ? addDays(epochAt(now), days) : grant.end;
}

/** Pauses: the grant ends on the ledger and stands again, as a successor, when it is resumed. */
export function preparePause(grant: GrantPlaintext, giver: Pick<Giver, 'identitySeed' | 'chain'>, now: number, random: Random): PreparedChange {
  const receipt = endReceipt(grant, 'paused', giver.identitySeed, now, random);
  const withdraw = withdrawEntry(grant, giver.identitySeed, giver.chain, now);
  return { change: written(grant, 'paused', now, random, null), withdraw, receipt, letter: null, ahead: null, shares: [], plaintext: null };
}

/**
 * Makes a successor. Throws ParseError `wider-than-grant`, `wider-than-request` or `missing-required` for a wish that
 * no wallet may have, CoreError `nothing-changes` for one without effect, `no-value` if the vault lacks an attribute.
 */
export async function prepareSuccessor(grant: GrantPlaintext, request: Request, wish: Wish, giver: Giver, now: number, random: Random): Promise<PreparedChange> {
  const asked = askedOf(request, grant.purpose_id) ?? refuse('change', 'wider-than-request', 'purpose');
  const no = (code: string, path: string) => refuse('change', code, path);
  // In the old grant's order, so that the order tells nothing.
  const attributes = grant.attributes.filter((name) => wish.attributes.includes(name));
  const channels = grant.channels.filter((name) => wish.channels.includes(name));
  if (attributes.length !== wish.attributes.length) no('wider-than-grant', 'attributes');
  if (channels.length !== wish.channels.length) no('wider-than-grant', 'channels');
  for (const name of asked.required) if (!attributes.includes(name)) no('missing-required', 'attributes');
  if (attributes.length + channels.length === 0) no('missing-required', 'attributes');
  const start = epochAt(now);
  if (wish.until <= start) no('bad-length', 'until');
  if (wish.until > latest(wish.kind, grant, asked.days, now)) no(wish.kind === 'renewed' ? 'wider-than-request' : 'wider-than-grant', 'until');
  const fewer = attributes.length < grant.attributes.length || channels.length < grant.channels.length;
  if (wish.kind === 'narrowed' && !fewer) throw new CoreError('nothing-changes', 'nothing is left out');
  if (wish.kind === 'shortened' && (fewer || wish.until >= grant.end)) throw new CoreError('nothing-changes', 'it only ends earlier');
  if (wish.kind === 'renewed' && wish.until <= grant.end) throw new CoreError('nothing-changes', 'it does not end later');

  const hours = wish.until - start;
  const days = shortest(hours) ?? refuse('change', 'bad-length', 'until');
  const end = addDays(start, days);
  const previous = parseReceipt(wish.kind === 'resumed' ? (wish.pause ?? '') : grant.receipt);
  const receiptOf = (next: GrantId) => newSuccessorReceipt(previous, { grant: next, state: wish.kind, attributes, channels, hours }, now, random);
  const { give, keeps } = await forge(request, attributes, { start, end }, receiptOf, giver, random);
  const next: Next = { grant: give.grant, attributes, channels, days, until: wish.until, entry: keeps.entry, receipt_hash: hashOf(give.receipt) };
  return {
    change: written(grant, wish.kind, now, random, next),
    withdraw: wish.kind === 'resumed' ? null : withdrawEntry(grant, giver.identitySeed, giver.chain, now),
    receipt: give.receipt,
    letter: give.letter,
    ahead: give.withdraw,
    shares: give.shares,
    plaintext: { ...grant, grant: give.grant, attributes, channels, start, end: wish.until, ...keeps, given: now, predecessor: grant.grant },
  };
}

function written(grant: GrantPlaintext, kind: ChangeKind, now: number, random: Random, next: Next | null): string {
  const change: Change = { v: 1, grant: grant.grant, kind, receipt: hashOf(grant.receipt), time: now, nonce: b64u(random(16)), next };
  const text = JSON.stringify(change);
  parseChange(text);
  return text;
}

function grantEntryOf(text: string) {
  try {
    const entry = parseEntry(fromB64u(text));
    return entry.kind === 'grant' ? entry : undefined;
  } catch {
    return undefined;
  }
}

/** What a change is held against: the grant as it stands. `end` is its effective one. */
export interface Standing {
  grant: GrantId;
  state: 'live' | 'paused' | 'anchoring' | 'withdrawn' | 'terminated' | 'replaced' | 'erased';
  attributes: readonly string[];
  channels: readonly string[];
  end: number;
  entry: string;
  receipt: string;
}

/**
 * Holds a change against the grant, the request that it answers and the clock, as the operator will: made just now,
 * of a grant that stands (of a paused one if it resumes), of the kind that it says, and with no right that the grant
 * did not give. Throws ParseError with Go's codes, or the denial's reason for a grant that is over.
 */
export function checkChange(change: Change, grant: Standing, request: Request, now: number): void {
  const no = (code: string, path: string) => refuse('change', code, path);
  if (change.grant !== grant.grant || change.receipt !== hashOf(grant.receipt)) no('wrong-change', 'receipt');
  if (now - change.time > MAX_DECIDING || change.time - now > SKEW) no('stale-decision', 'time');
  const over = grant.end <= epochAt(now);
  if (grant.state === 'live' || grant.state === 'paused') {
    if (over) no('expired', 'grant');
  } else no({ anchoring: 'not-anchored', erased: 'withdrawn' }[grant.state as string] ?? grant.state, 'grant');
  if (change.kind === 'resumed') {
    if (grant.state !== 'paused') no('wrong-change', 'kind');
  } else if (grant.state === 'paused') no('paused', 'grant');
  const { next } = change;
  if (next === null) return;

  const purpose = purposeOf(parseReceipt(grant.receipt)).purpose_id;
  const asked = askedOf(request, purpose) ?? no('wrong-request', 'request');
  const old = grantEntryOf(grant.entry) ?? no('bad-entry', 'grant');
  const entry = grantEntryOf(next.entry) ?? no('bad-entry', 'next.entry');
  const again = (['handle', 'walletKey', 'commitment'] as const).some((key) => equal(entry[key], old[key]));
  if (again) no('duplicate', 'next.entry');
  // The ledger allows an hour to either side of its own clock.
  if (Math.abs(entry.start - epochAt(now)) > 1 || next.until <= epochAt(now)) no('bad-entry', 'next.entry');
  const hours = next.until - entry.start;
  for (const name of next.attributes) if (!asked.required.includes(name) && !asked.optional.includes(name)) no('wider-than-request', 'next.attributes');
  for (const name of asked.required) if (!next.attributes.includes(name)) no('missing-required', 'next.attributes');
  if (next.attributes.length + next.channels.length === 0) no('missing-required', 'next');
  for (const name of next.channels) if (!asked.channels.includes(name)) no('wider-than-request', 'next.channels');
  if (hours > asked.days * 24) no('wider-than-request', 'next');
  const left = change.kind === 'renewed' ? asked.days * 24 : grant.end - entry.start;
  const more = next.attributes.some((a) => !grant.attributes.includes(a)) || next.channels.some((c) => !grant.channels.includes(c));
  if (more || hours > left) no('wider-than-grant', 'next');
  const fewer = next.attributes.length + next.channels.length < grant.attributes.length + grant.channels.length;
  const is = { narrowed: fewer, shortened: !fewer && next.until < grant.end, renewed: next.until > grant.end, resumed: !fewer, paused: false }[change.kind];
  if (!is) no('wrong-change', 'kind');
}
