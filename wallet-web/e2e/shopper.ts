// What a shopper does on the wallet's pages, by the words on the screen.
import { expect, type Page } from '@playwright/test';

const button = (page: Page, name: string | RegExp) => page.getByRole('button', { name, exact: typeof name === 'string' });

/** Heading of the page that is shown. */
export const title = (page: Page, text: string | RegExp) => expect(page.getByRole('heading', { level: 1, name: text })).toBeVisible();

/** From the door to the recovery sheet; returns the 24 words as a shopper would write them down. */
export async function makeVault(page: Page): Promise<string[]> {
  await button(page, 'Open a vault').click();
  await button(page, 'Create the passkey').click();
  return readSheet(page);
}

/** The words of the sheet that is shown. */
export async function readSheet(page: Page): Promise<string[]> {
  await title(page, 'Your recovery sheet');
  const words = await page.locator('section.sheet .word').allTextContents();
  expect(words).toHaveLength(24);
  return words;
}

/** Confirms the sheet with the three words asked for. */
export async function confirmSheet(page: Page, words: readonly string[], action = 'Open my vault'): Promise<void> {
  await button(page, 'I have them on paper').click();
  await title(page, 'Three words, to be sure');
  const asked = await page.getByLabel(/^Word \d+$/).all();
  expect(asked).toHaveLength(3);
  for (const input of asked) {
    const n = Number((await input.getAttribute('id'))!.slice('word-'.length));
    await input.fill(words[n]!);
  }
  await button(page, action).click();
}

/** A vault from nothing to its empty home. */
export async function openVault(page: Page): Promise<string[]> {
  const words = await makeVault(page);
  await confirmSheet(page, words);
  await title(page, 'Your vault');
  return words;
}

export async function unlock(page: Page): Promise<void> {
  await button(page, 'Unlock').click();
  await expect(page.getByRole('button', { name: 'Lock', exact: true })).toBeVisible();
}

/** Locked and on a page of the wallet: unlocks it there. */
export async function visit(page: Page, url: string): Promise<void> {
  await page.goto(url);
  await unlock(page);
}

/** Moves within the open wallet. */
export async function go(page: Page, place: 'Vault' | 'Grants' | 'Inbox' | 'Activity' | 'Settings'): Promise<void> {
  await page.getByRole('navigation').getByRole('link', { name: place }).click();
}

export async function add(page: Page, label: string, value: string | Record<string, string>): Promise<void> {
  await button(page, `Add ${label}`).click();
  const form = page.getByRole('form', { name: label });
  if (typeof value === 'string') await form.getByLabel(label).fill(value);
  else for (const [part, text] of Object.entries(value)) await form.getByLabel(part).fill(text);
  await form.getByRole('button', { name: 'Save' }).click();
  await expect(form).toBeHidden();
}

export async function change(page: Page, label: string, value: string): Promise<void> {
  await button(page, `Change ${label}`).click();
  const form = page.getByRole('form', { name: label });
  await form.getByLabel(label).fill(value);
  await form.getByRole('button', { name: 'Save' }).click();
  await expect(form).toBeHidden();
}

/** The card of one purpose on the request's page. */
export const purpose = (page: Page, label: string) => page.getByRole('region', { name: label, exact: true });

export const say = (page: Page, label: string, answer: 'Yes' | 'No') => purpose(page, label).getByRole('radio', { name: answer }).check();
