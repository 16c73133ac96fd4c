/** Everything of a vault, as an export and a readable copy have it. */
import { readAccesses, type Access } from '../../api/access';
import { readGrants, type GrantRecord } from '../../api/grant';
import { readMessages, type SealedMessage } from '../../api/message';
import { readRights, type RightsRecord } from '../../api/rights';
import type { Bundle } from '../../core/bundle';
import { ParseError } from '../../core/errors';
import type { Listed } from '../../core/move';
import { Unsettled, type OpenVault } from '../../store/vault.svelte';
import { sendEdits } from '../home/save';

export interface Collected {
  documents: Listed[];
  grants: GrantRecord[];
  receipts: Bundle[];
  /** The newest first. */
  accesses: Access[];
  /** Whether the access log goes back to its first row. */
  whole: boolean;
  rights: RightsRecord[];
  messages: SealedMessage[];
}

/** Reads it, edits that waited included. Throws Unsettled for a vault whose findings the shopper has not settled. */
export async function collect(vault: OpenVault): Promise<Collected> {
  await sendEdits(vault);
  await vault.reload();
  if (vault.findings.length > 0 || vault.unreadable.length > 0) throw new Unsettled('an export would take over what is wrong');
  const { bundleOf, endOf } = await import('../grant/load');
  const [grants, { accesses, whole }, rights, messages] = await Promise.all([readGrants(), readAccesses(), readRights(), readMessages()]);
  const receipts: Bundle[] = [];
  for (const record of grants) {
    const own = vault.grants.get(record.grant);
    const bundle =
      own &&
      (await bundleOf(own, record, endOf(own, record, vault)).catch((error: unknown) => {
        if (error instanceof ParseError) return null; // a bent proof takes no receipt with it
        throw error;
      }));
    if (bundle) receipts.push(bundle);
  }
  const documents = vault.documents.filter((d) => d.plaintext.kind !== 'manifest' && d.plaintext.kind !== 'ways').map(({ id, plaintext }) => ({ id, plaintext }));
  return { documents, grants, receipts, accesses, whole, rights, messages };
}
