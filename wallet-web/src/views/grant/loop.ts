import { readLoop, type LoopRecord } from '../../api/loop';
import type { Did } from '../../core/did';
import { ParseError } from '../../core/errors';
import type { Documents } from '../../core/jws';
import type { GrantId } from '../../core/id';
import { lateWith, verifyAcknowledgement, verifyDeletion, type Acknowledgement, type Deletion, type Ending } from '../../core/loop';

/** A statement of the business: not made yet, verified here, or one that does not stand. */
export type Said<T> = { at: 'awaited' } | { at: 'verified'; what: T } | { at: 'refused'; code: string };

/** What became of a grant after its end. */
export interface Loop {
  event: Ending;
  notified: number;
  acknowledgement: Said<Acknowledgement>;
  deletion: Said<Deletion>;
  late: 'acknowledgement' | 'statement' | null;
  /** Of an order to the operator; '' if there was none. */
  reason: string;
}

/** Which grant a loop is of, by the wallet's own record where there is one. */
export interface Of {
  grant: GrantId;
  business: Did;
  attributes: readonly string[];
  /** Of a business under did:web. */
  documents?: Documents;
}

/** Reads and verifies the loop of a grant; null while it has not ended. */
export async function loadLoop(of: Of, audience: string, now: number): Promise<Loop | null> {
  const record = await readLoop(of.grant);
  return record && verifyLoop(record, of, audience, now);
}

/** Only what the business itself signed counts: a statement that does not stand is as good as none. */
export async function verifyLoop(record: LoopRecord, of: Of, audience: string, now: number): Promise<Loop> {
  const rules = { ...of, audience, now };
  const acknowledgement = await said(record.acknowledgement, (jws) => verifyAcknowledgement(jws, rules));
  const deletion = await said(record.statement, (jws) => verifyDeletion(jws, rules));
  const late = lateWith({ notified: record.notified, acknowledged: acknowledgement.at === 'verified', stated: deletion.at === 'verified' }, now);
  return { event: record.event, notified: record.notified, acknowledgement, deletion, late, reason: record.reason };
}

async function said<T>(jws: string, verify: (jws: string) => Promise<T>): Promise<Said<T>> {
  if (jws === '') return { at: 'awaited' };
  try {
    return { at: 'verified', what: await verify(jws) };
  } catch (error) {
    if (!(error instanceof ParseError)) throw error;
    return { at: 'refused', code: error.code };
  }
}
