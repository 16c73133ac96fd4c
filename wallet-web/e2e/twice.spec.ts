// Two devices of one shopper, and a device without a connection: nothing that was typed is lost.
import { expect, test, type Page } from '@playwright/test';
import { newDevice, type Device } from './device';
import { look } from './screen';
import { add, change, go, openVault, title, unlock } from './shopper';
import { startWorld, type World } from './world';

let world: World;
test.beforeAll(async () => {
  world = await startWorld();
});
test.afterAll(async () => {
  if (test.info().errors.length > 0) console.log(world?.logs());
  await world?.stop();
});

const expected = /ERR_INTERNET_DISCONNECTED|409 \(Conflict\)|401 \(Unauthorized\)/;
/** What the vault shows of an attribute. */
const shown = (page: Page, label: string) => page.getByRole('listitem').filter({ has: page.getByRole('heading', { level: 3, name: label, exact: true }) });

/** A second device: the words sign in, and it gets a passkey of its own. */
async function join({ page }: Device, words: readonly string[]): Promise<void> {
  await page.goto(world.operator);
  await page.getByRole('button', { name: 'Use recovery words' }).click();
  await page.getByLabel('The 24 words, in order').fill(words.join(' '));
  await page.getByRole('button', { name: 'Unlock' }).click();
  await page.getByRole('button', { name: 'Make a passkey' }).click();
  await page.getByRole('button', { name: 'To my vault' }).click();
  await title(page, 'Your vault');
}

test('two devices change different attributes, and the same: both keep everything, and the shopper says what counts', async ({ browser }) => {
  const [phone, laptop] = [await newDevice(browser, { expected }), await newDevice(browser, { expected })];
  await phone.page.goto(world.operator);
  const words = await openVault(phone.page);
  await add(phone.page, 'Product preferences', 'tea');
  await add(phone.page, 'Shoe size', '41');
  await join(laptop, words);
  await expect(shown(laptop.page, 'Shoe size')).toContainText('41');

  // Different attributes: the second device builds on what the first one wrote, and nobody is asked.
  await change(phone.page, 'Shoe size', '42');
  await add(laptop.page, 'Phone number', '+49 30 1');
  await expect(shown(laptop.page, 'Shoe size')).toContainText('42');
  await expect(laptop.page.getByText('changed on two devices')).toBeHidden();

  // The same one: both values stand side by side.
  await laptop.page.getByRole('button', { name: 'Change Product preferences' }).click();
  await change(phone.page, 'Product preferences', 'tea, bread');
  const form = laptop.page.getByRole('form', { name: 'Product preferences' });
  await form.getByLabel('Product preferences').fill('tea, books');
  await form.getByRole('button', { name: 'Save' }).click();
  const card = laptop.page.getByRole('region', { name: 'Product preferences: changed on two devices' });
  await expect(card.getByRole('region', { name: 'Typed here' })).toContainText('tea, books');
  await expect(card.getByRole('region', { name: 'On the other device' })).toContainText('tea, bread');
  await expect(card.getByRole('region', { name: 'Both together' })).toContainText('tea, bread, books');
  await expect(card).toContainText('Before both: tea');
  await look(laptop.page, '60-two-devices');
  // It outlasts a lock: what was typed here is kept, sealed.
  await laptop.page.reload();
  await unlock(laptop.page);
  await card.getByRole('button', { name: 'Keep both: Product preferences' }).click();
  await expect(card).toBeHidden();
  await expect(shown(laptop.page, 'Product preferences')).toContainText('tea, bread, books');
  await laptop.page.getByRole('button', { name: 'Undo' }).click();
  await expect(shown(laptop.page, 'Product preferences')).not.toContainText('books');
  await phone.close();
  await laptop.close();
});

test('without a connection the open vault goes on, says what waits, and sends it later', async ({ browser }) => {
  const device = await newDevice(browser, { expected });
  const { page } = device;
  await page.goto(world.operator);
  await openVault(page);
  await add(page, 'Shoe size', '41');
  await page.evaluate(async () => void (await navigator.serviceWorker.ready));
  await page.context().setOffline(true);
  await change(page, 'Shoe size', '42');
  await add(page, 'Name', 'Quokka Wombat');
  await expect(page.getByText('2 changes wait for a connection')).toBeVisible();
  await expect(shown(page, 'Shoe size')).toContainText('42');
  await expect(shown(page, 'Name')).toContainText('waits for a connection');
  await look(page, '61-offline');

  // What is kept here is sealed.
  const kept = await page.evaluate(async () => {
    const db = await new Promise<IDBDatabase>((done) => {
      const r = indexedDB.open('coffer');
      r.onsuccess = () => done(r.result);
    });
    const all = await Promise.all(
      [...db.objectStoreNames].map((name) => new Promise((done) => {
        const r = db.transaction(name).objectStore(name).getAll();
        r.onsuccess = () => done(r.result);
      })),
    );
    db.close();
    return JSON.stringify(all);
  });
  expect(kept).toContain('ciphertext');
  expect(kept).not.toMatch(/Quokka|shoe-size/);

  // The page itself opens without a network; the vault does not, and says why.
  await page.reload();
  await expect(page.getByText('wait in this browser, sealed')).toBeVisible();
  await page.getByRole('button', { name: 'Unlock' }).click();
  await expect(page.getByText('The operator does not answer')).toBeVisible();
  await look(page, '62-offline-door');
  await page.context().setOffline(false);
  await unlock(page);
  await expect(page.getByText('The 2 changes that waited are saved.')).toBeVisible();
  await expect(shown(page, 'Name')).toContainText('Quokka Wombat');
  await page.reload();
  await unlock(page);
  await expect(shown(page, 'Shoe size')).toContainText('42');
  await expect(page.getByText('for a connection')).toBeHidden();

  // And while it stays open, it notices by itself.
  await page.context().setOffline(true);
  await change(page, 'Shoe size', '43');
  await expect(page.getByText('1 change waits for a connection')).toBeVisible();
  await page.context().setOffline(false);
  await expect(page.getByText('The change that waited is saved.')).toBeVisible();
  await go(page, 'Grants');
  await device.close();
});
