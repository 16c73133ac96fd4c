/**
 * did:web: a name for which a host speaks by a document. This page speaks to its operator only, so the operator hands
 * over the document that it fetched: that the keys in it are the host's is the operator's word and that of TLS. What
 * was handed over first is kept with the grant (`request_document`), so that a later change shows.
 */
import { fromB64u, fromUtf8 } from './bytes';
import type { Did } from './did';
import { noDocuments, listsKeyOf, type Documents } from './jws';
import type { GrantPlaintext } from './plaintext';

export const isWeb = (did: string): boolean => did.startsWith('did:web:');

/** The host that a did:web names, with its port; '' for another DID. */
export const hostOf = (did: string): string => (/^did:web:([^:]+)/.exec(did)?.[1] ?? '').replace('%3A', ':');

/** Which key a header says has signed; nothing is believed of it. '' if it says none. */
export function namedKey(jws: string): string {
  try {
    const header = JSON.parse(fromUtf8(fromB64u(jws.split('.')[0] ?? ''), 'header')) as { kid?: unknown };
    return typeof header.kid === 'string' ? header.kid : '';
  } catch {
    return '';
  }
}

/** Who a header says has signed; nothing is believed of it. */
export const namedSigner = (jws: string): Did => namedKey(jws).split('#')[0] as Did;

type Pinned = Pick<GrantPlaintext, 'request' | 'request_document'>;

/** The document under which a grant's own request was verified when it was answered. */
export const documentsOf = (grant: Pinned): Documents =>
  grant.request_document === undefined ? noDocuments : new Map([[namedSigner(grant.request), [grant.request_document]]]);

/**
 * Every document of a DID that came with a grant of this vault, the newest first: what a business signs later is
 * verified under these, so that what it signed before a change of its key still counts.
 */
export function pinnedOf(grants: Iterable<Pinned & Pick<GrantPlaintext, 'given'>>, did: Did): Documents {
  if (!isWeb(did)) return noDocuments;
  const found = [...grants].filter((g) => g.request_document !== undefined && namedSigner(g.request) === did).sort((a, b) => b.given - a.given);
  return found.length === 0 ? noDocuments : new Map([[did, [...new Set(found.map((g) => g.request_document!))]]]);
}

/** Whether the key that signs under `document` is none that was pinned before; false when nothing was. */
export function hasNewKey(jws: string, document: string, pinned: Documents): boolean {
  const [kid, did] = [namedKey(jws), namedSigner(jws)];
  const before = pinned.get(did) ?? [];
  return before.length > 0 && !before.some((old) => listsKeyOf(did, kid, document, old));
}
