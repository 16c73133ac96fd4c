import { describe, expect, test, vi } from 'vitest';
import { Problem, Unreachable } from '../../api/http';
import type { Did } from '../../core/did';
import type { Record } from '../../core/record';
import { jsonVectors } from '../../core/testing/vectors';
import { checksOf, claimName, claimsIn, counts, issuerName, kindOf, readRecord, sayClaim, type Read } from './record';

const readPublished = vi.hoisted(() => vi.fn());
vi.mock('../../api/deposit', () => ({ readPublished }));

type Case = { name: string; expect: string; record: string; now: number; issuer: Did };
const records = jsonVectors<Case>('consent/testdata/vectors/record.json', (c) => c.expect);
const lists = jsonVectors<{ name: string; expect: string; list: string }>('consent/testdata/vectors/status.json', (c) => c.expect);
const named = (name: string) => records.find((c) => c.name === name)!;
const vault = { seed: new Uint8Array(32) };
const read = (name: string, pinned = '') => readRecord(vault, named(name).record, named(name).issuer, named(name).now, pinned);

describe('a record is read', () => {
  test('one that cannot be taken back is final, and asks nobody', async () => {
    readPublished.mockReset();
    const got = await read('an SD-JWT, whole');
    expect(got).toMatchObject({ standing: 'final', times: 'now', holder: 'other', document: '' });
    expect(readPublished).not.toHaveBeenCalled();
    expect(counts(got)).toBe(false);
    expect(await read('a JWT-VC')).toMatchObject({ holder: 'anyone', parts: null });
  });

  test.each<[string, () => Promise<string>, Read['standing']]>([
    ['taken back', () => Promise.resolve(`${lists.find((l) => l.expect === 'refused revoked')!.list}\n`), 'revoked'],
    ['a list that is none', () => Promise.resolve('<html>'), 'unknown'],
    ['an operator that is away', () => Promise.reject(new Unreachable()), 'unknown'],
    ['an issuer that is away', () => Promise.reject(new Problem('did-unreachable', 503, '')), 'unknown'],
  ])('%s', async (_, published, standing) => {
    readPublished.mockReset().mockImplementation(published);
    const got = await read('an SD-JWT that can be revoked');
    expect(got.standing).toBe(standing);
    expect(readPublished).toHaveBeenCalledExactlyOnceWith('https://corner.example/records/status');
    expect(checksOf(got, 'Corner Shop', '').filter((l) => !l.ok)).toHaveLength(2); // and it is another's
  });

  test('an error of the page itself is thrown on', async () => {
    readPublished.mockReset().mockRejectedValue(new TypeError('ours'));
    await expect(read('an SD-JWT that can be revoked')).rejects.toThrow('ours');
  });

  test('whose time is over', async () => {
    const c = named('an SD-JWT that is over');
    const got = await readRecord(vault, c.record, 'did:key:x' as Did, c.now);
    expect(got.times).toBe('expired');
    expect(counts(got)).toBe(false);
  });
});

describe('a record in words', () => {
  const of = (types: string[]) => kindOf({ types });
  test.each([
    [['VerifiableCredential', 'https://corner.example/terms#ServiceHistory'], 'Service history'],
    [['https://corner.example/records/warranty'], 'Warranty'],
  ])('%j', (types, words) => expect(of(types)).toBe(words));

  test('claims', () => {
    expect(claimName('guaranteed_until')).toBe('Guaranteed until');
    expect(claimName('serialNumber')).toBe('Serial number');
    expect([sayClaim(true), sayClaim(7), sayClaim(null), sayClaim(['a', 1]), sayClaim({ city: 'Berlin', open: false })]).toEqual(['Yes', '7', '–', 'a, 1', 'City: Berlin; Open: No']);
    expect(sayClaim('2028-11-21')).toContain('2028');
    expect(sayClaim('2028-99-99')).toBe('2028-99-99');
  });

  test('claims stand as the issuer put them', () => {
    expect(claimsIn({ record: { claims: { b: 1, a: 2, kind: 3 } } as unknown as Record, parts: ['a', 'b'] }).map(([n]) => n)).toEqual(['kind', 'a', 'b']);
  });

  test('who issued it', () => {
    const known = [{ business: 'did:key:zDnaShop' as Did, business_name: 'Corner Shop' }];
    expect(issuerName('did:key:zDnaShop' as Did, known)).toBe('Corner Shop');
    expect(issuerName('did:web:maker.example%3A8443:shoes' as Did, known)).toBe('maker.example:8443');
    expect(issuerName('did:key:zDnaSomebodyElse' as Did, known)).toContain('zDnaSomebody');
  });
});
