/** Opening a vault: a passkey, recovery words, two ways in, then the identity that every business sees a face of. */
import { isProblem, Unparsed } from '../../api/http';
import { endSession, finishCreate, finishVault, putWraps, startCreate, type Session } from '../../api/session';
import { b64u, type Bytes } from '../../core/bytes';
import { systemRandom } from '../../core/random';
import { createPasskey } from '../../passkey/ceremony';
import type { OpenVault } from '../../store/vault.svelte';
import { sendBatch } from '../documents';
import { putSheet } from '../recover/recover';
import { freshVaultKey, testedWrap } from '../unlock/unlock';
import { used, type Used } from '../ways';

/** A vault on its way to being open. `raw` is the vault key, in the clear until the ways in are made. */
export interface Opening {
  session: Session;
  raw: Bytes;
  /** Whether a passkey can open the vault, or so far only the words will. */
  passkeyOpens: boolean;
  /** The ways in so far, to be written down in the vault. */
  used: readonly Used[];
}

/**
 * Makes the vault and its first passkey. Nothing but random bytes and the passkey's public key reaches the operator.
 * Signed in to another vault, the operator would take the passkey as one more of that vault, and the wraps made
 * below would lock its owner out: so sign out first, and look at what came back.
 */
export async function createVault(): Promise<Opening> {
  await endSession();
  const created = await createPasskey(await startCreate());
  const session = await finishCreate(created.wire);
  if (session.state !== 'opening' || session.wraps.length > 0) throw new Unparsed('a new vault is neither new nor empty');
  const raw = freshVaultKey();
  if (!created.secret) return { session, raw, passkeyOpens: false, used: [] };
  const wrap = await testedWrap(session, raw, created.secret, created.id);
  await putWraps([wrap], session.key);
  return { session: { ...session, wraps: [wrap] }, raw, passkeyOpens: true, used: [used(created.id, created.secret, true)] };
}

/**
 * Goes on where a sign-up was left. Without the old key a new one is made, which is only right while no way in holds
 * the old one: the caller asks for that way in first.
 */
export function resume(session: Session, raw: Bytes | null): Opening {
  return { session, raw: raw ?? freshVaultKey(), passkeyOpens: raw !== null, used: [] };
}

/** A fresh recovery sheet: 24 words and the bytes they stand for. */
export async function newSheet(): Promise<{ words: string[]; entropy: Bytes }> {
  const { newWords } = await import('../../core/words');
  return newWords(systemRandom);
}

/** Three different positions (from 0) to ask for, in order. */
export function positionsToAsk(words: number): number[] {
  const asked = new Set<number>();
  while (asked.size < 3) asked.add((systemRandom(1)[0] ?? 0) % words);
  return [...asked].sort((a, b) => a - b);
}

/** Stores the recovery words' wrap and lets them sign in, once the shopper has shown to have them. */
export async function keepSheet(opening: Opening, entropy: Bytes): Promise<Opening> {
  await putSheet(opening.session, opening.raw, entropy);
  return { ...opening, used: [...opening.used, used(null, entropy)] };
}

/** One more passkey while opening, as the second way in. `opens` says whether it can open the vault. */
export async function addWayIn(opening: Opening): Promise<{ opening: Opening; opens: boolean }> {
  const created = await createPasskey(await startCreate());
  const session = await finishCreate(created.wire);
  if (!created.secret) return { opening: { ...opening, session }, opens: false };
  await putWraps([await testedWrap(session, opening.raw, created.secret, created.id)], session.key);
  return { opening: { ...opening, session, passkeyOpens: true, used: [...opening.used, used(created.id, created.secret, true)] }, opens: true };
}

/** Declares the vault open; null when the operator wants another way in first. */
export async function finish(): Promise<Session | null> {
  try {
    return await finishVault();
  } catch (error) {
    if (isProblem(error, 'not-finished')) return null;
    throw error;
  }
}

/** The first document of a vault: the seed of every identity that a business will know. */
export async function giveIdentity(vault: OpenVault): Promise<void> {
  const seed = b64u(systemRandom(32));
  await vault.write(
    () => [{ kind: 'put', id: vault.newDocument(), version: 1, plaintext: { v: 1, kind: 'identity', seed, ledger: null } }],
    (batch) => sendBatch(batch),
  );
}
