/** Whether a vault is open in this page. One place, so that locking is dropping one reference. */
import type { OpenVault } from './vault.svelte';

class Wallet {
  /** The open vault, or null: locked, or none here. */
  vault = $state.raw<OpenVault | null>(null);
  /** Why it was locked, to say so on the way in. */
  locked = $state<'' | 'idle' | 'by-hand' | 'ended'>('');

  enter(vault: OpenVault): void {
    this.vault = vault;
    this.locked = '';
  }

  lock(why: 'idle' | 'by-hand' | 'ended'): void {
    this.vault = null;
    this.locked = why;
  }
}

export const wallet = new Wallet();
