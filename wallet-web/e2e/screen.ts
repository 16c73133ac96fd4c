// Looks at a screen: a picture in two shapes, axe on both, and nothing wider than the window.
import { AxeBuilder } from '@axe-core/playwright';
import { expect, type Page } from '@playwright/test';

const FOLDER = 'test-results/screens';
const wide = { width: 1100, height: 800 };
const phone = { width: 360, height: 740 };

async function axe(page: Page, name: string): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']).analyze();
  const found = violations.map((v) => `${v.id}: ${v.nodes.map((n) => `${n.target.join(' ')} (${n.failureSummary?.split('\n')[1]?.trim() ?? ''})`).join('; ')}`);
  expect(found, `axe on ${name}`).toEqual([]);
}

async function fits(page: Page, name: string): Promise<void> {
  const [content, window] = await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
  expect(content, `${name} is wider than the window`).toBeLessThanOrEqual(window!);
}

/** Keeps `<name>.png` (wide, light) and `<name>-phone.png` (360 px, dark), each clean under axe. */
export async function look(page: Page, name: string): Promise<void> {
  for (const [suffix, size, colorScheme] of [['', wide, 'light'], ['-phone', phone, 'dark']] as const) {
    await page.setViewportSize(size);
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await fits(page, name + suffix);
    await axe(page, name + suffix);
    // As tall as the page, so that what is fixed to the window stands where it belongs.
    const height = await page.evaluate(() => document.documentElement.scrollHeight);
    await page.setViewportSize({ ...size, height: Math.max(size.height, height) });
    await page.evaluate(() => scrollTo(0, 0));
    await page.screenshot({ path: `${FOLDER}/${name}${suffix}.png` });
  }
  await page.setViewportSize(wide);
  await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'no-preference' });
}
