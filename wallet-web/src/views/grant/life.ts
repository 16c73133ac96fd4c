/** The whole life of a consent: its grants one after another, told by receipts that the shopper's own keys signed. */
import { laterReceipts, type GrantRecord } from '../../api/grant';
import { verifyChain, type Link } from '../../core/chain';
import { startOf, type Epoch } from '../../core/epoch';
import { ParseError } from '../../core/errors';
import type { GrantId } from '../../core/id';
import type { GrantPlaintext } from '../../core/plaintext';
import { begins, eventOf, parseReceipt, type EventState } from '../../core/receipt';

/** One event of a life. */
export interface Moment {
  /** `terminated`, `replaced` and an expiry without a receipt are the operator's word: no receipt of the shopper says them. */
  state: EventState | 'terminated' | 'replaced';
  /** Unix seconds. */
  time: number;
  /** The grant that began or ended. */
  grant: GrantId;
  /** The signed receipt; '' where there is none. */
  jwt: string;
  /** Attributes and channels: what was given, or what was left out. */
  names: string[];
  /** Of a beginning: the epoch at which it would be over. */
  until: Epoch | null;
}

export interface Life {
  moments: Moment[];
  /** Every receipt follows the one before it. If not, only the wallet's own are told. */
  whole: boolean;
  /** The last grant: what stands now, if anything does. */
  last: GrantId;
}

type Records = readonly Pick<GrantRecord, 'grant' | 'state' | 'withdrawn' | 'receipt' | 'receipts' | 'withdrawal_receipt' | 'attributes'>[];

/** The grants of one life in their order, from the wallet's own records. */
export function lineOf(grants: ReadonlyMap<GrantId, GrantPlaintext>, id: GrantId): GrantPlaintext[] {
  const line: GrantPlaintext[] = [];
  for (let at = grants.get(id); at && !line.includes(at); at = at.predecessor && grants.get(at.predecessor)) line.unshift(at);
  const next = (of: GrantId | undefined) => [...grants.values()].find((g) => g.predecessor !== undefined && g.predecessor === of);
  for (let at = next(line.at(-1)?.grant); at && !line.includes(at); at = next(at.grant)) line.push(at);
  return line;
}

/** Tells the life of a grant; null if the wallet has no record of it. */
export function lifeOf(grants: ReadonlyMap<GrantId, GrantPlaintext>, records: Records, id: GrantId, now: number): Life | null {
  const line = lineOf(grants, id);
  const [first, last] = [line[0], line.at(-1)];
  if (!first || !last) return null;
  const record = new Map(records.map((r) => [r.grant, r]));
  const own = line.map((g) => g.receipt);
  const ended = line.flatMap((g) => {
    const r = record.get(g.grant);
    return r ? laterReceipts(r) : [];
  });
  const shopper = parseReceipt(first.receipt).id;
  let whole = true;
  let chain: Link[];
  try {
    chain = verifyChain([...new Set([...own, ...ended])], shopper);
  } catch (error) {
    if (!(error instanceof ParseError)) throw error;
    whole = false;
    chain = own.map((jwt) => ({ jwt, receipt: parseReceipt(jwt) }));
  }
  const moments = chain.map((link) => momentOf(link, line));
  const over = unsigned(record.get(last.grant), last, moments.at(-1)!, now);
  return { moments: over ? [...moments, over] : moments, whole, last: last.grant };
}

function momentOf({ jwt, receipt }: Link, line: GrantPlaintext[]): Moment {
  const at = line.findIndex((g) => g.grant === receipt.grant);
  const [own, before] = [line[at], line[at - 1]];
  const event = eventOf(receipt);
  const parts = (g: GrantPlaintext | undefined) => [...(g?.attributes ?? []), ...(g?.channels ?? [])];
  const state = event.event_state;
  const names = state === 'given' ? parts(own) : state === 'narrowed' ? parts(before).filter((name) => !parts(own).includes(name)) : [];
  return { state, time: event.event_time, grant: receipt.grant, jwt, names, until: begins(receipt) && own ? own.end : null };
}

/** How it ended where no receipt says it (yet). */
function unsigned(record: Records[number] | undefined, last: GrantPlaintext, before: Moment, now: number): Moment | null {
  const moment = (state: Moment['state'], time: number): Moment => ({ state, time, grant: last.grant, jwt: '', names: [], until: null });
  if (before.state === 'withdrawn' || before.state === 'expired' || before.state === 'erased') return null;
  // By a newer request: its grant has a life of its own.
  if (record?.state === 'replaced') return moment('replaced', record.withdrawn || before.time);
  if (record?.state === 'terminated') return moment('terminated', record.withdrawn || before.time);
  return startOf(last.end) <= now ? moment('expired', startOf(last.end)) : null;
}

/** A grant of a life in whose place stands one that names less, and which attributes it does not name. */
export interface Less {
  grant: GrantPlaintext;
  dropped: string[];
}

/** What the business must delete of a life that goes on. */
export function lessOf(grants: ReadonlyMap<GrantId, GrantPlaintext>, id: GrantId): Less[] {
  const line = lineOf(grants, id);
  return line
    .map((grant, i) => ({ grant, dropped: i + 1 < line.length ? grant.attributes.filter((name) => !line[i + 1]!.attributes.includes(name)) : [] }))
    .filter((l) => l.dropped.length > 0);
}

/** A stretch of time, in unix seconds. `ahead` is what is left of it from now on. */
export interface Stretch {
  kind: 'live' | 'paused' | 'ahead' | 'off';
  from: number;
  to: number;
}

/** The life as stretches of one line, from its first moment to its end: what a picture of it needs. */
export function stretches(life: Life, end: Epoch, now: number): Stretch[] {
  const out: Stretch[] = [];
  const over = Math.max(startOf(end), ...life.moments.map((m) => m.time));
  life.moments.forEach((m, i) => {
    const from = m.time;
    const to = life.moments[i + 1]?.time ?? over;
    const kind = m.state === 'paused' ? 'paused' : m.until === null ? 'off' : 'live';
    const cut = Math.min(Math.max(now, from), to);
    if (kind === 'off') return void (to > from && out.push({ kind, from, to }));
    if (cut > from) out.push({ kind, from, to: cut });
    if (to > cut) out.push({ kind: kind === 'paused' ? 'paused' : 'ahead', from: cut, to });
  });
  return out;
}
