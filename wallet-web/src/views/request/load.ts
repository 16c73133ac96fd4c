import { readPublished } from '../../api/deposit';
import { isProblem, Unreachable } from '../../api/http';
import { readRequest, type Asked } from '../../api/request';
import { readGrants, type GrantRecord } from '../../api/grant';
import { isMinor } from '../../core/attributes';
import type { Did } from '../../core/did';
import { ParseError } from '../../core/errors';
import type { RequestId } from '../../core/id';
import type { Documents } from '../../core/jws';
import type { Request } from '../../core/request';
import { nowSeconds, today } from '../../components/dates';
import type { OpenVault } from '../../store/vault.svelte';
import { catalogue } from '../catalogue';
import { load, type Ending } from '../endings';
import { offersFor, type Offer } from '../record/show';
import { replacedOf, type Replaced } from './replaced';

/** A business under did:web: the host that it goes by, and whether it signs with another key than it did before. */
export interface Web {
  host: string;
  newKey: boolean;
}

export type Loaded =
  | { at: 'ready'; asked: Asked; request: Request; web: Web | null; minor: boolean; replaced: Replaced[]; offers: Offer[] }
  /** Answered by this vault; with the grants that came of it. */
  | { at: 'answered'; asked: Asked; grants: GrantRecord[] }
  /** It breaks a rule (its code), or its business may not ask now (`pending`, `suspended`). */
  | { at: 'refusedRequest'; code: string; path: string; business: string }
  | Ending;

/** Reads a request and verifies it here: its signature, its rules, and that it is meant for this operator. */
export function loadRequest(vault: OpenVault, id: RequestId, origin: string): Promise<Loaded> {
  return load<Loaded>(async () => {
    const asked = await readRequest(id);
    if (asked.status === 'answered') {
      const grants = (await readGrants()).filter((g) => g.request === id);
      return { at: 'answered', asked, grants };
    }
    const refused = (code: string, path = ''): Loaded => ({ at: 'refusedRequest', code, path, business: asked.business.name });
    const { verifyRequest } = await import('../../core/request');
    const { checkCosigned, jointPartners } = await import('../../core/partner');
    const { hasNewKey, hostOf, isWeb, namedSigner, pinnedOf } = await import('../../core/web');
    const signer = namedSigner(asked.request);
    const pinned = pinnedOf(vault.grants.values(), signer);
    const documents = isWeb(signer) ? await documentsNow(signer, pinned) : pinned;
    let request: Request;
    try {
      request = await verifyRequest(asked.request, { audience: origin, now: nowSeconds(), catalogue, documents });
      await checkCosigned(request, asked.cosignatures);
    } catch (error) {
      if (error instanceof ParseError) return refused(error.code, error.path);
      throw error;
    }
    // The operator must hand over the request that was asked for, of the business that it says.
    if (request.id !== id || request.iss !== asked.business.did) return refused('wrong-issuer', request.id !== id ? 'id' : 'iss');
    if (asked.status === 'expired') return refused('expired', 'exp');
    if (asked.business.state !== 'active') return refused(asked.business.state);
    // Nothing can be given to the business without those that ask with it.
    const joint = jointPartners(request);
    if (asked.partners.some((p) => p.state !== 'active' && joint.includes(p.did as Did))) return refused('unknown-partner');
    const replaced = await replacedOf(vault, request, origin);
    if (replaced === null) return refused('wrong-grants', 'replaces.grants');
    const web = isWeb(request.iss) ? { host: hostOf(request.iss), newKey: hasNewKey(asked.request, request.document, pinned) } : null;
    const minor = isMinor(vault.attributes.get('birth-date')?.value, today());
    return { at: 'ready', asked, request, web, minor, replaced, offers: await offersFor(vault, request) };
  });
}

/** The document as the operator fetches it now; where the host does not answer, those that came with earlier grants. */
async function documentsNow(did: Did, pinned: Documents): Promise<Documents> {
  try {
    return new Map([[did, [await readPublished(did)]]]);
  } catch (error) {
    // With a document that nobody pinned, or none at all, the request is refused as signed by an unknown key.
    if (isProblem(error) || error instanceof Unreachable) return pinned;
    throw error;
  }
}
