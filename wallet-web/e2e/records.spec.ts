// A record: the shop puts a warranty into the Coffer, the shopper looks at it, keeps it, and finds it again.
import { expect, test, type Page } from '@playwright/test';
import { newDevice, type Device } from './device';
import { look } from './screen';
import { add, go, openVault, say, title, unlock } from './shopper';
import { startWorld, type World } from './world';

const address = { 'Street and number': 'Kanarienweg 417b', Postcode: '10417', 'Town or city': 'Quastenhausen', Country: 'de' };

let world: World;
let device: Device;
let page: Page;

test.beforeAll(async ({ browser }) => {
  world = await startWorld();
  device = await newDevice(browser, { context: { serviceWorkers: 'block' } }); // one step stands between page and operator
  page = device.page;
});
test.afterAll(async () => {
  if (test.info().errors.length > 0) console.log(world?.logs());
  await device?.close();
  await world?.stop();
});

test('records', async () => {
  test.setTimeout(180_000);

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
  });
});
