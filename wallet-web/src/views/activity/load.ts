import { readAccesses, type Access as Sent } from '../../api/access';
import { parseAccess, verifyLog, type Access } from '../../core/access';
import { CoreError } from '../../core/errors';
import type { GrantId } from '../../core/id';
import { Unparsed } from '../../api/http';
import { load, type Ending } from '../endings';

export interface Line extends Access {
  business: string;
}

export type Loaded =
  | {
      at: 'ready';
      /** The newest first. */
      lines: Line[];
      /** Names of businesses with a log whose chain does not hold. */
      broken: string[];
      /** Whether the lines go back to the first one; only then can the chains be verified. */
      whole: boolean;
    }
  | Ending;

/** The access log, each grant's chain verified from its first row. */
export const loadActivity = (): Promise<Loaded> =>
  load<Loaded>(async () => {
    const { accesses, whole } = await readAccesses();
    const lines = accesses.map((access): Line => ({ ...rowOf(access), business: access.business.name }));
    return { at: 'ready', lines, whole, broken: whole ? brokenLogs(accesses) : [] };
  });

/** Businesses with a log that does not lead from nothing to its newest head. Takes the rows the newest first. */
export function brokenLogs(accesses: readonly Sent[]): string[] {
  const logs = new Map<GrantId, Sent[]>();
  for (const access of accesses) logs.set(access.grant, [access, ...(logs.get(access.grant) ?? [])]);
  return [...new Set([...logs].filter(([grant, log]) => !holds(grant, log)).map(([, log]) => log[0]!.business.name))];
}

function holds(grant: GrantId, log: readonly Sent[]): boolean {
  try {
    verifyLog(log.map((a) => a.row), grant, log.at(-1)!.head);
    return true;
  } catch (error) {
    if (error instanceof CoreError) return false;
    throw error;
  }
}

/** One row, parsed. */
export function rowOf(access: Sent): Access {
  try {
    return parseAccess(access.row);
  } catch {
    throw new Unparsed('a row of the access log');
  }
}
