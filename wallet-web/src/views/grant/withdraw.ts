/** Withdrawing: signed here, in force at once, anchored as soon as the ledger answers. */
import { laterReceipts, withdraw as send, type Ending, type GrantRecord, type Withdrawal } from '../../api/grant';
import { prepareWithdrawal } from '../../core/grant';
import type { GrantId } from '../../core/id';
import type { GrantPlaintext } from '../../core/plaintext';
import { systemRandom } from '../../core/random';
import { nowSeconds } from '../../components/dates';
import type { OpenVault } from '../../store/vault.svelte';
import { chainFor } from '../ledger';
import { forgetShown } from '../record/show';

/** The JWT of a grant's pause while it is paused: what ends it then follows that receipt. */
export const pauseOf = (record: GrantRecord): string | undefined => (record.state === 'paused' ? laterReceipts(record).at(0) : undefined);

/** A signed withdrawal of a grant. The ledger's name is the pinned one, so this needs no answer of the ledger. */
export async function signedWithdrawal(vault: OpenVault, grant: GrantPlaintext, pause?: string) {
  return prepareWithdrawal(grant, vault.seed, await chainFor(vault), nowSeconds(), systemRandom, pause);
}

/**
 * What ends the grants of partners under one that ends otherwise: each has an entry and a receipt of its own. The
 * operator passes over those that are over.
 */
export async function endsUnder(vault: Pick<OpenVault, 'grants' | 'seed'>, first: GrantId, chain: string, now: number): Promise<Ending[]> {
  return [...vault.grants.values()].filter((g) => g.onward_of === first).map((g) => ({ grant: g.grant, ...prepareWithdrawal(g, vault.seed, chain, now, systemRandom) }));
}

/** Withdraws a grant, and with it those of `partners` under it, each with an entry and a receipt of its own. */
export async function withdraw(vault: OpenVault, grant: GrantPlaintext, pause?: string, partners: readonly GrantPlaintext[] = []): Promise<Withdrawal> {
  const end = async (g: GrantPlaintext, paused?: string) => {
    const { entry, receipt } = await signedWithdrawal(vault, g, paused);
    // A paused grant has ended on the ledger already: it gets no second entry.
    return { grant: g.grant, entry: paused === undefined ? entry : null, receipt };
  };
  const done = await send(await end(grant, pause), await Promise.all(partners.map((g) => end(g))));
  // It is over already; what is left lies sealed, shared with nobody, until the next unlocking.
  await forgetShown(vault).catch(() => undefined);
  return done;
}
