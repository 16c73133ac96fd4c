/**
 * Which ledger the wallet believes: the validators it saw first, pinned in the sealed identity document, and those to
 * whom they made way since.
 */
import { readSuccession, readValidators } from '../api/ledger';
import { Unparsed } from '../api/http';
import { b64u } from '../core/bytes';
import { CoreError, ParseError } from '../core/errors';
import type { ValidatorSet } from '../core/ledger/proof';
import type { OpenVault } from '../store/vault.svelte';
import { wallet, type LedgerChange } from '../store/wallet.svelte';
import { sendBatch } from './documents';

export type Pin = { chain_id: string; validators_hash: string };

const same = (a: Pin, b: Pin): boolean => a.chain_id === b.chain_id && a.validators_hash === b.validators_hash;

/**
 * Whether the pinned validators made way for those shown, by the succession that the operator answers with (null: none):
 * null if they did, step by step, and else why it is not shown. Steps beyond those shown are of a moment ago.
 */
export async function unfollowed(pinned: Pin, shown: Pin, answer: unknown): Promise<LedgerChange['why'] | null> {
  const { followSuccession, parseSuccession } = await import('../core/ledger/succession');
  const { validatorSetHash } = await import('../core/ledger/proof');
  if (answer === null || pinned.chain_id !== shown.chain_id) return 'missing';
  try {
    const { from, steps } = parseSuccession(answer);
    if (!from || from.chain_id !== pinned.chain_id || b64u(validatorSetHash(from)) !== pinned.validators_hash) return 'missing';
    let set = from;
    for (let n = 1; n <= steps.length; n++) {
      set = await followSuccession(from, steps.slice(0, n));
      if (b64u(validatorSetHash(set)) === shown.validators_hash) return null;
    }
    return 'missing';
  } catch (error) {
    if (error instanceof CoreError) return 'forged';
    throw error;
  }
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
 * The validator set to verify with, or null while it is not the pinned one, nor one that those before agreed to: then the
 * change is shown on every page. The first time, what is shown is pinned (trust on first use; the settings page shows the fingerprint).
 */
export async function trustedSet(vault: OpenVault): Promise<ValidatorSet | null> {
  const { set, pin: shown } = await shownLedger();
  const pinned = vault.identity?.ledger;
  if (!pinned) {
    await pin(vault, shown);
    return set;
  }
  if (same(pinned, shown)) {
    wallet.ledgerChange = null;
    return set;
  }
  const why = await unfollowed(pinned, shown, await readSuccession(pinned.validators_hash));
  wallet.ledgerChange = why && { why, before: pinned, now: shown };
  if (why) return null;
  await pin(vault, shown); // from here on
  return set;
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
