/** Demanding a right: signed and sealed here; the operator stores it with the wallet's own copy, or nothing. */
import { sendRights } from '../../api/rights';
import { isProblem } from '../../api/http';
import type { RightsId } from '../../core/id';
import type { GrantPlaintext } from '../../core/plaintext';
import { systemRandom } from '../../core/random';
import { verifyRequest, type Request } from '../../core/request';
import { documentsOf } from '../../core/web';
import type { Demand, Regime } from '../../core/rights';
import { nowSeconds } from '../../components/dates';
import type { OpenVault } from '../../store/vault.svelte';

/** The request that a grant answered: signed by the business, so its key and its authority are the business's word. */
export const requestOf = (grant: GrantPlaintext): Promise<Request> => verifyRequest(grant.request, { audience: location.origin, now: null, catalogue: null, documents: documentsOf(grant) });

/** Which law the business itself says applies. */
export const regimeOf = (jurisdictions: readonly string[]): Regime => (jurisdictions.some((j) => /^US(-|$)/.test(j)) ? 'ccpa' : 'gdpr');

/** Sends a demand to the business of these grants (one business). It counts from when this returns. */
export async function demand(vault: OpenVault, grants: readonly GrantPlaintext[], what: Omit<Demand, 'grants'>): Promise<RightsId> {
  const [first] = grants;
  if (!first || grants.some((g) => g.business !== first.business)) throw new Error('a demand is about the grants of one business');
  const { prepareRights } = await import('../../core/rights');
  const prepared = await prepareRights(await requestOf(first), { ...what, grants: grants.map((g) => g.grant) }, vault.seed, nowSeconds(), systemRandom);
  const { id, aud, jws } = prepared.rights;
  const copy = { v: 1, kind: 'rights', rights: id, business: aud, business_name: first.business_name, jws } as const;
  try {
    await vault.write(
      () => [{ kind: 'put', id: vault.newDocument(), version: 1, plaintext: copy }],
      (batch) => sendRights({ rights: id, business: aud, grants: prepared.rights.grants, sealed: prepared.sealed }, batch.puts),
    );
  } catch (error) {
    if (isProblem(error, 'conflict')) await vault.reload();
    throw error;
  }
  return id;
}
