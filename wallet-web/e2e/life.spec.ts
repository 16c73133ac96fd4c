// The life of a grant, in a real browser against the real binaries: give less, pause and resume, end earlier, be
// reminded and renew; then every receipt as a file, and the vault erased.
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

test.beforeAll(async ({ browser }) => {
  world = await startWorld();
  device = await newDevice(browser, { expected: /404 \(Not Found\)/ }); // proofs that the ledger does not have yet
  page = device.page;
});
test.afterAll(async () => {
  if (test.info().errors.length > 0) console.log(world?.logs());
  await device?.close();
  await world?.stop();
});

const button = (name: string | RegExp) => page.getByRole('button', { name });
const timeline = () => page.getByRole('list', { name: 'What happened, from the beginning' });
/** What the timeline says, in order. */
const told = (...titles: string[]) => expect(timeline().locator('li strong')).toHaveText(titles);
/** A successor waits for the ledger first; the page looks again by itself. */
const inEffect = () => expect(page.locator('.tag', { hasText: 'In effect' })).toBeVisible({ timeout: 20_000 });

test('the life of a grant', async () => {
  test.setTimeout(240_000);

  await test.step('give', async () => {
    await page.goto(world.operator);
    await openVault(page);
    await add(page, 'Name', 'Wilhelmina Quastenflosser');
    await add(page, 'E-mail address', 'wq@quastenflosser.example');
    await add(page, 'Phone number', '+49 30 7700417');
    await add(page, 'Shoe size', '42');
    await add(page, 'Postal address', { 'Street and number': 'Kanarienweg 417b', Postcode: '10417', 'Town or city': 'Quastenhausen', Country: 'de' });
    await page.goto(world.shop);
    await page.getByRole('button', { name: 'Fill in with my Coffer' }).click();
    await page.getByRole('link', { name: 'Open in my Coffer' }).click();
    await unlock(page);
    await say(page, 'Deliver an order', 'Yes');
    const phone = purpose(page, 'Deliver an order').getByRole('checkbox', { name: /Phone/ });
    if (await phone.isVisible()) await phone.check();
    await say(page, 'Send offers and news', 'Yes');
    await page.getByRole('button', { name: 'Give what I chose' }).click();
    await expect(page.getByText('In effect')).toHaveCount(2);
    await go(page, 'Grants');
    await page.getByRole('link', { name: /Deliver an order/ }).click();
    await inEffect();
    await told('You gave it');
  });

  await test.step('give less', async () => {
    await button('Give less').click();
    await expect(page.getByRole('checkbox', { name: /^Name/ })).toBeDisabled();
    await expect(button('Give less from now on')).toBeDisabled();
    await page.getByRole('checkbox', { name: 'Phone number' }).uncheck();
    await expect(page.getByText('Left out: Phone number.')).toBeVisible();
    await expect(page.getByText(/^This cannot be undone here/)).toBeVisible();
    await look(page, '60-grant-narrow');
    await button('Give less from now on').click();
    await expect(page.getByText('You give less from now on.')).toBeVisible();
    await inEffect();
    await told('You gave it', 'You gave less');
    await expect(timeline().getByText(/without Phone number/)).toBeVisible();
    await expect(page.getByRole('list', { name: 'What you gave' })).not.toContainText('Phone');
    await look(page, '61-grant-narrowed');
  });

  await test.step('pause, and undo it', async () => {
    await button(/^Pause/).click();
    await expect(page.getByText(/a pause asks for no deletion/)).toBeVisible();
    await button('Pause this grant').click();
    await expect(page.getByText('Paused. Nothing can be collected until you resume it.')).toBeVisible();
    await told('You gave it', 'You gave less', 'You paused it');
    await look(page, '62-grant-paused');
    await go(page, 'Grants');
    await page.getByRole('radio', { name: /^Paused/ }).check();
    await page.getByRole('link', { name: /Deliver an order/ }).click();
    await title(page, 'Given to Corner Shop');
    await button(/^Resume It stands/).click();
    await button('Resume with my passkey').click();
    await expect(page.getByText('Resumed.', { exact: true })).toBeVisible();
    await inEffect();
    await told('You gave it', 'You gave less', 'You paused it', 'You resumed it');
  });

  await test.step('end it earlier', async () => {
    await button(/^End it earlier/).click();
    await page.getByRole('radio', { name: /^In 1 week/ }).check();
    await look(page, '63-grant-shorten');
    await button('Set this end').click();
    await expect(page.getByText('It ends earlier.')).toBeVisible();
    await inEffect();
  });

  await test.step('be reminded, and renew', async () => {
    const grant = page.url().split('/').pop();
    // A real reminder is weeks away: this one is made up, the renewal is not.
    await page.route('**/wallet/v1/reminders', (route) => route.fulfill({ json: { reminders: [{ grant, end: 1 }] } }));
    await go(page, 'Vault');
    await expect(page.getByRole('heading', { name: 'A grant ends soon' })).toBeVisible();
    await look(page, '64-reminder');
    await button(/^Renew: Corner Shop, Deliver/).click();
    await expect(page.getByText('The grant is renewed.')).toBeVisible();
    await expect(page.getByRole('heading', { name: 'A grant ends soon' })).toBeHidden();
    await page.unroute('**/wallet/v1/reminders');
    await go(page, 'Grants');
    await page.getByRole('link', { name: /Deliver an order/ }).click();
    await inEffect();
    await told('You gave it', 'You gave less', 'You paused it', 'You resumed it', 'You set an earlier end', 'You renewed it');
  });

  await test.step('each event has a receipt that verifies offline', async () => {
    const less = timeline().locator('li', { hasText: 'You gave less' });
    await less.locator('summary').click();
    await expect(less.getByText('Verified:').first()).toBeVisible();
    await expect(less.getByText('Not verified:')).toHaveCount(0);
    await look(page, '65-life');
    const folder = await mkdtemp(join(tmpdir(), 'coffer-life-'));
    const validators = join(folder, 'validators.json');
    await writeFile(validators, Buffer.from(await (await fetch(`${world.operator}/ledger/v1/validators`)).arrayBuffer()));
    // A beginning, and a pause with what it ended.
    for (const what of ['You gave less', 'You paused it']) {
      const row = timeline().locator('li', { hasText: what });
      if (what !== 'You gave less') await row.locator('summary').click();
      await expect(row.getByText('Verified:').first()).toBeVisible();
      const downloading = page.waitForEvent('download');
      await row.getByRole('button', { name: /^Download this receipt/ }).click();
      const file = await (await downloading).path();
      expect(await coffer('verify', file, '--validators', validators)).toMatchObject({ status: 0 });
      expect(Object.keys(JSON.parse(await readFile(file, 'utf8')) as object)).toContain(what === 'You gave less' ? 'opening' : 'withdrawal');
    }
    await rm(folder, { recursive: true });
  });

  await test.step('withdraw what is paused', async () => {
    await go(page, 'Grants');
    await page.getByRole('link', { name: /Send offers and news/ }).click();
    await button(/^Pause/).click();
    await button('Pause this grant').click();
    await expect(button('Undo: resume it')).toBeVisible();
    await go(page, 'Grants');
    await page.getByRole('radio', { name: /^Paused/ }).check();
    await expect(page.getByRole('link', { name: /Send offers and news/ })).toBeVisible();
    await expect(page.getByRole('link', { name: /Deliver an order/ })).toBeHidden();
    await look(page, '66-grants-paused');
    await page.getByRole('link', { name: /Send offers and news/ }).click();
    await button('Withdraw this grant').click();
    await expect(page.getByText('Withdrawn. Nothing more can be collected under this grant.')).toBeVisible();
    await told('You gave it', 'You paused it', 'You withdrew it');
    await expect(page.getByText('Not verified:')).toHaveCount(0);
    await look(page, '67-withdrawn-paused');
  });

  await test.step('keep every receipt of a vault that goes', async () => {
    await go(page, 'Settings');
    await button(/^Erase my vault/).click();
    const downloading = page.waitForEvent('download');
    await button('Download all my receipts').click();
    const { bundles, receipts } = JSON.parse(await readFile(await (await downloading).path(), 'utf8')) as { bundles: object[]; receipts: string[] };
    await expect(page.getByText(/The file is on your device/)).toBeVisible();
    // Five grants came of the first, and one more: each with its proof.
    expect(bundles).toHaveLength(6);
    const states = receipts.map((jwt) => /"event_state":"(\w+)"/.exec(Buffer.from(jwt.split('.')[1]!, 'base64url').toString())?.[1]);
    expect(states).toContain('erased');
    await look(page, '68-erase-receipts');
    // The operator takes the receipts that the shopper kept, and passes each to its business.
    await page.getByLabel(/nobody can undo/).check();
    await button('Erase with my passkey').click();
    await title(page, 'Your vault is erased');
  });
});
