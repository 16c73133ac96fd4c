import { expect, it } from 'vitest';
import type { GrantRecord } from '../../api/grant';
import type { Did } from '../../core/did';
import { newId, type DocumentId, type GrantId } from '../../core/id';
import type { Plaintext } from '../../core/plaintext';
import { fixedRandom, NOW } from '../../core/testing/fixed';
import type { Collected } from './collect';
import { asCsv, asJson, tables } from './readable';

const random = fixedRandom('readable test');
const grant = newId<GrantId>(random);
const listed = (plaintext: Plaintext) => ({ id: newId<DocumentId>(random), plaintext });
const all: Collected = {
  documents: [
    listed({ v: 1, kind: 'attribute', name: 'name', value: 'Ada "the first", Canary', updated: NOW }),
    listed({ v: 1, kind: 'attribute', name: 'phone', value: '+49 30 1', updated: NOW }),
    listed({ v: 1, kind: 'attribute', name: 'postal-address', value: { street: 'Way 1', postcode: '10115', city: 'Köln', country: 'DE' }, updated: NOW }),
    listed({ v: 1, kind: 'identity', seed: 'c2VjcmV0', ledger: null }),
    listed({ v: 1, kind: 'record', record: 'not.a.record', business: 'did:key:z1' as Did, business_name: 'Shop', deposit: newId(random), received: NOW }),
  ],
  grants: [{ grant, business: { did: 'did:key:z1', name: 'Shop' }, purpose: 'dpv:Marketing', attributes: ['name', 'phone'], channels: [], given: NOW, start: 489922, end: 490090, state: 'live' } as unknown as GrantRecord],
  receipts: [],
  accesses: [{ grant, business: { did: 'did:key:z1', name: '=1+1' }, row: JSON.stringify({ v: 1, grant, time: NOW, requested: ['name', 'email'], given: ['name'], refused: '' }), head: '' }],
  whole: true,
  rights: [],
  messages: [],
};

it('a table is CSV as RFC 4180 has it, and no cell is a formula', async () => {
  const { attributes, accesses, grants, records } = await tables(all);
  expect(asCsv(attributes)).toBe(
    [
      'attribute,value,updated,derived_from,value.street,value.postcode,value.city,value.country',
      'name,"Ada ""the first"", Canary",2025-11-21T10:13:20Z,,,,,',
      "phone,'+49 30 1,2025-11-21T10:13:20Z,,,,,",
      'postal-address,,2025-11-21T10:13:20Z,,Way 1,10115,Köln,DE',
      '',
    ].join('\r\n'),
  );
  expect(asCsv(accesses)).toBe(`time,business,grant,requested,given,refused\r\n2025-11-21T10:13:20Z,'=1+1,${grant},name email,name,\r\n`);
  expect(grants).toMatchObject([{ business: 'Shop', attributes: ['name', 'phone'], state: 'live', given: '2025-11-21T10:13:20Z' }]);
  expect(records).toMatchObject([{ claims: {}, signed: 'not.a.record', business: 'Shop' }]);
});

it('JSON has every table, values as they are, and no key', async () => {
  const text = asJson(await tables(all));
  const read = JSON.parse(text) as Record<string, { value: unknown }[]>;
  expect(Object.keys(read)).toEqual(['attributes', 'records', 'grants', 'accesses']);
  expect(read['attributes']!.map((a) => a.value)).toEqual(['Ada "the first", Canary', '+49 30 1', { street: 'Way 1', postcode: '10115', city: 'Köln', country: 'DE' }]);
  expect(text).not.toContain('c2VjcmV0');
});
