/** Showing records to a business: which of those in the vault are what it wants, and the document that it gets. */
import { readGrants } from '../../api/grant';
import { nowSeconds } from '../../components/dates';
import { CoreError } from '../../core/errors';
import { renewShare } from '../../core/grant';
import type { DocumentId } from '../../core/id';
import { pairwiseKey } from '../../core/identity';
import type { GrantPlaintext, PresentationPlaintext } from '../../core/plaintext';
import { presentRecord } from '../../core/present';
import { isSdJwt } from '../../core/record';
import { stands } from '../../core/replacement';
import type { Request } from '../../core/request';
import { choosable, parseSdJwt } from '../../core/sdjwt';
import type { Share } from '../../core/share';
import type { Batch } from '../../core/vault';
import type { HeldRecord, OpenVault } from '../../store/vault.svelte';
import { sendBatch } from '../documents';
import { readHeld } from './load';
import { counts, type Read } from './record';

/** A record of the vault that a business would take. */
export interface Offer {
  held: HeldRecord;
  read: Read;
}

/** What the shopper chose to show under one attribute: a record, and the claims of it. */
export interface Shown {
  offer: Offer;
  claims: string[];
}

/** The records that could be shown now. None is read for a request that wants none. */
export async function offersFor(vault: OpenVault, request: Pick<Request, 'purposes'>): Promise<Offer[]> {
  if (!request.purposes.some((p) => p.records)) return [];
  const all = await Promise.all(vault.records.map(async (held) => ({ held, read: await readHeld(vault, held) })));
  return all.flatMap(({ held, read }) => (read && counts(read) ? [{ held, read }] : []));
}

/** A presentation as it is to be sealed. */
export interface Presentation {
  id: DocumentId;
  plaintext: PresentationPlaintext;
}

/** Makes what is shown for a request, by purpose and attribute: bound to the business and to the request's nonce. */
export async function presentationsOf(vault: OpenVault, request: Request, shown: Readonly<Record<string, Readonly<Record<string, Shown>>>>, now: number): Promise<Presentation[]> {
  const to = { audience: request.iss, nonce: request.nonce, now };
  const each = Object.entries(shown).flatMap(([purpose, by]) => Object.entries(by).map(([name, s]) => ({ purpose, name, ...s })));
  return Promise.all(
    each.map(async ({ purpose, name, offer: { held, read }, claims }): Promise<Presentation> => {
      const value = await presentRecord(held.record, read.record, claims, to, pairwiseKey(vault.seed, held.business));
      return { id: vault.newDocument(), plaintext: { v: 1, kind: 'presentation', name, value, updated: now, request: request.id, purpose } };
    }),
  );
}

/** Shares for a new grant of what is shown under it, once it is sealed. A partner's grant has none. */
export async function sharesOf(vault: OpenVault, grant: GrantPlaintext, shown: readonly Presentation[], batch: Batch): Promise<Share[]> {
  const shares = shown
    .filter(({ plaintext }) => plaintext.purpose === grant.purpose_id && grant.onward_of === undefined)
    .map(async ({ id, plaintext }) => {
      const put = batch.puts.find((p) => p.id === id);
      return put ? renewShare(grant, plaintext.name, vault.key, put) : null;
    });
  return (await Promise.all(shares)).filter((s) => s !== null);
}

/** The names of the claims that a presentation shows; null: all of them. */
export function claimsShown(value: string): string[] | null {
  try {
    return isSdJwt(value) ? choosable(parseSdJwt(value)) : null;
  } catch (error) {
    if (error instanceof CoreError) return [];
    throw error;
  }
}

/** Whether a presentation is of the grant: of the request that it answers, or that the grants before it answered. */
export const isUnder = (p: Pick<PresentationPlaintext, 'name' | 'request' | 'purpose'>, grant: Pick<GrantPlaintext, 'request_id' | 'purpose_id' | 'attributes' | 'onward_of'>): boolean =>
  p.request === grant.request_id && p.purpose === grant.purpose_id && grant.onward_of === undefined && grant.attributes.includes(p.name);

/** Deletes what was shown under grants that are over. */
export async function forgetShown(vault: OpenVault): Promise<void> {
  if (vault.presentations.length === 0) return;
  const now = nowSeconds();
  const standing = (await readGrants()).filter((g) => stands(g, now)).flatMap((g) => vault.grants.get(g.grant) ?? []);
  const over = vault.presentations.filter((p) => !standing.some((g) => isUnder(p, g)));
  if (over.length === 0) return;
  await vault.write(() => over.map(({ id, version }) => ({ kind: 'delete', id, version })), (batch) => sendBatch(batch));
}
