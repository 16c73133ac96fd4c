// Files: attached in chunks, gone on with after a break, read back as they were, and named when they are not.
import { createHash, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { deflateSync } from 'node:zlib';
import { expect, test, type Page } from '@playwright/test';
import { newDevice } from './device';
import { look } from './screen';
import { openVault, unlock } from './shopper';
import { startWorld, type World } from './world';

let world: World;
test.beforeAll(async () => {
  world = await startWorld();
});
test.afterAll(async () => {
  if (test.info().errors.length > 0) console.log(world?.logs());
  await world?.stop();
});

/** A picture of 64 × 32 green pixels. */
function picture(): Buffer {
  const chunk = (type: string, data: Buffer) => {
    const body = Buffer.concat([Buffer.from(type), data]);
    const [size, crc] = [Buffer.alloc(4), Buffer.alloc(4)];
    size.writeUInt32BE(data.length);
    crc.writeUInt32BE(crc32(body));
    return Buffer.concat([size, body, crc]);
  };
  const head = Buffer.from([0, 0, 0, 64, 0, 0, 0, 32, 8, 2, 0, 0, 0]);
  const line = Buffer.concat([Buffer.from([0]), Buffer.alloc(64 * 3).map((_, i) => [16, 120, 96][i % 3]!)]);
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk('IHDR', head),
    chunk('IDAT', deflateSync(Buffer.concat(Array.from({ length: 32 }, () => line)))),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}
function crc32(bytes: Buffer): number {
  let crc = ~0;
  for (const b of bytes) {
    crc ^= b;
    for (let i = 0; i < 8; i++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return ~crc >>> 0;
}
const PICTURE = picture();
const attach = (page: Page, name: string, mimeType: string, buffer: Buffer) => page.locator('input[type=file]').setInputFiles({ name, mimeType, buffer });
const sum = (b: Buffer) => createHash('sha256').update(b).digest('hex');

async function saved(page: Page, name: string): Promise<Buffer> {
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: `Save a copy ${name}` }).click()]);
  expect(download.suggestedFilename()).toBe(name);
  return readFile(await download.path());
}

test('a file is attached in parts, goes on after a break, comes back as it was, and can be removed', async ({ browser }) => {
  const device = await newDevice(browser, { context: { serviceWorkers: 'block' }, expected: /Failed to load resource/ });
  const { page } = device;
  await page.goto(world.operator);
  await openVault(page);

  await page.getByLabel('Belongs to').selectOption({ label: 'Loyalty card number' });
  await attach(page, 'card.png', 'image/png', PICTURE);
  await expect(page.getByText('card.png is attached.')).toBeVisible();
  await page.getByRole('button', { name: 'Show card.png' }).click();
  const img = page.getByRole('img', { name: 'The picture card.png' });
  await expect.poll(() => img.evaluate((i: HTMLImageElement) => i.naturalWidth)).toBe(64);
  await look(page, '70-files');

  // 3 MB in 12 parts; the connection breaks at the fifth.
  const scan = randomBytes(3_000_000);
  let broken = true;
  await page.route(/\/wallet\/v1\/attachments\/[^/]+\/5\?/, (route) => (broken ? route.abort() : route.fallback()));
  await attach(page, 'scan.bin', '', scan);
  await expect(page.getByText('Sealing and sending scan.bin: 5 of 12 parts')).toBeVisible();
  await expect(page.getByText('The operator does not answer')).toBeVisible();
  await look(page, '71-upload-broke-off');
  broken = false;
  await page.getByRole('button', { name: 'Go on' }).click();
  await expect(page.getByText('scan.bin is attached.')).toBeVisible();
  await page.reload();
  await unlock(page);
  expect(sum(await saved(page, 'scan.bin'))).toBe(sum(scan));
  expect(sum(await saved(page, 'card.png'))).toBe(sum(PICTURE));

  // What the operator has is neither the file nor its name.
  for (const { name, bytes } of await world.written()) {
    expect(bytes.includes(scan.subarray(1000, 1100)), name).toBe(false);
    expect(bytes.includes('scan.bin'), name).toBe(false);
  }

  // A part served in the place of another, and a part that is hidden: nothing of it is handed to the shopper.
  await page.route(/\/wallet\/v1\/attachments\/[^/]+\/3$/, async (route) => route.fulfill({ response: await route.fetch({ url: route.request().url().replace(/3$/, '4') }) }));
  await page.getByRole('button', { name: 'Save a copy scan.bin' }).click();
  await expect(page.getByText('a part is missing, or was changed')).toBeVisible();
  await look(page, '72-part-swapped');
  await page.unrouteAll();
  await page.route(/\/wallet\/v1\/attachments\/[^/]+\/7$/, (route) => route.fulfill({ status: 404, contentType: 'application/problem+json', body: JSON.stringify({ type: 'urn:coffer:problem:not-found' }) }));
  await page.getByRole('button', { name: 'Save a copy scan.bin' }).click();
  await expect(page.getByText('a part is missing, or was changed')).toBeVisible();
  await page.unrouteAll();

  // Removed, back, and removed for good.
  await page.getByRole('button', { name: 'Remove scan.bin' }).click();
  await expect(page.getByText('scan.bin is removed.')).toBeVisible();
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(page.getByText('scan.bin is back.')).toBeVisible();
  expect(sum(await saved(page, 'scan.bin'))).toBe(sum(scan));
  await page.getByRole('button', { name: 'Remove scan.bin' }).click();
  const dropped = page.waitForResponse((r) => r.request().method() === 'DELETE');
  await page.getByRole('button', { name: 'Close' }).click();
  expect((await dropped).status()).toBe(204);
  await expect(page.getByRole('button', { name: 'Save a copy scan.bin' })).toBeHidden();

  await attach(page, 'film.bin', '', Buffer.alloc(10_485_761));
  await expect(page.getByText('This file is larger than')).toBeVisible();
  await page.reload();
  await unlock(page);
  expect(sum(await saved(page, 'card.png'))).toBe(sum(PICTURE));
  await device.close();
});
