import { answerDeposit, readDeposits, type SealedDeposit } from '../../api/deposit';
import { nowSeconds } from '../../components/dates';
import { openDeposit, type Deposit } from '../../core/deposit';
import { pinnedOf } from '../../core/web';
import { CoreError } from '../../core/errors';
import { agreementKey, pairwiseKey } from '../../core/identity';
import type { GrantPlaintext } from '../../core/plaintext';
import type { HeldRecord, OpenVault } from '../../store/vault.svelte';
import { sendBatch } from '../documents';
import { load, type Ending } from '../endings';
import { readRecord, type Read } from './record';

/** A deposit as far as it can be shown. */
export type Waiting = { sealed: SealedDeposit } & (
  | { at: 'open'; deposit: Deposit; grant: GrantPlaintext; read: Read }
  /** The record is not what it claims to be. */
  | { at: 'void'; grant: GrantPlaintext }
  /** Not for this key, bent, or under no grant that this vault knows. */
  | { at: 'closed' }
);

/** What waits for an answer, each opened and its record verified. */
export function loadDeposits(vault: OpenVault): Promise<{ at: 'ready'; waiting: Waiting[] } | Ending> {
  return load(async () => ({ at: 'ready' as const, waiting: await Promise.all((await readDeposits()).map((d) => open(vault, d))) }));
}

async function open(vault: OpenVault, sealed: SealedDeposit): Promise<Waiting> {
  const grant = vault.grants.get(sealed.grant);
  if (!grant) return { sealed, at: 'closed' };
  let deposit: Deposit;
  try {
    deposit = await openDeposit(agreementKey(vault.seed, grant.business).privateJwk, sealed.sealed, pinnedOf(vault.grants.values(), grant.business));
  } catch (error) {
    if (error instanceof CoreError) return { sealed, at: 'closed' };
    throw error;
  }
  const to = pairwiseKey(vault.seed, grant.business).did;
  if (deposit.id !== sealed.id || deposit.grant !== grant.grant || deposit.from !== grant.business || deposit.to !== to) return { sealed, at: 'closed' };
  try {
    return { sealed, at: 'open', deposit, grant, read: await readRecord(vault, deposit.record, deposit.from, nowSeconds()) };
  } catch (error) {
    if (error instanceof CoreError) return { sealed, at: 'void', grant };
    throw error;
  }
}

/** Keeps the record in the vault, then says so: a crash in between leaves it waiting, and accepting again is harmless. */
export async function accept(vault: OpenVault, { deposit, grant, read }: Extract<Waiting, { at: 'open' }>): Promise<void> {
  if (!vault.records.some((r) => r.deposit === deposit.id)) {
    const plaintext = {
      v: 1 as const,
      kind: 'record' as const,
      record: deposit.record,
      business: grant.business,
      business_name: grant.business_name,
      deposit: deposit.id,
      received: nowSeconds(),
      ...(read.document !== '' && { issuer_document: read.document }),
    };
    await vault.write(() => [{ kind: 'put', id: vault.newDocument(), version: 1, plaintext }], (batch) => sendBatch(batch));
  }
  await answerDeposit(deposit.id, true);
}

export const decline = (w: Waiting): Promise<void> => answerDeposit(w.sealed.id, false);

/** A record of the vault with what is known of it now; null: it does not verify any more. */
export async function readHeld(vault: OpenVault, held: HeldRecord): Promise<Read | null> {
  try {
    return await readRecord(vault, held.record, held.business, nowSeconds(), held.issuer_document);
  } catch (error) {
    if (error instanceof CoreError) return null;
    throw error;
  }
}

/** Removes a record from the vault. Who was shown it keeps what was shown. */
export async function removeRecord(vault: OpenVault, held: HeldRecord): Promise<void> {
  await vault.write(() => [{ kind: 'delete', id: held.id, version: held.version }], (batch) => sendBatch(batch));
}
