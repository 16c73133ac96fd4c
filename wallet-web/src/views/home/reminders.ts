/** Grants that end soon, as one card: renew each or all of them, or let them end without being reminded again. */
import { readReminders } from '../../api/change';
import { readGrants } from '../../api/grant';
import { nowSeconds } from '../../components/dates';
import type { Epoch } from '../../core/epoch';
import type { GrantId } from '../../core/id';
import type { OpenVault } from '../../store/vault.svelte';
import { saveSettings } from '../documents';
import { load, type Ending } from '../endings';

/** One grant that ends soon. */
export interface EndsSoon {
  grant: GrantId;
  business: string;
  /** IRI. */
  purpose: string;
  end: Epoch;
}

export type Reminders = { at: 'ready'; soon: EndsSoon[] } | Ending;

/** Of the wallet's own grants only: it cannot renew another. What the shopper lets end is not among them. */
export const loadReminders = (vault: Pick<OpenVault, 'grants' | 'settings'>): Promise<Reminders> =>
  load<Reminders>(async () => {
    if (vault.grants.size === 0) return { at: 'ready', soon: [] };
    const soon = (await readReminders()).filter((r) => vault.grants.has(r.grant) && !vault.settings.let_end?.includes(r.grant));
    if (soon.length === 0) return { at: 'ready', soon: [] };
    const purposes = new Map((await readGrants()).map((g) => [g.grant, g.purpose]));
    return {
      at: 'ready',
      soon: soon.flatMap(({ grant }) => {
        const own = vault.grants.get(grant);
        return own ? [{ grant, business: own.business_name, purpose: purposes.get(grant) ?? own.purpose_id, end: own.end }] : [];
      }),
    };
  });

/** Reminds of these no more. Those that are over are forgotten, so that the list stays short. */
export async function letEnd(vault: OpenVault, grants: readonly GrantId[]): Promise<void> {
  const now = nowSeconds() / 3600;
  const before = (vault.settings.let_end ?? []).filter((g) => (vault.grants.get(g)?.end ?? 0) > now);
  await saveSettings(vault, { let_end: [...new Set([...before, ...grants])] });
}

/** What became of renewing: those that were not are named with the error that came first. */
export interface Renewed {
  renewed: GrantId[];
  error: unknown;
}

/** Renews one grant after the other, a passkey's confirmation each; stops at the first that does not come about. */
export async function renewAll(vault: OpenVault, grants: readonly GrantId[], step: (n: number) => void): Promise<Renewed> {
  const renewed: GrantId[] = [];
  const { succeed } = await import('../grant/change');
  const { verifyRequest } = await import('../../core/request');
  const { documentsOf } = await import('../../core/web');
  const { renewedEnd } = await import('../grant/choices');
  for (const grant of grants) {
    const own = vault.grants.get(grant);
    if (!own) continue;
    step(renewed.length + 1);
    try {
      const request = await verifyRequest(own.request, { audience: location.origin, now: null, catalogue: null, documents: documentsOf(own) });
      const until = renewedEnd(own, request, nowSeconds());
      if (until !== null) await succeed(vault, own, request, { kind: 'renewed', attributes: own.attributes, channels: own.channels, until });
      renewed.push(grant);
    } catch (error) {
      return { renewed, error };
    }
  }
  return { renewed, error: null };
}
