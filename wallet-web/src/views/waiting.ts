/** Requests that wait without a link: looked for when the vault is opened, and on each page after that. */
import { readWaiting } from '../api/request';
import type { OpenVault } from '../store/vault.svelte';
import { wallet } from '../store/wallet.svelte';

/** Reads them anew. A vault without grants has none, and asks nobody. Throws what the operator's answer says. */
export async function refreshWaiting(vault: OpenVault): Promise<void> {
  const found = vault.grants.size === 0 ? [] : await readWaiting();
  if (wallet.vault === vault) wallet.waiting = found;
}
