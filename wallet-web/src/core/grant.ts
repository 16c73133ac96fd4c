/**
 * Giving and withdrawing: all that a wallet makes for one purpose (formats.md § 3, contract D.2–D.4, D.10). A grant
 * is prepared whole before anything is sent, so that the decision can name its entry and its receipt.
 */
import type { Catalogue } from './attributes';
import { b64u, fromB64u, hashOf, utf8, type Bytes } from './bytes';
import type { Given } from './decision';
import type { Did } from './did';
import { cekOf, type Stored } from './document';
import { addDays, epochAt, type Days, type Epoch } from './epoch';
import { CoreError } from './errors';
import { newId, type GrantId } from './id';
import { agreementKey, grantWalletKey, pairwiseKey, signingKey } from './identity';
import type { VaultKey } from './keys';
import { commit } from './ledger/commitment';
import { encodeEntry, signGrant, signWithdraw } from './ledger/entry';
import { sealLetter } from './letter';
import { ofPartner } from './partner';
import type { GrantPlaintext } from './plaintext';
import type { Random } from './random';
import { newEndReceipt, newReceipt, parseReceipt, signReceipt, type EndState, type Receipt } from './receipt';
import { askedOf, type Partner, type Request } from './request';
import { refuse } from './rules';
import { shareOf, type Share } from './share';

/** What the shopper chose for one purpose. */
export interface Choice {
  purposeId: string;
  /** The required ones and some of the optional ones. */
  attributes: readonly string[];
  channels: readonly string[];
  /** One of the fixed lengths, at most what is asked. */
  days: Days;
  /** Of the notice that was shown; absent means the request's own. */
  language?: string;
  /** The onward partners that are given to as well; joint ones always are. */
  partners?: readonly Did[];
}

/** What the wallet gives it with. */
export interface Giver {
  vaultKey: VaultKey;
  identitySeed: Bytes;
  /** The ledger's chain id, as pinned in the identity document. */
  chain: string;
  catalogue: Catalogue;
  /** The sealed document of each attribute. */
  documents: Readonly<Record<string, Stored | undefined>>;
  /** Attributes whose documents are sealed together with the grant: they are shared by renewShare then. */
  later?: readonly string[];
}

/** One item of `give` in POST /decisions. */
export interface Give {
  grant: GrantId;
  receipt: string;
  letter: string;
  shares: Share[];
  /** base64url of a withdrawal signed ahead (formats.md § 4). */
  withdraw: string;
}

/** A grant ready to be decided and sent. */
export interface PreparedGrant {
  /** For the decision. */
  given: Given;
  /** For the operator and, sealed in the letter, for the business. */
  give: Give;
  /** For the wallet: to be sealed as a document in the same request. */
  plaintext: GrantPlaintext;
}

/** A withdrawal ready to be sent (POST /grants/{id}/withdraw). */
export interface PreparedWithdrawal {
  /** base64url of the withdraw entry. */
  entry: string;
  /** JWT. */
  receipt: string;
}

/** To whom a grant of a purpose is, if not to the business that asks: a partner, under that business's grant. */
export interface Onward {
  partner: Partner;
  first: GrantId;
}

/** Makes what one purpose becomes: the grant to the business, and one to each partner that gets some of it. */
export async function prepareGrants(request: Request, choice: Choice, giver: Giver, now: number, random: Random): Promise<PreparedGrant[]> {
  const first = await prepareGrant(request, choice, giver, now, random);
  const partners = (askedOf(request, choice.purposeId)?.partners ?? []).filter((p) => p.role === 'joint' || choice.partners?.includes(p.did));
  const onward = partners
    .map((partner) => ({ partner, attributes: ofPartner(partner, choice.attributes) }))
    .filter(({ attributes }) => attributes.length > 0)
    .map(({ partner, attributes }) =>
      prepareGrant(request, { ...choice, attributes, channels: [] }, giver, now, random, { partner, first: first.give.grant }),
    );
  return [first, ...(await Promise.all(onward))];
}

/** Makes one grant. `now` is unix seconds. Throws CoreError `no-value` if the vault lacks a chosen attribute. */
export async function prepareGrant(
  request: Request,
  choice: Choice,
  giver: Giver,
  now: number,
  random: Random,
  onward?: Onward,
): Promise<PreparedGrant> {
  const asked = askedOf(request, choice.purposeId) ?? refuse('choice', 'wider-than-request', 'purpose');
  const to = onward ? { iss: onward.partner.did, agreement_key: onward.partner.agreement_key } : request;
  const under = onward && { partner: onward.partner.did, onward_of: onward.first };
  // In the request's order, so that the order tells nothing.
  const attributes = [...asked.required, ...asked.optional].filter((name) => choice.attributes.includes(name));
  if (attributes.length !== choice.attributes.length) refuse('choice', 'wider-than-request', 'attributes');
  const start = epochAt(now);
  const end = addDays(start, choice.days);
  const receiptOf = (grant: GrantId, shopper: Did) => newReceipt(request, { ...termsOf(choice), ...under, grant, attributes }, shopper, giver.catalogue, now, random);
  const made = await forge(to, attributes, { start, end }, receiptOf, giver, random);
  const channels = [...choice.channels];
  return {
    given: { grant: made.give.grant, purpose: asked.id, attributes, days: choice.days, channels, entry: made.keeps.entry, receipt_hash: hashOf(made.give.receipt), ...(onward && { partner: onward.partner.did }) },
    give: made.give,
    plaintext: {
      v: 1,
      kind: 'grant',
      grant: made.give.grant,
      business: to.iss,
      business_name: onward?.partner.name ?? request.controller.name,
      request: request.jws,
      request_id: request.id,
      purpose_id: asked.id,
      attributes,
      channels,
      start,
      end,
      ...made.keeps,
      given: now,
      ...(onward && { onward_of: onward.first }),
      ...(request.document !== '' && { request_document: request.document }),
    },
  };
}

const termsOf = ({ purposeId, channels, days, language }: Choice) => ({ purposeId, channels, days, ...(language !== undefined && { language }) });

/** What a new grant's keys make, whatever the grant came of. */
export interface Forged {
  give: Give;
  /** What the wallet keeps of it beside its terms. */
  keeps: Pick<GrantPlaintext, 'grant_key' | 'handle_secret' | 'entry' | 'receipt' | 'opening'>;
}

/** A new grant under new keys: its entry on the ledger lasts from `start` to `end`. */
export async function forge(
  to: Pick<Request, 'iss' | 'agreement_key'>,
  attributes: readonly string[],
  { start, end }: { start: Epoch; end: Epoch },
  receiptOf: (grant: GrantId, shopper: Did) => Receipt,
  giver: Giver,
  random: Random,
): Promise<Forged> {
  const grant = newId<GrantId>(random);
  const pairwise = pairwiseKey(giver.identitySeed, to.iss);
  const grantKey = random(32);
  const handle = signingKey(random(32));
  const shares = await Promise.all(attributes.filter((name) => !giver.later?.includes(name)).map((name) => shareFor(name, grant, grantKey, giver)));
  const receipt = signReceipt(receiptOf(grant, pairwise.did), pairwise);
  const { commitment, opening } = commit(utf8(receipt), random);
  const walletKey = grantWalletKey(giver.identitySeed, grant);
  const fields = { scheme: 1 as const, start, end, handle: handle.publicKey, commitment };
  const entry = b64u(encodeEntry(signGrant(giver.chain, fields, walletKey)));
  const withdraw = b64u(encodeEntry(signWithdraw(giver.chain, { epoch: start, handle: handle.publicKey }, walletKey)));
  const secrets = { grant_key: b64u(grantKey), handle_secret: b64u(handle.seed) };
  const agreement = agreementKey(giver.identitySeed, to.iss).publicJwk;
  const letter = await sealLetter(
    to.agreement_key,
    { v: 1, grant, ...secrets, receipt, opening, entry, pairwise: pairwise.did, agreement_key: agreement },
    random,
  );
  return { give: { grant, receipt, letter, shares, withdraw }, keeps: { ...secrets, entry, receipt, opening } };
}

/** Makes a withdrawal. It counts from the hour of `now`, at the earliest from the grant's start. */
export function prepareWithdrawal(grant: GrantPlaintext, identitySeed: Bytes, chain: string, now: number, random: Random, pause?: string): PreparedWithdrawal {
  return { entry: withdrawEntry(grant, identitySeed, chain, now), receipt: endReceipt(grant, 'withdrawn', identitySeed, now, random, pause) };
}

/** base64url of the entry that ends a grant on the ledger. */
export function withdrawEntry(grant: GrantPlaintext, identitySeed: Bytes, chain: string, now: number): string {
  const handle = signingKey(fromB64u(grant.handle_secret, 32)).publicKey;
  const epoch = Math.max(grant.start, epochAt(now)) as Epoch;
  return b64u(encodeEntry(signWithdraw(chain, { epoch, handle }, grantWalletKey(identitySeed, grant.grant))));
}

/**
 * The signed receipt that a grant was paused or ended. `pause` is the JWT of its pause if it is paused: then the
 * receipt follows that one.
 */
export function endReceipt(grant: GrantPlaintext, state: EndState, identitySeed: Bytes, now: number, random: Random, pause?: string): string {
  return signReceipt(newEndReceipt(parseReceipt(pause ?? grant.receipt), state, now, random), pairwiseKey(identitySeed, grant.business));
}

/**
 * Shares for a live grant of a document that was changed: the new version has a new content key, and who was given
 * the attribute is given it again. null if the grant does not cover the attribute.
 */
export async function renewShare(grant: GrantPlaintext, attribute: string, vaultKey: VaultKey, stored: Stored): Promise<Share | null> {
  if (!grant.attributes.includes(attribute)) return null;
  return makeShare(attribute, grant.grant, fromB64u(grant.grant_key, 32), vaultKey, stored);
}

async function shareFor(attribute: string, grant: GrantId, grantKey: Bytes, giver: Giver): Promise<Share> {
  const stored = giver.documents[attribute];
  if (!stored) throw new CoreError('no-value', `the vault has no ${attribute}`);
  return makeShare(attribute, grant, grantKey, giver.vaultKey, stored);
}

async function makeShare(attribute: string, grant: GrantId, grantKey: Bytes, vaultKey: VaultKey, stored: Stored): Promise<Share> {
  const encrypted = await shareOf(grantKey, await cekOf(vaultKey, stored.sealed));
  return { grant, document: stored.id, version: stored.version, attribute, encrypted_key: encrypted };
}
