import { describe, expect, it } from 'vitest';
import type { Access } from '../../api/access';
import { b64u } from '../../core/bytes';
import { nextHead } from '../../core/access';
import { newId, type GrantId } from '../../core/id';
import { systemRandom } from '../../core/random';
import { readLog } from './load';

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

describe('readLog', () => {
  const one = newId<GrantId>(systemRandom);
  const two = newId<GrantId>(systemRandom);

  it('verifies each grant on its own and shows the newest first', () => {
    const sent = [...log(one, [10, 30]), ...log(two, [20])];
    const { lines, broken } = readLog(sent);
    expect(broken).toEqual([]);
    expect(lines.map((l) => l.time)).toEqual([30, 20, 10]);
    expect(lines[0]).toMatchObject({ business: 'Corner Shop', given: ['name'] });
  });

  it('names a log with a line left out, changed or reordered', () => {
    const whole = log(one, [10, 20, 30]);
    expect(readLog(whole.slice(1)).broken).toEqual(['Corner Shop']);
    expect(readLog([whole[0]!, whole[2]!]).broken).toEqual(['Corner Shop']);
    expect(readLog([whole[1]!, whole[0]!, whole[2]!]).broken).toEqual(['Corner Shop']);
    const changed = whole.map((a, i) => (i === 1 ? { ...a, row: a.row.replace('"time":20', '"time":21') } : a));
    expect(readLog(changed).broken).toEqual(['Corner Shop']);
  });

  it('refuses a row that is none', () => {
    expect(() => readLog([{ ...log(one, [10])[0]!, row: '{"v":1}' }])).toThrow('not understood');
  });
});
