// A second device: two browser contexts, one operator between them.
import { expect, test, type Page } from '@playwright/test';
import { newDevice } from './device';
import { look } from './screen';
import { add, confirmSheet, go, makeVault, openVault, title, unlock } from './shopper';
import { startWorld, type World } from './world';

let world: World;
test.beforeAll(async () => {
  world = await startWorld();
});
test.afterAll(async () => {
  if (test.info().errors.length > 0) console.log(world?.logs());
  await world?.stop();
});

/** The code that the device with the vault shows. */
async function offer(page: Page): Promise<string> {
  await go(page, 'Settings');
  await page.getByRole('button', { name: 'Add a device' }).click();
  await title(page, 'Bring your vault to another device');
  return (await page.locator('[data-code]').getAttribute('data-code'))!;
}

/** The three words on the screen. */
async function words(page: Page): Promise<string[]> {
  await title(page, 'Do both devices show these words?');
  return page.getByRole('list', { name: 'Three words' }).getByRole('listitem').allTextContents();
}

test('a tablet gets the vault from the phone, and loses it when it is removed', async ({ browser }) => {
  const phone = await newDevice(browser);
  await phone.page.goto(world.operator);
  await openVault(phone.page);
  await add(phone.page, 'Name', 'Gesine Gerät');
  const code = await offer(phone.page);
  await look(phone.page, '50-pairing-code');

  // As the tablet's camera would: the address of the picture.
  const tablet = await newDevice(browser, { expected: /401 \(Unauthorized\)/ });
  const { page } = tablet;
  await page.goto(`${world.operator}/pair#${code}`);
  await title(page, 'Your vault from another device');
  await expect(page.getByLabel('The code')).toHaveValue(code);
  await look(page, '51-pairing-join');
  await page.getByRole('button', { name: 'Go on' }).click();
  const there = await words(page);
  expect(await words(phone.page)).toEqual(there);
  await look(page, '52-pairing-phrase');
  await phone.page.getByRole('button', { name: 'They are the same' }).click();
  await expect(phone.page.getByText('which has to say the same')).toBeVisible();
  await page.getByRole('button', { name: 'They are the same' }).click();
  await title(page, 'Your vault is here');
  await expect(phone.page.getByText('The other device has your vault')).toBeVisible();
  await page.getByRole('button', { name: 'Make a passkey' }).click();
  await expect(page.getByText('The new passkey opens your vault.')).toBeVisible();
  await page.getByRole('button', { name: 'Go on' }).click();
  await title(page, 'Your vault');
  await expect(page.getByText('Gesine Gerät')).toBeVisible();
  // Back at the code's address with the vault open, it is said what the code is for; and it can still be used.
  await page.goBack();
  await title(page, 'Your vault is open here already');
  await look(page, '58-pairing-open-already');
  await page.getByRole('button', { name: 'To my vault' }).click();
  await expect(page.getByText('Gesine Gerät')).toBeVisible();
  await page.goBack();
  await page.getByRole('button', { name: 'Lock it and use the code' }).click();
  await title(page, 'Your vault from another device');
  await expect(page.getByLabel('The code')).toHaveValue(code);
  await expect(page.getByText('A vault was open in this browser before')).toBeVisible();
  // By itself from now on.
  await page.getByRole('button', { name: 'Back' }).click();
  await unlock(page);
  await expect(page.getByText('Gesine Gerät')).toBeVisible();

  await phone.page.getByRole('button', { name: 'To the settings' }).click();
  await expect(phone.page.getByText(/Passkey 2/)).toBeVisible();
  await phone.page.reload();
  await unlock(phone.page);
  await expect(phone.page.getByText(/Passkey 2 · Chrome, Linux/)).toBeVisible();
  await phone.page.getByRole('button', { name: /^Rename Passkey 2/ }).click();
  await phone.page.getByLabel('Name of this device').fill('Old tablet');
  await phone.page.getByRole('button', { name: 'Save' }).click();
  await expect(phone.page.getByText('Passkey 2 · Old tablet')).toBeVisible();
  await look(phone.page, '53-devices');
  await phone.page.getByRole('button', { name: 'Remove passkey 2' }).click();
  await phone.page.getByRole('button', { name: 'Remove it' }).click();
  await expect(phone.page.getByText('If somebody else may have that passkey')).toBeVisible();
  await look(phone.page, '54-device-removed');
  await page.reload();
  await page.getByRole('button', { name: 'Unlock' }).click();
  await expect(page.getByText('This passkey signs in to no vault here')).toBeVisible();
  // And the operator's files name no device.
  for (const { name, bytes } of await world.written()) expect(bytes.includes('Old tablet'), name).toBe(false);
  await phone.close();
  await tablet.close();
});

test('other words end it, and a code counts once', async ({ browser }) => {
  const phone = await newDevice(browser, { expected: /409 \(Conflict\)/ });
  await phone.page.goto(world.operator);
  await openVault(phone.page);
  const code = await offer(phone.page);
  const tablet = await newDevice(browser, { expected: /409 \(Conflict\)/ });
  await tablet.page.goto(world.operator);
  await tablet.page.getByRole('button', { name: 'From another device' }).click();
  const field = tablet.page.getByLabel('The code');
  await field.fill('nonsense');
  await tablet.page.getByRole('button', { name: 'Go on' }).click();
  await expect(tablet.page.getByText('That is not a code')).toBeVisible();
  await field.fill(` ${code.slice(0, 4).toLowerCase()}-${code.slice(4)}`);
  await tablet.page.getByRole('button', { name: 'Go on' }).click();
  await words(tablet.page);

  const thief = await newDevice(browser, { expected: /409 \(Conflict\)/ });
  await thief.page.goto(`${world.operator}/pair#${code}`);
  await thief.page.getByRole('button', { name: 'Go on' }).click();
  await title(thief.page, 'This pairing is over');
  await look(thief.page, '55-pairing-over');
  await thief.close();

  await words(phone.page);
  await phone.page.getByRole('button', { name: 'They differ' }).click();
  await title(phone.page, 'Then nothing was handed over');
  await look(phone.page, '56-pairing-differs');
  await tablet.page.getByRole('button', { name: 'They are the same' }).click();
  await title(tablet.page, 'This pairing is over');
  await phone.close();
  await tablet.close();
});

test('an operator in between is seen: the two phones show other words', async ({ browser }) => {
  const phone = await newDevice(browser, { expected: /409 \(Conflict\)/ });
  await phone.page.goto(world.operator);
  await openVault(phone.page);
  const code = await offer(phone.page);
  const tablet = await newDevice(browser);
  // It plays the phone a half of its own making.
  await phone.page.route(/\/pairing\/offered$/, async (route) => {
    const response = await route.fetch();
    const seen = (await response.json()) as { key: string };
    const pair = await crypto.subtle.generateKey({ name: 'ECDH', namedCurve: 'P-256' }, true, ['deriveBits']);
    const key = Buffer.from(await crypto.subtle.exportKey('raw', pair.publicKey)).toString('base64url');
    await route.fulfill({ response, json: seen.key === '' ? seen : { ...seen, key } });
  });
  await tablet.page.goto(`${world.operator}/pair#${code}`);
  await tablet.page.getByRole('button', { name: 'Go on' }).click();
  expect(await words(phone.page)).not.toEqual(await words(tablet.page));
  await phone.close();
  await tablet.close();
});

test('an operator that changes its mind is caught: the half it reveals is not the one promised', async ({ browser }) => {
  const phone = await newDevice(browser, { expected: /409 \(Conflict\)/ });
  await phone.page.goto(world.operator);
  await openVault(phone.page);
  const code = await offer(phone.page);
  const tablet = await newDevice(browser, { context: { serviceWorkers: 'block' } });
  const { page } = tablet;
  // Having seen the tablet's half, it would now choose one that makes the words agree.
  await page.route(/\/pairing\/joined$/, async (route) => {
    const response = await route.fetch();
    const seen = (await response.json()) as { key: string };
    const pair = await crypto.subtle.generateKey({ name: 'ECDH', namedCurve: 'P-256' }, true, ['deriveBits']);
    const key = Buffer.from(await crypto.subtle.exportKey('raw', pair.publicKey)).toString('base64url');
    await route.fulfill({ response, json: seen.key === '' ? seen : { ...seen, key } });
  });
  await page.goto(`${world.operator}/pair#${code}`);
  await page.getByRole('button', { name: 'Go on' }).click();
  await title(page, 'Nothing was handed over');
  await expect(page.getByText('is not what that device had promised')).toBeVisible();
  await expect(page.getByRole('list', { name: 'Three words' })).toBeHidden();
  await look(page, '59-pairing-unfit');
  // The phone gets nowhere either: the tablet has ended it.
  await phone.page.getByRole('button', { name: 'They are the same' }).click();
  await title(phone.page, 'This pairing is over');
  await phone.close();
  await tablet.close();
});

test('a passkey without PRF signs in, and opens from another device', async ({ browser }) => {
  const laptop = await newDevice(browser, { prf: false, expected: /409 \(Conflict\)/ });
  const { page } = laptop;
  await page.goto(world.operator);
  const sheet = await makeVault(page);
  await confirmSheet(page, sheet);
  await title(page, 'One more way in');
  const own = await laptop.credentials();
  await laptop.authenticator({ prf: true });
  await page.getByRole('button', { name: 'Add a passkey' }).click();
  await title(page, 'Your vault');
  await add(page, 'Name', 'Lina Laptop');

  // A phone, by words; its own passkey opens.
  const phone = await newDevice(browser, { expected: /401 \(Unauthorized\)/ });
  await phone.page.goto(world.operator);
  await phone.page.getByRole('button', { name: 'Use recovery words' }).click();
  await phone.page.getByLabel('The 24 words, in order').fill(sheet.join(' '));
  await phone.page.getByRole('button', { name: 'Unlock' }).click();
  await phone.page.getByRole('button', { name: 'Make a passkey' }).click();
  await phone.page.getByRole('button', { name: 'To my vault' }).click();
  await expect(phone.page.getByText('Lina Laptop')).toBeVisible();
  const code = await offer(phone.page);

  await laptop.authenticator({ prf: false }, own);
  await page.reload();
  await page.getByRole('button', { name: 'Unlock' }).click();
  await title(page, 'Your recovery words');
  await look(page, '57-words-or-device');
  await page.getByRole('button', { name: 'From another device instead' }).click();
  await page.getByLabel('The code').fill(code);
  await page.getByRole('button', { name: 'Go on' }).click();
  expect(await words(page)).toEqual(await words(phone.page));
  await page.getByRole('button', { name: 'They are the same' }).click();
  await phone.page.getByRole('button', { name: 'They are the same' }).click();
  await title(page, 'Your vault');
  await expect(page.getByText('Lina Laptop')).toBeVisible();
  await phone.close();
  await laptop.close();
});
