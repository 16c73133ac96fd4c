// Rights of a shopper, in a real browser against the real binaries: demand, be answered, complain; opt out by the
// wallet's switch and by the browser's signal.
import { readFile } from 'node:fs/promises';
import { expect, test, type Page } from '@playwright/test';
import { newDevice, type Device } from './device';
import { look } from './screen';
import { add, go, openVault, purpose, say, title, unlock, visit } from './shopper';
import { startWorld, type World } from './world';

const wish = 'Kanarienwunsch: delete the number, please.';
const reason = 'Rechnungszebra: the invoice stays until 2035.';

let world: World;
let device: Device;
let page: Page;

test.beforeAll(async ({ browser }) => {
  world = await startWorld();
  device = await newDevice(browser, { expected: /400 \(Bad Request\)/ }); // the shop, when a reason is missing
  page = device.page;
});
test.afterAll(async () => {
  if (test.info().errors.length > 0) console.log(world?.logs());
  await device?.close();
  await world?.stop();
});

/** From the shop's checkout to the request in the wallet. */
async function beAsked() {
  await page.goto(world.shop);
  await page.getByRole('button', { name: 'Fill in with my Coffer' }).click();
  await page.getByRole('link', { name: 'Open in my Coffer' }).click();
  await unlock(page);
  await title(page, 'Corner Shop asks for your data');
}

const offers = () => purpose(page, 'Send offers and news');

test('rights and opt-outs', async () => {
  test.setTimeout(240_000);

  await test.step('give something', async () => {
    await page.goto(world.operator);
    await openVault(page);
    await add(page, 'Name', 'Wilhelmina Quastenflosser');
    await add(page, 'E-mail address', 'wq@quastenflosser.example');
    await add(page, 'Postal address', { 'Street and number': 'Kanarienweg 417b', Postcode: '10417', 'Town or city': 'Quastenhausen', Country: 'de' });
    await beAsked();
    await say(page, 'Deliver an order', 'Yes');
    await say(page, 'Send offers and news', 'Yes');
    await page.getByRole('button', { name: 'Give what I chose' }).click();
    await expect(page.getByText('In effect')).toHaveCount(2);
  });

  await test.step('demand', async () => {
    await go(page, 'Grants');
    await page.getByRole('link', { name: /Deliver an order/ }).click();
    await page.getByRole('link', { name: /^Demand something of Corner Shop/ }).click();
    await title(page, 'Your rights');
    await page.getByRole('radio', { name: /^Delete my data/ }).check();
    await page.getByLabel('In your own words').fill(wish);
    // Scrolled up, so that nothing lies under the header that stays in sight.
    await page.evaluate(() => scrollTo(0, 0));
    await look(page, '40-rights-demand');
    await page.getByRole('button', { name: 'Sign and send' }).click();
    await title(page, 'Delete my data');
    await expect(page.getByText('Answer due by the end of')).toBeVisible();
    await expect(page.getByText(/days left/)).toBeVisible();
    await look(page, '41-rights-sent');
  });

  await test.step('be answered', async () => {
    const demanded = page.locator('article.rights');
    await expect(async () => {
      await page.goto(`${world.shop}/office`);
      await expect(demanded.getByText(wish)).toBeVisible({ timeout: 500 });
    }).toPass();
    await page.screenshot({ path: 'test-results/screens/42-shop-rights.png', fullPage: true });
    await demanded.getByLabel('Reply').selectOption('partly');
    await demanded.getByRole('button', { name: 'Sign and send' }).click();
    await expect(page.getByRole('status')).toContainText('Say why');
    await demanded.getByLabel('Reply').selectOption('partly');
    await demanded.getByLabel('Text').fill(reason);
    await demanded.getByRole('button', { name: 'Sign and send' }).click();
    await expect(page.getByRole('status')).toContainText('Only the shopper can read it');
    await visit(page, `${world.operator}/rights`);
    await expect(page.getByText('Answered')).toBeVisible();
    await look(page, '43-rights');
    await page.getByRole('link', { name: /Corner Shop/ }).click();
    await expect(page.getByText(reason)).toBeVisible();
    await expect(page.getByText('Signature verified')).toBeVisible();
    await look(page, '44-rights-answered');
  });

  await test.step('take the complaint file', async () => {
    const saved = async (name: string) => {
      const download = page.waitForEvent('download');
      await page.getByRole('button', { name }).click();
      const file = await download;
      return { name: file.suggestedFilename(), text: await readFile(await file.path(), 'utf8') };
    };
    const json = await saved('Download the evidence (JSON)');
    expect(json.name).toBe('coffer-complaint-corner-shop.json');
    const complaint = JSON.parse(json.text);
    expect(complaint).toMatchObject({ kind: 'coffer-complaint', rights_request: { right: 'erasure', text: wish }, replies: [{ outcome: 'partly', text: reason }] });
    expect(complaint.grants.length).toBeGreaterThan(0);
    for (const grant of complaint.grants) expect(grant.bundle.proof.entry).toBeTruthy();
    expect(complaint.grants.flatMap((g: { access_log: { rows: string[] } }) => g.access_log.rows).length).toBeGreaterThan(0);
    const html = await saved('Download for print (HTML)');
    const print = await page.context().newPage();
    await print.setContent(html.text);
    await expect(print.getByRole('heading', { level: 1 })).toHaveText('Complaint about Corner Shop');
    await expect(print.getByText(wish)).toBeVisible();
    await print.screenshot({ path: 'test-results/screens/45-complaint.png', fullPage: true });
    await print.close();
  });

  await test.step('opt out by the switch', async () => {
    await go(page, 'Settings');
    await page.getByRole('button', { name: 'Switch the opt-out on' }).click();
    await expect(page.getByRole('heading', { name: 'One grant for advertising still stands' })).toBeVisible();
    await look(page, '46-opt-out');
    await page.getByRole('button', { name: 'Withdraw them and opt out' }).click();
    await expect(page.getByText('Opt-out request honoured')).toBeVisible();
    await expect(page.getByText('The grants are withdrawn, and each business has your opt-out.')).toBeVisible();
    await expect(page.getByText('still stands')).toBeHidden();
    await page.getByRole('link', { name: 'Your rights' }).click();
    await expect(page.getByRole('link', { name: /Opt out/ })).toBeVisible();
    await expect(async () => {
      const office = await (await fetch(`${world.shop}/office`)).text();
      expect(office).toContain('Opt-out (CCPA)');
    }).toPass();
  });

  await test.step('see who is late, remind and complain', async () => {
    await visit(page, `${world.operator}/rights`);
    const card = page.locator('[data-overdue]');
    await expect(card.getByRole('heading', { name: 'Nobody is late' })).toBeVisible();
    // The sample shop states each deletion at once: this is what the operator says of one that says nothing.
    await go(page, 'Grants');
    const [, grant] = /grants\/([\w-]{22})/.exec((await page.getByRole('link', { name: /Send offers and news/ }).first().getAttribute('href')) ?? '') ?? [];
    const [DAY, now] = [86_400, Math.floor(Date.now() / 1000)];
    const silent = { grant, event: 'withdrawn', notified: now - 7 * DAY, acknowledgement: '', acknowledge_by: now - 4 * DAY, state_by: now + 23 * DAY, overdue: 'acknowledgement' };
    await page.route('**/wallet/v1/loops', (route) => route.fulfill({ json: { loops: [silent] } }));
    await page.clock.setSystemTime((now + 26 * DAY) * 1000);
    await visit(page, world.operator);
    await expect(card.getByRole('heading', { name: 'One business is late' })).toBeVisible();
    await look(page, '46-late-home');
    await card.getByRole('link', { name: 'See what to do: Corner Shop' }).click();
    await expect(card.getByRole('link', { name: /it has not said what it deleted, late by 3 days/ })).toBeVisible();
    await expect(card.getByRole('link', { name: /Opt out: it has not answered, late by/ })).toBeVisible();
    await look(page, '46-late');
    const download = page.waitForEvent('download');
    await card.getByRole('button', { name: 'Download for print (HTML)' }).click();
    const print = await page.context().newPage();
    await print.setContent(await readFile(await (await download).path(), 'utf8'));
    await expect(print.getByRole('heading', { name: 'What the business left unsaid' })).toBeVisible();
    await expect(print.getByText('Withdrawn by the shopper')).toBeVisible();
    await print.screenshot({ path: 'test-results/screens/46-late-complaint.png', fullPage: true });
    await print.close();
    await card.getByRole('button', { name: 'Remind it: Corner Shop' }).click();
    await expect(page.getByLabel('In your own words')).toHaveValue(/You were told of this .*late by 3 days/s);
    await expect(page.getByRole('radio', { name: /^Delete my data/ })).toBeChecked();
    await page.unroute('**/wallet/v1/loops');
    await page.clock.setSystemTime(Date.now());
  });

  await test.step('be asked again', async () => {
    await beAsked();
    await expect(offers().getByText('Opt-out request honoured')).toBeVisible();
    await expect(offers().getByRole('radio')).toHaveCount(0);
    await expect(purpose(page, 'Deliver an order').getByRole('radio')).toHaveCount(2);
    await look(page, '47-opted-out');
    await offers().getByRole('button', { name: /Decide about this one myself/ }).click();
    await expect(offers().getByRole('radio', { name: 'Yes' })).not.toBeChecked();
    await expect(offers().getByRole('radio', { name: 'No' })).not.toBeChecked();
  });

  await test.step('opt out by the browser', async () => {
    await go(page, 'Settings');
    await page.getByRole('button', { name: 'Switch the opt-out off' }).click();
    await expect(page.getByRole('button', { name: 'Switch the opt-out on' })).toBeVisible();
    await beAsked();
    await expect(offers().getByRole('radio')).toHaveCount(2);
    // The operator reads the header, the wallet its own property of the browser: either suffices.
    await page.setExtraHTTPHeaders({ 'Sec-GPC': '1' });
    await beAsked();
    await expect(offers().getByText('Opt-out request honoured')).toBeVisible();
    await page.setExtraHTTPHeaders({});
    await page.addInitScript(() => Object.defineProperty(Navigator.prototype, 'globalPrivacyControl', { value: true }));
    await beAsked();
    await expect(offers().getByText('Your browser sends the Global Privacy Control signal.')).toBeVisible();
  });

  await test.step('the operator could read none of it', async () => {
    const files = await world.written();
    expect(files.length).toBeGreaterThan(5);
    for (const { name, bytes } of files) for (const text of ['Kanarienwunsch', 'Rechnungszebra', '"right":"erasure"']) expect(bytes.includes(text), `${text} in ${name}`).toBe(false);
  });
});
