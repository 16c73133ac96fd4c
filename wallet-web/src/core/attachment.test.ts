import { describe, expect, test } from 'vitest';
import { CHUNK, chunkContent, chunkKey, chunksOf, joinChunks, keyOf, MAX_ATTACHMENT, openChunk, sealChunk } from './attachment';
import { b64u, sha256, type Bytes } from './bytes';
import { newId, type DocumentId } from './id';
import { fixedRandom } from './testing/fixed';

const random = fixedRandom('attachment test');
const document = newId<DocumentId>(random);

async function travel(content: Bytes, bend: (sealed: Bytes[]) => Bytes[] = (s) => s): Promise<Bytes> {
  const of = { size: content.length, hash: b64u(sha256(content)), key: b64u(random(32)) };
  const key = await chunkKey(keyOf(of));
  const count = chunksOf(of.size);
  const sealed: Bytes[] = [];
  for (let place = 0; place < count; place++) {
    const piece = await chunkContent(of.size, place, async (from, to) => content.slice(from, to));
    sealed.push(await sealChunk(key, { document, place, count }, piece, random));
  }
  const served = bend(sealed);
  const opened = await Promise.all(served.map((s, place) => openChunk(key, { document, place, count: served.length }, s)));
  return joinChunks(of, opened);
}
const content = (n: number) => Uint8Array.from({ length: n }, (_, i) => (i * 31) % 251);

describe('an attachment', () => {
  test('of any size comes back as it was', async () => {
    for (const n of [0, 1, 255, 5_000, CHUNK - 1, CHUNK, CHUNK + 1, 900_001]) expect(await travel(content(n))).toEqual(content(n));
  });

  test('is of as many chunks as padding makes, forty at most', () => {
    expect([0, CHUNK, CHUNK + 1, MAX_ATTACHMENT].map(chunksOf)).toEqual([1, 1, 2, 40]);
    expect(() => chunksOf(MAX_ATTACHMENT + 1)).toThrow(expect.objectContaining({ code: 'too-large' }));
  });

  test('shortened, lengthened, in another order or bent does not open', async () => {
    const c = content(2 * CHUNK + 9);
    for (const bend of [
      (s: Bytes[]) => s.slice(0, -1),
      (s: Bytes[]) => [...s, s[0]!],
      (s: Bytes[]) => [s[1]!, s[0]!, s[2]!],
      (s: Bytes[]) => [s[0]!.map((b, i) => (i === 40 ? b ^ 1 : b)), s[1]!, s[2]!],
    ]) {
      await expect(travel(c, bend)).rejects.toMatchObject({ code: 'cannot-open' });
    }
  });

  test('is not taken for another one of its length', () => {
    const size = 300;
    const padded = new Uint8Array(304);
    expect(() => joinChunks({ size, hash: b64u(sha256(content(size))) }, [padded])).toThrow();
    padded[303] = 1;
    expect(() => joinChunks({ size, hash: b64u(sha256(padded.slice(0, size))) }, [padded])).toThrow();
  });
});
