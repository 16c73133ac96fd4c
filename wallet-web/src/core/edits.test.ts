import { describe, expect, test } from 'vitest';
import { bothOf, openEdits, sealEdits, standingOf, withEdit, type Edit, type Edits } from './edits';
import { vaultKeyFrom } from './keys';
import { fixedRandom } from './testing/fixed';

const random = fixedRandom('edits test');
const edit = (base: Edit['base'], value: Edit['value'], name = 'name'): Edit => ({ name, base, value, at: 9 });
const address = (street: string, city: string) => ({ street, postcode: '10115', city, country: 'DE' });

describe('an edit', () => {
  test('is ready, done or a clash by what the vault holds now', () => {
    expect(standingOf(edit('a', 'b'), 'a')).toBe('ready');
    expect(standingOf(edit('a', 'b'), 'b')).toBe('done');
    expect(standingOf(edit('a', 'b'), 'c')).toBe('clash');
    expect(standingOf(edit(null, 'b'), null)).toBe('ready');
    expect(standingOf(edit('a', 'b'), null)).toBe('clash'); // removed elsewhere
    expect(standingOf(edit('a', null), 'c')).toBe('clash'); // removed here, changed elsewhere
    expect(standingOf(edit('a', null), null)).toBe('done');
    expect(standingOf(edit(address('x', 'y'), null, 'postal-address'), address('x', 'y'))).toBe('ready');
  });

  test('keeps the first base and the last value, and going back is no edit', () => {
    let edits: Edits = withEdit(new Map(), edit('a', 'b'));
    edits = withEdit(edits, { ...edit('b', 'c'), at: 11 });
    expect([...edits.values()]).toEqual([{ name: 'name', base: 'a', value: 'c', at: 11 }]);
    expect(withEdit(edits, edit('c', 'a')).size).toBe(0);
    // Added and removed again, while nothing was there.
    expect(withEdit(withEdit(new Map(), edit(null, 'b')), edit('b', null)).size).toBe(0);
  });

  test('is kept sealed, and opens with its vault key only', async () => {
    const key = await vaultKeyFrom(random(32));
    const edits = new Map([['name', edit('quokka', 'wombat')]]);
    const kept = await sealEdits(key, edits, random);
    expect(JSON.stringify(kept)).not.toMatch(/quokka|wombat|name/);
    expect(await openEdits(key, kept)).toEqual(edits);
    await expect(openEdits(await vaultKeyFrom(random(32)), kept)).rejects.toMatchObject({ code: 'cannot-open' });
  });
});

describe('both', () => {
  test('joins lists, each thing once', () => {
    expect(bothOf(edit('tea', 'Tea, books', 'product-preference'), 'tea, bread')).toBe('tea, bread, books');
    expect(bothOf(edit('tea', 'tea, books', 'product-preference'), 'tea, books, bread')).toBeNull(); // that is theirs
  });
  test('takes the parts of an address that only one side changed', () => {
    const base = address('Weg 1', 'Berlin');
    expect(bothOf(edit(base, address('Weg 2', 'Berlin'), 'postal-address'), address('Weg 1', 'Bonn'))).toEqual(address('Weg 2', 'Bonn'));
    expect(bothOf(edit(base, address('Weg 2', 'Berlin'), 'postal-address'), address('Weg 3', 'Berlin'))).toBeNull();
  });
  test('makes no sense of two names, or of something and nothing', () => {
    expect(bothOf(edit('a', 'b'), 'c')).toBeNull();
    expect(bothOf(edit('tea', 'tea, books', 'product-preference'), null)).toBeNull();
  });
});
