// The whole journey of one shopper with one shop: open, fill, be asked, decide, be delivered to, be written to, see,
// be audited, withdraw, erase. A picture of every screen on the way.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test, type Page } from '@playwright/test';
import { newDevice, type Device } from './device';
import { look } from './screen';
import { add, change, go, makeVault, confirmSheet, purpose, say, title, unlock, visit } from './shopper';
import { coffer, startWorld, type World } from './world';

// Values that appear nowhere by chance: after the erasure every file of the operator is searched for them.
const name = 'Wilhelmina Quastenflosser';
const email = 'wq.canary@quastenflosser.example';
const phone = '+49 30 7700417';
const address = { 'Street and number': 'Kanarienweg 417b', Postcode: '10417', 'Town or city': 'Quastenhausen', Country: 'de' };
const birth = '1984-04-17';
const planted = [name, email, phone, 'Kanarienweg', 'Quastenhausen', birth, 'Saddle-soap offer', 'Sattelseife'];

let world: World;
let device: Device;
let page: Page;
let receipt: string; // the file that the shopper kept

test.beforeAll(async ({ browser }) => {
  world = await startWorld();
  device = await newDevice(browser);
  page = device.page;
});
test.afterAll(async () => {
  if (test.info().errors.length > 0) console.log(world?.logs());
  await device?.close();
  await world?.stop();
});

test('the whole journey', async () => {
  test.setTimeout(240_000);

  await test.step('1 open a vault', async () => {
    await page.goto(world.operator);
    await title(page, 'Your data, in your hands');
    await look(page, '01-welcome');
    await page.getByRole('button', { name: 'Open a vault' }).click();
    await look(page, '02-passkey');
    await page.getByRole('button', { name: 'Back' }).click();
    const words = await makeVault(page);
    await look(page, '03-recovery-sheet');
    await page.getByRole('button', { name: 'I have them on paper' }).click();
    await page.getByLabel(/^Word/).first().fill('wrong');
    await page.getByRole('button', { name: 'Open my vault' }).click();
    await expect(page.getByText(/is another one on the sheet/).first()).toBeVisible();
    await look(page, '04-confirm-words');
    await page.getByRole('button', { name: 'Show the sheet again' }).click();
    await confirmSheet(page, words);
    await title(page, 'Your vault');
    await look(page, '05-vault-empty');
  });

  await test.step('2 fill it', async () => {
    await add(page, 'Name', name);
    await page.getByRole('button', { name: 'Add E-mail address' }).click();
    await page.getByRole('textbox', { name: 'E-mail address' }).fill('not an address');
    await page.getByRole('button', { name: 'Save' }).click();
    await expect(page.getByText('does not look like an e-mail address')).toBeVisible();
    await look(page, '06-vault-editing');
    await page.getByRole('textbox', { name: 'E-mail address' }).fill(email);
    await page.getByRole('button', { name: 'Save' }).click();
    await add(page, 'Phone number', phone);
    await add(page, 'Postal address', address);
    await add(page, 'Birth date', birth);
    await expect(page.getByText('worked out from your birth date')).toBeVisible();
    await add(page, 'Loyalty card number', '4170-0417');
    await page.getByRole('button', { name: 'Remove Loyalty card number' }).click();
    await expect(page.getByText('Loyalty card number is removed.')).toBeVisible();
    await page.getByRole('button', { name: 'Undo' }).click();
    await expect(page.getByText('Loyalty card number is back.')).toBeVisible();
    await expect(page.getByText('4170-0417')).toBeVisible();
    await look(page, '07-vault-filled');
  });

  await test.step('3 be asked', async () => {
    await page.goto(world.shop);
    await page.getByRole('button', { name: 'Fill in with my Coffer' }).click();
    await expect(page.getByRole('heading', { level: 1 })).toHaveText('Answer in your Coffer');
    await page.screenshot({ path: 'test-results/screens/08-shop-asks.png', fullPage: true });
    await page.getByRole('link', { name: 'Open in my Coffer' }).click();
    await title(page, 'Someone asks for your data');
    await look(page, '09-asked-locked');
    await unlock(page);
    await title(page, 'Corner Shop asks for your data');
    await expect(page.getByText('Signature verified')).toBeVisible();
    for (const radio of await page.getByRole('radio').all()) await expect(radio).not.toBeChecked();
    for (const box of await page.getByRole('checkbox').all()) await expect(box).not.toBeChecked();
    await look(page, '10-request');
  });

  await test.step('4 decide', async () => {
    await say(page, 'Deliver an order', 'Yes');
    await expect(purpose(page, 'Deliver an order').getByText('Kanarienweg')).toBeVisible();
    await say(page, 'Send offers and news', 'Yes');
    // What the shop needs and the vault lacks is filled in right there.
    await purpose(page, 'Send offers and news').getByRole('button', { name: /^Fill in/ }).first().click();
    await look(page, '11-request-filling');
    await page.getByRole('textbox', { name: 'Shoe size' }).fill('42');
    await page.getByRole('button', { name: 'Save' }).click();
    await purpose(page, 'Send offers and news').getByRole('checkbox', { name: /Shoe size/ }).check();
    await look(page, '12-request-decided');
    await page.getByRole('button', { name: 'Give what I chose' }).click();
    await title(page, 'Your answer is given');
    await expect(page.getByText('In effect')).toHaveCount(2);
    await look(page, '13-given');
  });

  await test.step('5 collect', async () => {
    await page.getByRole('link', { name: /Back to Corner Shop/ }).click();
    await expect(page.locator('address')).toContainText('Kanarienweg 417b');
    await page.getByRole('button', { name: /Try to collect the birth date/ }).first().click();
    await expect(page.getByText(/Refused/).first()).toBeVisible();
    await page.screenshot({ path: 'test-results/screens/14-shop-delivers.png', fullPage: true });
  });

  await test.step('6 message', async () => {
    await page.goto(`${world.shop}/office`);
    await page.getByLabel('Subject').fill('Saddle-soap offer');
    await page.getByLabel('Text').fill('Sattelseife at half the price until Saturday.\nCome in <b>today</b>.');
    await page.getByRole('button', { name: 'Post the permit and send' }).click();
    await expect(page.getByRole('status')).toBeVisible();
    await page.screenshot({ path: 'test-results/screens/15-shop-office.png', fullPage: true });
    await visit(page, `${world.operator}/inbox`);
    await expect(page.getByRole('heading', { name: 'Saddle-soap offer' })).toBeVisible();
    // A message is text, whatever it contains.
    await expect(page.getByText('Come in <b>today</b>.', { exact: false })).toBeVisible();
    await expect(page.getByText(/Sent by Corner Shop under the consent you gave on/)).toBeVisible();
    await expect(page.getByText('Proof verified')).toBeVisible();
    await page.getByText('How this is known').click();
    await look(page, '16-inbox');
  });

  await test.step('7 see', async () => {
    await go(page, 'Activity');
    await title(page, 'Activity');
    await expect(page.getByText('Corner Shop collected').first()).toBeVisible();
    await expect(page.getByText('Corner Shop was refused').first()).toBeVisible();
    await expect(page.getByText('the chain holds from the first line')).toBeVisible();
    await look(page, '17-activity');
    await go(page, 'Vault');
    await expect(page.getByText('May be collected by Corner Shop').first()).toBeVisible();
    await look(page, '18-vault-shared');
    await change(page, 'Name', `${name} II`); // sealed anew and shared anew
    await go(page, 'Grants');
    await look(page, '19-grants');
    await page.getByRole('link', { name: /Deliver an order/ }).click();
    await title(page, 'Given to Corner Shop');
    await expect(page.getByText('Everything holds')).toBeVisible();
    await expect(page.getByText('Verified:')).toHaveCount(6);
    await expect(page.getByText(/Corner Shop counter-signed the receipt on/)).toBeVisible();
    await look(page, '20-grant');
    const downloading = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Download the receipt' }).click();
    receipt = await (await downloading).path();
    const bundle = JSON.parse(await readFile(receipt, 'utf8')) as Record<string, unknown>;
    expect(Object.keys(bundle)).toEqual(['v', 'receipt', 'opening', 'proof', 'countersignature']);
    await page.getByText('The receipt', { exact: true }).click();
    await look(page, '21-grant-receipt');
    await go(page, 'Settings');
    await expect(page.getByText(/files are the ones in the list/)).toBeVisible();
    await look(page, '22-settings');
  });

  await test.step('8 audit', async () => {
    // What a DPO does: take the shop's trail, and the receipt that the shopper kept, to the command line.
    const folder = await mkdtemp(join(tmpdir(), 'coffer-dpo-'));
    const [trail, validators] = [join(folder, 'trail.ndjson'), join(folder, 'validators.json')];
    const fetched = async (path: string) => Buffer.from(await (await fetch(`${world.shop}/office/${path}`)).arrayBuffer());
    const whole = await fetched('trail.ndjson');
    await writeFile(trail, whole);
    await writeFile(validators, await fetched('validators.json'));
    expect(await coffer('audit', trail, '--validators', validators, '--ledger', world.operator)).toMatchObject({ status: 0 });
    expect(await coffer('verify', receipt, '--validators', validators)).toMatchObject({ status: 0 });
    for (const value of planted.slice(0, 6)) expect(whole.includes(value), 'a trail holds no value').toBe(false);
    await writeFile(trail, whole.toString().replace('"kind":"message"', '"kind":"missive"'));
    const tampered = await coffer('audit', trail, '--validators', validators);
    expect(tampered.status).toBe(1);
    expect(tampered.out).toContain('broken-chain');
    await rm(folder, { recursive: true });
  });

  await test.step('the shop collects the changed value under the old grant', async () => {
    await page.goto(`${world.shop}/office`);
    await page.getByRole('row', { name: /Deliver/ }).getByRole('button', { name: 'Collect' }).first().click();
    await expect(page.getByRole('status')).toBeVisible();
    await page.getByRole('region', { name: 'Orders' }).getByRole('link').first().click();
    await expect(page.getByText(`${name} II`).first()).toBeVisible();
  });

  await test.step('9 withdraw', async () => {
    await visit(page, `${world.operator}/grants`);
    await page.getByRole('link', { name: /Deliver an order/ }).click();
    await expect(page.getByText('What they already read cannot be unread')).toBeVisible();
    await page.getByRole('button', { name: 'Withdraw this grant' }).click();
    await expect(page.getByText('Withdrawn. Nothing more can be collected under this grant.')).toBeVisible();
    await expect(page.getByText('What ended this entry is on the ledger too')).toBeVisible();
    // The shop hears of it at its webhook, deletes, and answers twice, signed.
    const since = page.getByRole('list', { name: 'What happened since' });
    await expect(since.getByText(/It acknowledged, signed on/)).toBeVisible({ timeout: 20_000 });
    await expect(since.getByText(/It stated the deletion, signed on/)).toBeVisible({ timeout: 20_000 });
    await expect(page.getByText('We deleted everything we had collected under this grant.')).toBeVisible();
    await look(page, '23-withdrawn');
    await page.goto(`${world.shop}/office`);
    await page.getByRole('row', { name: /Deliver/ }).getByRole('button', { name: 'Collect' }).first().click();
    await expect(page.getByText('Refused: nothing was released.', { exact: false })).toBeVisible();
    await expect(page.getByText(/withdrawn/i).first()).toBeVisible();
    await page.screenshot({ path: 'test-results/screens/24-shop-learns.png', fullPage: true });
  });

  await test.step('10 erase', async () => {
    await visit(page, `${world.operator}/settings`);
    const ids = await page.evaluate(async () => {
      const read = async (path: string) => (await fetch(path)).json() as Promise<Record<string, unknown>>;
      const session = (await read('/wallet/v1/session')) as { vault: string };
      const { documents } = (await read('/wallet/v1/documents')) as { documents: { id: string }[] };
      // Not the grants' ids: the business learns by them which of its grants died, and they name nobody else.
      return [session.vault, ...documents.map((d) => d.id)];
    });
    expect(ids.length).toBeGreaterThan(10);
    expect(await found(world, ids), 'before the erasure the ids are there, or the search finds nothing at all').not.toEqual([]);
    await page.getByRole('button', { name: /^Erase my vault/ }).click();
    await look(page, '25-erase');
    await expect(page.getByRole('button', { name: 'Erase with my passkey' })).toBeDisabled();
    await page.getByLabel(/nobody can undo/).check();
    await page.getByRole('button', { name: 'Erase with my passkey' }).click();
    await title(page, 'Your vault is erased');
    await look(page, '26-erased');
    expect(await found(world, [...ids, ...planted]), 'traces after the erasure').toEqual([]);
  });
});

/** Where any of these stand in what the operator wrote: as text, and ids also as their 16 bytes and in hex. */
async function found(world: World, needles: string[]): Promise<string[]> {
  const isId = (s: string) => /^[A-Za-z0-9_-]{22}$/.test(s);
  const forms = (s: string) => (isId(s) ? [Buffer.from(s), Buffer.from(s, 'base64url'), Buffer.from(Buffer.from(s, 'base64url').toString('hex'))] : [Buffer.from(s)]);
  const hits: string[] = [];
  for (const { name: file, bytes } of await world.written()) {
    needles.forEach((needle, i) => {
      if (forms(needle).some((form) => bytes.includes(form))) hits.push(`${file.split('/').slice(-2).join('/')}: ${isId(needle) ? `id ${i}` : needle}`);
    });
  }
  return hits;
}
