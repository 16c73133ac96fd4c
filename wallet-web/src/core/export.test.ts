import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { b64u, concat, fromB64u, sha256, utf8, type Bytes } from './bytes';
import { CoreError, OpenError } from './errors';
import { Export, PART, partsOf, pieces, sealExport, sizeOf, type Contents, type Damage } from './export';
import { newId, type DocumentId, type VaultId } from './id';
import { fixedRandom, NOW, ORIGIN } from './testing/fixed';
import { jsonVectors } from './testing/vectors';
import { entropyOf } from './words';

const readAt = (file: Bytes) => (from: number, to: number) => Promise.resolve(file.slice(from, to));
const open = (file: Bytes, entropy: Bytes) => Export.open(readAt(file), file.length, entropy);

interface Case {
  name: string;
  expect: 'opens' | 'damaged' | 'refused' | 'foreign';
  words: string;
  file?: string;
  flip?: number[];
  swap: [number, number];
  cut?: number;
  contents?: Contents;
  from_copy?: boolean;
  damaged?: Damage[];
  lines?: string[];
  hash?: string;
}
const cases = jsonVectors<Case>('vault/testdata/vectors/export.json', (c) => c.expect);
const first = cases[0]!;

function fileOf(c: Case): Bytes {
  const file = fromB64u(c.file ?? first.file!);
  for (const at of c.flip ?? []) file[at]! ^= 1;
  const [a, b] = c.swap;
  if (a !== b) {
    const one = file.slice(a, a + 4124);
    file.copyWithin(a, b, b + 4124);
    file.set(one, b);
  }
  return c.cut ? file.slice(0, c.cut) : file;
}

describe('vectors of exports', () => {
  it.each(cases)('$name', async (c) => {
    const entropy = entropyOf(c.words);
    if (c.expect === 'refused') return expect(open(fileOf(c), entropy)).rejects.toBeInstanceOf(OpenError);
    if (c.expect === 'foreign') return expect(open(fileOf(c), entropy)).rejects.toMatchObject({ code: 'not-export' });
    const read = await open(fileOf(c), entropy);
    expect(read.contents).toEqual(first.contents);
    expect(read.fromCopy).toBe(c.from_copy ?? false);
    // Go counts sections from 1.
    expect((await read.damage()).map((d) => ({ ...d, section: d.section + 1 }))).toEqual(c.damaged ?? []);
    expect((await read.lines(0)).lines).toEqual(c.lines ?? (c.damaged?.some((d) => d.section === 1) ? [] : first.lines));
    if (c.hash) expect(b64u(sha256(await contentOf(read, 3)))).toBe(c.hash);
  });
});

async function contentOf(read: Export, section: number): Promise<Bytes> {
  const parts: Bytes[] = [];
  for await (const part of read.parts(section)) parts.push(part!);
  return concat(...parts);
}

async function joined(pieces: AsyncIterable<Bytes>): Promise<Bytes> {
  const all: Bytes[] = [];
  for await (const piece of pieces) all.push(piece);
  return concat(...all);
}

describe('an export made here', () => {
  const random = fixedRandom('export test');
  const entropy = random(32);
  const log = utf8(Array.from({ length: 900 }, (_, i) => `{"row":"${i} größer"}\n`).join(''));
  const photo = random(700_001);
  const contents: Contents = {
    v: 1,
    made: NOW,
    operator: ORIGIN,
    vault: newId<VaultId>(random),
    sections: [{ name: 'accesses', length: log.length }, { name: 'messages', length: 0 }, { name: 'attachment', document: newId<DocumentId>(random), length: photo.length }],
  };
  // The photo comes in pieces that fit no part.
  const source = (i: number) => (i === 0 ? pieces(log) : i === 1 ? pieces() : pieces(photo.slice(0, 262_144), photo.slice(262_144, 262_147), photo.slice(262_147)));

  it('is read as it was, is as long as foretold, and shows nothing of itself', async () => {
    const file = await joined(sealExport(entropy, contents, source, random));
    expect(file.length).toBe(sizeOf(contents));
    expect(Buffer.from(file).includes('row') || Buffer.from(file).includes('localhost')).toBe(false);
    const read = await open(file, entropy);
    expect(read.contents).toEqual(contents);
    expect((await read.lines(0)).lines).toHaveLength(900);
    expect(b64u(sha256(await contentOf(read, 2)))).toBe(b64u(sha256(photo)));
    expect(await read.damage()).toEqual([]);
  });

  it('names each damaged part wherever it is, and gives every line that stands outside', async () => {
    const file = await joined(sealExport(entropy, contents, source, random));
    const start = 112 + 4124; // the contents have one part
    for (const place of [0, 2, partsOf(contents.sections[0]!) - 1]) {
      const bent = file.slice();
      bent[start + place * 4124 + 2000]! ^= 0x40;
      const read = await open(bent, entropy);
      expect(await read.damage()).toEqual([{ section: 0, place }]);
      const { lines, damaged } = await read.lines(0);
      expect(damaged).toEqual([place]);
      expect(lines.length).toBeGreaterThan(900 - PART / 16 - 2);
      for (const line of lines) expect(line).toMatch(/^\{"row":"\d+ größer"\}$/);
    }
  });

  it('refuses content of another length than said', async () => {
    await expect(joined(sealExport(entropy, contents, (i) => (i === 2 ? pieces(photo.slice(1)) : source(i)), random))).rejects.toBeInstanceOf(CoreError);
  });
});

it('the worked example of FORMAT.md opens', async () => {
  const text = readFileSync(new URL('../../../vault/FORMAT.md', import.meta.url), 'utf8');
  const block = text.split('```json export example\n')[1]!.split('\n```')[0]!;
  const e = JSON.parse(block) as { words: string; header: string; content_key: string; contents: string; part: { iv: string; associated_data: string; tag: string } };
  const key = await crypto.subtle.importKey('raw', fromB64u(e.content_key), 'AES-GCM', false, ['encrypt']);
  const content = new Uint8Array(4096);
  content.set(utf8(e.contents));
  const iv = fromB64u(e.part.iv);
  const sealed = new Uint8Array(await crypto.subtle.encrypt({ name: 'AES-GCM', iv, additionalData: fromB64u(e.part.associated_data) }, key, content));
  expect(b64u(sealed.slice(4096))).toBe(e.part.tag);
  const [header, part] = [fromB64u(e.header), concat(iv, sealed)];
  const read = await open(concat(header, part, part, header), entropyOf(e.words));
  expect(JSON.stringify(read.contents)).toBe(e.contents);
});
