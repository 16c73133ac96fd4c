/**
 * The recovery sheet: 24 words of the English BIP-39 list for 32 bytes of entropy. Carries the word list (13 kB):
 * import it lazily.
 */
import { entropyToMnemonic, mnemonicToEntropy } from '@scure/bip39';
import { wordlist } from '@scure/bip39/wordlists/english.js';
import type { Bytes } from './bytes';
import { CoreError } from './errors';
import type { Random } from './random';

/** How many words a sheet has. */
export const WORDS = 24;

const known = new Set(wordlist);

/**
 * The words are not a sheet. `count`: not 24 words; `unknown-word`: word number `position` (from 1) is not on the
 * list; `wrong-checksum`: all words are known and at least one is another than on the sheet. No word is in the
 * error: they open the vault.
 */
export class WordsError extends CoreError {
  override readonly name = 'WordsError';
  constructor(
    override readonly code: 'count' | 'unknown-word' | 'wrong-checksum',
    /** Of the first unknown word, from 1; 0 otherwise. */
    readonly position = 0,
    /** How many words there were. */
    readonly count = WORDS,
  ) {
    super(code, `reading recovery words: ${code}`);
  }
}

/** A fresh sheet; draws 32 random bytes. */
export function newWords(random: Random): { words: string[]; entropy: Bytes } {
  const entropy = random(32);
  return { words: wordsOf(entropy), entropy };
}

/** The 24 words of 32 bytes. */
export function wordsOf(entropy: Bytes): string[] {
  return entropyToMnemonic(entropy, wordlist).split(' ');
}

/** The 32 bytes of a sheet as someone typed it: case, spaces, line breaks, commas and "12." do not matter. Throws WordsError. */
export function entropyOf(typed: string | readonly string[]): Bytes {
  const words = (typeof typed === 'string' ? typed : typed.join(' '))
    .normalize('NFKD')
    .toLowerCase()
    .split(/[\s,;]+|\d+[.):]?/)
    .filter((word) => word !== '');
  const unknown = words.findIndex((word) => !known.has(word));
  if (unknown >= 0) throw new WordsError('unknown-word', unknown + 1, words.length);
  if (words.length !== WORDS) throw new WordsError('count', 0, words.length);
  try {
    return mnemonicToEntropy(words.join(' '), wordlist) as Bytes;
  } catch {
    throw new WordsError('wrong-checksum');
  }
}

/** The words at these places of the list, from 0: for a phrase that two devices show. */
export const wordsAt = (places: readonly number[]): string[] => places.map((place) => wordlist[place] ?? '');

/** The words of the list that begin so, at most `max`: for completing what is typed. */
export function wordsFrom(prefix: string, max = 4): string[] {
  const begin = prefix.trim().toLowerCase();
  return begin === '' ? [] : wordlist.filter((word) => word.startsWith(begin)).slice(0, max);
}
