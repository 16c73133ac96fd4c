/**
 * How long a wallet takes in a real Chromium against a real operator: `npm run measure`. It prints figures and fails
 * for nothing but an error; a busy machine is slower.
 */
import { loadavg } from 'node:os';
import { expect, test, type Page } from '@playwright/test';
import { b64u, fromB64u } from '../src/core/bytes';
import type { Sealed, Stored } from '../src/core/document';
import { newId, type DocumentId, type VaultId } from '../src/core/id';
import { kekFrom, unwrapVaultKey, vaultKeyFrom, type Wrap } from '../src/core/keys';
import type { Plaintext } from '../src/core/plaintext';
import { systemRandom } from '../src/core/random';
import { openVault, sealBatch, type Change } from '../src/core/vault';
import { entropyOf } from '../src/core/words';
import { newDevice } from './device';
import { openVault as makeVault, unlock } from './shopper';
import { startWorld } from './world';

const DOCUMENTS = Number(process.env['DOCUMENTS'] ?? 1000);
const RUNS = 5;

interface Stood {
  session: { vault: VaultId; salt: string; wraps: Wrap[] };
  documents: { id: DocumentId; version: number; sealed: Sealed }[];
}

/** Fills the vault as its wallet would: sealed here with the key that the words open, all of it shown on the page. */
async function fill(page: Page, words: readonly string[], count: number): Promise<void> {
  const { session, documents } = await page.evaluate(async (): Promise<Stood> => {
    const json = async (path: string) => (await fetch(`/wallet/v1/${path}`)).json();
    return { session: await json('session'), documents: (await json('documents')).documents };
  });
  const wrap = session.wraps.find((w) => w.kind === 'recovery')!;
  const raw = await unwrapVaultKey(await kekFrom(entropyOf(words.join(' ')), fromB64u(session.salt, 32)), wrap, { vault: session.vault });
  const key = await vaultKeyFrom(raw);
  let stored: Stored[] = documents;
  let { manifestVersion, past } = await openVault(key, session.vault, stored, { version: 0, hash: '' });
  const names = ['name', 'email', 'phone', 'shoe-size', 'clothing-size', 'product-preference', 'language', 'loyalty-card', 'food-intolerance'];
  for (let made = stored.length; made < count; ) {
    const changes = Array.from({ length: Math.min(250, count - made) }, (_, i): Change => {
      const n = made + i;
      const at = 1_763_720_000 + n;
      const name = names[n - documents.length];
      const plaintext: Plaintext = name
        ? { v: 1, kind: 'attribute', name, value: `${n}`, updated: at }
        : { v: 1, kind: 'attachment', name: `receipt ${n}.pdf`, type: 'application/pdf', size: 40_000 + n, hash: b64u(systemRandom(32)), key: b64u(systemRandom(32)), added: at };
      return { kind: 'put', id: newId<DocumentId>(systemRandom), version: 1, plaintext };
    });
    const batch = await sealBatch(key, session.vault, stored, manifestVersion, changes, systemRandom, past);
    const status = await page.evaluate(
      async (puts) => (await fetch('/wallet/v1/documents', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ puts, deletes: [], shares: [] }) })).status,
      batch.puts,
    );
    expect(status).toBe(200);
    const gone = new Set(batch.puts.map((p) => p.id));
    stored = [...stored.filter((s) => !gone.has(s.id)), ...batch.puts];
    manifestVersion++;
    past = batch.past;
    made += changes.length;
  }
}

test('unlocking', async ({ browser }) => {
  test.setTimeout(600_000);
  const world = await startWorld();
  const device = await newDevice(browser);
  const { page } = device;
  await page.goto(world.operator);
  const words = await makeVault(page);
  await page.evaluate(async () => void (await navigator.serviceWorker.ready));
  await fill(page, words, DOCUMENTS);

  const rows: Record<string, number>[] = [];
  for (let run = 0; run < RUNS; run++) {
    await page.goto(world.operator);
    await expect(page.getByRole('button', { name: 'Unlock' })).toBeVisible();
    rows.push(
      await page.evaluate(async () => {
        // From the passkey's answer, which the shopper waits for by hand, to the page that shows the vault.
        const get = navigator.credentials.get.bind(navigator.credentials);
        let touched = 0;
        navigator.credentials.get = async (o) => {
          const answer = await get(o);
          touched = performance.now();
          return answer;
        };
        const shown = new Promise<number>((done) => {
          const look = () => {
            if (document.querySelector('header button.lock') && document.querySelector('main li .value')) requestAnimationFrame(() => done(performance.now()));
            else requestAnimationFrame(look);
          };
          look();
        });
        [...document.querySelectorAll('button')].find((b) => b.textContent?.trim() === 'Unlock')!.click();
        const end = await shown;
        const asked = performance.getEntriesByType('resource').filter((r) => r.name.endsWith('/wallet/v1/documents')).at(-1) as PerformanceResourceTiming;
        return { total: end - touched, documents: asked.responseEnd - asked.startTime, after: end - asked.responseEnd };
      }),
    );
  }
  const median = (key: string) => rows.map((r) => r[key]!).sort((a, b) => a - b)[Math.floor(RUNS / 2)]!.toFixed(0);
  const best = (key: string) => Math.min(...rows.map((r) => r[key]!)).toFixed(0);
  console.log(`unlock and show ${DOCUMENTS} documents, ${RUNS} runs, load ${loadavg()[0]!.toFixed(1)}:`);
  for (const [key, what] of [['total', 'from the passkey to the page'], ['documents', 'of it, the operator hands them over'], ['after', 'of it, open, check and show']] as const) {
    console.log(`  ${what}: median ${median(key)} ms, best ${best(key)} ms`);
  }
  await unlockAgain();
  await device.close();
  await world.stop();

  async function unlockAgain() {
    await page.goto(world.operator);
    await unlock(page);
    await expect(page.getByText('Your vault is not as this browser left it')).toBeHidden();
  }
});
