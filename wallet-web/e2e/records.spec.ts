// A record: the shop puts a warranty into the Coffer, the shopper looks at it, keeps it, finds it again, and shows two
// lines of it to a cobbler.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test, type Page } from '@playwright/test';
import { newDevice, type Device } from './device';
import { look } from './screen';
import { add, go, openVault, purpose, say, title, unlock } from './shopper';
import { coffer, startWorld, type World } from './world';

const address = { 'Street and number': 'Kanarienweg 417b', Postcode: '10417', 'Town or city': 'Quastenhausen', Country: 'de' };

let world: World;
let device: Device;
let page: Page;
let folder: string;

test.beforeAll(async ({ browser }) => {
  world = await startWorld();
  folder = await mkdtemp(join(tmpdir(), 'coffer-records-'));
  device = await newDevice(browser, { context: { serviceWorkers: 'block' } }); // one step stands between page and operator
  page = device.page;
});
test.afterAll(async () => {
  if (test.info().errors.length > 0) console.log(world?.logs());
  await device?.close();
  await world?.stop();
  if (folder) await rm(folder, { recursive: true, force: true });
});

const CARE = 'https://w3id.org/dpv#CustomerCare';

/** Runs the coffer command as the cobbler, which must succeed. */
async function cobbler(command: string, ...args: string[]): Promise<string> {
  const { status, out } = await coffer(...command.split(' '), ...args, '--data', join(folder, 'cobbler'));
  expect(status, `coffer ${command}\n${out}`).toBe(0);
  return out;
}

/** The link of the cobbler's request for a warranty. */
async function askForWarranty(): Promise<string> {
  const profile = {
    v: 1, operator: world.operator, name: 'Heel and Sole', address: 'Lindenallee 7, 10115 Berlin', contact: 'privacy@cobbler.example', dpo: 'dpo@cobbler.example', authority: 'BlnBDI',
    privacy_notice: 'https://cobbler.example/privacy', url: 'https://cobbler.example', jurisdictions: ['DE'], language: 'en', notice_version: '1', purposes: [CARE],
  };
  const purposes = {
    v: 1,
    purposes: [
      {
        id: 'care', purpose: CARE, text: { en: 'We mend your shoes, at no cost while their warranty lasts.' }, required: ['warranty'], optional: ['name'], days: 31, retention: 'P90D',
        recipients: [], lawful_basis: 'https://w3id.org/dpv/legal/eu/gdpr#A6-1-a', channels: ['wallet'], weekly_cap: 2,
        records: { warranty: { type: `${world.shop}/records/warranty`, required: ['product'], optional: ['serial', 'guaranteed_until'] } },
      },
    ],
  };
  const [path, asked] = [join(folder, 'profile.json'), join(folder, 'purposes.json')];
  await writeFile(path, JSON.stringify(profile));
  await writeFile(asked, JSON.stringify(purposes));
  await cobbler('key new', '--profile', path);
  await cobbler('register');
  return /^http\S+$/m.exec(await cobbler('request', '--purposes', asked, '--no-qr'))![0];
}

test('records', async () => {
  test.setTimeout(300_000);

  await test.step('order something', async () => {
    await page.goto(world.operator);
    await openVault(page);
    await add(page, 'Name', 'Wilhelmina Quastenflosser');
    await add(page, 'Postal address', address);
    await page.goto(world.shop);
    await page.getByRole('button', { name: 'Fill in with my Coffer' }).click();
    await page.getByRole('link', { name: 'Open in my Coffer' }).click();
    await unlock(page);
    await say(page, 'Deliver an order', 'Yes');
    await say(page, 'Send offers and news', 'No');
    await page.getByRole('button', { name: 'Give what I chose' }).click();
    await title(page, 'Your answer is given');
  });

  await test.step('the shop puts the warranty into the Coffer', async () => {
    await page.getByRole('link', { name: /Back to/ }).click();
    await page.getByRole('button', { name: 'Put the warranty into my Coffer' }).click();
    await expect(page.getByText('The warranty of your shoes waits in your Coffer’s inbox.').or(page.getByText("The warranty of your shoes waits in your Coffer's inbox."))).toBeVisible();
  });

  await test.step('look at it, and keep it', async () => {
    await page.goto(`${world.operator}/inbox`);
    await unlock(page);
    const arrived = page.getByRole('article', { name: 'A record for you' });
    await expect(arrived.getByRole('heading', { name: 'Warranty' })).toBeVisible();
    await expect(arrived.getByText(/Meridian Low, size/)).toBeVisible();
    await expect(arrived.getByText('Valid', { exact: true })).toBeVisible();
    await arrived.getByText('What was checked').click();
    await expect(arrived.getByText('Signed by Corner Shop, and unchanged since')).toBeVisible();
    await expect(arrived.getByText('Made out to you: nobody else can show it')).toBeVisible();
    await look(page, 'record-arrived');
    await page.getByRole('button', { name: 'Keep it in my vault' }).click();
    await expect(page.getByText('It is in your vault now.')).toBeVisible();
    await expect(arrived).toBeHidden();
  });

  await test.step('find it again', async () => {
    await go(page, 'Vault');
    await page.getByRole('link', { name: '1 record: See them' }).click();
    await title(page, 'Your records');
    await expect(page.getByText('ML-', { exact: false })).toBeVisible();
    await look(page, 'records');
  });

  await test.step('the shop learned of it', async () => {
    const shop = await page.context().newPage();
    await shop.goto(`${world.shop}/office`);
    await expect(shop.getByText('the warranty is in your Coffer.')).toBeVisible();
    await shop.close();
  });

  await test.step('an operator that hides it is caught, and the record is named', async () => {
    type Stored = { documents: { id: string }[] };
    const all = (await page.evaluate(async () => (await fetch('/wallet/v1/documents')).json())) as Stored;
    let hide = '';
    await page.route(/\/wallet\/v1\/documents$/, async (route) => {
      if (route.request().method() !== 'GET') return route.fallback();
      const response = await route.fetch();
      const { documents } = (await response.json()) as Stored;
      await route.fulfill({ response, json: { documents: documents.filter((d) => d.id !== hide) } });
    });
    const hidden = page.getByText(/^Your record from Corner Shop of .* is hidden/);
    // Its id is nobody's to know: each is hidden in turn, until it is the one.
    for (const { id } of all.documents) {
      hide = id;
      await page.reload();
      await unlock(page);
      await expect(page.getByText('Your vault is not as this browser left it')).toBeVisible();
      if (await hidden.isVisible()) break;
    }
    await expect(hidden).toBeVisible();
    await expect(page.getByText('ask the business that made it out to send it once more')).toBeVisible();
    await look(page, 'record-hidden');
    await page.unrouteAll();
  });

  let grant = '';
  const lines = /shows (Product, Guaranteed until|Guaranteed until, Product)/; // in the issuer's order, which tells nothing
  await test.step('show two lines of it to a cobbler', async () => {
    await page.goto(await askForWarranty());
    await unlock(page);
    const card = purpose(page, 'Answer questions and complaints');
    await say(page, 'Answer questions and complaints', 'Yes');
    await expect(page.getByText('Fill in first: Warranty.')).toBeVisible();
    await expect(page.getByRole('button', { name: 'Give what I chose' })).toBeDisabled();
    const record = card.getByRole('radio', { name: /^Warranty Corner Shop/ });
    await expect(record).not.toBeChecked();
    await record.check();
    const seen = card.getByRole('list', { name: 'What the business sees of it' });
    await expect(seen.getByText(/Product: Meridian Low/)).toBeVisible();
    await expect(seen.getByRole('checkbox')).toHaveCount(2);
    await expect(seen.getByText(/Bought/)).toBeHidden(); // nobody wants it
    await seen.getByRole('checkbox', { name: /Guaranteed until/ }).check();
    await look(page, 'record-shown');
    await page.getByRole('button', { name: 'Give what I chose' }).click();
    await title(page, 'Your answer is given');
  });

  await test.step('the cobbler sees these two, and no more', async () => {
    await cobbler('events');
    await cobbler('trail', '--out', join(folder, 'trail.ndjson'));
    grant = /"kind":"grant","grant":"([\w-]{22})"/.exec(await readFile(join(folder, 'trail.ndjson'), 'utf8'))![1]!;
    const out = await cobbler('record shown', grant, 'warranty');
    expect(out).toContain('presented by its holder');
    expect(out).toMatch(/product: "Meridian Low/);
    expect(out).toContain('guaranteed_until:');
    expect(out).not.toContain('serial');
    expect(out).not.toContain('bought');
  });

  await test.step('the grant says what it shows, and takes it along when it is shortened', async () => {
    await go(page, 'Grants');
    await page.getByRole('link', { name: /Answer questions and complaints/ }).click();
    await expect(page.getByText(lines)).toBeVisible();
    await look(page, 'record-grant');
    await page.getByRole('button', { name: /^End it earlier/ }).click();
    await page.getByRole('radio', { name: /^In 1 week/ }).check();
    await page.getByRole('button', { name: 'Set this end' }).click();
    await expect(page.getByText('It ends earlier.')).toBeVisible();
    await expect(page.getByText(lines)).toBeVisible();
    await expect(async () => expect(await cobbler('record shown', grant, 'warranty')).toContain('presented by its holder')).toPass({ timeout: 30_000 });
  });

  await test.step('withdrawn, nothing is shown any more', async () => {
    await page.getByRole('button', { name: 'Withdraw this grant' }).click();
    await expect(page.getByText('Withdrawn. Nothing more can be collected under this grant.')).toBeVisible();
    const { status, out } = await coffer('record', 'shown', grant, 'warranty', '--data', join(folder, 'cobbler'));
    expect(status).not.toBe(0);
    expect(out).toContain('withdrawn');
    await expect(page.getByText(lines)).toBeHidden();
  });
});
