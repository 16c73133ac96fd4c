import { describe, expect, it } from 'vitest';
import type { Access } from '../../api/access';
import { b64u } from '../../core/bytes';
import { nextHead } from '../../core/access';
import { newId, type GrantId } from '../../core/id';
import { systemRandom } from '../../core/random';
import { brokenLogs, rowOf } from './load';

const business = { did: 'did:key:zDnTest', name: 'Corner Shop' };

/** A log as an honest operator keeps it. */
function log(grant: GrantId, times: number[]): Access[] {
  let head: Uint8Array = new Uint8Array(32);
  return times.map((time) => {
    const row = JSON.stringify({ v: 1, grant, time, requested: ['name'], given: ['name'], refused: '' });
    head = nextHead(head, row);
    return { grant, business, row, head: b64u(head) };
  });
}

const newestFirst = (...logs: Access[][]) => logs.flat().reverse();

describe('brokenLogs', () => {
  const one = newId<GrantId>(systemRandom);
  const two = newId<GrantId>(systemRandom);

  it('finds nothing in honest logs, each verified on its own', () => {
    expect(brokenLogs(newestFirst(log(one, [10, 30]), log(two, [20])))).toEqual([]);
    expect(brokenLogs([])).toEqual([]);
  });

  it('names a log with a row left out, changed or moved', () => {
    const whole = log(one, [10, 20, 30]);
    const named = (rows: Access[]) => expect(brokenLogs(newestFirst(rows))).toEqual(['Corner Shop']);
    named(whole.slice(1));
    named([whole[0]!, whole[2]!]);
    named([whole[1]!, whole[0]!, whole[2]!]);
    named(whole.map((a, i) => (i === 1 ? { ...a, row: a.row.replace('"time":20', '"time":21') } : a)));
    named(whole.map((a, i) => (i === 2 ? { ...a, head: whole[1]!.head } : a)));
  });
});

describe('rowOf', () => {
  it('reads a row and refuses what is none', () => {
    const row = log(newId<GrantId>(systemRandom), [10])[0]!;
    expect(rowOf(row)).toMatchObject({ time: 10, given: ['name'], refused: '' });
    expect(() => rowOf({ ...row, row: '{"v":1}' })).toThrow('not understood');
  });
});
