/**
 * Partners: the other businesses that a purpose names (consent/FORMAT.md, "Partners"). Twin of Go's consent/partner.go.
 * What is given to one becomes a grant of its own, under the first.
 */
import type { Did } from './did';
import { verifyBusinessJws } from './jws';
import type { Asked, Partner, Request } from './request';
import { refuse } from './rules';
import { base64url, object, parseJson, text, version } from './shape';

const MAX_COSIGNATURE = 4 << 10;
const cosignatureShape = object({ v: version, iss: text(MAX_COSIGNATURE), request_hash: base64url(32) });

/** The purpose's partner of that DID. */
export function partnerOf(asked: Asked, did: string): Partner | undefined {
  return asked.partners?.find((p) => p.did === did);
}

/** Those of the attributes that the partner asks for. */
export function ofPartner(partner: Partner, attributes: readonly string[]): string[] {
  return attributes.filter((name) => partner.attributes.includes(name));
}

/** The purpose as a grant to that business may be: the whole for none, the first one, and what it asks for a partner. */
export function askedAs(asked: Asked, did: string | undefined): Asked | undefined {
  if (!did) return asked;
  const partner = partnerOf(asked, did);
  if (!partner) return undefined;
  const own = { required: ofPartner(partner, asked.required), optional: ofPartner(partner, asked.optional) };
  return { ...asked, ...own, channels: [], weekly_cap: 0, recipients: [], partners: [] };
}

/** The partners that must co-sign the request, each once, in its order. */
export function jointPartners(request: Request): Did[] {
  const all = request.purposes.flatMap((asked) => asked.partners ?? []).filter((p) => p.role === 'joint');
  return [...new Set(all.map((p) => p.did))];
}

/**
 * Holds the co-signatures that came with a request against it: one of each joint partner, and no other. Throws
 * ParseError with Go's codes.
 */
export async function checkCosigned(request: Request, cosignatures: readonly string[]): Promise<void> {
  const joint = jointPartners(request);
  const open = new Set(joint);
  if (cosignatures.length > open.size) refuse('co-signature', 'not-cosigned', 'cosignatures');
  for (const [i, jws] of cosignatures.entries()) {
    const no = (code: string) => refuse('co-signature', code, `cosignatures[${i}]`);
    if (jws.length > MAX_COSIGNATURE) no('malformed');
    const { did, payload } = await verifyBusinessJws('co-signature', jws, 'coffer-cosignature+jwt');
    const said = parseJson('co-signature', payload, cosignatureShape);
    if (said.iss !== did) no('wrong-issuer');
    if (said.request_hash !== request.hash) no('wrong-request');
    if (!joint.includes(did)) no('not-cosigned');
    if (!open.delete(did)) no('duplicate');
  }
  if (open.size > 0) refuse('co-signature', 'not-cosigned', 'cosignatures');
}
