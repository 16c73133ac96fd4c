/** From a passkey or from words to an open vault. */
import { currentSession, finishGet, startGet, type Session } from '../../api/session';
import { b64u, equal, fromB64u, type Bytes } from '../../core/bytes';
import { OpenError } from '../../core/errors';
import { kekFrom, newVaultKey, unwrapVaultKey, vaultKeyFrom, wrapVaultKey, type VaultKey, type Wrap } from '../../core/keys';
import { systemRandom } from '../../core/random';
import { usePasskey, type Asserted } from '../../passkey/ceremony';
import { OpenVault } from '../../store/vault.svelte';
import { wallet } from '../../store/wallet.svelte';
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
  | { at: 'open'; session: Session; raw: Bytes; here: Here }
  | { at: 'words'; session: Session; why: WhyWords; asserted: Asserted | null }
  /** Sign-up was left before it was finished; `raw` is the vault key if this passkey has it. */
  | { at: 'opening'; session: Session; raw: Bytes | null };

/** Signs in with a passkey and opens the vault key with it, if the passkey can. */
export async function unlockWithPasskey(): Promise<Unlocked> {
  const asserted = await usePasskey(await startGet());
  const session = await settled(await finishGet(asserted.wire), asserted.id, asserted.secret);
  const opened = await rawKey(session, asserted);
  if (session.state === 'opening') return { at: 'opening', session, raw: typeof opened === 'string' ? null : opened };
  if (typeof opened === 'string') return { at: 'words', session, why: opened, asserted };
  return { at: 'open', session, raw: opened, here: { credential: asserted.id, ikm: asserted.secret! } };
}

/** A passkey of another vault was used: from then on its session is the browser's, and this page must not write in it. */
export class OtherVault extends Error {
  override name = 'OtherVault';
}

/** A way in once more while a vault is open. The passkey of another one locks it. */
export async function unlockAgain(vault: OpenVault): Promise<Unlocked> {
  const way = await unlockWithPasskey();
  if (way.session.vault === vault.id) return way;
  if (way.at !== 'words') way.raw?.fill(0);
  if (way.at === 'open') way.here.ikm.fill(0);
  wallet.lock('other');
  throw new OtherVault('the passkey of another vault');
}

/** A way in that was just used: what it gave opens its wrap, and makes its next one. */
export interface Here {
  /** null for the words. */
  credential: Bytes | null;
  ikm: Bytes;
}

async function rawKey(session: Session, asserted: Asserted): Promise<Bytes | WhyWords> {
  if (!asserted.secret) return 'no-secret';
  const wrap = wrapOf(session.wraps, asserted.id);
  if (!wrap) return 'no-wrap';
  try {
    return await unwrap(session, wrap, { credential: asserted.id, ikm: asserted.secret });
  } catch (error) {
    if (error instanceof OpenError) return 'wrong-secret';
    throw error;
  }
}

const wrapOf = (wraps: readonly Wrap[], credential: Bytes | null): Wrap | undefined =>
  wraps.find((w) => (credential ? w.kind === 'passkey' && w.credential === b64u(credential) : w.kind === 'recovery'));

/** The vault key of a wrap of either sort. */
async function unwrap(session: Session, wrap: Wrap, { credential, ikm }: Here): Promise<Bytes> {
  const owner = { vault: session.vault, ...(credential && { credential }) };
  if (!wrap.ephemeral) return unwrapVaultKey(await kekFrom(ikm, salt(session)), wrap, owner);
  return (await import('../../core/way')).unwrapFrom(ikm, salt(session), wrap, owner);
}

/** The key before, of vaults whose rotation cannot be finished: a document opens under neither. */
const unfinished = new WeakMap<Session, VaultKey>();

/**
 * Finishes a rotation that was begun and left. The session is as it is then. If this way in opens only one of the two
 * keys, or none, there is nothing that it could finish.
 */
async function settled(session: Session, credential: Bytes | null, ikm: Bytes | null): Promise<Session> {
  const [old, next] = [wrapOf(session.wraps, credential), wrapOf(session.next, credential)];
  if (!old || !next || !ikm) return session;
  const here = { credential, ikm };
  let before: VaultKey, after: VaultKey;
  try {
    before = await keyOf(await unwrap(session, old, here), session.key);
    after = await keyOf(await unwrap(session, next, here), session.key + 1);
  } catch (error) {
    if (error instanceof OpenError) return session;
    throw error;
  }
  const { finish } = await import('../rotation/rotate');
  const finished = await finish(before, after, () => undefined);
  if (finished) return { ...finished, credential: session.credential };
  const halfway: Session = { ...session, key: after.number, wraps: session.next, next: [] };
  unfinished.set(halfway, before);
  return halfway;
}

async function keyOf(raw: Bytes, number: number): Promise<VaultKey> {
  const key = await vaultKeyFrom(raw, number);
  raw.fill(0);
  return key;
}

/** The session of an earlier visit, if words alone can go on from it. */
export const sessionForWords = async (): Promise<Session | null> => {
  const session = await currentSession();
  return session?.state === 'open' && session.wraps.some((w) => w.kind === 'recovery') ? session : null;
};

/** What words give: the vault key, and the bytes they stand for, to make another wrap with. Whoever holds it wipes it. */
export interface ByWords {
  /** As it is now: a rotation that was left is finished. */
  session: Session;
  raw: Bytes;
  entropy: Bytes;
}

/** The vault key by the recovery words. Throws WordsError (from core) or OpenError. */
export async function openByWords(session: Session, typed: string): Promise<ByWords> {
  const { entropyOf } = await import('../../core/words');
  const entropy = entropyOf(typed);
  const now = await settled(session, null, entropy);
  const wrap = wrapOf(now.wraps, null);
  if (!wrap) throw new OpenError();
  return { session: now, entropy, raw: await unwrap(now, wrap, { credential: null, ikm: entropy }) };
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
  const key = await keyOf(raw, session.key);
  const before = unfinished.get(session);
  return OpenVault.open(session.vault, before ? { ...key, before } : key, fetchDocuments);
}

const salt = (session: Session): Bytes => fromB64u(session.salt, 32);
