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
    }
  | Ending;

/** The whole access log, each grant's chain verified from its first line. */
export const loadActivity = (): Promise<Loaded> => load<Loaded>(async () => ({ at: 'ready', ...readLog(await readAccesses()) }));

export function readLog(sent: readonly Sent[]): { lines: Line[]; broken: string[] } {
  const logs = new Map<GrantId, Sent[]>();
  for (const access of sent) logs.set(access.grant, [...(logs.get(access.grant) ?? []), access]);
  const broken = new Set<string>();
  for (const [grant, log] of logs) if (!holds(grant, log)) broken.add(log[0]!.business.name);
  const lines = sent.map((access): Line => ({ ...rowOf(access), business: access.business.name }));
  // Rows of one second keep their order: the later one stands above.
  return { lines: lines.reverse().sort((a, b) => b.time - a.time), broken: [...broken] };
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

function rowOf(access: Sent): Access {
  try {
    return parseAccess(access.row);
  } catch {
    throw new Unparsed('a row of the access log');
  }
}
