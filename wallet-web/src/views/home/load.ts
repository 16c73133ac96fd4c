import { readGrants } from '../../api/grant';
import { nowSeconds } from '../../components/dates';
import type { OpenVault } from '../../store/vault.svelte';
import { load, type Ending } from '../endings';
import { standing } from './save';

/** `sharedWith`: by attribute, the names of businesses that may collect it. */
export type Home = { at: 'ready'; sharedWith: ReadonlyMap<string, string[]> } | Ending;

/** Who may collect what. The attributes themselves are in memory already. */
export function loadHome(vault: OpenVault): Promise<Home> {
  return load(async () => {
    const sharedWith = new Map<string, string[]>();
    if (vault.grants.size === 0) return { at: 'ready', sharedWith };
    for (const g of standing(await readGrants(), nowSeconds())) {
      for (const name of g.attributes) {
        const businesses = sharedWith.get(name) ?? [];
        if (!businesses.includes(g.business.name)) sharedWith.set(name, [...businesses, g.business.name]);
      }
    }
    return { at: 'ready', sharedWith };
  });
}
