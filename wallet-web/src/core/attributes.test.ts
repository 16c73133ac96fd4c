import { describe, expect, test } from 'vitest';
import { ageAt, derive, isDate, isMinor, parseCatalogue, validate } from './attributes';
import { catalogue } from './testing/fixed';

const known = catalogue();
const today = '2026-03-15';
const check = (name: string, typed: unknown) => validate(known.attribute(name)!, typed, today);

test('the catalogue is read whole, and a broken one is refused', () => {
  expect(known.attribute('shoe-size')?.kind).toBe('number');
  expect(known.purpose('https://w3id.org/dpv#DirectMarketing')?.contact).toBe(true);
  for (const p of known.purposes) for (const name of p.attributes) expect(known.attribute(name), name).toBeDefined();
  for (const { label } of [...known.attributes, ...known.purposes]) expect(Object.keys(label).sort()).toEqual(['de', 'en', 'fr']);
  expect(known.attribute('glasses-prescription')?.sensitivity).toBe('special');
  expect(() => parseCatalogue({ v: 1, attributes: [], purposes: [] })).toThrow(expect.objectContaining({ path: 'attributes' }));
  expect(() => parseCatalogue({ v: 2, attributes: [], purposes: [] })).toThrow(expect.objectContaining({ code: 'wrong-version' }));
});

describe('over 18', () => {
  test.each([
    ['2008-03-15', '2026-03-14', false],
    ['2008-03-15', '2026-03-15', true],
    ['2008-03-15', '2026-03-16', true],
    ['2008-12-31', '2026-12-30', false],
    ['2008-12-31', '2026-12-31', true],
    // Born on a leap day: of age on 1 March, for 2026 has no 29 February.
    ['2008-02-29', '2026-02-28', false],
    ['2008-02-29', '2026-03-01', true],
    ['2008-02-28', '2026-02-28', true],
    ['2008-03-01', '2026-02-28', false],
  ])('born %s, on %s: %s', (birth, day, over) => {
    expect(derive({ 'birth-date': birth }, day)).toEqual({ 'age-over-18': over });
    expect(isMinor(birth, day)).toBe(!over);
  });

  test('without a birth date nothing follows, and nobody is a minor', () => {
    expect(derive({}, today)).toEqual({});
    expect(derive({ 'birth-date': '2008-02-30' }, today)).toEqual({});
    expect(isMinor(undefined, today)).toBe(false);
  });

  test('years count whole', () => {
    expect(ageAt('2000-02-29', '2001-02-28')).toBe(0);
    expect(ageAt('2000-02-29', '2004-02-29')).toBe(4);
    expect(isDate('2100-02-29')).toBe(false);
    expect(isDate('2000-02-29')).toBe(true);
  });
});

describe('values', () => {
  test.each<[string, unknown, unknown]>([
    ['name', '  Ada  ', { value: 'Ada' }],
    ['name', ' ', { problem: { code: 'empty' } }],
    ['name', 'x'.repeat(201), { problem: { code: 'too-long' } }],
    ['name', 7, { problem: { code: 'kind' } }],
    ['email', 'ada@mail.example', { value: 'ada@mail.example' }],
    ['email', 'ada@mail', { problem: { code: 'email' } }],
    ['email', 'ada mail.example', { problem: { code: 'email' } }],
    ['phone', '+49 (30) 123-456', { value: '+49 (30) 123-456' }],
    ['phone', 'call me', { problem: { code: 'phone' } }],
    ['shoe-size', '39,5', { value: '39,5' }],
    ['shoe-size', 'big', { problem: { code: 'number' } }],
    ['birth-date', '1990-06-31', { problem: { code: 'date' } }],
    ['birth-date', '2026-03-16', { problem: { code: 'future' } }],
    ['birth-date', '1890-01-01', { problem: { code: 'too-long-ago' } }],
    ['birth-date', '2026-03-15', { value: '2026-03-15' }],
    ['age-over-18', true, { problem: { code: 'derived' } }],
    ['postal-address', { street: ' 1 Way ', postcode: '1', city: 'C', country: 'de' }, { value: { street: '1 Way', postcode: '1', city: 'C', country: 'DE' } }],
    ['postal-address', { street: '1 Way', postcode: '1', city: '', country: 'DE' }, { problem: { code: 'empty', field: 'city' } }],
    ['postal-address', { street: '1 Way', postcode: '1', city: 'C', country: 'Germany' }, { problem: { code: 'country', field: 'country' } }],
    ['postal-address', 'somewhere', { problem: { code: 'kind' } }],
  ])('%s: %j', (name, typed, want) => {
    expect(check(name, typed)).toEqual(want);
  });
});
