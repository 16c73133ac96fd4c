import { describe, expect, test } from 'vitest';
import { fits, sidesOf } from './wanted';

const wanted = { type: 'https://corner.example/terms#Warranty', required: ['product'], optional: ['serial', 'bought'] };
const held = { types: [wanted.type], claims: { product: 'Shoes', serial: 'SN-1', colour: 'red', kind: 'shoes' } };

describe('a record that is wanted', () => {
  test.each([
    ['has what is needed', held, true],
    ['is of another type', { ...held, types: ['https://corner.example/terms#Card'] }, false],
    ['lacks a claim', { ...held, claims: { serial: 'SN-1' } }, false],
  ])('%s', (_, record, is) => expect(fits(wanted, record)).toBe(is));

  test('shows what is needed, what cannot be hidden, and of the rest only what is wanted and chosen', () =>
    expect(sidesOf(wanted, held, ['product', 'serial', 'colour'])).toEqual({ required: ['product'], optional: ['serial'], always: ['kind'] }));

  test('leaves no choice when it goes whole', () =>
    expect(sidesOf(wanted, held, null)).toEqual({ required: ['product'], optional: [], always: ['serial', 'colour', 'kind'] }));
});
