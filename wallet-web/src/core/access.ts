/** Access log rows: every collection and every refused attempt, with attributes and never a value (contract D.7). */
import { b64u, equal, fromB64u, sha256, utf8, type Bytes } from './bytes';
import type { GrantId } from './id';
import { refuse } from './rules';
import { id, int, list, object, parseJson, text, version, type Of } from './shape';

const names = list(text(64, 0), 1000);
const rowShape = object({ v: version, grant: id<GrantId>(), time: int(1), requested: names, given: names, refused: text(64, 0) });

/** One row. `refused` is "" or the denial's reason; `time` is unix seconds. */
export type Access = Of<typeof rowShape>;

/** Reads the exact text of a row. Throws ParseError. */
export function parseAccess(row: string): Access {
  return parseJson('access', row, rowShape);
}

/** The head of the log after one more row: SHA-256(head ‖ row). The head of no rows is 32 zero bytes. */
export function nextHead(head: Uint8Array, row: string): Bytes {
  return sha256(head, utf8(row));
}

/** Reads the rows of one grant from the first and holds them against the head. Throws ParseError `broken-chain`. */
export function verifyLog(rows: readonly string[], grant: GrantId, head: string): Access[] {
  let at: Bytes = new Uint8Array(32);
  const log = rows.map((row, i) => {
    const access = parseAccess(row);
    if (access.grant !== grant) refuse('access log', 'broken-chain', `rows[${i}]`);
    at = nextHead(at, row);
    return access;
  });
  if (!equal(at, fromB64u(head, 32))) refuse('access log', 'broken-chain', 'head');
  return log;
}

/** The head of no rows. */
export const EMPTY_HEAD: string = b64u(new Uint8Array(32));
