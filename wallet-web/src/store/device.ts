/**
 * What this browser remembers between visits: of each vault that was open here, the newest manifest's version and
 * hash. No key, no value. It is how a vault is noticed that was rolled back, or split in two, so it only ever grows.
 * And edits that wait for the operator, sealed like documents: the vault key is not kept here.
 */
import type { SealedEdits } from '../core/edits';
import type { VaultId } from '../core/id';
import type { Seen } from '../core/manifest';

interface Remembered {
  vault: VaultId;
  manifest: number;
  /** Of that manifest; a browser that remembers from before has none. */
  hash?: string;
}

const STORE = 'vaults';
const EDITS = 'edits';

function open(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open('coffer', 2);
    request.onupgradeneeded = ({ oldVersion }) => {
      if (oldVersion < 1) request.result.createObjectStore(STORE, { keyPath: 'vault' });
      request.result.createObjectStore(EDITS, { keyPath: 'vault' });
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
    request.onblocked = () => reject(new Error('opening the memory of this browser: blocked by another tab'));
  });
}

/** Runs one transaction; resolves when it is durable. */
async function transact<T>(mode: IDBTransactionMode, run: (store: IDBObjectStore) => IDBRequest<T> | null, name = STORE): Promise<T | undefined> {
  const db = await open();
  try {
    return await new Promise((resolve, reject) => {
      const tx = db.transaction(name, mode);
      const request = run(tx.objectStore(name));
      tx.oncomplete = () => resolve(request?.result);
      tx.onabort = () => reject(tx.error);
      tx.onerror = () => reject(tx.error);
    });
  } finally {
    db.close();
  }
}

/** The newest manifest seen here; version 0 for a vault this browser never opened. */
export async function lastSeen(vault: VaultId): Promise<Seen> {
  const found = await transact<Remembered | undefined>('readonly', (store) => store.get(vault));
  return { version: found?.manifest ?? 0, hash: found?.hash ?? '' };
}

/** Remembers a manifest, unless a newer one is remembered (two tabs, one browser). */
export async function remember(vault: VaultId, { version, hash }: Seen): Promise<void> {
  await transact('readwrite', (store) => {
    const get: IDBRequest<Remembered | undefined> = store.get(vault);
    get.onsuccess = () => {
      const had = get.result;
      if ((had?.manifest ?? 0) < version || (had?.manifest === version && !had.hash)) store.put({ vault, manifest: version, hash } satisfies Remembered);
    };
    return null;
  });
}

/** Forgets which manifest was seen: what is there now was accepted. */
export async function forget(vault: VaultId): Promise<void> {
  await transact('readwrite', (store) => store.delete(vault));
}

/** Forgets a vault that was erased, with all that waits for it. */
export async function forgetAll(vault: VaultId): Promise<void> {
  await forget(vault);
  await keepEdits(vault, null);
}

/** The edits that wait, as they were kept; null if none do. */
export async function keptEdits(vault: VaultId): Promise<SealedEdits | null> {
  const found = await transact<(SealedEdits & { vault: VaultId }) | undefined>('readonly', (store) => store.get(vault), EDITS);
  return found ? { id: found.id, sealed: found.sealed } : null;
}

/** Keeps these in the place of those before; null for none. When it resolves they outlast the page. */
export async function keepEdits(vault: VaultId, edits: SealedEdits | null): Promise<void> {
  await transact('readwrite', (store) => (edits ? store.put({ vault, ...edits }) : store.delete(vault)) as IDBRequest<unknown>, EDITS);
}

/** Whether edits of any vault wait in this browser: worth a word at the door. */
export async function editsWait(): Promise<boolean> {
  try {
    return ((await transact('readonly', (store) => store.count(), EDITS)) ?? 0) > 0;
  } catch {
    return false;
  }
}

/** Whether a vault was ever open in this browser: then "Unlock" is the first thing to offer. */
export async function knowsVault(): Promise<boolean> {
  try {
    return ((await transact('readonly', (store) => store.count())) ?? 0) > 0;
  } catch {
    return false; // no storage here, so nothing is known
  }
}
