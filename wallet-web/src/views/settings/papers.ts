/** What a shopper may want to keep of a vault that is about to be gone: every receipt, with its proof where there is one. */
import { laterReceipts, readGrants } from '../../api/grant';
import { nowSeconds } from '../../components/dates';
import type { Bundle } from '../../core/bundle';
import { ParseError } from '../../core/errors';
import type { GrantId } from '../../core/id';
import type { OpenVault } from '../../store/vault.svelte';
import { standOf } from '../grants/state';

/** The receipts that a grant was erased with its vault, signed by the pairwise key of each business. */
export interface Erasures {
  grants: GrantId[];
  receipts: string[];
}

/** Signs one for each grant that stands or is paused. */
export async function erasures(vault: OpenVault): Promise<Erasures> {
  const out: Erasures = { grants: [], receipts: [] };
  const now = nowSeconds();
  const { endReceipt } = await import('../../core/grant');
  const { systemRandom } = await import('../../core/random');
  for (const record of await readGrants()) {
    const own = vault.grants.get(record.grant);
    const stand = standOf(record, now);
    if (!own || (stand !== 'live' && stand !== 'anchoring' && stand !== 'paused')) continue;
    const pause = stand === 'paused' ? laterReceipts(record).at(0) : undefined;
    out.grants.push(record.grant);
    out.receipts.push(endReceipt(own, 'erased', vault.seed, now, systemRandom, pause));
  }
  return out;
}

/**
 * One file of all receipts: `bundles` can be verified offline each by itself, `receipts` are the others, signed and
 * without an entry of their own.
 */
export async function papersFile(vault: OpenVault, erased: Erasures): Promise<string> {
  const { bundleOf, endOf } = await import('../grant/load');
  const bundles: Bundle[] = [];
  const receipts = new Set<string>();
  for (const record of await readGrants()) {
    const own = vault.grants.get(record.grant);
    if (!own) continue;
    const bundle = await bundleOf(own, record, endOf(own, record, vault)).catch((error: unknown) => {
      if (error instanceof ParseError) return null; // a bent proof takes no receipt with it
      throw error;
    });
    if (bundle) bundles.push(bundle);
    for (const jwt of [own.receipt, ...laterReceipts(record)]) receipts.add(jwt);
    if (bundle) for (const jwt of [bundle.receipt, bundle.withdrawal?.receipt ?? '']) receipts.delete(jwt);
  }
  return JSON.stringify({ v: 1, bundles, receipts: [...receipts, ...erased.receipts] });
}
