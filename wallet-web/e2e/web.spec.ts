// A business that goes by the name of its host: the wallet says what it verified and what only the operator saw. The
// operator's two answers are made here, since a did:web needs a host with a certificate.
import { expect, test } from '@playwright/test';
import { p256FromDidKey } from '../src/core/did';
import { requestPayload, shop } from '../src/core/testing/fixed';
import { newDevice } from './device';
import { look } from './screen';
import { add, openVault, title, visit } from './shopper';
import { startWorld } from './world';

test('a request of a did:web', async ({ browser }) => {
  const world = await startWorld();
  const device = await newDevice(browser);
  const { page } = device;
  try {
    const [by, did, now] = [shop(), 'did:web:corner.example', Math.floor(Date.now() / 1000)];
    const key = `${did}#key-1`;
    const payload = { ...requestPayload(by), iss: did, aud: world.operator, iat: now, exp: now + 86_400 };
    const request = by.sign('coffer-request+jwt', payload, { kid: key });
    const document = { id: did, verificationMethod: [{ id: key, controller: did, publicKeyJwk: p256FromDidKey(by.did) }], assertionMethod: [key] };
    const business = { did, name: 'Corner Shop', state: 'active' };
    await page.route('**/wallet/v1/requests/*', (route) => route.fulfill({ json: { request, status: 'open', business, partners: [], cosignatures: [], opted_out: [] } }));
    const asked: string[] = [];
    let text = JSON.stringify(document);
    await page.route('**/wallet/v1/published', (route) => {
      asked.push(route.request().postData() ?? '');
      return route.fulfill({ json: { text } });
    });

    await page.goto(world.operator);
    await openVault(page);
    await add(page, 'Name', 'Wilhelmina Quastenflosser');
    await visit(page, `${world.operator}/r/${payload.id}`);
    await title(page, 'Corner Shop asks for your data');
    await expect(page.getByText('It goes by the name of corner.example.')).toBeVisible();
    await expect(page.getByText('signs with another key than before')).toHaveCount(0);
    expect(asked).toEqual([JSON.stringify({ address: did })]);
    await look(page, '50-did-web');

    // The host has another key now: whoever signed this is not that host.
    text = JSON.stringify(document).replace(p256FromDidKey(by.did).x, p256FromDidKey(shop('another').did).x).replace(p256FromDidKey(by.did).y, p256FromDidKey(shop('another').did).y);
    await visit(page, `${world.operator}/r/${payload.id}`);
    await expect(page.getByText('It goes by the name of corner.example.')).toHaveCount(0);
    await title(page, 'The signature is wrong');
  } finally {
    await device.close();
    await world.stop();
  }
});
