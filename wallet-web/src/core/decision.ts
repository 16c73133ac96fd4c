/**
 * Decisions: a shopper's answer to one request, each purpose given or refused (contract D.2). The text is made here
 * once and carried as it is; a passkey signs its challenge. Twin of Go's consent/decision.go and within.go.
 */
import { b64u, fromB64u, sha256, utf8, type Bytes } from './bytes';
import { epochAt, isDays, type Days } from './epoch';
import type { Did } from './did';
import type { GrantId, RequestId } from './id';
import { parseEntry } from './ledger/entry';
import { askedAs, ofPartner } from './partner';
import type { Random } from './random';
import { askedOf, type Request } from './request';
import { refuse, repeated, SKEW } from './rules';
import { base64url, bool, id, int, list, object, parseJson, text, version } from './shape';

/** How old a decision may be when it arrives, in seconds. */
export const MAX_DECIDING = 15 * 60;

/** One purpose that is given: what becomes a grant. */
export interface Given {
  grant: GrantId;
  /** The request's name for the purpose. */
  purpose: string;
  attributes: string[];
  days: Days;
  channels: string[];
  /** base64url of the grant entry. */
  entry: string;
  /** base64url SHA-256 of the receipt's JWT. */
  receipt_hash: string;
  /** DID of the partner that it is given to; absent for the business that asks. */
  partner?: Did;
}

export interface Decision {
  v: 1;
  request: RequestId;
  request_hash: string;
  /** Unix seconds. */
  time: number;
  nonce: string;
  /** Whether the birth date says that the shopper is under 18. */
  minor: boolean;
  give: Given[];
  /** Names of the refused purposes. */
  refuse: string[];
}

const anyText = text(1 << 16, 0);
const decisionShape = object({
  v: version,
  request: id<RequestId>(),
  request_hash: base64url(32),
  time: int(),
  nonce: base64url(16),
  minor: bool,
  give: list(
    object({
      grant: id<GrantId>(),
      purpose: anyText,
      attributes: list(anyText, 1000),
      days: int(),
      channels: list(anyText, 1000),
      entry: anyText,
      receipt_hash: base64url(32),
    }, { partner: anyText }),
    1000,
  ),
  refuse: list(anyText, 1000),
});

/**
 * The answer to a request. Throws ParseError if it would be wider than the request, leave a purpose open or give
 * one without what it requires: a wallet cannot make such a decision. Draws 16 random bytes.
 */
export function newDecision(
  request: Request,
  answer: { give: readonly Given[]; refuse: readonly string[]; minor: boolean },
  now: number,
  random: Random,
): Decision {
  const decision: Decision = {
    v: 1,
    request: request.id,
    request_hash: request.hash,
    time: now,
    nonce: b64u(random(16)),
    minor: answer.minor,
    give: answer.give.map(({ grant, purpose, attributes, days, channels, entry, receipt_hash, partner }) => ({
      grant,
      purpose,
      attributes: [...attributes],
      days,
      channels: [...channels],
      entry,
      receipt_hash,
      ...(partner && { partner }),
    })),
    refuse: [...answer.refuse],
  };
  checkDecision(request, decision);
  return decision;
}

/** The exact text that is confirmed, sent and kept. */
export function decisionText(decision: Decision): string {
  return JSON.stringify(decision);
}

/** The challenge of the passkey assertion that confirms exactly this text, 32 bytes. */
export function decisionChallenge(decision: string): Bytes {
  return sha256(utf8('coffer/v1 decision\0'), utf8(decision));
}

/** Whether a passkey must confirm: refusing everything needs none, so that it is never harder than giving. */
export function needsConfirmation(decision: Decision): boolean {
  return decision.give.length > 0;
}

/** Reads a decision's text and holds it against itself. Throws ParseError. */
export function parseDecision(json: string): Decision {
  const decision = parseJson('decision', json, decisionShape) as Decision;
  checkSelf(decision);
  return decision;
}

/**
 * Holds a decision against its request: the same request, each purpose decided once, what a given purpose requires
 * all there, and no right that was not asked. Throws ParseError with Go's codes.
 */
export function checkDecision(request: Request, decision: Decision): void {
  const no = (code: string, path: string) => refuse('decision', code, path);
  checkSelf(decision);
  if (decision.request !== request.id || decision.request_hash !== request.hash) no('wrong-request', 'request_hash');
  decision.refuse.forEach((name, i) => {
    if (!askedOf(request, name)) no('wider-than-request', `refuse[${i}]`);
  });
  decision.give.forEach((given, i) => {
    checkWithin(request, given, `give[${i}]`);
    checkWithPartners(request, decision, given, `give[${i}]`);
  });
  const decided = new Set([...decision.refuse, ...decision.give.filter((g) => !g.partner).map((g) => g.purpose)]);
  for (const asked of request.purposes) if (!decided.has(asked.id)) no('undecided', asked.id);
}

/**
 * Holds a decision against the clock, as the operator will: the request is open, and neither the decision nor its
 * entries have waited too long (the passkey's prompt lies between). Throws ParseError expired, stale-decision or
 * bad-entry: prepare the grants anew.
 */
export function checkFresh(request: Request, decision: Decision, now: number): void {
  const no = (code: string, path: string) => refuse('decision', code, path);
  if (now >= request.exp) no('expired', 'request');
  if (now - decision.time > MAX_DECIDING || decision.time - now > SKEW) no('stale-decision', 'time');
  decision.give.forEach((given, i) => {
    const start = grantEntryOf(given.entry)?.start ?? no('bad-entry', `give[${i}].entry`);
    // The ledger allows an hour to either side of its own clock.
    if (Math.abs(start - epochAt(now)) > 1) no('bad-entry', `give[${i}].entry`);
  });
}

function checkSelf(decision: Decision): void {
  const no = (code: string, path: string) => refuse('decision', code, path);
  // No purpose has a space in its name.
  const names = [...decision.refuse, ...decision.give.map((g) => (g.partner ? `${g.purpose} ${g.partner}` : g.purpose))];
  const twice = repeated(names);
  if (twice >= 0) no('decided-twice', twice < decision.refuse.length ? `refuse[${twice}]` : `give[${twice - decision.refuse.length}]`);
  const keys: string[] = [];
  decision.give.forEach((given, i) => {
    const at = `give[${i}]`;
    for (const key of ['attributes', 'channels'] as const) {
      const again = repeated(given[key]);
      if (again >= 0) no('duplicate', `${at}.${key}[${again}]`);
    }
    if (!isDays(given.days)) no('bad-length', `${at}.days`);
    const entry = grantEntryOf(given.entry) ?? no('bad-entry', `${at}.entry`);
    if (entry.end - entry.start !== given.days * 24) no('bad-entry', `${at}.entry`);
    keys.push(given.grant, given.receipt_hash, b64u(entry.handle), b64u(entry.walletKey), b64u(entry.commitment));
    if (repeated(keys) >= 0) no('duplicate', at);
  });
}

function checkWithin(request: Request, given: Given, at: string): void {
  const no = (code: string, path: string) => refuse('decision', code, path);
  const whole = askedOf(request, given.purpose) ?? no('wider-than-request', at);
  const asked = askedAs(whole, given.partner) ?? no('wider-than-request', `${at}.partner`);
  given.attributes.forEach((name, i) => {
    if (!asked.required.includes(name) && !asked.optional.includes(name)) no('wider-than-request', `${at}.attributes[${i}]`);
  });
  for (const name of asked.required) if (!given.attributes.includes(name)) no('missing-required', `${at}.attributes`);
  // Giving nothing is refusing.
  if (given.attributes.length + given.channels.length === 0) no('missing-required', at);
  given.channels.forEach((channel, i) => {
    if (!asked.channels.includes(channel)) no('wider-than-request', `${at}.channels[${i}]`);
  });
  if (given.days > asked.days) no('wider-than-request', `${at}.days`);
}

/**
 * What a partner is given against what the first business is: no more, nor longer. When the first is given something
 * that a joint partner asks for, that one is given to as well.
 */
function checkWithPartners(request: Request, decision: Decision, given: Given, at: string): void {
  const no = (code: string, path: string) => refuse('decision', code, path);
  if (!given.partner) {
    for (const p of askedOf(request, given.purpose)?.partners ?? []) {
      const also = decision.give.some((g) => g.purpose === given.purpose && g.partner === p.did);
      if (p.role === 'joint' && !also && ofPartner(p, given.attributes).length > 0) no('missing-required', `${at}.partner`);
    }
    return;
  }
  const first = decision.give.find((g) => g.purpose === given.purpose && !g.partner) ?? no('wider-than-request', `${at}.partner`);
  given.attributes.forEach((name, i) => {
    if (!first.attributes.includes(name)) no('wider-than-request', `${at}.attributes[${i}]`);
  });
  const above = grantEntryOf(first.entry) ?? no('bad-entry', `${at}.entry`);
  const entry = grantEntryOf(given.entry) ?? no('bad-entry', `${at}.entry`);
  if (entry.start < above.start || entry.end > above.end) no('bad-entry', `${at}.entry`);
}

function grantEntryOf(text: string) {
  try {
    const entry = parseEntry(fromB64u(text));
    return entry.kind === 'grant' ? entry : undefined;
  } catch {
    return undefined;
  }
}
