import { describe, expect, test } from 'vitest';
import { b64u } from './bytes';
import { fixedRandom } from './testing/fixed';
import { entropyOf, newWords, wordsFrom, wordsOf, WordsError } from './words';

const { words, entropy } = newWords(fixedRandom('words'));
const errorOf = (typed: string | string[]): WordsError => {
  try {
    entropyOf(typed);
  } catch (error) {
    if (error instanceof WordsError) return error;
  }
  throw new Error('it was taken');
};

describe('recovery words', () => {
  test('24 words hold 32 bytes', () => {
    expect(words).toHaveLength(24);
    expect(b64u(entropyOf(words))).toBe(b64u(entropy));
    // BIP-39's own vector.
    expect(wordsOf(new Uint8Array(32)).join(' ')).toBe(`${'abandon '.repeat(23)}art`);
  });

  test('are read as people type them', () => {
    const typed = [
      words.join('  '),
      `\n ${words.join('\n')}\t`,
      words.join(', ').toUpperCase(),
      words.map((w, i) => `${i + 1}. ${w}`).join('\n'),
      words.map((w) => w.charAt(0).toUpperCase() + w.slice(1)).join('\u00a0'),
    ];
    for (const text of typed) expect(b64u(entropyOf(text))).toBe(b64u(entropy));
  });

  test('an unknown word is named by its place, never by itself', () => {
    const error = errorOf(words.map((w, i) => (i === 6 ? 'canary-word' : w)));
    expect(error).toMatchObject({ code: 'unknown-word', position: 7 });
    expect(String(error)).not.toMatch(/canary/);
  });

  test('a known word in the wrong place breaks the checksum', () => {
    const swapped = [...words];
    [swapped[0], swapped[1]] = [swapped[1]!, swapped[0]!];
    expect(errorOf(swapped).code).toBe('wrong-checksum');
  });

  test('too few and too many', () => {
    expect(errorOf(words.slice(1))).toMatchObject({ code: 'count', count: 23 });
    expect(errorOf([...words, 'art'])).toMatchObject({ code: 'count', count: 25 });
    expect(errorOf('')).toMatchObject({ code: 'count', count: 0 });
  });

  test('complete what is typed', () => {
    expect(wordsFrom('Zo')).toEqual(['zone', 'zoo']);
    expect(wordsFrom(' ')).toEqual([]);
  });
});
