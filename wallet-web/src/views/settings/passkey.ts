/** One more passkey of an open vault. The key in memory cannot be read out, so a way in is used once more. */
import { finishCreate, putWraps, startCreate, type Session } from '../../api/session';
import type { Bytes } from '../../core/bytes';
import { createPasskey } from '../../passkey/ceremony';
import { testedWrap } from '../unlock/unlock';
import { used, type Used } from '../ways';

export interface Made {
  session: Session;
  /** Whether the new passkey can open the vault, or only signs in. */
  opens: boolean;
  /** The way in, if it opens, to be written down in the vault. */
  used: readonly Used[];
}

/**
 * Makes the passkey and locks the vault key with it; says whether the new passkey can open the vault, which was
 * tried before the wrap was stored.
 */
export async function makePasskey(raw: Bytes): Promise<Made> {
  const created = await createPasskey(await startCreate());
  const session = await finishCreate(created.wire);
  if (!created.secret) return { session, opens: false, used: [] };
  await putWraps([await testedWrap(session, raw, created.secret, created.id)], session.key);
  return { session, opens: true, used: [used(created.id, created.secret, true)] };
}

/** The same where the key is of no more use after it: wipes it. */
export async function addPasskey(raw: Bytes): Promise<Made> {
  try {
    return await makePasskey(raw);
  } finally {
    raw.fill(0);
  }
}
