import { beforeEach, describe, expect, it, vi } from 'vitest';
import { Problem, Unparsed, Unreachable } from '../../api/http';
import { p256FromDidKey, type Did } from '../../core/did';
import type { RequestId } from '../../core/id';
import { NOW, ORIGIN, requestPayload, shop } from '../../core/testing/fixed';

const api = vi.hoisted(() => ({ readRequest: vi.fn(), readPublished: vi.fn() }));
vi.mock('../../api/request', async (original) => ({ ...(await original<object>()), readRequest: api.readRequest }));
vi.mock('../../api/deposit', async (original) => ({ ...(await original<object>()), readPublished: api.readPublished }));
vi.mock('../../components/dates', async (original) => ({ ...(await original<object>()), nowSeconds: () => NOW }));
const { loadRequest } = await import('./load');
type Vault = Parameters<typeof loadRequest>[0];

const WEB = 'did:web:corner.example%3A8443' as Did;
const kid = `${WEB}#key-1`;
const by = shop();
const documentOf = (signer: { did: Did }) => JSON.stringify({ id: WEB, verificationMethod: [{ id: kid, controller: WEB, publicKeyJwk: p256FromDidKey(signer.did) }], assertionMethod: [kid] });
const payload = { ...requestPayload(by), iss: WEB };
const request = by.sign('coffer-request+jwt', payload, { kid });
const id = payload.id as RequestId;
/** A vault with a grant whose request was signed with the key of this document. */
const vault = (...documents: string[]) =>
  ({ attributes: new Map(), grants: new Map(documents.map((request_document, i) => [`g${i}`, { request, request_document, given: NOW - i, business: WEB }])) }) as unknown as Vault;

beforeEach(() => {
  vi.resetAllMocks();
  api.readRequest.mockResolvedValue({ request, status: 'open', business: { did: WEB, name: 'Corner Shop', state: 'active' }, partners: [], cosignatures: [], opted_out: [] });
});

describe('a request of a did:web', () => {
  it('is verified under the document that the operator fetched, and says whose name it goes by', async () => {
    api.readPublished.mockResolvedValue(documentOf(by));
    expect(await loadRequest(vault(), id, ORIGIN)).toMatchObject({ at: 'ready', request: { iss: WEB, document: documentOf(by) }, web: { host: 'corner.example:8443', newKey: false } });
    expect(api.readPublished).toHaveBeenCalledWith(WEB);
    expect(await loadRequest(vault(documentOf(by)), id, ORIGIN)).toMatchObject({ web: { newKey: false } });
  });

  it('says that the key is another than that of the grants before', async () => {
    api.readPublished.mockResolvedValue(documentOf(by));
    expect(await loadRequest(vault(documentOf(shop('before'))), id, ORIGIN)).toMatchObject({ at: 'ready', web: { newKey: true } });
  });

  it('does not count under the pinned key once the host has another', async () => {
    api.readPublished.mockResolvedValue(documentOf(shop('now')));
    expect(await loadRequest(vault(documentOf(by)), id, ORIGIN)).toMatchObject({ at: 'refusedRequest', code: 'bad-signature' });
  });

  it.each([new Unreachable(), new Problem('unreachable' as 'policy', 502, '')])('counts under the pinned key while the host does not answer, else not', async (error) => {
    api.readPublished.mockRejectedValue(error);
    expect(await loadRequest(vault(documentOf(by)), id, ORIGIN)).toMatchObject({ at: 'ready', web: { newKey: false } });
    expect(await loadRequest(vault(), id, ORIGIN)).toMatchObject({ at: 'refusedRequest', code: 'unknown-key' });
  });

  it('is unreadable when the operator answers with something else', async () => {
    api.readPublished.mockRejectedValue(new Unparsed('text'));
    expect(await loadRequest(vault(), id, ORIGIN)).toMatchObject({ at: 'unreadable' });
  });

  it('is looked up for no did:key', async () => {
    const plain = requestPayload(by);
    api.readRequest.mockResolvedValue({ request: by.sign('coffer-request+jwt', plain), status: 'open', business: { did: by.did, name: 'Corner Shop', state: 'active' }, partners: [], cosignatures: [], opted_out: [] });
    expect(await loadRequest(vault(documentOf(by)), id, ORIGIN)).toMatchObject({ at: 'ready', web: null });
    expect(api.readPublished).not.toHaveBeenCalled();
  });
});
