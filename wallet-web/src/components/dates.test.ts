import { describe, expect, it } from 'vitest';
import { counted, country, duration, lengthOf, listed, onDate, onDay } from './dates';
import { preferred, speech } from './language.svelte';

describe('dates', () => {
  it('keep each kind of formatter apart', async () => {
    await speech.speak('en');
    expect(onDay(0)).toContain('1970');
    expect(lengthOf(1)).toBe('1 day');
    expect(onDay(86400 * 2)).toContain('1970');
    expect([7, 31, 90, 365].map(lengthOf)).toEqual(['1 week', '1 month', '3 months', '1 year']);
    expect([duration('P90D'), duration('P1Y2M')]).toEqual(['90 days', 'P1Y2M']);
    expect([counted(1, 'one', 'other'), counted(2, 'one', 'other'), country('DE'), country('DE-BE')]).toEqual(['one', 'other', 'Germany', 'DE-BE']);
  });

  it('follow the language', async () => {
    await speech.speak('fr', { de: async () => ({ texts: {} }), fr: async () => ({ texts: {} }) });
    expect(onDate('2026-12-01')).toBe('1 décembre 2026');
    expect([listed(['a', 'b']), counted(0, 'un', 'autres'), lengthOf(90).replace(/\s/g, ' ')]).toEqual(['a et b', 'un', '3 mois']);
    await speech.speak('en');
  });

  it('are in the first language that the wallet speaks', () => {
    expect([preferred(['', 'it-IT', 'de-AT', 'fr']), preferred(['pt']), preferred([])]).toEqual(['de', 'en', 'en']);
  });
});
