/** Permit documents: what a permit entry on the ledger commits to (contract D.5). Twin of Go's consent/permit.go. */
import type { GrantId, MessageId } from './id';
import { base64url, id, int, object, oneOf, parseJson, version, type Of } from './shape';

const collectShape = object({ v: version, grant: id<GrantId>(), epoch: int(0, 0xffffffff), kind: oneOf('collect'), log: base64url(32) });
const messageShape = object({
  v: version,
  grant: id<GrantId>(),
  epoch: int(0, 0xffffffff),
  kind: oneOf('message'),
  channel: oneOf('wallet'),
  message: id<MessageId>(),
  digest: base64url(32),
});

/** An hour of collecting; `log` is the access log's head as the business knows it. */
export type CollectPermit = Of<typeof collectShape>;
/** One message; `digest` is base64url SHA-256 of its JWS. */
export type MessagePermit = Of<typeof messageShape>;

/** Reads a permit document of either kind from its exact text. Throws ParseError. */
export function parsePermit(document: string): CollectPermit | MessagePermit {
  return parseJson('permit', document, (value, at) =>
    typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'message' ? messageShape(value, at) : collectShape(value, at),
  );
}
