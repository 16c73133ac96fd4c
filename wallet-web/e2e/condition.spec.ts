// A purpose that hangs on a signed lease, and one that hangs on a date: the shopper sees so before giving, nothing is
// collected before the lease is shown, and then the grant says by whom it was met, when, and until when.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test, type Page } from '@playwright/test';
import { newDevice, type Device } from './device';
import { look } from './screen';
import { add, go, openVault, purpose, say, title, unlock } from './shopper';
import { coffer, startWorld, type World } from './world';

let world: World;
let device: Device;
let page: Page;
let folder: string;

test.beforeAll(async ({ browser }) => {
  world = await startWorld();
  folder = await mkdtemp(join(tmpdir(), 'coffer-condition-'));
  device = await newDevice(browser);
  page = device.page;
});
test.afterAll(async () => {
  if (test.info().errors.length > 0) console.log(world?.logs());
  await device?.close();
  await world?.stop();
  if (folder) await rm(folder, { recursive: true, force: true });
});

const DELIVERY = 'https://w3id.org/dpv#DeliveryOfGoods';
const CARE = 'https://w3id.org/dpv#CustomerCare';
const LEASE = 'https://leases.example/terms#SignedLease';

/** Runs the coffer command as a business, which must succeed. */
async function as(business: string, command: string, ...args: string[]): Promise<string> {
  const { status, out } = await coffer(command, ...args, '--data', join(folder, business));
  expect(status, `${business}: coffer ${command}\n${out}`).toBe(0);
  return out;
}

/** Makes a business with keys of its own, and returns its DID. */
async function open(business: string, name: string): Promise<string> {
  const profile = {
    v: 1, operator: world.operator, name, address: 'Lindenallee 4, 10115 Berlin', contact: `privacy@${business}.example`, dpo: `dpo@${business}.example`, authority: 'BlnBDI',
    privacy_notice: `https://${business}.example/privacy`, url: `https://${business}.example`, jurisdictions: ['DE'], language: 'en', notice_version: '1', purposes: [DELIVERY, CARE],
  };
  const path = join(folder, `${business}.json`);
  await writeFile(path, JSON.stringify(profile));
  const { status, out } = await coffer('key', 'new', '--profile', path, '--data', join(folder, business));
  expect(status, out).toBe(0);
  return /^did\s+(\S+)$/m.exec(await as(business, 'key', 'show'))![1]!;
}

/** The link of a request for the two purposes. */
async function ask(landlord: string, from: number): Promise<string> {
  const of = { recipients: [], lawful_basis: 'https://w3id.org/dpv/legal/eu/gdpr#A6-1-a', channels: [], weekly_cap: 0, retention: 'P90D', days: 31, optional: [] };
  const purposes = {
    v: 1,
    purposes: [
      { ...of, id: 'delivery', purpose: DELIVERY, text: { en: 'Once your lease is signed we bring the furniture.' }, required: ['name', 'postal-address'], condition: { record: { type: LEASE, issuer: landlord } } },
      { ...of, id: 'care', purpose: CARE, text: { en: 'Once you live there we answer what you ask.' }, required: ['name'], channels: ['wallet'], weekly_cap: 1, condition: { from } },
    ],
  };
  const asked = join(folder, 'purposes.json');
  await writeFile(asked, JSON.stringify(purposes));
  return /^http\S+$/m.exec(await as('shop', 'request', '--purposes', asked, '--no-qr'))![0];
}

/** The grants that the shop holds, by the purpose's id. */
async function held(): Promise<Record<string, string>> {
  await as('shop', 'events');
  const lines = (await as('shop', 'grants', 'list', '--json')).trim().split('\n');
  return Object.fromEntries(lines.map((l) => JSON.parse(l) as { grant: string; purpose: string }).map((g) => [g.purpose, g.grant]));
}

const hanging = () => page.getByRole('region', { name: 'Tied to a condition' });

test('a grant that hangs on something', async () => {
  test.setTimeout(240_000);
  const from = Math.floor(Date.now() / 1000) + 3 * 86_400;
  let link = '';
  let grants: Record<string, string> = {};

  await test.step('a vault, a shop, and a landlord that the operator does not know', async () => {
    await open('shop', 'Lantern Furniture');
    await as('shop', 'register');
    link = await ask(await open('landlord', 'Harbour Homes'), from);
    await page.goto(world.operator);
    await openVault(page);
    await add(page, 'Name', 'Wilhelmina Quastenflosser');
    await add(page, 'Postal address', { 'Street and number': 'Kanarienweg 417b', Postcode: '10417', 'Town or city': 'Quastenhausen', Country: 'de' });
  });

  await test.step('see what each hangs on before giving', async () => {
    await page.goto(link);
    await unlock(page);
    await title(page, 'Lantern Furniture asks for your data');
    const moment = await page.evaluate((at) => new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'short' }).format(at * 1000), from);
    await expect(purpose(page, 'Deliver an order').getByText(/before the holder of the key zDn\S+ has signed the record “signed lease” about your grant/)).toBeVisible();
    await expect(purpose(page, 'Answer questions and complaints').getByText(`Nothing can be collected or sent before ${moment}.`)).toBeVisible();
    await say(page, 'Deliver an order', 'Yes');
    await say(page, 'Answer questions and complaints', 'Yes');
    await look(page, 'condition-request');
    await page.getByRole('button', { name: 'Give what I chose' }).click();
    await title(page, 'Your answer is given');
    await expect(page.getByText('In effect')).toHaveCount(2);
    grants = await held();
  });

  await test.step('nothing is collected before', async () => {
    for (const [of, missing] of [['delivery', 'must present the record'], ['care', 'has not come yet']] as const) {
      const { status, out } = await coffer('collect', grants[of]!, 'name', '--data', join(folder, 'shop'));
      expect(status, out).not.toBe(0);
      expect(out).toContain(missing);
    }
    await go(page, 'Grants');
    await page.getByRole('link', { name: /Deliver an order/ }).click();
    await expect(hanging().getByText('Not met yet')).toBeVisible();
    await expect(hanging().getByText('Nothing was shown for it yet. Nothing was collected.')).toBeVisible();
    await look(page, 'condition-not-met');
  });

  await test.step('a lease that somebody else signed is refused', async () => {
    const paper = join(folder, 'forged.jwt');
    await writeFile(paper, await as('shop', 'evidence', 'record', grants['delivery']!, '--type', LEASE));
    const { status, out } = await coffer('evidence', 'present', grants['delivery']!, paper, '--data', join(folder, 'shop'));
    expect(status, out).not.toBe(0);
    expect(out).toContain('wrong-evidence');
  });

  await test.step('the landlord signs, the shop shows it, and collects', async () => {
    const paper = join(folder, 'lease.jwt');
    await writeFile(paper, await as('landlord', 'evidence', 'record', grants['delivery']!, '--type', LEASE, '--for', '720h'));
    expect(await as('shop', 'evidence', 'present', grants['delivery']!, paper)).toContain('taken; it counts until');
    expect(await as('shop', 'collect', grants['delivery']!, 'name')).toContain('Quastenflosser');
  });

  await test.step('see by whom it was met, and until when', async () => {
    await go(page, 'Grants');
    await page.getByRole('link', { name: /Deliver an order/ }).click();
    await expect(hanging().getByText('Met', { exact: true })).toBeVisible();
    await expect(hanging().getByText(/Signed by the holder of the key zDn\S+, shown on .+, counts until .+\./)).toBeVisible();
    await expect(hanging().getByText('Signature verified here')).toBeVisible();
    await hanging().getByText('What was signed').click();
    await expect(hanging().getByText(/SignedLease/)).toBeVisible();
    await look(page, 'condition-met');
  });

  await test.step('the date has not come', async () => {
    await go(page, 'Grants');
    await page.getByRole('link', { name: /Answer questions and complaints/ }).click();
    await expect(hanging().getByText('Not met yet')).toBeVisible();
    await expect(hanging().getByText('What was shown for it')).toBeHidden();
  });

  await test.step('the log says why an attempt was refused', async () => {
    await go(page, 'Activity');
    await expect(page.getByText('The condition of the grant was not met.')).toHaveCount(2);
    await look(page, 'condition-activity');
  });
});
