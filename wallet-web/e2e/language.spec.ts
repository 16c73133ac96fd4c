// The screen in other languages: the browser's own, and the one that is chosen, without a reload.
import { expect, test } from '@playwright/test';
import { newDevice } from './device';
import { look } from './screen';
import { openVault } from './shopper';
import { startWorld } from './world';

test('a French browser reads French; the settings switch at once and are remembered', async ({ browser }) => {
  test.setTimeout(180_000);
  const world = await startWorld();
  const device = await newDevice(browser, { context: { locale: 'fr-FR' } });
  const { page } = device;
  try {
    await page.goto(world.operator);
    await expect(page.getByRole('heading', { level: 1 })).toHaveText('Vos données, entre vos mains');
    await expect(page.locator('html')).toHaveAttribute('lang', 'fr');
    await look(page, '70-welcome-fr');
    // The words that the steps below look for are English.
    await page.evaluate(() => localStorage.setItem('language', 'en'));
    await page.reload();
    await openVault(page);
    await page.getByRole('navigation').getByRole('link', { name: 'Settings' }).click();
    await page.getByLabel('Language of this page').selectOption('de');
    await expect(page.getByRole('heading', { level: 1 })).toHaveText('Einstellungen');
    await expect(page.getByRole('button', { name: 'Sperren' })).toBeVisible();
    await look(page, '71-settings-de');
    await page.getByRole('navigation').getByRole('link', { name: 'Tresor' }).click();
    await expect(page.getByText('Postanschrift').first()).toBeVisible();
    await look(page, '72-vault-de');
    await page.reload();
    await expect(page.getByRole('button', { name: 'Entsperren' })).toBeVisible();
  } finally {
    await device.close();
    await world.stop();
  }
});
