// A shop, the carrier that its parcels go on to, and a warehouse that asks jointly with it: the shopper sees who gets
// what, gives to each with a switch of its own, ends one alone, and all with the first.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
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
  folder = await mkdtemp(join(tmpdir(), 'coffer-partners-'));
  device = await newDevice(browser);
  page = device.page;
});
test.afterAll(async () => {
  if (test.info().errors.length > 0) console.log(world?.logs());
  await device?.close();
  await world?.stop();
  if (folder) await rm(folder, { recursive: true, force: true });
});

const PURPOSE = 'https://w3id.org/dpv#DeliveryOfGoods';

/** Runs the coffer command as a business, which must succeed. */
async function as(business: string, command: string, ...args: string[]): Promise<string> {
  const { status, out } = await coffer(command, ...args, '--data', join(folder, business));
  expect(status, `${business}: coffer ${command}\n${out}`).toBe(0);
  return out;
}

async function open(business: string, name: string): Promise<void> {
  const profile = {
    v: 1, operator: world.operator, name, address: 'Lindenallee 4, 10115 Berlin', contact: `privacy@${business}.example`, dpo: `dpo@${business}.example`, authority: 'BlnBDI',
    privacy_notice: `https://${business}.example/privacy`, url: `https://${business}.example`, jurisdictions: ['DE'], language: 'en', notice_version: '1', purposes: [PURPOSE],
  };
  const path = join(folder, `${business}.json`);
  await writeFile(path, JSON.stringify(profile));
  const { status, out } = await coffer('key', 'new', '--profile', path, '--data', join(folder, business));
  expect(status, out).toBe(0);
  await as(business, 'register');
}

/** The link of a request that all who ask have signed. */
async function ask(): Promise<string> {
  const partner = async (business: string, ...args: string[]) => JSON.parse(await as(business, 'partner', ...args)) as unknown;
  const purposes = {
    v: 1,
    purposes: [
      {
        id: 'delivery', purpose: PURPOSE, text: { en: 'We bring you what you ordered, from our warehouse and with a carrier.' }, required: ['name', 'postal-address'],
        optional: ['phone'], days: 31, retention: 'P90D', recipients: [], lawful_basis: 'https://w3id.org/dpv/legal/eu/gdpr#A6-1-a', channels: [], weekly_cap: 0,
        partners: [
          await partner('warehouse', '--role', 'joint', '--country', 'DE', '--attributes', 'name'),
          await partner('carrier', '--country', 'NL', '--attributes', 'name,postal-address,phone'),
          await partner('insurer', '--country', 'CH', '--attributes', 'name'),
        ],
      },
    ],
  };
  const [asked, request] = [join(folder, 'purposes.json'), join(folder, 'request.json')];
  await writeFile(asked, JSON.stringify(purposes));
  await as('shop', 'request', '--purposes', asked, '--draft', request);
  expect(await as('warehouse', 'cosign', request)).toContain('co-signed: 1 of 1');
  const out = await as('shop', 'request', '--send', request, '--no-qr');
  return /^http\S+$/m.exec(out)![0];
}

/** The grant that a business holds, after it has looked for news. */
async function held(business: string): Promise<string> {
  await as(business, 'events');
  const out = await as(business, 'trail', '--out', join(folder, `${business}.ndjson`)).then(() => readFile(join(folder, `${business}.ndjson`), 'utf8'));
  return /"kind":"grant","grant":"([\w-]{22})"/.exec(out)![1]!;
}

test('partners of a grant', async () => {
  test.setTimeout(240_000);
  let link = '';

  await test.step('a vault, and four businesses', async () => {
    await open('shop', 'Lantern Shop');
    await open('carrier', 'Windmill Carrier');
    await open('warehouse', 'Harbour Warehouse');
    await open('insurer', 'Alpine Insurer');
    link = await ask();
    await page.goto(world.operator);
    await openVault(page);
    await add(page, 'Name', 'Wilhelmina Quastenflosser');
    await add(page, 'Postal address', { 'Street and number': 'Kanarienweg 417b', Postcode: '10417', 'Town or city': 'Quastenhausen', Country: 'de' });
  });

  await test.step('see who asks, and for whom', async () => {
    await page.goto(link);
    await unlock(page);
    await title(page, 'Lantern Shop asks for your data');
    const card = purpose(page, 'Deliver an order');
    await expect(card.getByText('Asked together with')).toBeVisible();
    await expect(card.getByText('Harbour Warehouse · Germany')).toBeVisible();
    await expect(card.getByText('Co-signed', { exact: true })).toBeVisible();
    await expect(card.getByText('gets: Name, Postal address')).toBeVisible();
    for (const name of ['Windmill Carrier', 'Alpine Insurer']) await expect(card.getByRole('switch', { name: `Also give to ${name}` })).not.toBeChecked();
    await expect(card.getByRole('switch')).toHaveCount(2); // none for who asks jointly
  });

  await test.step('give to the carrier, not to the insurer', async () => {
    await say(page, 'Deliver an order', 'Yes');
    await purpose(page, 'Deliver an order').getByRole('switch', { name: 'Also give to Windmill Carrier' }).check();
    const answer = page.getByRole('region', { name: 'Your answer' });
    await expect(answer.getByText('to Harbour Warehouse too: Name')).toBeVisible();
    await expect(answer.getByText('to Windmill Carrier too: Name, Postal address')).toBeVisible();
    await expect(answer.getByText('Alpine Insurer')).toBeHidden();
    await look(page, 'partners-request');
    await page.getByRole('button', { name: 'Give what I chose' }).click();
    await title(page, 'Your answer is given');
    await expect(page.getByText('In effect')).toHaveCount(3);
  });

  await test.step('each collects for itself', async () => {
    for (const [business, attribute] of [['shop', 'postal-address'], ['carrier', 'postal-address'], ['warehouse', 'name']] as const) {
      expect(await as(business, 'collect', await held(business), attribute)).toMatch(/Kanarienweg|Quastenflosser/);
    }
    const insurer = await coffer('collect', await held('carrier'), '--data', join(folder, 'insurer'));
    expect(insurer.status).not.toBe(0);
  });

  await test.step('partners stand under the first', async () => {
    await go(page, 'Grants');
    await expect(page.getByRole('link', { name: /Windmill Carrier/ })).toBeVisible();
    await look(page, 'partners-grants');
    await page.getByRole('link', { name: /^Lantern Shop/ }).click();
    const partners = page.getByRole('region', { name: 'Partners' });
    await expect(partners.getByText('asked together · Name')).toBeVisible();
    await expect(partners.getByText(/is paused or is changed, these end with it/)).toBeVisible();
    await look(page, 'partners-grant');
  });

  await test.step('end the carrier’s alone', async () => {
    await page.getByRole('button', { name: 'End the grant to Windmill Carrier' }).click();
    await expect(page.getByText('Ended. Windmill Carrier can collect nothing more; everything else stands.')).toBeVisible();
    expect((await coffer('collect', await held('carrier'), '--data', join(folder, 'carrier'))).out).toContain('withdrawn');
    await as('shop', 'collect', await held('shop'));
    await as('warehouse', 'collect', await held('warehouse'));
  });

  await test.step('end the first, and with it the warehouse’s', async () => {
    await page.getByRole('button', { name: 'Withdraw this grant' }).click();
    await expect(page.getByText(/Nothing more can be collected under this grant/)).toBeVisible();
    await expect(page.getByRole('region', { name: 'Partners' }).getByText('Withdrawn')).toHaveCount(2);
    for (const business of ['shop', 'warehouse']) {
      expect((await coffer('collect', await held(business), '--data', join(folder, business))).out).toContain('withdrawn');
    }
  });

  await test.step('every trail is audited alone', async () => {
    const validators = join(folder, 'validators.json');
    expect((await coffer('ledger', 'validators', '--ledger', world.operator, '--out', validators)).status).toBe(0);
    for (const business of ['shop', 'carrier', 'warehouse']) {
      await held(business);
      const audit = await coffer('audit', join(folder, `${business}.ndjson`), '--validators', validators);
      expect(audit.out, business).toContain('No findings.');
    }
  });
});
