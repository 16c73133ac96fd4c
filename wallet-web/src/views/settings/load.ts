import { currentSession, type Session } from '../../api/session';
import { load, type Ending } from '../endings';

export type Loaded = { at: 'ready'; session: Session } | Ending;

export const loadSettings = (): Promise<Loaded> =>
  load<Loaded>(async () => {
    const session = await currentSession();
    return session ? { at: 'ready', session } : { at: 'locked' };
  });
