// A vault moves: exported at one operator, looked into offline, brought to another, and what of a damaged file is left.
import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test, type Page } from '@playwright/test';
import { newDevice } from './device';
import { look } from './screen';
import { add, confirmSheet, go, openVault, readSheet, say, title, unlock } from './shopper';
import { coffer, startWorld, type World } from './world';

const name = 'Wilhelmina Quastenflosser';
const address = { 'Street and number': 'Kanarienweg 417b', Postcode: '10417', 'Town or city': 'Quastenhausen', Country: 'de' };

let from: World;
let to: World;
let folder: string;
test.beforeAll(async () => {
  [from, to] = await Promise.all([startWorld(), startWorld()]);
  folder = await mkdtemp(join(tmpdir(), 'coffer-moving-'));
});
test.afterAll(async () => {
  if (test.info().errors.length > 0) console.log(from?.logs(), to?.logs());
  await Promise.all([from?.stop(), to?.stop()]);
  if (folder) await rm(folder, { recursive: true, force: true });
});

const button = (page: Page, text: string) => page.getByRole('button', { name: text, exact: true });

async function downloaded(page: Page, act: () => Promise<void>): Promise<Buffer> {
  const [file] = await Promise.all([page.waitForEvent('download'), act()]);
  return readFile(await file.path());
}

/** Makes an export on the page that offers it; the words come as a shopper would write them down. */
async function exported(page: Page, as: string, pictures = false): Promise<string[]> {
  await go(page, 'Settings');
  await page.getByRole('link', { name: 'Export or copy my vault' }).click();
  await title(page, 'Export');
  if (pictures) await look(page, '80-export');
  await button(page, 'Make the export').click();
  await title(page, 'The words of this export');
  if (pictures) await look(page, '81-export-words');
  const words = await page.locator('.word').allTextContents();
  await confirmSheet(page, words, 'Get the file');
  await title(page, 'The export is made');
  if (pictures) await look(page, '82-export-made');
  await writeFile(join(folder, `${as}.bin`), await downloaded(page, () => button(page, 'Download the file').click()));
  await writeFile(join(folder, `${as}.txt`), words.join('\n'));
  return words;
}

/** What the offline tool says of a file, and what it wrote out. */
async function shown(as: string, file = as): Promise<{ status: number | null; out: string; sections: Record<string, Buffer> }> {
  const out = join(folder, `opened-${file}`);
  const ran = await coffer('export', 'show', join(folder, `${file}.bin`), '--words', join(folder, `${as}.txt`), '--validators', join(folder, 'validators.json'), '--out', out);
  const names = await readdir(out).catch(() => []);
  return { ...ran, sections: Object.fromEntries(await Promise.all(names.map(async (n) => [n, await readFile(join(out, n))]))) as Record<string, Buffer> };
}
type Plain = { kind: string; seed?: string; name?: string; value?: unknown; derived_from?: string; grant?: { receipt: string }; hash?: string; receipt?: string };
const documents = (sections: Record<string, Buffer>): Plain[] => {
  const all = sections['01-documents.ndjson']!.toString().trim().split('\n').map((l) => JSON.parse(l) as { id: string; plaintext: Plain });
  return [...new Map(all.map((d) => [d.id, d.plaintext])).values()];
};

async function fillIn(page: Page, as: string, words: readonly string[], file = as): Promise<void> {
  await page.getByLabel('The export’s file').setInputFiles(join(folder, `${file}.bin`));
  await page.getByLabel('Its 24 words, in order').fill(words.join(' '));
  await button(page, 'Open it').click();
}

test('a vault moves to another operator with all that is in it', async ({ browser }) => {
  test.setTimeout(300_000);
  const scan = randomBytes(700_000);
  const old = await newDevice(browser);
  const { page } = old;
  await page.goto(from.operator);
  await openVault(page);
  await add(page, 'Name', name);
  await add(page, 'Postal address', address);
  await add(page, 'Birth date', '1984-04-17');
  await page.locator('input[type=file]').setInputFiles({ name: 'scan.bin', mimeType: '', buffer: scan });
  await expect(page.getByText('scan.bin is attached.')).toBeVisible();

  // A grant, collected once.
  await page.goto(from.shop);
  await button(page, 'Fill in with my Coffer').click();
  await page.getByRole('link', { name: 'Open in my Coffer' }).click();
  await unlock(page);
  await say(page, 'Deliver an order', 'Yes');
  await say(page, 'Send offers and news', 'No');
  await button(page, 'Give what I chose').click();
  await title(page, 'Your answer is given');
  await page.getByRole('link', { name: /Back to Corner Shop/ }).click();
  await expect(page.locator('address')).toContainText('Kanarienweg 417b');
  await page.goto(`${from.operator}/settings`);
  await unlock(page);
  await title(page, 'Settings');
  await look(page, '79-settings-moving');

  const words = await exported(page, 'old', true);
  const file = await readFile(join(folder, 'old.bin'));
  for (const secret of [name, 'Kanarienweg', from.operator, 'Corner Shop']) expect(file.includes(secret), secret).toBe(false);

  // Looked into without any operator.
  await coffer('ledger', 'validators', '--ledger', from.operator, '--out', join(folder, 'validators.json'));
  const before = await shown('old');
  expect(before.out).toContain('All of it was read.');
  expect(before.out).toMatch(/holds\s+On .* a shopper allowed Corner Shop to collect/);
  expect(before.status).toBe(0);
  expect(before.sections['04-access-log.ndjson']!.toString()).toContain('Corner Shop');

  // A copy to read.
  await page.goto(`${from.operator}/export`);
  await unlock(page);
  const json = JSON.parse((await downloaded(page, () => button(page, 'Everything as JSON').click())).toString()) as Record<string, { attribute?: string; value?: unknown; business?: string; given?: string[] }[]>;
  expect(json['attributes']!.find((a) => a.attribute === 'name')!.value).toBe(name);
  expect(json['grants']!.map((g) => g.business)).toEqual(['Corner Shop']);
  expect(json['accesses']![0]!.given).toContain('postal-address');
  const csv = (await downloaded(page, () => button(page, 'Values as CSV').click())).toString();
  expect(csv).toContain(',Kanarienweg 417b,10417,Quastenhausen,');

  // Another operator, another device: nothing but file and words.
  const fresh = await newDevice(browser, { context: { serviceWorkers: 'block' }, expected: /Failed to load resource/ });
  const there = fresh.page;
  await there.goto(to.operator);
  await button(there, 'I bring an export').click();
  await button(there, 'Create the passkey').click();
  const sheet = await readSheet(there);
  await confirmSheet(there, sheet);
  await title(there, 'Bring an export');
  await button(there, 'Open it').click();
  await expect(there.getByText('Choose the file first.')).toBeVisible();
  await fillIn(there, 'old', sheet);
  await expect(there.getByText('These words are not the ones of this file.')).toBeVisible();
  await look(there, '83-bring');
  await fillIn(there, 'old', words);
  await expect(there.getByText('One grant is still in force at')).toBeVisible();
  await look(there, '84-bring-opened');

  // It breaks off inside the file, and goes on.
  let broken = true;
  await there.route(/\/wallet\/v1\/attachments\/[^/]+\/1\?/, (route) => (broken ? route.abort() : route.fallback()));
  await button(there, 'Bring everything').click();
  await expect(there.getByText('Going on writes only what is missing.')).toBeVisible();
  await look(there, '85-bring-broke-off');
  broken = false;
  await button(there, 'Go on').click();
  await title(there, 'Everything is here');
  await expect(there.getByText(/^Sealed for this vault: \d documents and one file\.$/)).toBeVisible();
  await look(there, '86-brought');

  await there.getByRole('link', { name: 'See the grants that you brought' }).click();
  await expect(there.getByText(`Those in force live on at ${from.operator}`)).toBeVisible();
  await look(there, '87-moved-grants');
  await writeFile(join(folder, 'receipt.json'), await downloaded(there, () => button(there, 'Download the receipt Corner Shop').click()));
  expect((await coffer('verify', join(folder, 'receipt.json'), '--validators', join(folder, 'validators.json'))).status).toBe(0);

  await go(there, 'Vault');
  await expect(there.getByText(name)).toBeVisible();
  await expect(there.getByText('Kanarienweg 417b')).toBeVisible();
  const hash = (b: Buffer) => createHash('sha256').update(b).digest('hex');
  expect(hash(await downloaded(there, () => button(there, 'Save a copy scan.bin').click()))).toBe(hash(scan));
  const history = (await downloaded(there, () => there.getByRole('button', { name: /^Save a copy localhost-.*ndjson$/ }).click())).toString();
  expect(history.split('\n').filter((l) => l.includes('"section":"accesses"')).length).toBeGreaterThan(0);

  // A second time there is nothing to do, also in a page that starts anew.
  await there.goto(`${to.operator}/bring`);
  await unlock(there);
  await fillIn(there, 'old', words);
  await button(there, 'Bring everything').click();
  await expect(there.getByText('Everything was here already.')).toBeVisible();

  // The round trip: what the new vault exports is what the old one did.
  await exported(there, 'new');
  const after = await shown('new');
  const [was, is] = [documents(before.sections), documents(after.sections)];
  const of = (all: Plain[], kind: string) => all.filter((d) => d.kind === kind);
  expect(of(is, 'identity').map((d) => d.seed)).toEqual(of(was, 'identity').map((d) => d.seed));
  const values = (all: Plain[]) => of(all, 'attribute').map((d) => [d.name, d.value]).sort((a, b) => String(a).localeCompare(String(b)));
  expect(values(is)).toEqual(values(was));
  expect(of(is, 'moved').map((d) => d.grant!.receipt)).toEqual(of(was, 'grant').map((d) => d.receipt));
  expect(of(is, 'attachment').map((d) => d.hash)).toEqual(expect.arrayContaining(of(was, 'attachment').map((d) => d.hash)));
  expect(of(is, 'attachment')).toHaveLength(of(was, 'attachment').length + 1);

  // Neither operator can tell by what it stores that it was one vault, and the new one reads nothing.
  const oldIds = before.sections['01-documents.ndjson']!.toString().match(/"id":"[\w-]{22}"/g)!.map((m) => m.slice(6, -1));
  for (const { name: at, bytes } of await to.written()) for (const secret of [name, 'Kanarienweg', ...oldIds]) expect(bytes.includes(secret), at).toBe(false);

  await test.step('a damaged file says which part', async () => {
    const parts = (n: Buffer) => Math.ceil(n.length / 4096);
    const at = (place: number) => 112 + 4124 * (Math.ceil(file.readUInt32BE(48) / 4096) + place) + 99;
    const sizes = Object.keys(before.sections).filter((n) => n.endsWith('.ndjson')).sort().map((n) => parts(before.sections[n]!));
    const [docs = 0, grants = 0, receipts = 0, log = 0] = sizes;
    const bent = Buffer.from(file);
    bent[at(docs + grants + receipts)]! ^= 1;
    await writeFile(join(folder, 'bent.bin'), bent);
    const said = await shown('old', 'bent');
    expect(said.out).toContain(`part 1 of ${log} is damaged or missing`);
    expect(said.status).toBe(1);
    await there.goto(`${to.operator}/bring`);
    await unlock(there);
    await fillIn(there, 'old', words, 'bent');
    await expect(there.getByText(`the access log: part 1 of ${log} is damaged`)).toBeVisible();
    await expect(there.getByText('Everything else was read, and can be brought.')).toBeVisible();
    await look(there, '88-damaged');
    await writeFile(join(folder, 'other.bin'), scan);
    await there.goto(`${to.operator}/bring`);
    await unlock(there);
    await fillIn(there, 'old', words, 'other');
    await expect(there.getByText('This file is no export, or both of its ends are damaged.')).toBeVisible();
  });
  await old.close();
  await fresh.close();
});
