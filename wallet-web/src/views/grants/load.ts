import { readGrants, type GrantRecord } from '../../api/grant';
import { load, type Ending } from '../endings';

export type Loaded = { at: 'ready'; grants: GrantRecord[] } | Ending;

/** All grants of the vault, the newest first. */
export const loadGrants = (): Promise<Loaded> =>
  load<Loaded>(async () => ({ at: 'ready', grants: (await readGrants()).sort((a, b) => b.given - a.given) }));
