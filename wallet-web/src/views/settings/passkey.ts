/** One more passkey of an open vault. The key in memory cannot be read out, so a way in is used once more. */
import { finishCreate, putWraps, startCreate, type Session } from '../../api/session';
import type { Bytes } from '../../core/bytes';
import { createPasskey } from '../../passkey/ceremony';
import { testedWrap } from '../unlock/unlock';

/**
 * Makes the passkey and locks the vault key with it; says whether the new passkey can open the vault, which was
 * tried before the wrap was stored.
 */
export async function makePasskey(raw: Bytes): Promise<{ session: Session; opens: boolean }> {
  const created = await createPasskey(await startCreate());
  const session = await finishCreate(created.wire);
  if (!created.secret) return { session, opens: false };
  await putWraps([await testedWrap(session, raw, created.secret, created.id)]);
  return { session, opens: true };
}

/** The same where the key is of no more use after it: wipes it. */
export async function addPasskey(raw: Bytes): Promise<{ session: Session; opens: boolean }> {
  try {
    return await makePasskey(raw);
  } finally {
    raw.fill(0);
  }
}
