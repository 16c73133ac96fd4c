/**
 * What this browser remembers between visits: of each vault that was open here, the newest manifest version. No
 * key, no value. It is how a rolled-back vault is noticed, so it only ever grows.
 */
import type { VaultId } from '../core/id';

interface Remembered {
  vault: VaultId;
  manifest: number;
}

const STORE = 'vaults';

function open(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open('coffer', 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: 'vault' });
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
    request.onblocked = () => reject(new Error('opening the memory of this browser: blocked by another tab'));
  });
}

/** Runs one transaction; resolves when it is durable. */
async function transact<T>(mode: IDBTransactionMode, run: (store: IDBObjectStore) => IDBRequest<T> | null): Promise<T | undefined> {
  const db = await open();
  try {
    return await new Promise((resolve, reject) => {
      const tx = db.transaction(STORE, mode);
      const request = run(tx.objectStore(STORE));
      tx.oncomplete = () => resolve(request?.result);
      tx.onabort = () => reject(tx.error);
      tx.onerror = () => reject(tx.error);
    });
  } finally {
    db.close();
  }
}

/** The newest manifest version seen here; 0 for a vault this browser never opened. */
export async function lastSeen(vault: VaultId): Promise<number> {
  const found = await transact<Remembered | undefined>('readonly', (store) => store.get(vault));
  return found?.manifest ?? 0;
}

/** Remembers a manifest version, unless a newer one is remembered (two tabs, one browser). */
export async function remember(vault: VaultId, manifest: number): Promise<void> {
  await transact('readwrite', (store) => {
    const get: IDBRequest<Remembered | undefined> = store.get(vault);
    get.onsuccess = () => {
      if ((get.result?.manifest ?? 0) < manifest) store.put({ vault, manifest } satisfies Remembered);
    };
    return null;
  });
}

/** Forgets a vault that was erased. */
export async function forget(vault: VaultId): Promise<void> {
  await transact('readwrite', (store) => store.delete(vault));
}

/** Whether a vault was ever open in this browser: then "Unlock" is the first thing to offer. */
export async function knowsVault(): Promise<boolean> {
  try {
    return ((await transact('readonly', (store) => store.count())) ?? 0) > 0;
  } catch {
    return false; // no storage here, so nothing is known
  }
}
