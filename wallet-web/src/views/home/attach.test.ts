import { expect, test } from 'vitest';
import type { Bytes } from '../../core/bytes';
import { dataUrl, pictureType } from './attach';

const bytes = (...b: number[]) => new Uint8Array([...b, ...Array<number>(12).fill(0)]) as Bytes;

test('a picture is what begins like one, whatever it is called', () => {
  expect(pictureType(bytes(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a))).toBe('image/png');
  expect(pictureType(bytes(0xff, 0xd8, 0xff, 0xe0))).toBe('image/jpeg');
  expect(pictureType(new TextEncoder().encode('GIF89a......') as Bytes)).toBe('image/gif');
  expect(pictureType(new TextEncoder().encode('RIFF....WEBPVP8 ') as Bytes)).toBe('image/webp');
  for (const text of ['<svg xmlns="http://www.w3.org/2000/svg"/>', 'RIFF....WAVE', '%PDF-1.7', '']) expect(pictureType(new TextEncoder().encode(text) as Bytes)).toBeNull();
});

test('a picture of any size becomes an address', () => {
  const big = new Uint8Array(100_000).fill(7) as Bytes;
  expect(dataUrl(big, 'image/png')).toBe(`data:image/png;base64,${Buffer.from(big).toString('base64')}`);
});
