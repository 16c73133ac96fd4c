/** What the vault itself knows of its ways in: their names, and the public halves that a rotation needs. */
import type { Session } from '../api/session';
import { b64u, fromB64u, type Bytes } from '../core/bytes';
import type { Way } from '../core/plaintext';
import { nowSeconds } from '../components/dates';
import type { OpenVault } from '../store/vault.svelte';
import { sendBatch } from './documents';

/** A way in that was just used or made: what it gave is wiped when it is written down. */
export interface Used {
  /** null for the words. */
  credential: Bytes | null;
  ikm: Bytes;
  /** It was made on this device just now. */
  made?: boolean;
}

/** A copy of what a way in gave: whoever gets it wipes it. */
export const used = (credential: Bytes | null, ikm: Bytes, made = false): Used => ({ credential, ikm: ikm.slice(), made });

/** Browser and system, as far as the browser says: names that need no translation. */
export function deviceName(agent: string): string {
  const browser = /\bEdg\//.test(agent) ? 'Edge' : /\bOPR\//.test(agent) ? 'Opera' : /Firefox\//.test(agent) ? 'Firefox' : /Chrome\//.test(agent) ? 'Chrome' : /Safari\//.test(agent) ? 'Safari' : '';
  const system = /Android/.test(agent) ? 'Android' : /iPhone/.test(agent) ? 'iPhone' : /iPad/.test(agent) ? 'iPad' : /Windows/.test(agent) ? 'Windows' : /Mac OS X/.test(agent) ? 'Mac' : /CrOS/.test(agent) ? 'ChromeOS' : /Linux/.test(agent) ? 'Linux' : '';
  return [browser, system].filter((part) => part !== '').join(', ');
}

/** The way in, with its public half. */
export async function wayOf(session: Session, { credential, ikm, made }: Used): Promise<Way> {
  const { publicOf } = await import('../core/way');
  const name = credential && made ? deviceName(navigator.userAgent) : '';
  return {
    credential: credential ? b64u(credential) : '',
    public: b64u(publicOf(ikm, fromB64u(session.salt, 32))),
    since: nowSeconds(),
    ...(name !== '' && { name }),
  };
}

/** The list with these ways in, without those that are gone; null if it says all of that already. */
export function withWays(have: readonly Way[], session: Session, ways: readonly Way[]): Way[] | null {
  const passkeys = new Set(session.passkeys.map((p) => p.id));
  const next = new Map(have.filter((w) => w.credential === '' || passkeys.has(w.credential)).map((w) => [w.credential, w]));
  for (const way of ways) {
    const old = next.get(way.credential);
    if (old?.public !== way.public) next.set(way.credential, { ...old, ...way });
  }
  const list = [...next.values()];
  return JSON.stringify(list) === JSON.stringify(have) ? null : list;
}

const write = (vault: OpenVault, change: (have: readonly Way[]) => Way[] | null): Promise<void> =>
  vault.write(
    () => {
      const { id, version, ways } = vault.ways;
      const next = change(ways);
      return next ? [{ kind: 'put', id: id ?? vault.newDocument(), version: version + 1, plaintext: { v: 1, kind: 'ways', ways: next } }] : [];
    },
    (batch) => sendBatch(batch),
  );

/** Writes down the ways in that were just used, if the vault does not know them yet; wipes what they gave. */
export async function recordWays(vault: OpenVault, session: Session, sources: readonly Used[]): Promise<void> {
  try {
    const ways = await Promise.all(sources.map((source) => wayOf(session, source)));
    if (vault.findings.length === 0 && withWays(vault.ways.ways, session, ways)) await write(vault, (have) => withWays(have, session, ways));
  } finally {
    for (const { ikm } of sources) ikm.fill(0);
  }
}

/** Another name for a way in. */
export const renameWay = (vault: OpenVault, credential: string, name: string): Promise<void> =>
  write(vault, (have) => have.map((w) => (w.credential === credential ? { ...w, name } : w)));

/** The shopper has seen a warning about a passkey. */
export const knowWarning = (vault: OpenVault, credential: string, warning: 'cloned' | 'backup'): Promise<void> =>
  write(vault, (have) => have.map((w) => (w.credential === credential ? { ...w, known: [...new Set([...(w.known ?? []), warning])] } : w)));
