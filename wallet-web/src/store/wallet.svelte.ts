/** Whether a vault is open in this page. One place, so that locking is dropping one reference. */
import type { RequestId } from '../core/id';
import type { OpenVault } from './vault.svelte';

/** The ledger shows other validators, or another name, than the ones pinned, and those did not agree to it. */
export interface LedgerChange {
  /** `missing`: nothing leads from the pinned ones to these; `forged`: what is shown for it is not signed by them. */
  why: 'missing' | 'forged';
  before: { chain_id: string; validators_hash: string };
  now: { chain_id: string; validators_hash: string };
}

/** A request that waits without a link. */
export interface WaitingRequest {
  id: RequestId;
  business: { name: string };
  expires: number;
}

/** What the operator knows of a passkey that the shopper ought to. */
export interface PasskeyState {
  id: string;
  cloned: boolean;
  backup_changed: boolean;
}

class Wallet {
  /** The open vault, or null: locked, or none here. */
  vault = $state.raw<OpenVault | null>(null);
  /** Why it was locked, to say so on the way in. */
  locked = $state<'' | 'idle' | 'by-hand' | 'ended' | 'other'>('');
  /** Said on every page until the shopper accepts it. */
  ledgerChange = $state.raw<LedgerChange | null>(null);
  /** Requests that came without a link, since they would replace what was given. */
  waiting = $state.raw<readonly WaitingRequest[]>([]);
  /** The passkeys as of the unlocking, some of which may have to be warned of. */
  alarms = $state.raw<readonly PasskeyState[]>([]);
  /** When the vault was warned of being inactive, before the sign-in that kept it; 0 for not. Said until the shopper accepts it. */
  warned = $state(0);
  /** What an erasure just did; shown once instead of a vault. */
  erased = $state.raw<{ time: number; grants: number; receipt: string } | null>(null);

  enter(vault: OpenVault): void {
    this.vault = vault;
    this.locked = '';
  }

  lock(why: 'idle' | 'by-hand' | 'ended' | 'other'): void {
    this.vault = null;
    this.waiting = [];
    this.alarms = [];
    this.warned = 0;
    this.ledgerChange = null;
    this.locked = why;
  }

  erase(what: { time: number; grants: number; receipt: string }): void {
    this.vault = null;
    this.waiting = [];
    this.alarms = [];
    this.warned = 0;
    this.locked = '';
    this.erased = what;
  }
}

export const wallet = new Wallet();
