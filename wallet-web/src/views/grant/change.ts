/** Changing a grant: made whole here, confirmed by a passkey where it lasts longer or stands again, stored at once. */
import { sendChange, startChange } from '../../api/change';
import { isProblem } from '../../api/http';
import { nowSeconds } from '../../components/dates';
import { b64u } from '../../core/bytes';
import { changeChallenge, checkChange, needsPasskey, parseChange, preparePause, prepareSuccessor, type PreparedChange, type Wish } from '../../core/change';
import { CoreError } from '../../core/errors';
import type { GrantId } from '../../core/id';
import type { GrantPlaintext } from '../../core/plaintext';
import { systemRandom } from '../../core/random';
import type { Request } from '../../core/request';
import type { Change } from '../../core/vault';
import { confirmWithPasskey } from '../../passkey/ceremony';
import type { OpenVault } from '../../store/vault.svelte';
import { wallet } from '../../store/wallet.svelte';
import { catalogue } from '../catalogue';
import { documentsOf, shownUnder } from '../documents';
import { explain } from '../endings';
import { chainFor } from '../ledger';
import { texts } from './changeTexts';
import { endsUnder } from './withdraw';

/** Why nothing was changed, beyond what the operator or the passkey say. */
export class NotChanged extends Error {
  override name = 'NotChanged';
  constructor(readonly why: 'challenge' | 'ledger-changed' | 'conflict') {
    super(`nothing was changed: ${why}`);
  }
}

/** One sentence for a change that did not come about. */
export function explainChange(error: unknown): string {
  if (error instanceof NotChanged) return texts.problems[error.why]!;
  if (error instanceof CoreError) return texts.problems[error.code] ?? texts.problems['unfit']!;
  return explain(error);
}

/** Pauses a grant. In force at once. */
export async function pause(vault: OpenVault, own: GrantPlaintext): Promise<GrantId> {
  const prepared = preparePause(own, { identitySeed: vault.seed, chain: await chain(vault) }, nowSeconds(), systemRandom);
  return sendChange(own.grant, wireOf(prepared), null, [], await endsUnder(vault, own.grant, await chain(vault), nowSeconds()));
}

/** Puts a successor in a grant's place and returns it; it counts as soon as it is anchored, the old one is over now. */
export async function succeed(vault: OpenVault, own: GrantPlaintext, request: Request, wish: Wish): Promise<GrantId> {
  const giver = { vaultKey: vault.key, identitySeed: vault.seed, chain: await chain(vault), catalogue, documents: { ...documentsOf(vault, wish.attributes), ...shownUnder(vault, own) } };
  const prepared = await prepareSuccessor(own, request, wish, giver, nowSeconds(), systemRandom);
  const stands = { ...own, state: wish.kind === 'resumed' ? ('paused' as const) : ('live' as const) };
  checkChange(parseChange(prepared.change), stands, request, nowSeconds());
  const confirmed = needsPasskey(wish.kind) ? await confirm(own.grant, prepared.change) : null;
  const plaintext = prepared.plaintext!;
  const partners = wish.kind === 'resumed' ? [] : await endsUnder(vault, own.grant, giver.chain, nowSeconds());
  try {
    return await vault.write(
      (): Change[] => [{ kind: 'put', id: vault.newDocument(), version: 1, plaintext }],
      (batch) => sendChange(own.grant, wireOf(prepared), confirmed, batch.puts, partners),
    );
  } catch (error) {
    if (!isProblem(error, 'conflict')) throw error;
    await vault.reload();
    throw new NotChanged('conflict');
  }
}

async function chain(vault: OpenVault): Promise<string> {
  const name = await chainFor(vault);
  if (wallet.ledgerChange) throw new NotChanged('ledger-changed');
  return name;
}

/** A passkey's assertion over exactly this change: the operator's challenge must be the change's hash. */
async function confirm(grant: GrantId, text: string): Promise<{ ceremony: string; credential: unknown }> {
  const { public_key, ceremony } = await startChange(grant, text);
  if (public_key['challenge'] !== b64u(changeChallenge(text))) throw new NotChanged('challenge');
  return { ceremony, credential: await confirmWithPasskey(public_key) };
}

function wireOf({ change, withdraw, receipt, letter, ahead, shares }: PreparedChange) {
  const bare = shares.map(({ document, version, attribute, encrypted_key }) => ({ document, version, attribute, encrypted_key }));
  return { change, withdraw, receipt, letter, ahead, shares: bare };
}
