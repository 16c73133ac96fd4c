/** Another key for the vault: begun here, and gone on with by whoever unlocks next (vault/FORMAT.md, Rotation). */
import { isProblem } from '../../api/http';
import { finishRotation, REKEYED_AT_ONCE, rekey, startRotation } from '../../api/rotation';
import type { Session } from '../../api/session';
import { b64u, fromB64u, type Bytes } from '../../core/bytes';
import { keyNumberOf, rekeyDocument, type Rekeyed, type Stored } from '../../core/document';
import { newVaultKey, vaultKeyFrom, type VaultKey, type Wrap } from '../../core/keys';
import type { Way } from '../../core/plaintext';
import { systemRandom } from '../../core/random';
import type { OpenVault } from '../../store/vault.svelte';
import { fetchDocuments } from '../documents';
import { testedWrap } from '../unlock/unlock';

export type Progress = (done: number, of: number) => void;

/** Which ways in the next key can be locked with. */
export interface Plan {
  /** Those whose public half the vault has. */
  stay: Way[];
  /** Passkeys that open the vault now and would only sign in: their device has not been here since they could stay. */
  fall: string[];
  /** The words open the vault now, and the vault does not have their public half. */
  wordsFall: boolean;
}

/** `here` is the way in that was just used: its public half is known for certain. */
export function planOf(session: Session, ways: readonly Way[], here: Way | null): Plan {
  const known = new Map(ways.map((way) => [way.credential, way]));
  if (here) known.set(here.credential, here);
  const opens = session.wraps.map((wrap) => wrap.credential ?? '');
  return {
    stay: opens.flatMap((credential) => known.get(credential) ?? []),
    fall: opens.filter((credential) => credential !== '' && !known.has(credential)),
    wordsFall: opens.includes('') && !known.has(''),
  };
}

/** The way in that was just used: its secret makes its wrap directly. */
export interface Here {
  credential: Bytes | null;
  ikm: Bytes;
}

/**
 * Gives the vault another key. Ways in that are not in the plan open it no more when this has begun; it is finished
 * when this resolves, and the open vault goes on with the new key.
 */
export async function rotate(vault: OpenVault, session: Session, plan: Plan, here: Here | null, progress: Progress): Promise<Session> {
  const { wrapTo } = await import('../../core/way');
  const raw = newVaultKey(systemRandom);
  const salt = fromB64u(session.salt, 32);
  const wraps: Wrap[] = [];
  for (const way of plan.stay) {
    const own = here && (here.credential ? b64u(here.credential) : '') === way.credential ? here : null;
    const owner = { vault: session.vault, ...(way.credential !== '' && { credential: fromB64u(way.credential) }) };
    wraps.push(own ? await testedWrap(session, raw, own.ikm, own.credential) : await wrapTo(fromB64u(way.public, 65), salt, raw, owner, systemRandom));
  }
  const next = await vaultKeyFrom(raw, session.key + 1);
  raw.fill(0);
  await startRotation(next.number, wraps);
  const after = await finish(vault.key, next, progress);
  await vault.rekey(after ? next : { ...next, before: vault.key });
  return after ?? session;
}

/**
 * Does what is left of a rotation that has begun, and ends it. Null when a document opens under neither key, so that
 * the old one has to stay for now: the vault opens with both.
 */
export async function finish(before: VaultKey, next: VaultKey, progress: Progress): Promise<Session | null> {
  // Another device may be at it, too, or write meanwhile: each look says what is left.
  for (let look = 0; look < 5; look++) {
    const stored = await fetchDocuments();
    const left = stored.filter((s) => numberOf(s) !== next.number);
    const [opens, shut] = await rekeyed(before, next, left);
    if (shut > 0 && opens.length === 0) return null;
    let done = stored.length - left.length;
    progress(done, stored.length);
    try {
      for (let at = 0; at < opens.length; at += REKEYED_AT_ONCE) {
        const step = opens.slice(at, at + REKEYED_AT_ONCE);
        await rekey(next.number, step);
        progress((done += step.length), stored.length);
      }
      if (shut > 0) return null;
      return await finishRotation(next.number);
    } catch (error) {
      if (!isProblem(error, 'conflict', 'other-key')) throw error;
    }
  }
  return null;
}

function numberOf(stored: Stored): number {
  try {
    return keyNumberOf(stored.sealed);
  } catch {
    return 0;
  }
}

/** What opens, rekeyed, and how many do not. */
async function rekeyed(before: VaultKey, next: VaultKey, stored: readonly Stored[]): Promise<[Rekeyed[], number]> {
  const all = await Promise.all(stored.map((s) => rekeyDocument(before, next, s).catch(() => null)));
  const opens = all.filter((r) => r !== null);
  return [opens, all.length - opens.length];
}
