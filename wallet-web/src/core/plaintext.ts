/** What is inside a sealed document (contract C.2, E.3): JSON of one of a few kinds. */
import type { AttributeValue } from './attributes';
import type { Did } from './did';
import type { Epoch } from './epoch';
import { ParseError } from './errors';
import type { DepositId, DocumentId, GrantId, RequestId, RightsId } from './id';
import { parseStrict } from './json';
import { base64url, bool, id, int, list, matching, nullable, object, oneOf, read, record, text, version, type Of, type Shape } from './shape';

/** One attribute's value. `updated` is unix seconds; a derived one says from which attribute. */
export interface AttributePlaintext {
  v: 1;
  kind: 'attribute';
  name: string;
  value: AttributeValue;
  updated: number;
  derived_from?: string;
}

const ledgerShape = object({ chain_id: text(50), validators_hash: base64url(32) });
const identityShape = object({ v: version, kind: oneOf('identity'), seed: base64url(32), ledger: nullable(ledgerShape) });
/** The identity seed, and the ledger that the wallet trusts since it first saw it. */
export type IdentityPlaintext = Of<typeof identityShape>;

const openingShape = object({ scheme: oneOf(1, 2), r: base64url(32) });
const grantShape = object(
  {
    v: version,
    kind: oneOf('grant'),
    grant: id<GrantId>(),
    business: matching<Did>(/^did:/, 'a DID'),
    business_name: text(400),
    request: text(1 << 20),
    request_id: id<RequestId>(),
    purpose_id: text(32),
    attributes: list(text(64), 64),
    channels: list(text(32), 8),
    start: int(0, 0xffffffff),
    end: int(0, 0xffffffff),
    grant_key: base64url(32),
    handle_secret: base64url(32),
    entry: base64url(171),
    receipt: text(1 << 20),
    opening: openingShape,
    given: int(),
  },
  /**
   * `predecessor`, of a successor: the grant before it. `onward_of`, of a partner's: the grant that it is under.
   * `request_document`: of a did:web that signed the request, as the operator fetched it then.
   */
  { predecessor: id<GrantId>(), onward_of: id<GrantId>(), request_document: text(1 << 16) },
);
/** The wallet's own copy of a grant's secrets and evidence; also what an export carries. */
export type GrantPlaintext = Omit<Of<typeof grantShape>, 'start' | 'end'> & { start: Epoch; end: Epoch };

const listedShape = object({ ver: int(1), hash: base64url(32) }, { kind: text(16), name: text(200), at: int() });
const manifestShape = object(
  {
    v: version,
    kind: oneOf('manifest'),
    documents: record(/^[A-Za-z0-9_-]{22}$/, listedShape, 100_000),
  },
  { before: list(base64url(32), 64) },
);
/** Every other document with its version and contentHash, and what it is; `before`: hashes of the manifests before. */
export type ManifestPlaintext = {
  v: 1;
  kind: 'manifest';
  documents: Record<DocumentId, Of<typeof listedShape>>;
  before?: string[];
};

const line = text(2000, 0);
const address = object({ street: line, postcode: line, city: line, country: line });
/** An attribute's value, of whichever kind. */
export const valueShape: Shape<AttributeValue> = (v, at) => (typeof v === 'object' ? address(v, at) : typeof v === 'boolean' ? bool(v, at) : line(v, at));
const attributeShape = object(
  { v: version, kind: oneOf('attribute'), name: text(64), value: valueShape, updated: int() },
  { derived_from: text(64) },
);

const rightsShape = object({ v: version, kind: oneOf('rights'), rights: id<RightsId>(), business: matching<Did>(/^did:/, 'a DID'), business_name: text(400), jws: text(1 << 17) });
/** The wallet's own copy of a rights request, as signed. */
export type RightsPlaintext = Of<typeof rightsShape>;

const settingsShape = object({ v: version, kind: oneOf('settings'), gpc: bool }, { let_end: list(id<GrantId>(), 1000) });
/**
 * What the shopper set for the wallet. `gpc`: opt out of advertising, sale and sharing wherever asked; `let_end`:
 * grants that may run out without a reminder.
 */
export type SettingsPlaintext = Of<typeof settingsShape>;

const attachmentShape = object(
  {
    v: version,
    kind: oneOf('attachment'),
    name: text(255),
    type: text(127, 0),
    size: int(0, 40 * 262_144),
    hash: base64url(32),
    key: base64url(32),
    added: int(),
  },
  { attribute: text(64) },
);
/**
 * What is attached in chunks under this document's id, and the key to them. `attribute`: the name of the one that it
 * belongs to.
 */
export type AttachmentPlaintext = Of<typeof attachmentShape>;

const wayShape = object(
  { credential: matching(/^[A-Za-z0-9_-]*$/, 'base64url'), public: base64url(65), since: int() },
  { name: text(80), known: list(oneOf('cloned', 'backup'), 2) },
);
const waysShape = object({ v: version, kind: oneOf('ways'), ways: list(wayShape, 64) });
/** One way in: `credential` is the passkey's, empty for the words; `public` its key pair's public half (way.ts). */
export type Way = Of<typeof wayShape>;
/**
 * The ways in as the shopper's own devices wrote them down: names that nobody else is to know, and the public halves
 * that a rotation locks the next key with. `known`: a warning about a passkey that the shopper has seen.
 */
export type WaysPlaintext = Of<typeof waysShape>;

const recordShape = object(
  { v: version, kind: oneOf('record'), record: text(16 << 10), business: matching<Did>(/^did:/, 'a DID'), business_name: text(400), deposit: id<DepositId>(), received: int() },
  { issuer_document: text(1 << 16) },
);
/**
 * A record that the shopper accepted, as its issuer signed it; `business` handed it over. `issuer_document`: of an
 * issuer under did:web, as the operator fetched it then.
 */
export type RecordPlaintext = Of<typeof recordShape>;

const movedShape = object({
  v: version,
  kind: oneOf('moved'),
  operator: text(2000),
  made: int(),
  grant: grantShape,
  state: text(32),
  receipts: list(text(1 << 18), 64),
  bundle: text(1 << 20, 0),
});
/**
 * A grant that was given at another operator, from an export made at `made`: it gives nothing to anyone here. `state` as
 * it was there; `bundle` is its receipt with opening and proof as JSON, '' if it had no proof.
 */
export type MovedPlaintext = Omit<Of<typeof movedShape>, 'grant'> & { grant: GrantPlaintext };

const presentationShape = object({
  v: version,
  kind: oneOf('presentation'),
  name: text(64),
  value: text(16 << 10),
  updated: int(),
  request: id<RequestId>(),
  purpose: text(32),
});
/**
 * A record as it is shown under one attribute to one business, which opens this very document: `value` is what core's
 * presentRecord made for the request. It goes with the grant of that request's purpose, and with its successors.
 */
export type PresentationPlaintext = Of<typeof presentationShape>;

export type Plaintext = MovedPlaintext | PresentationPlaintext | RecordPlaintext | WaysPlaintext | AttributePlaintext | AttachmentPlaintext | IdentityPlaintext | GrantPlaintext | ManifestPlaintext | RightsPlaintext | SettingsPlaintext;

const shapes: Record<Plaintext['kind'], Shape<unknown>> = { attribute: attributeShape, attachment: attachmentShape, identity: identityShape, grant: grantShape, manifest: manifestShape, moved: movedShape, presentation: presentationShape, record: recordShape, rights: rightsShape, settings: settingsShape, ways: waysShape };

/** Reads an opened document. Throws ParseError; code `newer` if a newer wallet wrote a kind that this one does not know. */
export function parsePlaintext(json: string): Plaintext {
  const value = parseStrict('document', json);
  const kind: unknown = typeof value === 'object' && value !== null && 'kind' in value ? value.kind : undefined;
  if (typeof kind !== 'string' || !Object.hasOwn(shapes, kind)) {
    throw new ParseError('newer', 'document', 'kind', `want ${Object.keys(shapes).join(', ')}`);
  }
  return read(kind, value, shapes[kind as Plaintext['kind']]) as Plaintext;
}

/** The JSON that is sealed. */
export function plaintextJson(plaintext: Plaintext): string {
  return JSON.stringify(plaintext);
}
