/** From a passkey or from words to an open vault. */
import { currentSession, finishGet, startGet, type Session } from '../../api/session';
import { b64u, equal, fromB64u, type Bytes } from '../../core/bytes';
import { OpenError } from '../../core/errors';
import { kekFrom, newVaultKey, unwrapVaultKey, vaultKeyFrom, wrapVaultKey, type Wrap } from '../../core/keys';
import { systemRandom } from '../../core/random';
import { usePasskey, type Asserted } from '../../passkey/ceremony';
import { OpenVault } from '../../store/vault.svelte';
import { fetchDocuments } from '../documents';

/** Why the passkey alone did not open the vault. */
export type WhyWords =
  /** The device gives no PRF output. */
  | 'no-secret'
  /** No wrap for this passkey. */
  | 'no-wrap'
  /** The output opens nothing: some platforms return wrong values. */
  | 'wrong-secret';

export type Unlocked =
  | { at: 'open'; session: Session; raw: Bytes }
  | { at: 'words'; session: Session; why: WhyWords; asserted: Asserted | null }
  /** Sign-up was left before it was finished; `raw` is the vault key if this passkey has it. */
  | { at: 'opening'; session: Session; raw: Bytes | null };

/** Signs in with a passkey and opens the vault key with it, if the passkey can. */
export async function unlockWithPasskey(): Promise<Unlocked> {
  const asserted = await usePasskey(await startGet());
  const session = await finishGet(asserted.wire);
  const opened = await rawKey(session, asserted);
  if (session.state === 'opening') return { at: 'opening', session, raw: typeof opened === 'string' ? null : opened };
  if (typeof opened === 'string') return { at: 'words', session, why: opened, asserted };
  return { at: 'open', session, raw: opened };
}

async function rawKey(session: Session, asserted: Asserted): Promise<Bytes | WhyWords> {
  const wrap = session.wraps.find((w) => w.kind === 'passkey' && w.credential === b64u(asserted.id));
  if (!asserted.secret) return 'no-secret';
  if (!wrap) return 'no-wrap';
  try {
    return await unwrapVaultKey(await kekFrom(asserted.secret, salt(session)), wrap, { vault: session.vault, credential: asserted.id });
  } catch (error) {
    if (error instanceof OpenError) return 'wrong-secret';
    throw error;
  }
}

/** The session of an earlier visit, if words alone can go on from it. */
export const sessionForWords = async (): Promise<Session | null> => {
  const session = await currentSession();
  return session?.state === 'open' && session.wraps.some((w) => w.kind === 'recovery') ? session : null;
};

/** What words give: the vault key, and the bytes they stand for, to make another wrap with. Whoever holds it wipes it. */
export interface ByWords {
  raw: Bytes;
  entropy: Bytes;
}

/** The vault key by the recovery words. Throws WordsError (from core) or OpenError. */
export async function openByWords(session: Session, typed: string): Promise<ByWords> {
  const { entropyOf } = await import('../../core/words');
  const entropy = entropyOf(typed);
  const wrap = session.wraps.find((w) => w.kind === 'recovery');
  if (!wrap) throw new OpenError();
  return { entropy, raw: await unwrapVaultKey(await kekFrom(entropy, salt(session)), wrap, { vault: session.vault }) };
}

/**
 * Locks the vault key with a passkey's secret or with words, and opens it again before anyone relies on it: a wrap
 * counts only when it was seen to open.
 */
export async function testedWrap(session: Session, raw: Bytes, secret: Bytes, credential: Bytes | null): Promise<Wrap> {
  const kek = await kekFrom(secret, salt(session));
  const owner = { vault: session.vault, ...(credential ? { credential } : {}) };
  const wrap = await wrapVaultKey(kek, raw, owner, systemRandom);
  if (!equal(await unwrapVaultKey(await kekFrom(secret, salt(session)), wrap, owner), raw)) throw new OpenError();
  return wrap;
}

export const freshVaultKey = (): Bytes => newVaultKey(systemRandom);

/** Opens the vault and wipes the bytes of its key: from here on the key cannot be read out. */
export async function enter(session: Session, raw: Bytes): Promise<OpenVault> {
  const key = await vaultKeyFrom(raw);
  raw.fill(0);
  return OpenVault.open(session.vault, key, fetchDocuments);
}

const salt = (session: Session): Bytes => fromB64u(session.salt, 32);
