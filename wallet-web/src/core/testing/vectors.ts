/** For tests only: the vectors that Go and TypeScript share. A missing or empty corpus fails. */
import { readdirSync, readFileSync } from 'node:fs';

const root = new URL('../../../../', import.meta.url);

/** One block of a text corpus: key: value lines, with `case` and `expect`. */
export type Block = Record<string, string> & { case: string; expect: string };

/** The blocks of a text corpus, path from the repository's root; some of each outcome are required. */
export function textVectors(path: string): Block[] {
  const blocks = readFileSync(new URL(path, root), 'utf8')
    .split(/\n{2,}/)
    .map((block) => block.split('\n').filter((line) => line !== '' && !line.startsWith('#')))
    .filter((lines) => lines.length > 0)
    .map((lines) => Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()])) as Block);
  return bothOutcomes(path, blocks, (b) => b.expect);
}

/** The cases of a JSON corpus. With `outcome`, some of each are required. */
export function jsonVectors<T>(path: string, outcome?: (c: T) => string): T[] {
  const { v, cases } = JSON.parse(readFileSync(new URL(path, root), 'utf8')) as { v: number; cases: T[] };
  if (v !== 1 || !Array.isArray(cases) || cases.length === 0) throw new Error(`${path}: no vectors`);
  return outcome ? bothOutcomes(path, cases, outcome) : cases;
}

/** The names of a corpus's files; none is fatal. */
export function vectorFiles(folder: string): string[] {
  const names = readdirSync(new URL(folder, root)).sort();
  if (names.length === 0) throw new Error(`${folder}: no vectors`);
  return names;
}

function bothOutcomes<T>(path: string, cases: T[], outcome: (c: T) => string): T[] {
  const refused = cases.filter((c) => outcome(c).startsWith('refused')).length;
  if (refused === 0 || refused === cases.length) throw new Error(`${path}: want some of each outcome`);
  return cases;
}

/** Bytes of hex. */
export function fromHex(hex: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}
