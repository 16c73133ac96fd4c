/** Receipts of expiry: nobody is there when a grant runs out, so the wallet makes them when it next opens. */
import { laterReceipts, readGrants, recordExpiry, type GrantRecord } from '../../api/grant';
import { nowSeconds } from '../../components/dates';
import type { OpenVault } from '../../store/vault.svelte';
import { standOf } from './state';

/** Grants of this wallet that ran out and have no receipt of it. */
export const unrecorded = (vault: Pick<OpenVault, 'grants'>, records: readonly GrantRecord[], now: number): GrantRecord[] =>
  records.filter((r) => {
    const ends = laterReceipts(r).length;
    return standOf(r, now) === 'expired' && vault.grants.has(r.grant) && ends === (r.state === 'paused' ? 1 : 0);
  });

/** Makes and sends what is missing. */
export async function recordExpiries(vault: Pick<OpenVault, 'grants' | 'seed'>): Promise<void> {
  if (vault.grants.size === 0) return;
  const now = nowSeconds();
  const missing = unrecorded(vault, await readGrants(), now);
  if (missing.length === 0) return;
  const { endReceipt } = await import('../../core/grant');
  const { systemRandom } = await import('../../core/random');
  for (const record of missing) {
    const pause = record.state === 'paused' ? laterReceipts(record).at(0) : undefined;
    await recordExpiry(record.grant, endReceipt(vault.grants.get(record.grant)!, 'expired', vault.seed, now, systemRandom, pause));
  }
}
