/** Which ledger the wallet believes: the validators it saw first, pinned in the sealed identity document. */
import { readValidators } from '../api/ledger';
import { Unparsed } from '../api/http';
import { b64u } from '../core/bytes';
import { ParseError } from '../core/errors';
import type { ValidatorSet } from '../core/ledger/proof';
import type { OpenVault } from '../store/vault.svelte';
import { wallet, type LedgerChange } from '../store/wallet.svelte';
import { sendBatch } from './documents';

export type Pin = { chain_id: string; validators_hash: string };

/** How what the operator shows differs from what is pinned; null when it does not. */
export function changeOf(pinned: Pin, shown: Pin): LedgerChange | null {
  if (pinned.chain_id === shown.chain_id && pinned.validators_hash === shown.validators_hash) return null;
  return { before: pinned, now: shown };
}

async function shownLedger(): Promise<{ set: ValidatorSet; pin: Pin }> {
  const json = await readValidators();
  const { parseValidatorSet, validatorSetHash } = await import('../core/ledger/proof');
  try {
    const set = parseValidatorSet(json);
    return { set, pin: { chain_id: set.chain_id, validators_hash: b64u(validatorSetHash(set)) } };
  } catch (error) {
    if (error instanceof ParseError) throw new Unparsed(error.message);
    throw error;
  }
}

async function pin(vault: OpenVault, ledger: Pin): Promise<void> {
  await vault.write(
    () => {
      const identity = vault.identity;
      if (!identity) return [];
      const { id, version, ...plaintext } = identity;
      return [{ kind: 'put', id, version: version + 1, plaintext: { ...plaintext, ledger } }];
    },
    (batch) => sendBatch(batch),
  );
}

/**
 * The validator set to verify with, or null while it is not the pinned one: then the change is shown on every page.
 * The first time, what is shown is pinned (trust on first use; the settings page shows the fingerprint).
 */
export async function trustedSet(vault: OpenVault): Promise<ValidatorSet | null> {
  const { set, pin: shown } = await shownLedger();
  const pinned = vault.identity?.ledger;
  if (!pinned) {
    await pin(vault, shown);
    return set;
  }
  wallet.ledgerChange = changeOf(pinned, shown);
  return wallet.ledgerChange ? null : set;
}

/** The ledger's name for signing: the pinned one needs no answer of the ledger. */
export async function chainFor(vault: OpenVault): Promise<string> {
  const pinned = vault.identity?.ledger;
  if (pinned) return pinned.chain_id;
  const set = await trustedSet(vault);
  return set!.chain_id;
}

/** The shopper compared the fingerprints and accepts the new set. */
export async function acceptLedger(vault: OpenVault): Promise<void> {
  const { pin: shown } = await shownLedger();
  await pin(vault, shown);
  wallet.ledgerChange = null;
}
