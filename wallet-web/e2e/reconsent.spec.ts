// A business asks again with a template's new version: the request waits without a link, what changes stands first, a
// no keeps what was given, a yes takes its place.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test, type Page } from '@playwright/test';
import { newDevice, type Device } from './device';
import { look } from './screen';
import { add, go, openVault, say, title, visit } from './shopper';
import { coffer, startWorld, type World } from './world';

let world: World;
let device: Device;
let page: Page;
let folder: string;

test.beforeAll(async ({ browser }) => {
  world = await startWorld();
  device = await newDevice(browser);
  page = device.page;
  folder = await mkdtemp(join(tmpdir(), 'coffer-e2e-shop-'));
});
test.afterAll(async () => {
  if (test.info().errors.length > 0) console.log(world?.logs());
  await device?.close();
  await world?.stop();
  await rm(folder, { recursive: true, force: true });
});

async function run(...args: string[]): Promise<string> {
  const { status, out } = await coffer(...args, '--data', join(folder, 'shop'));
  expect(status, out).toBe(0);
  return out;
}

const DELIVERY = 'https://w3id.org/dpv#DeliveryOfGoods';
const MARKETING = 'https://w3id.org/dpv#DirectMarketing';
const basis = 'https://w3id.org/dpv/legal/eu/gdpr#A6-1-a';
const first = [
  { id: 'delivery', purpose: DELIVERY, text: { en: 'We hand your order to Parcel Co with your name and address.' }, required: ['name', 'postal-address'], optional: [], days: 31, retention: 'P90D', recipients: [{ name: 'Parcel Co', country: 'DE' }], lawful_basis: basis, channels: [], weekly_cap: 0 },
  { id: 'marketing', purpose: MARKETING, text: { en: 'We write to you about shoes that fit.' }, required: ['name'], optional: ['shoe-size'], days: 365, retention: 'P1Y', recipients: [], lawful_basis: basis, channels: ['wallet'], weekly_cap: 2 },
];

async function register(purposes: object[]): Promise<string> {
  const file = join(folder, 'purposes.json');
  await writeFile(file, JSON.stringify({ v: 1, purposes }));
  return run('template', 'register', 'order', '--purposes', file);
}

test('asked again', async () => {
  test.setTimeout(240_000);

  await test.step('a business with a template, and a shopper who gives', async () => {
    const profile = JSON.parse((await coffer('example', 'profile')).out) as Record<string, unknown>;
    await writeFile(join(folder, 'profile.json'), JSON.stringify({ ...profile, operator: world.operator, name: 'Bellwether Shoes', purposes: [DELIVERY, MARKETING] }));
    await run('key', 'new', '--profile', join(folder, 'profile.json'));
    await run('register');
    await register(first);
    await page.goto(world.operator);
    await openVault(page);
    await add(page, 'Name', 'Wilhelmina Quastenflosser');
    await add(page, 'Postal address', { 'Street and number': 'Kanarienweg 417b', Postcode: '10417', 'Town or city': 'Quastenhausen', Country: 'de' });
    const link = /http:\/\/\S+\/r\/\S+/.exec(await run('request', '--template', 'order', '--no-qr'))![0];
    await visit(page, link);
    await title(page, 'Bellwether Shoes asks for your data');
    await say(page, 'Deliver an order', 'Yes');
    await say(page, 'Send offers and news', 'Yes');
    await page.getByRole('button', { name: 'Give what I chose' }).click();
    await expect(page.getByText('In effect')).toHaveCount(2);
  });

  const wider = structuredClone(first);
  await test.step('a new version asks more, and waits without a link', async () => {
    Object.assign(wider[0]!, { text: { en: 'Parcel Co or Bike Co brings your order, whichever is faster.' }, recipients: [{ name: 'Parcel Co', country: 'DE' }, { name: 'Bike Co', country: 'NL' }], days: 90, retention: 'P60D' });
    expect(await register(wider)).toContain('1 of 2 grants');
    expect(await run('request', 'again', 'order')).toContain('asked 1');
    await go(page, 'Vault');
    await expect(page.getByRole('heading', { name: 'A shop asks you again' })).toBeVisible();
    await expect(page.locator('[data-badge]')).toContainText('1');
    await look(page, 'reconsent-card');
    await page.getByRole('link', { name: 'See what changes: Bellwether Shoes' }).click();
    await title(page, 'Bellwether Shoes asks you again');
  });

  const changes = page.locator('[data-changes]');
  await test.step('what changes stands first; what widens is marked', async () => {
    const marked = changes.locator('li.wider');
    await expect(marked).toHaveCount(3);
    await expect(marked.nth(0)).toContainText('For 3 months; it was 1 month.');
    await expect(marked.nth(1)).toContainText('Passed on to Bike Co (Netherlands), too.');
    await expect(marked.nth(2)).toContainText('Goes to another country: Netherlands.');
    await expect(changes.locator('li:not(.wider)').filter({ hasText: '60 days only; it was 90 days' })).toBeVisible();
    await expect(changes.locator('blockquote')).toHaveText([first[0]!.text.en, 'Parcel Co or Bike Co brings your order, whichever is faster.']);
    const [above, below] = await Promise.all([changes.boundingBox(), page.getByText('Signature verified').first().boundingBox()]);
    expect(above!.y).toBeLessThan(below!.y);
    await look(page, 'reconsent-changes');
  });

  await test.step('a no keeps what was given', async () => {
    await page.getByRole('button', { name: 'Refuse all' }).click();
    await title(page, 'You refused');
    await go(page, 'Grants');
    await expect(page.getByRole('link', { name: /Deliver an order/ })).toHaveCount(1);
    expect(await run('template', 'behind', 'order')).toContain('refused');
    await expect(page.locator('[data-badge]')).toHaveCount(0);
  });

  await test.step('a yes to the next version takes its place', async () => {
    wider[0]!.days = 31;
    await register(wider);
    expect(await run('request', 'again', 'order')).toContain('asked 1');
    await go(page, 'Vault');
    await page.getByRole('link', { name: 'See what changes: Bellwether Shoes' }).click();
    await expect(changes.locator('li.wider')).toHaveCount(2);
    await say(page, 'Deliver an order', 'Yes');
    await page.getByRole('button', { name: 'Give what I chose' }).click();
    await expect(page.getByText('In effect')).toHaveCount(1);
    expect(await run('template', 'behind', 'order')).toContain('no grant is behind');
    await go(page, 'Vault');
    await expect(page.locator('[data-waiting]')).toHaveCount(0);
  });
});
