/** Withdrawing: signed here, in force at once, anchored as soon as the ledger answers. */
import { withdraw as send, type Withdrawal } from '../../api/grant';
import { prepareWithdrawal } from '../../core/grant';
import type { GrantPlaintext } from '../../core/plaintext';
import { systemRandom } from '../../core/random';
import { nowSeconds } from '../../components/dates';
import type { OpenVault } from '../../store/vault.svelte';
import { chainFor } from '../ledger';

/** A signed withdrawal of a grant. The ledger's name is the pinned one, so this needs no answer of the ledger. */
export async function signedWithdrawal(vault: OpenVault, grant: GrantPlaintext) {
  return prepareWithdrawal(grant, vault.seed, await chainFor(vault), nowSeconds(), systemRandom);
}

export async function withdraw(vault: OpenVault, grant: GrantPlaintext): Promise<Withdrawal> {
  const { entry, receipt } = await signedWithdrawal(vault, grant);
  return send(grant.grant, entry, receipt);
}
