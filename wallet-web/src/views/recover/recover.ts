/** Recovery: words, a session, the vault key, then a passkey for this device. */
import { isProblem } from '../../api/http';
import { finishRecovery, finishVault, putWraps, startRecovery, type Session } from '../../api/session';
import { b64u, fromB64u, type Bytes } from '../../core/bytes';
import { CoreError, OpenError } from '../../core/errors';
import { openByWords, testedWrap, type ByWords } from '../unlock/unlock';

/** Words that sign in to no vault of this operator: not its sheet, replaced, or never registered. It does not say which. */
export class UnknownSheet extends CoreError {
  override readonly name = 'UnknownSheet';
  constructor() {
    super('unknown-sheet', 'the words sign in to no vault');
  }
}

export interface Recovered {
  session: Session;
  opened: ByWords;
}

/**
 * Opens the vault by words: with the session of an earlier visit if they are that vault's, else by signing in with
 * them. Throws WordsError, UnknownSheet or OpenError.
 */
export async function recover(alive: Session | null, typed: string): Promise<Recovered> {
  if (alive) {
    try {
      return { session: alive, opened: await openByWords(alive, typed) };
    } catch (error) {
      if (!(error instanceof OpenError)) throw error; // of another vault, perhaps
    }
  }
  const session = await signIn(typed);
  return { session, opened: await openByWords(session, typed) };
}

async function signIn(typed: string): Promise<Session> {
  const [{ entropyOf }, { locatorOf, signRecovery }] = await Promise.all([import('../../core/words'), import('../../core/recovery')]);
  const entropy = entropyOf(typed);
  try {
    const challenge = fromB64u(await startRecovery(b64u(locatorOf(entropy))), 32);
    return await finishRecovery(b64u(signRecovery(entropy, location.origin, challenge)));
  } catch (error) {
    throw isProblem(error, 'not-signed-in') ? new UnknownSheet() : error;
  } finally {
    entropy.fill(0);
  }
}

/** Stores the words' wrap and lets them sign in. Any other sheet of the vault is dead when this resolves. */
export async function putSheet(session: Session, raw: Bytes, entropy: Bytes): Promise<void> {
  const { registrationOf } = await import('../../core/recovery');
  await putWraps([await testedWrap(session, raw, entropy, null)], session.key, registrationOf(entropy));
}

/** A sign-up that was left between its last two steps is finished with the new way in. */
export const finishIfOpening = async (session: Session): Promise<Session> => (session.state === 'opening' ? finishVault() : session);
