import { describe, expect, it } from 'vitest';
import type { AttributeValue } from '../../core/attributes';
import type { DocumentId } from '../../core/id';
import type { HeldAttribute } from '../../store/vault.svelte';
import { changesFor, standing } from './save';
import type { GrantRecord } from '../../api/grant';

let n = 0;
const vaultOf = (held: Record<string, [AttributeValue, string?]>) => ({
  attributes: new Map(
    Object.entries(held).map(([name, [value, from]], i) => [
      name,
      { v: 1, kind: 'attribute', name, value, updated: 1, id: `doc-${name}` as DocumentId, version: i + 3, ...(from ? { derived_from: from } : {}) } satisfies HeldAttribute,
    ]),
  ),
  newDocument: () => `new-${++n}` as DocumentId,
});
const shown = (changes: ReturnType<typeof changesFor>) =>
  changes.map((c) => (c.kind === 'delete' ? ['delete', c.id, c.version] : ['put', c.plaintext.kind === 'attribute' ? c.plaintext.name : '', c.version, c.plaintext.kind === 'attribute' ? c.plaintext.value : null]));

describe('changesFor', () => {
  it('adds a new attribute as version 1', () => {
    expect(shown(changesFor(vaultOf({}), { email: 'a@b.example' }, 9, '2025-11-21'))).toEqual([['put', 'email', 1, 'a@b.example']]);
  });

  it('derives age-over-18 with the birth date, in the same batch, marked as derived', () => {
    const changes = changesFor(vaultOf({}), { 'birth-date': '1990-02-01' }, 9, '2025-11-21');
    expect(shown(changes)).toEqual([
      ['put', 'birth-date', 1, '1990-02-01'],
      ['put', 'age-over-18', 1, true],
    ]);
    expect(changes[1]).toMatchObject({ plaintext: { derived_from: 'birth-date' } });
  });

  it('re-derives when the birth date changes and removes what no longer follows', () => {
    const vault = vaultOf({ 'birth-date': ['1990-02-01'], 'age-over-18': [true, 'birth-date'] });
    expect(shown(changesFor(vault, { 'birth-date': '2015-02-01' }, 9, '2025-11-21'))).toEqual([
      ['put', 'birth-date', 4, '2015-02-01'],
      ['put', 'age-over-18', 5, false],
    ]);
    expect(shown(changesFor(vault, { 'birth-date': null }, 9, '2025-11-21'))).toEqual([
      ['delete', 'doc-birth-date', 3],
      ['delete', 'doc-age-over-18', 4],
    ]);
  });

  it('leaves a derived attribute alone while it stays the same, and changes it on the birthday', () => {
    const vault = vaultOf({ 'birth-date': ['2007-11-22'], 'age-over-18': [false, 'birth-date'] });
    expect(changesFor(vault, {}, 9, '2025-11-21')).toEqual([]);
    expect(shown(changesFor(vault, {}, 9, '2025-11-22'))).toEqual([['put', 'age-over-18', 5, true]]);
  });

  it('removes nothing that is not there', () => {
    expect(changesFor(vaultOf({}), { phone: null }, 9, '2025-11-21')).toEqual([]);
  });
});

describe('standing', () => {
  const at = 490_000 * 3600;
  const record = (state: GrantRecord['state'], end: number) => ({ state, end }) as GrantRecord;

  it('keeps live and anchoring grants until their last hour is over', () => {
    const live = record('live', 490_001);
    const anchoring = record('anchoring', 490_001);
    const all = [live, anchoring, record('live', 490_000), record('withdrawn', 490_001), record('erased', 490_001), record('terminated', 490_001)];
    expect(standing(all, at)).toEqual([live, anchoring]);
  });
});
