/**
 * The opt-out signal: Global Privacy Control of the browser (navigator.globalPrivacyControl, sent as Sec-GPC), or
 * the wallet's own switch in its sealed settings. Either opts out of every purpose that is marketing.
 */
import { readGrants } from '../../api/grant';
import type { Catalogue } from '../../core/attributes';
import type { GrantPlaintext } from '../../core/plaintext';
import { nowSeconds } from '../../components/dates';
import { saveSettings } from '../documents';
import { pauseOf, withdraw } from '../grant/withdraw';
import { section, standOf } from '../grants/state';
import type { OpenVault } from '../../store/vault.svelte';
import { demand } from './send';

/** Who opted out: the browser's signal counts whatever the switch says. */
export type OptOut = 'browser' | 'switch' | null;

/** What a browser tells of itself; absent in those that do not know the signal. */
interface Signalling {
  globalPrivacyControl?: boolean;
}

export function optOutOf(vault: Pick<OpenVault, 'settings'>, browser: Signalling = navigator as Signalling): OptOut {
  if (browser.globalPrivacyControl === true) return 'browser';
  return vault.settings.gpc ? 'switch' : null;
}

/** Whether the opt-out covers a purpose. `named` are purposes that the operator calls opted out, having read Sec-GPC. */
export const covers = (catalogue: Catalogue, asked: { id: string; purpose: string }, by: OptOut, named: readonly string[] = []): boolean =>
  named.includes(asked.id) || (by !== null && catalogue.purpose(asked.purpose)?.marketing === true);

/** Keeps the switch in the vault, sealed: the operator does not learn it. */
export async function setGpc(vault: OpenVault, gpc: boolean): Promise<void> {
  await saveSettings(vault, { gpc });
}

/** Grants that an opt-out conflicts with, paused ones too: they could be resumed. Each is the wallet's own copy. */
export async function conflicting(vault: OpenVault, catalogue: Catalogue): Promise<GrantPlaintext[]> {
  const open = (await readGrants()).filter((g) => section(standOf(g, nowSeconds())) !== 'ended');
  return open.filter((g) => catalogue.purpose(g.purpose)?.marketing === true).flatMap((g) => vault.grants.get(g.grant) ?? []);
}

/**
 * Withdraws the grants and records the opt-out with each business. Each step is tried whatever becomes of the others,
 * and an opt-out that names the same grants is not sent twice, so that trying again finishes what is left. Throws the
 * first error after all were tried.
 */
export async function optOutOfAll(vault: OpenVault, grants: readonly GrantPlaintext[]): Promise<void> {
  const failed: unknown[] = [];
  const records = new Map((await readGrants()).map((r) => [r.grant, r]));
  const attempt = (run: () => Promise<unknown>) => run().catch((error: unknown) => failed.push(error));
  for (const business of new Set(grants.map((g) => g.business))) {
    const its = grants.filter((g) => g.business === business);
    // First: once withdrawn, a grant is no longer listed, and the opt-out could not be tried again.
    if (!(await optedOut(vault, its))) await attempt(() => demand(vault, its, { regime: 'ccpa', right: 'opt-out', attributes: [], text: '' }));
    for (const g of its) {
      const record = records.get(g.grant);
      await attempt(() => withdraw(vault, g, record && pauseOf(record)));
    }
  }
  if (failed.length > 0) throw failed[0];
}

/** Whether an opt-out that names all of these grants was sent before. */
async function optedOut(vault: Pick<OpenVault, 'rights'>, grants: readonly GrantPlaintext[]): Promise<boolean> {
  const { parseRights } = await import('../../core/rights');
  return [...vault.rights.values()].some((own) => {
    try {
      const { right, grants: named } = parseRights(own.jws);
      return right === 'opt-out' && grants.every((g) => named.includes(g.grant));
    } catch {
      return false;
    }
  });
}
