import { readMessageProof, readMessages, type SealedMessage } from '../../api/message';
import { CoreError } from '../../core/errors';
import { agreementKey, pairwiseKey } from '../../core/identity';
import { parseOpening } from '../../core/ledger/commitment';
import { parseProof, type Proof, type ValidatorSet } from '../../core/ledger/proof';
import { openMessage, verifyMessage, type Message, type MessageCheck } from '../../core/message';
import type { GrantPlaintext } from '../../core/plaintext';
import { askedOf, verifyRequest } from '../../core/request';
import { documentsOf, pinnedOf } from '../../core/web';
import type { OpenVault } from '../../store/vault.svelte';
import { load, type Ending } from '../endings';
import { chainFor, trustedSet } from '../ledger';

/** A message as far as it can be shown. */
export type Shown = { sealed: SealedMessage } & (
  | {
      at: 'open';
      message: Message;
      grant: GrantPlaintext;
      /** IRI of the purpose under which it was sent; "" if the kept request does not say. */
      purpose: string;
      /** `pending`: all holds and the proof is still to come; `untrusted`: the validator set is not the pinned one. */
      proof: 'verified' | 'pending' | 'untrusted' | 'refused';
      checks: MessageCheck[];
    }
  /** Not for this key, bent, or under no grant that this vault knows. */
  | { at: 'closed' }
);

export type Loaded = { at: 'ready'; messages: Shown[] } | Ending;

/** All messages, the newest first, each opened and held against its grant, its permit and the ledger. */
export function loadInbox(vault: OpenVault): Promise<Loaded> {
  return load<Loaded>(async () => {
    const sealed = (await readMessages()).sort((a, b) => b.received - a.received);
    if (sealed.length === 0) return { at: 'ready', messages: [] };
    const [chain, set] = await Promise.all([chainFor(vault), trustedSet(vault)]);
    return { at: 'ready', messages: await Promise.all(sealed.map((m) => show(vault, m, chain, set))) };
  });
}

async function show(vault: OpenVault, sealed: SealedMessage, chain: string, set: ValidatorSet | null): Promise<Shown> {
  const grant = vault.grants.get(sealed.grant);
  if (!grant) return { sealed, at: 'closed' };
  try {
    const opened = await openMessage(agreementKey(vault.seed, grant.business).privateJwk, sealed.sealed, pinnedOf(vault.grants.values(), grant.business));
    const permit = { ...sealed.permit, opening: parseOpening(sealed.permit.opening) };
    const proof = await proofOf(sealed);
    const under = { grant, shopper: pairwiseKey(vault.seed, grant.business).did, chain, permit };
    const result = await verifyMessage(opened, proof && set ? { ...under, proof, set } : under);
    const stands = !result.ok ? 'refused' : !set ? 'untrusted' : proof ? 'verified' : 'pending';
    return { sealed, at: 'open', message: opened.message, grant, purpose: await purposeOf(grant), proof: stands, checks: result.checks };
  } catch (error) {
    if (error instanceof CoreError) return { sealed, at: 'closed' };
    throw error;
  }
}

async function proofOf(sealed: SealedMessage): Promise<Proof | null> {
  const json = await readMessageProof(sealed.id);
  return json && parseProof(json);
}

async function purposeOf(grant: GrantPlaintext): Promise<string> {
  try {
    const request = await verifyRequest(grant.request, { audience: location.origin, now: null, catalogue: null, documents: documentsOf(grant) });
    return askedOf(request, grant.purpose_id)?.purpose ?? '';
  } catch {
    return '';
  }
}
