/** Erasing: withdrawals of all that stands, a passkey's confirmation, and then there is nothing left to open. */
import { erase, startErase } from '../../api/erase';
import { readGrants } from '../../api/grant';
import { nowSeconds } from '../../components/dates';
import { confirmWithPasskey } from '../../passkey/ceremony';
import * as device from '../../store/device';
import type { OpenVault } from '../../store/vault.svelte';
import { wallet } from '../../store/wallet.svelte';
import { signedWithdrawal } from '../grant/withdraw';
import { standing } from '../home/save';
import { erasures, type Erasures } from './papers';

/** Erases. `made` are the receipts of it if the shopper has them already: a business is sent the same. */
export async function eraseVault(vault: OpenVault, made: Erasures | null): Promise<void> {
  const { grants, receipts } = made ?? (await erasures(vault));
  const withdraws: string[] = [];
  for (const record of standing(await readGrants(), nowSeconds())) {
    const grant = vault.grants.get(record.grant);
    // For a grant that this wallet has no record of, the operator has a withdrawal signed ahead.
    if (grant) withdraws.push((await signedWithdrawal(vault, grant)).entry);
  }
  const { public_key, ceremony } = await startErase();
  const credential = await confirmWithPasskey(public_key);
  const done = await erase(ceremony, credential, withdraws, grants.map((grant, i) => ({ grant, receipt: receipts[i]! })));
  await device.forgetAll(vault.id);
  wallet.erase({ time: done.erased, grants: done.grants_withdrawn, receipt: done.erasure });
}
