import { expect, test } from 'vitest';
import { above, under } from './partners';
import type { GrantId } from '../../core/id';

const grant = (name: string, first = '') => ({ grant: name as GrantId, onward_of: first });

test('partners stand under the first, and one whose first is gone stands alone', () => {
  const all = [grant('shop'), grant('carrier', 'shop'), grant('other'), grant('orphan', 'gone')];
  expect(above(all).map((g) => g.grant)).toEqual(['shop', 'other', 'orphan']);
  expect(under(all, 'shop').map((g) => g.grant)).toEqual(['carrier']);
  expect(under(all, '')).toHaveLength(2); // no grant is named '': only firsts are
  expect(under(all, 'other')).toEqual([]);
});
