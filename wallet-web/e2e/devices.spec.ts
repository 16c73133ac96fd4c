// Devices that differ: a passkey that cannot open the vault, a second passkey, a page that was left or reloaded.
import { expect, test } from '@playwright/test';
import { newDevice } from './device';
import { look } from './screen';
import { add, confirmSheet, go, makeVault, openVault, readSheet, title, unlock } from './shopper';
import { startWorld, type World } from './world';

let world: World;
test.beforeAll(async () => {
  world = await startWorld();
});
test.afterAll(async () => {
  if (test.info().errors.length > 0) console.log(world?.logs());
  await world?.stop();
});

test('a passkey without PRF: words open the vault, and that is said kindly', async ({ browser }) => {
  // The operator answers 409 until there are two ways in.
  const device = await newDevice(browser, { prf: false, expected: /409 \(Conflict\)/ });
  const { page } = device;
  await page.goto(world.operator);
  const words = await makeVault(page);
  await expect(page.getByText('that is no fault of yours')).toBeVisible();
  await look(page, '30-sheet-without-prf');
  await confirmSheet(page, words);

  // Two ways in before it is a vault: the words are one, a passkey that can open it is the other.
  await title(page, 'One more way in');
  await look(page, '31-one-more-way-in');
  const first = await device.credentials();
  await device.authenticator({ prf: true });
  await page.getByRole('button', { name: 'Add a passkey' }).click();
  await title(page, 'Your vault');
  await add(page, 'Name', 'Ottilie Ohneprf');

  // Back on the first device: its passkey signs in, the words open.
  await device.authenticator({ prf: false }, first);
  await page.getByRole('button', { name: 'Lock', exact: true }).click();
  await page.getByRole('button', { name: 'Unlock' }).click();
  await title(page, 'Your recovery words');
  await expect(page.getByText('Your passkey has signed you in')).toBeVisible();
  await look(page, '32-unlock-by-words');

  const field = page.getByLabel('The 24 words, in order');
  const action = page.getByRole('button', { name: 'Unlock' });
  await field.fill(words.slice(0, 23).join(' '));
  await action.click();
  await expect(page.getByText('These are 23 words; the sheet has 24.')).toBeVisible();
  await field.fill(words.map((w, i) => (i === 4 ? 'coffer' : w)).join(' '));
  await action.click();
  await expect(page.getByText('Word 5 is not on the list')).toBeVisible();
  await field.fill(words.map((w, i) => `${i + 1}. ${w.toUpperCase()}`).join('\n'));
  await action.click();
  await title(page, 'Your vault');
  await expect(page.getByText('Ottilie Ohneprf')).toBeVisible();
  await device.close();
});

test('a second passkey in the place of the sheet is enough, and what that means is said', async ({ browser }) => {
  const device = await newDevice(browser);
  const { page } = device;
  await page.goto(world.operator);
  await makeVault(page);
  await page.getByRole('button', { name: 'A second passkey instead' }).click();
  await title(page, 'A second passkey instead of the sheet');
  await expect(page.getByText('losing both is losing the vault')).toBeVisible();
  await look(page, '37-second-passkey-instead');
  await page.getByRole('button', { name: 'Back to the sheet' }).click();
  await readSheet(page);
  await page.getByRole('button', { name: 'A second passkey instead' }).click();
  const add = page.getByRole('button', { name: 'Add the second passkey' });
  await add.click();
  await expect(page.getByText('already has a passkey')).toBeVisible();

  // One that only signs in is no way in, and it is still a choice; then a security key that can.
  await device.authenticator({ prf: false });
  await add.click();
  await expect(page.getByText('cannot open the vault either')).toBeVisible();
  await device.authenticator({ prf: true });
  await add.click();
  await title(page, 'Your vault');
  await page.getByRole('button', { name: 'Add Name', exact: true }).click();
  await page.getByRole('textbox', { name: 'Name' }).fill('Zita Zweitschlüssel');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText('Zita Zweitschlüssel')).toBeVisible();

  // It opens the vault, and the settings say what is missing.
  await page.reload();
  await unlock(page);
  await expect(page.getByText('Zita Zweitschlüssel')).toBeVisible();
  const key = await device.credentials();
  await go(page, 'Settings');
  await expect(page.getByText('You have no recovery sheet')).toBeVisible();
  await page.getByRole('button', { name: 'Make a sheet' }).click();
  const words = await readSheet(page);
  await expect(page.getByRole('button', { name: 'A second passkey instead' })).toBeHidden();
  await confirmSheet(page, words, 'This sheet counts from now on');
  await expect(page.getByText('also when every passkey is lost')).toBeVisible();

  // Moved to another authenticator a passkey loses its secret: the words are there now.
  await device.authenticator({ prf: true }, key);
  await page.reload();
  await page.getByRole('button', { name: 'Unlock' }).click();
  await title(page, 'Your recovery words');
  await device.close();
});

test('without a sheet nobody is asked for words, when a passkey opens nothing', async ({ browser }) => {
  const device = await newDevice(browser);
  const { page } = device;
  await page.goto(world.operator);
  await makeVault(page);
  await page.getByRole('button', { name: 'A second passkey instead' }).click();
  const first = await device.credentials();
  await device.authenticator({ prf: true });
  await page.getByRole('button', { name: 'Add the second passkey' }).click();
  await title(page, 'Your vault');
  await device.authenticator({ prf: false }, first);
  await page.reload();
  await page.getByRole('button', { name: 'Unlock' }).click();
  await title(page, 'This passkey does not open your vault');
  await expect(page.getByRole('button', { name: 'From another device instead' })).toBeVisible();
  await look(page, '38-no-sheet');
  await page.getByRole('button', { name: 'Use another passkey' }).click();
  await title(page, 'This passkey does not open your vault');
  await page.getByRole('button', { name: 'Back' }).click();
  await expect(page.getByRole('button', { name: 'Unlock' })).toBeVisible();
  await device.close();
});

test('a sign-up that was left goes on with a fresh sheet', async ({ browser }) => {
  const device = await newDevice(browser);
  const { page } = device;
  await page.goto(world.operator);
  await makeVault(page);
  await page.emulateMedia({ media: 'print' });
  await expect(page.getByRole('button', { name: 'Print the sheet' })).toBeHidden();
  await page.screenshot({ path: 'test-results/screens/36-sheet-printed.png', fullPage: true });
  await page.emulateMedia({ media: 'screen' });
  await page.reload();
  await page.getByRole('button', { name: 'Unlock' }).click();
  await title(page, 'Your recovery sheet');
  await confirmSheet(page, await readSheet(page));
  await title(page, 'Your vault');
  await device.close();
});

test('opening another vault leaves the first one alone, though its session is alive', async ({ browser }) => {
  const device = await newDevice(browser);
  const { page } = device;
  await page.goto(world.operator);
  const words = await openVault(page);
  await add(page, 'Name', 'Erika Erstling');
  const first = await device.credentials();
  await page.reload(); // the session's cookie stays, the keys are gone
  await device.authenticator({ prf: true });
  await page.getByRole('button', { name: 'Open another vault' }).click();
  await page.getByRole('button', { name: 'Create the passkey' }).click();
  await confirmSheet(page, await readSheet(page));
  await title(page, 'Your vault');
  await expect(page.getByText('Erika Erstling')).toBeHidden();

  // The first vault again. A passkey that was moved to another authenticator signs in and lost its secret: words open.
  await device.authenticator({ prf: true }, first);
  await page.reload();
  await page.getByRole('button', { name: 'Unlock' }).click();
  await expect(page.getByText('Your passkey has signed you in')).toBeVisible();
  await page.getByLabel('The 24 words, in order').fill(words.join(' '));
  await page.getByRole('button', { name: 'Unlock' }).click();
  await expect(page.getByText('Erika Erstling')).toBeVisible();
  // And by the words alone, while the session of this browser lasts.
  await page.reload();
  await page.getByRole('button', { name: 'Use recovery words' }).click();
  await page.getByLabel('The 24 words, in order').fill(words.join(' '));
  await page.getByRole('button', { name: 'Unlock' }).click();
  await expect(page.getByText('Erika Erstling')).toBeVisible();
  await device.close();
});

test('one more passkey under Settings opens the vault too', async ({ browser }) => {
  const device = await newDevice(browser);
  const { page } = device;
  await page.goto(world.operator);
  await openVault(page);
  await add(page, 'Name', 'Paula Passkey');
  await go(page, 'Settings');
  // The same authenticator refuses a second passkey for one vault: said, and nothing is lost.
  await page.getByRole('button', { name: 'Add a passkey' }).click();
  await expect(page.getByText('already has a passkey')).toBeVisible();
  // A security key takes the phone's place between confirming and making.
  await page.route(/\/passkeys\/create\/start$/, async (route) => {
    await device.authenticator({ prf: true });
    await route.continue();
  });
  await page.getByRole('button', { name: 'Add a passkey' }).click();
  await expect(page.getByText('The new passkey opens your vault.')).toBeVisible();
  await expect(page.getByText('Passkey 2')).toBeVisible();
  await look(page, '35-two-passkeys');
  await page.reload();
  await unlock(page);
  await go(page, 'Vault');
  await expect(page.getByText('Paula Passkey')).toBeVisible();
  await device.close();
});

test('every passkey is lost: the words open the vault on a new device, and the old passkey is removed', async ({ browser }) => {
  const phone = await newDevice(browser, { expected: /401 \(Unauthorized\)/ });
  await phone.page.goto(world.operator);
  const words = await openVault(phone.page);
  await add(phone.page, 'Name', 'Renate Rettung');

  // A tablet that has never been here, with no passkey. Another sheet gets in nowhere, and it is said why that may be.
  const tablet = await newDevice(browser, { expected: /401 \(Unauthorized\)/ });
  const { page } = tablet;
  await page.goto(world.operator);
  await page.getByRole('button', { name: 'Use recovery words' }).click();
  await title(page, 'Your recovery words');
  const field = page.getByLabel('The 24 words, in order');
  const action = page.getByRole('button', { name: 'Unlock' });
  await field.fill('abandon '.repeat(23) + 'art');
  await action.click();
  await expect(page.getByText('sign in to no vault here')).toBeVisible();
  await look(page, '40-words-of-no-vault');
  await field.fill(words.join(' '));
  await action.click();
  await title(page, 'Your words are right');
  await look(page, '41-words-are-right');
  await page.getByRole('button', { name: 'Make a passkey' }).click();
  await title(page, 'Your other passkeys');
  await expect(page.getByText('The new passkey opens your vault')).toBeVisible();
  await expect(page.getByRole('button', { name: /^Remove passkey/ })).toHaveCount(1);
  await look(page, '42-old-passkeys');
  await page.getByRole('button', { name: 'Remove passkey 1' }).click();
  await look(page, '43-remove-a-passkey');
  await page.getByRole('button', { name: 'Remove it' }).click();
  await expect(page.getByText('The passkey is removed')).toBeVisible();
  await expect(page.getByText('Passkey 2')).toBeHidden();
  await look(page, '44-passkey-removed');
  await page.getByRole('button', { name: 'To my vault' }).click();
  await title(page, 'Your vault');
  await expect(page.getByText('Renate Rettung')).toBeVisible();
  // Its own passkey alone opens it from now on.
  await page.reload();
  await unlock(page);
  await expect(page.getByText('Renate Rettung')).toBeVisible();

  // Whoever has the phone is out: the session is over, and the passkey signs in no more.
  await phone.page.reload();
  await phone.page.getByRole('button', { name: 'Unlock' }).click();
  await expect(phone.page.getByText('This passkey signs in to no vault here')).toBeVisible();
  await look(phone.page, '45-removed-passkey');
  await expect(phone.page.getByRole('button', { name: 'Lock', exact: true })).toBeHidden();
  await phone.close();
  await tablet.close();
});

test('a new sheet under Settings: the old words are dead at once, the new ones open', async ({ browser }) => {
  const device = await newDevice(browser);
  const { page } = device;
  await page.goto(world.operator);
  const old = await openVault(page);
  await add(page, 'Name', 'Birgit Blatt');
  await go(page, 'Settings');
  await expect(page.getByRole('heading', { name: 'Recovery sheet' })).toBeVisible();
  // One of two ways in stays.
  await expect(page.getByRole('button', { name: /^Remove passkey/ })).toBeHidden();
  await page.getByRole('button', { name: 'Make a new sheet' }).click();
  const words = await readSheet(page);
  expect(words).not.toEqual(old);
  await confirmSheet(page, words, 'This sheet counts from now on');
  await expect(page.getByText('Your new sheet counts')).toBeVisible();
  await look(page, '46-new-sheet');
  await device.close();

  const other = await newDevice(browser, { expected: /401 \(Unauthorized\)/ });
  await other.page.goto(world.operator);
  await other.page.getByRole('button', { name: 'Use recovery words' }).click();
  await other.page.getByLabel('The 24 words, in order').fill(old.join(' '));
  await other.page.getByRole('button', { name: 'Unlock' }).click();
  await expect(other.page.getByText('an older sheet no longer counts')).toBeVisible();
  await other.page.getByLabel('The 24 words, in order').fill(words.join(' '));
  await other.page.getByRole('button', { name: 'Unlock' }).click();
  // Without a passkey one may look, and make one later.
  await other.page.getByRole('button', { name: 'Not now' }).click();
  await expect(other.page.getByText('Birgit Blatt')).toBeVisible();
  await go(other.page, 'Settings');
  await other.page.getByRole('button', { name: 'Add a passkey' }).click();
  await other.page.getByLabel('The 24 words, in order').fill(words.join(' '));
  await other.page.getByRole('button', { name: 'Unlock' }).click();
  await expect(other.page.getByText('Passkey 2')).toBeVisible();
  await other.close();
});

test('a sheet from before words could sign in is offered to, and a cloned passkey is said kindly', async ({ browser }) => {
  const device = await newDevice(browser);
  const { page } = device;
  // What an older wallet sent: the words' wrap and no more.
  await page.route(/\/wraps$/, async (route) => {
    const { wraps } = route.request().postDataJSON() as { wraps: unknown };
    await route.continue({ postData: JSON.stringify({ wraps }) });
  });
  await page.goto(world.operator);
  const words = await openVault(page);
  await add(page, 'Name', 'Albert Altbau');
  await page.unroute(/\/wraps$/);
  await go(page, 'Settings');
  await expect(page.getByText('They do not sign you in themselves')).toBeVisible();
  await page.reload();
  await page.getByRole('button', { name: 'Use recovery words' }).click();
  await page.getByLabel('The 24 words, in order').fill(words.join(' '));
  await page.getByRole('button', { name: 'Unlock' }).click();
  await title(page, 'Let your words sign you in, too');
  await look(page, '47-offer');
  await page.getByRole('button', { name: 'Let my words sign me in' }).click();
  await title(page, 'Settings');
  await expect(page.getByText('also when every passkey is lost')).toBeVisible();

  await page.route(/\/session$/, async (route) => {
    const response = await route.fetch();
    const session = (await response.json()) as { passkeys: object[] };
    await route.fulfill({ response, json: { ...session, passkeys: session.passkeys.map((p) => ({ ...p, cloned: true })) } });
  });
  await go(page, 'Vault');
  await go(page, 'Settings');
  await expect(page.getByText('counter went back once')).toBeVisible();
  await look(page, '48-cloned');
  await device.close();

  const other = await newDevice(browser, { expected: /401 \(Unauthorized\)/ });
  await other.page.goto(world.operator);
  await other.page.getByRole('button', { name: 'Use recovery words' }).click();
  await other.page.getByLabel('The 24 words, in order').fill(words.join(' '));
  await other.page.getByRole('button', { name: 'Unlock' }).click();
  await title(other.page, 'Your words are right');
  await other.close();
});

test('the vault locks by itself after ten minutes without anyone', async ({ browser }) => {
  const device = await newDevice(browser);
  const { page } = device;
  await page.clock.install();
  await page.goto(world.operator);
  await openVault(page);
  await page.clock.fastForward('09:00');
  await page.mouse.click(5, 300); // a sign of life
  await page.clock.fastForward('09:00');
  await title(page, 'Your vault');
  await page.clock.fastForward('01:01');
  await expect(page.getByText('nobody was here for a while')).toBeVisible();
  await look(page, '33-locked-by-itself');
  await unlock(page);
  await device.close();
});

test('the page opens without a network, and says that the operator does not answer', async ({ browser }) => {
  const device = await newDevice(browser, { expected: /ERR_INTERNET_DISCONNECTED/ });
  const { page } = device;
  await page.goto(world.operator);
  await page.evaluate(async () => void (await navigator.serviceWorker.ready));
  await page.reload();
  await page.context().setOffline(true);
  await page.reload();
  await page.getByRole('button', { name: 'Unlock' }).click();
  await expect(page.getByText('The operator does not answer')).toBeVisible();
  await look(page, '34-offline');
  await device.close();
});

test('the keyboard is enough, and the focus follows the page', async ({ browser }) => {
  const device = await newDevice(browser);
  const { page } = device;
  await page.goto(world.operator);
  await expect(page.getByRole('heading', { level: 1 })).toBeFocused();
  await page.keyboard.press('Tab');
  await expect(page.getByRole('button', { name: 'Open a vault' })).toBeFocused();
  await page.keyboard.press('Enter');
  await title(page, 'A passkey for your vault');
  await expect(page.getByRole('heading', { level: 1 })).toBeFocused();
  await page.keyboard.press('Shift+Tab');
  await page.keyboard.press('Shift+Tab');
  await expect(page.getByRole('link', { name: 'Skip to the content' })).toBeFocused();
  await page.keyboard.press('Enter');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await title(page, 'Your recovery sheet');
  await device.close();
});
