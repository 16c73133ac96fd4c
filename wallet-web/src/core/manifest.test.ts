import { describe, expect, it } from 'vitest';
import type { Did } from './did';
import type { DepositId, GrantId, RightsId } from './id';
import { labelOf } from './manifest';
import type { Plaintext } from './plaintext';

const DID = 'did:web:shop.example' as Did;
const ID = 'AAAAAAAAAAAAAAAAAAAAAA';

/** Of each kind one, and what a list says of it. */
const labels: [Plaintext, object][] = [
  [{ v: 1, kind: 'attribute', name: 'shoe-size', value: '41', updated: 5 }, { kind: 'attribute', name: 'shoe-size', at: 5 }],
  [
    { v: 1, kind: 'record', record: 'x.y.z', business: DID, business_name: 'Corner Shop', deposit: ID as DepositId, received: 7 },
    { kind: 'record', name: 'Corner Shop', at: 7 },
  ],
  [
    { v: 1, kind: 'attachment', name: 'card.png', type: 'image/png', size: 1, hash: ID, key: ID, added: 9 },
    { kind: 'attachment', name: 'card.png', at: 9 },
  ],
  [{ v: 1, kind: 'rights', rights: ID as RightsId, business: DID, business_name: 'Corner Shop', jws: 'x.y.z' }, { kind: 'rights', name: 'Corner Shop' }],
  [{ v: 1, kind: 'settings', gpc: true, let_end: [ID as GrantId] }, { kind: 'settings' }],
  [{ v: 1, kind: 'ways', ways: [] }, { kind: 'ways' }],
];

describe('labelOf', () => {
  it.each(labels)('names what is hidden, of kind %#', (plaintext, label) => {
    expect(labelOf(plaintext)).toEqual(label);
  });

  it('keeps forty characters of a name, and breaks none in two', () => {
    const long = labelOf({ v: 1, kind: 'record', record: 'x.y.z', business: DID, business_name: '🦜'.repeat(50), deposit: ID as DepositId, received: 1 });
    expect(long.name).toBe('🦜'.repeat(40));
  });
});
