// An operator, a business or a ledger that is not as it should be: what the wallet says then. What the operator
// answers is changed between it and the page; the service worker is left out, because it would hide the page's own
// requests from the test.
import { expect, test, type Page } from '@playwright/test';
import { newDevice, type Device } from './device';
import { look } from './screen';
import { add, change, go, openVault, say, title, unlock, visit } from './shopper';
import { startWorld, type World } from './world';

let world: World;
let device: Device;
let page: Page;

test.beforeAll(async () => {
  world = await startWorld();
});
test.afterAll(async () => {
  if (test.info().errors.length > 0) console.log(world?.logs());
  await world?.stop();
});
test.beforeEach(async ({ browser }) => {
  device = await newDevice(browser, { context: { serviceWorkers: 'block' }, expected: /Failed to load resource/ });
  page = device.page;
  await page.goto(world.operator);
});
test.afterEach(async () => {
  await device.close();
});

type Json = Record<string, unknown>;
/** Changes what the operator answers to a GET of this path; the last change counts. */
async function bend(path: RegExp, how: (answer: Json) => Json): Promise<void> {
  await page.route(path, async (route) => {
    if (route.request().method() !== 'GET') return route.fallback();
    const response = await route.fetch();
    await route.fulfill({ response, json: how((await response.json()) as Json) });
  });
}
const DOCUMENTS = /\/wallet\/v1\/documents$/;
const REQUEST = /\/wallet\/v1\/requests\//;

/** Orders something and returns the address of the request. */
async function order(): Promise<string> {
  await page.goto(world.shop);
  await page.getByRole('button', { name: 'Fill in with my Coffer' }).click();
  const link = await page.getByRole('link', { name: 'Open in my Coffer' }).getAttribute('href');
  return link!;
}

async function fillForDelivery(): Promise<void> {
  await add(page, 'Name', 'Trudi Traurig');
  await add(page, 'Postal address', { 'Street and number': 'Weg 1', Postcode: '10115', 'Town or city': 'Berlin', Country: 'DE' });
}

test('a document that was rolled back is named, and nothing is saved until the shopper decides', async () => {
  await openVault(page);
  await add(page, 'Name', 'Old Name');
  const old = (await page.evaluate(async () => (await fetch('/wallet/v1/documents')).json())) as { documents: { id: string; version: number }[] };
  await change(page, 'Name', 'New Name');
  await bend(DOCUMENTS, (answer) => ({
    documents: (answer['documents'] as { id: string; version: number }[]).map((now) => {
      const before = old.documents.find((d) => d.id === now.id);
      return now.version === 2 && before?.version === 1 ? before : now;
    }),
  }));
  await page.reload();
  await unlock(page);
  await expect(page.getByText('Your vault is not as this browser left it')).toBeVisible();
  await expect(page.getByText(/Your “Name” of .* was served in an older version, the one of /)).toBeVisible();
  await look(page, '40-rolled-back');
  await page.getByRole('button', { name: 'Add E-mail address' }).click();
  await page.getByRole('textbox', { name: 'E-mail address' }).fill('a@b.example');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText('nothing is changed until you decide')).toBeVisible();
});

test('a whole vault that was rolled back is noticed by the browser that saw the newer one', async () => {
  await openVault(page);
  await add(page, 'Name', 'Old Name');
  const old = (await page.evaluate(async () => (await fetch('/wallet/v1/documents')).json())) as Json;
  await add(page, 'Phone number', '+49 30 1');
  await bend(DOCUMENTS, () => old);
  await page.reload();
  await unlock(page);
  await expect(page.getByText('The whole vault is older than this browser has seen it')).toBeVisible();
  await look(page, '40b-whole-vault');
});

test('swapped documents do not open, and are named', async () => {
  await openVault(page);
  await add(page, 'Name', 'Trudi');
  await add(page, 'Phone number', '+49 30 1');
  await bend(DOCUMENTS, (answer) => {
    const all = answer['documents'] as { id: string; version: number; sealed: { ciphertext: string } }[];
    const [a, b] = all.filter((d) => d.version === 1);
    return { documents: all.map((d) => (d === a ? { ...d, sealed: b!.sealed } : d === b ? { ...d, sealed: a!.sealed } : d)) };
  });
  await page.reload();
  await unlock(page);
  await expect(page.getByText('Your vault is not as this browser left it')).toBeVisible();
  // The identity document and the list of ways in may be among the two.
  await expect(page.getByText(/^(Your (identity document|“(Name|Phone number)” of .*)|The list of your ways in) was exchanged for another of your documents\.$/)).toHaveCount(2);
  await look(page, '40c-swapped');
});

test('a document that is hidden is named, and the list goes on without it when the shopper says so', async () => {
  await openVault(page);
  await add(page, 'Shoe size', '41');
  await add(page, 'Name', 'Trudi');
  const all = (await page.evaluate(async () => (await fetch('/wallet/v1/documents')).json())) as { documents: { id: string }[] };
  // Its id is nobody's to know: each is hidden in turn, until it is the one.
  let hide = '';
  await bend(DOCUMENTS, (answer) => ({ documents: (answer['documents'] as { id: string }[]).filter((d) => d.id !== hide) }));
  const hidden = page.getByText(/Your “Shoe size” of .* is hidden/);
  for (const { id } of all.documents) {
    hide = id;
    await page.reload();
    await unlock(page);
    await expect(page.getByText('Your vault is not as this browser left it')).toBeVisible();
    if (await hidden.isVisible()) break;
  }
  await expect(hidden).toBeVisible();
  await look(page, '40d-hidden');
  await page.getByRole('button', { name: 'Go on from what is here' }).click();
  await expect(page.getByText('Your vault is not as this browser left it')).toBeHidden();
  await add(page, 'Phone number', '+49 30 1');
});

test('a document that was removed and is served again is named', async () => {
  await openVault(page);
  await add(page, 'Name', 'Trudi');
  await add(page, 'Shoe size', '41');
  type Stored = { documents: { id: string }[] };
  const old = (await page.evaluate(async () => (await fetch('/wallet/v1/documents')).json())) as Stored;
  await page.getByRole('button', { name: 'Remove Shoe size' }).click();
  await expect(page.getByText('Shoe size is removed.')).toBeVisible();
  await page.reload();
  await bend(DOCUMENTS, (answer) => {
    const now = (answer as Stored).documents;
    return { documents: [...now, ...old.documents.filter((d) => !now.some((n) => n.id === d.id))] };
  });
  await unlock(page);
  await expect(page.getByText(/^Your “Shoe size” of .* is here, though it is not on your list: it was removed, or you never saved it\.$/)).toBeVisible();
  await expect(page.getByText('remove it then if you do not want it')).toBeVisible();
  await look(page, '40e-unlisted');
});

test('two lists that do not follow on each other: the operator shows two browsers two vaults', async ({ browser }) => {
  const words = await openVault(page);
  await add(page, 'Name', 'Trudi');
  const other = await newDevice(browser, { expected: /Failed to load resource/ });
  await other.page.goto(world.operator);
  await other.page.getByRole('button', { name: 'Use recovery words' }).click();
  await other.page.getByLabel('The 24 words, in order').fill(words.join(' '));
  await other.page.getByRole('button', { name: 'Unlock' }).click();
  await other.page.getByRole('button', { name: 'Make a passkey' }).click();
  await other.page.getByRole('button', { name: 'To my vault' }).click();
  await expect(other.page.getByText('Trudi')).toBeVisible();
  await page.reload();
  await unlock(page);

  // What this browser writes is acknowledged and thrown away; then it is shown what the other one wrote.
  await page.route(DOCUMENTS, (route) => (route.request().method() === 'POST' ? route.fulfill({ status: 204 }) : route.fallback()));
  await add(page, 'Shoe size', '41');
  await page.unroute(DOCUMENTS);
  await add(other.page, 'Phone number', '+49 30 1');
  await page.reload();
  await unlock(page);
  await expect(page.getByText('The operator shows this browser another vault than it showed before')).toBeVisible();
  await look(page, '40f-forked');
  // The other browser saw no lie, and is told none.
  await other.page.reload();
  await unlock(other.page);
  await expect(other.page.getByText('Your vault is not as this browser left it')).toBeHidden();
  await other.close();
});

test('another validator set is said loudly, and its proofs are not called verified', async () => {
  await openVault(page);
  await fillForDelivery();
  await page.goto(await order());
  await unlock(page);
  await say(page, 'Deliver an order', 'Yes');
  await say(page, 'Send offers and news', 'No');
  await page.getByRole('button', { name: 'Give what I chose' }).click();
  await title(page, 'Your answer is given');
  await bend(/\/ledger\/v1\/validators$/, (answer) => ({
    ...answer,
    validators: [{ public_key: 'AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA', power: 10 }],
  }));
  await visit(page, `${world.operator}/grants`);
  await expect(page.getByText('The members of the ledger have changed').first()).toBeVisible();
  await page.getByRole('link', { name: /Deliver an order/ }).click();
  await expect(page.getByText('this proof is not called verified')).toBeVisible();
  await expect(page.getByText('Everything holds')).toBeHidden();
  await look(page, '41-validators-changed');
});

test('while the ledger is away giving waits and says so, and takes effect later', async () => {
  await openVault(page);
  await fillForDelivery();
  let away = true;
  // As the operator answers while its outbox waits for the ledger.
  const anchoring = (grants: Json[]) => grants.map((g) => ({ ...g, state: 'anchoring', ...('anchored' in g ? { anchored: false } : {}) }));
  await page.route(/\/wallet\/v1\/(decisions|grants)$/, async (route) => {
    const response = await route.fetch();
    const answer = (await response.json()) as Json;
    await route.fulfill({ response, json: away && response.ok() ? { ...answer, grants: anchoring(answer['grants'] as Json[]) } : answer });
  });
  await page.goto(await order());
  await unlock(page);
  await say(page, 'Deliver an order', 'Yes');
  await say(page, 'Send offers and news', 'No');
  await page.getByRole('button', { name: 'Give what I chose' }).click();
  await expect(page.getByText('Waiting for the ledger')).toBeVisible();
  await expect(page.getByText('It takes effect when it is anchored.')).toBeVisible();
  await look(page, '42-waiting-for-the-ledger');
  await go(page, 'Grants');
  await expect(page.getByRole('heading', { name: 'Waiting for the ledger' })).toBeVisible();
  await page.getByRole('link', { name: /Deliver an order/ }).click();
  await expect(page.getByText('This grant waits for the ledger.')).toBeVisible();
  away = false;
  await expect(page.getByText('Everything holds')).toBeVisible();
});

test('refusing everything takes one tap and no passkey; the request is answered then', async () => {
  await openVault(page);
  const request = await order();
  await page.goto(request);
  await unlock(page);
  await device.authenticator({ prf: true }); // an empty one: a passkey could not be used
  await page.getByRole('button', { name: 'Refuse all' }).click();
  await title(page, 'You refused');
  await look(page, '43-refused');
  await page.getByRole('link', { name: /Back to Corner Shop/ }).click();
  await expect(page.getByText(/refused/i).first()).toBeVisible();
});

test('each refusal of a request says what is wrong with it', async () => {
  await openVault(page);
  const request = await order();
  const seen = async (how: (answer: Json) => Json, heading: string, shot?: string) => {
    await page.unroute(REQUEST);
    await bend(REQUEST, how);
    await page.goto(request);
    await unlock(page);
    await title(page, heading);
    if (shot) await look(page, shot);
  };
  const jws = (change: (payload: Json) => Json) => (answer: Json) => {
    const [header, payload, signature] = (answer['request'] as string).split('.');
    const bent = change(JSON.parse(Buffer.from(payload!, 'base64url').toString()) as Json);
    return { ...answer, request: `${header}.${Buffer.from(JSON.stringify(bent)).toString('base64url')}.${signature}` };
  };
  const business = (more: Json) => (answer: Json) => ({ ...answer, business: { ...(answer['business'] as Json), ...more } });
  await seen(jws((p) => ({ ...p, exp: (p['exp'] as number) + 3600 })), 'The signature is wrong', '44-bad-signature');
  await seen((answer) => ({ ...answer, status: 'expired' }), 'This request is over', '45-expired');
  await seen(business({ state: 'suspended' }), 'This business is suspended');
  await seen(business({ state: 'pending' }), 'This business is not approved yet');
  await seen(business({ did: 'did:key:zDnaeUbWyPBFtoig7X3CSXyQ8Vb7STRHSpsCPjWSR8ufBj1b6' }), 'Signed by someone else');
  await seen((answer) => ({ ...answer, request: 'no jws' }), 'The signature is wrong');
  await page.unroute(REQUEST);
  await bend(REQUEST, business({ name: 'Entirely Other Ltd' }));
  await page.goto(request);
  await unlock(page);
  await expect(page.getByText('Entirely Other Ltd')).toBeVisible();
});

test('a minor is not asked for marketing', async () => {
  await openVault(page);
  const year = new Date().getFullYear() - 12;
  await add(page, 'Birth date', `${year}-01-15`);
  await page.goto(await order());
  await unlock(page);
  await expect(page.getByText('Data of minors is never given for marketing')).toBeVisible();
  await expect(page.getByRole('radio')).toHaveCount(2);
  await look(page, '46-minor');
});

test('a vault that nobody signed in to for long says that it was kept', async () => {
  await openVault(page);
  const inactive = { months: 24, days: 180, warned: Math.floor(Date.now() / 1000) - 40 * 86_400 };
  await page.route(/\/wallet\/v1\/(passkeys\/get\/finish|session)$/, async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, json: { ...((await response.json()) as Json), inactive } });
  });
  await visit(page, world.operator);
  await expect(page.getByText('By signing in you have kept it. Nothing was erased.')).toBeVisible();
  await look(page, '69-kept');
  await page.getByRole('button', { name: 'Good' }).click();
  await expect(page.getByText('Your vault stays')).toHaveCount(0);
  await go(page, 'Settings');
  await expect(page.getByText('nobody has signed in for 24 months, this operator marks your vault, and erases it 180 days later')).toBeVisible();
});

test('every ending of a page is said in words', async () => {
  await openVault(page);
  await go(page, 'Grants');
  await expect(page.getByText('You have given nothing to anyone.')).toBeVisible();
  await page.goto(`${world.operator}/nowhere`);
  await title(page, 'There is nothing here');
  await visit(page, `${world.operator}/r/AAAAAAAAAAAAAAAAAAAAAA`);
  await title(page, 'There is nothing here');
  await look(page, '47-not-found');
  await page.route(/\/wallet\/v1\/grants$/, (route) => route.abort());
  await go(page, 'Grants');
  await title(page, 'The operator does not answer');
  await look(page, '48-unreachable');
  await page.unroute(/\/wallet\/v1\/grants$/);
  await page.getByRole('button', { name: 'Try again' }).click();
  await title(page, 'Grants');
  await bend(/\/wallet\/v1\/messages$/, () => ({ messages: [{ id: 'no id' }] }));
  await go(page, 'Inbox');
  await title(page, 'The answer is not understood');
  await page.context().clearCookies();
  await go(page, 'Activity');
  await title(page, 'Your vault is locked');
  await look(page, '49-session-over');
  await page.getByRole('button', { name: 'Unlock' }).click();
  await unlock(page);
  await title(page, 'Activity');
});
