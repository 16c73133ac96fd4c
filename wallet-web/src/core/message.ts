/**
 * Messages: what a business sends under a grant (contract D.6): JWS by the business inside a JWE to the pairwise
 * agreement key. Opened here, and held against the permit that was posted before it.
 */
import { compactDecrypt, flattenedDecrypt, generalDecrypt, importJWK } from 'jose';
import { equal, fromB64u, fromUtf8, hashOf, utf8, type Bytes } from './bytes';
import type { Did, PrivateJwk } from './did';
import { CoreError, OpenError } from './errors';
import type { GrantId, MessageId } from './id';
import { noDocuments, verifyBusinessJws, type Documents } from './jws';
import { opens, type Opening } from './ledger/commitment';
import { isSigned, parseEntry, type PermitEntry } from './ledger/entry';
import { verifyProof, type Proof, type Proven, type ValidatorSet } from './ledger/proof';
import { parsePermit } from './permit';
import type { GrantPlaintext } from './plaintext';
import { refuse, said } from './rules';
import { base64url, id, int, list, object, oneOf, parseJson, text, version, type Of } from './shape';

const MAX_PACKED = 64 << 10;
const MAX_MESSAGE = 24 << 10;
const any = text(MAX_MESSAGE, 0);
const messageShape = object({
  v: version,
  id: id<MessageId>(),
  type: oneOf('urn:coffer:message'),
  from: any,
  to: list(any, 1, 1),
  created_time: int(1),
  body: object({ grant: id<GrantId>(), subject: any, text: any }),
  nonce: base64url(32),
});

/** A message in the clear; `created_time` is unix seconds. */
export type Message = Omit<Of<typeof messageShape>, 'from'> & { from: Did };

/** A message whose signature holds, with the exact JWS and what permits call it. */
export interface OpenedMessage {
  message: Message;
  jws: string;
  /** base64url SHA-256 of the JWS. */
  digest: string;
}

/** The permit that a message came with (GET /messages). */
export interface SentPermit {
  /** base64url of the permit entry. */
  entry: string;
  /** Exact text of the permit document. */
  document: string;
  opening: Opening;
}

/**
 * One line of a message's verification. `sender`: it is from the business of the grant, to this shopper, under this
 * grant; `permit`: the handle key of the grant signed the permit; `opening`: the permit commits to this document;
 * `digest`: the document names this very message; `proof`: the permit is on the ledger.
 */
export interface MessageCheck {
  name: 'sender' | 'permit' | 'opening' | 'digest' | 'proof';
  ok: boolean;
  detail: string;
}

/** Opens and verifies a message. OpenError if it is not for this key; ParseError if what is inside is none. */
export async function openMessage(key: PrivateJwk, jwe: string, documents: Documents = noDocuments): Promise<OpenedMessage> {
  const jws = fromUtf8(await unpack(key, jwe), 'message');
  const { did, payload } = await verifyBusinessJws('message', jws, 'coffer-message+jwt', documents);
  return { message: parseMessage(payload, did), jws, digest: hashOf(jws) };
}

/** Reads the payload of a message that `signer` signed. Exported for vectors; views use openMessage. */
export function parseMessage(payload: Uint8Array, signer: Did): Message {
  if (payload.length > MAX_MESSAGE) refuse('message', 'malformed', '');
  const m = parseJson('message', payload, messageShape);
  if (m.from !== signer) refuse('message', 'wrong-issuer', 'from');
  if (m.to[0] === '') refuse('message', 'malformed', 'to');
  if (!said(m.body.subject, 200) || !said(m.body.text, 16 << 10)) refuse('message', 'malformed', 'body');
  return m as Message;
}

/**
 * Holds an opened message against the grant it names and the permit it came with; with a proof and a validator set
 * that the permit is on the ledger. `shopper` is the pairwise DID for that business, `chain` the ledger's id.
 */
export async function verifyMessage(
  opened: OpenedMessage,
  under: { grant: GrantPlaintext; shopper: Did; chain: string; permit: SentPermit; proof?: Proof; set?: ValidatorSet },
): Promise<{ ok: boolean; checks: MessageCheck[]; proven: Proven | null }> {
  const { grant, permit } = under;
  const { message } = opened;
  const checks: MessageCheck[] = [];
  const line = (name: MessageCheck['name'], ok: boolean, detail: string) => checks.push({ name, ok, detail: ok ? '' : detail });
  line('sender', message.from === grant.business && message.to[0] === under.shopper && message.body.grant === grant.grant, 'wrong-sender');
  const entry = permitEntry(permit.entry);
  const handle = handleOf(grant);
  const signed = entry !== null && handle !== null && isSigned(under.chain, entry) && equal(entry.handle, handle);
  line('permit', signed && entry.epoch >= grant.start && entry.epoch < grant.end, 'bad-permit');
  line('opening', entry !== null && entry.scheme === permit.opening.scheme && opens(permit.opening, entry.commitment, utf8(permit.document)), 'wrong-opening');
  line('digest', entry !== null && names(permit.document, opened, entry), 'wrong-message');
  let proven: Proven | null = null;
  if (under.proof && under.set) {
    try {
      if (under.proof.entry !== permit.entry) throw new CoreError('bad-entry', 'the proof is of another entry');
      proven = await verifyProof(under.proof, under.set);
      line('proof', true, '');
    } catch (error) {
      line('proof', false, error instanceof CoreError ? error.code : 'malformed');
    }
  }
  return { ok: checks.every((c) => c.ok), checks, proven };
}

function names(document: string, { message, digest }: OpenedMessage, entry: PermitEntry): boolean {
  try {
    const p = parsePermit(document);
    return p.kind === 'message' && p.grant === message.body.grant && p.message === message.id && p.digest === digest && p.epoch === entry.epoch;
  } catch {
    return false;
  }
}

function permitEntry(text: string): PermitEntry | null {
  try {
    const entry = parseEntry(fromB64u(text));
    return entry.kind === 'permit' ? entry : null;
  } catch {
    return null;
  }
}

function handleOf(grant: GrantPlaintext): Bytes | null {
  const entry = parseEntry(fromB64u(grant.entry));
  return entry.kind === 'grant' ? entry.handle : null;
}


/** Opens what a business packed for the shopper. aries writes a compact JWE or, with one recipient, a flattened or general JSON one. */
export async function unpack(key: PrivateJwk, jwe: string): Promise<Uint8Array> {
  try {
    if (jwe.length > MAX_PACKED) throw new OpenError();
    const options = { keyManagementAlgorithms: ['ECDH-ES+A256KW'], contentEncryptionAlgorithms: ['A256GCM'] };
    const imported = await importJWK({ ...key }, 'ECDH-ES+A256KW');
    if (!jwe.startsWith('{')) return (await compactDecrypt(jwe, imported, options)).plaintext;
    const json = JSON.parse(jwe) as Parameters<typeof flattenedDecrypt>[0] & Parameters<typeof generalDecrypt>[0];
    const opened = 'recipients' in json ? generalDecrypt(json, imported, options) : flattenedDecrypt(json, imported, options);
    return (await opened).plaintext;
  } catch {
    throw new OpenError();
  }
}
