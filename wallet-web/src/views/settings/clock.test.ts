import { describe, expect, it } from 'vitest';
import { newsOf, quartersAt } from './clock';

describe('the clock that the operator is told', () => {
  it('is told at first, and again only when it moved', () => {
    expect(newsOf({ told: false, quarters: null }, 4)).toBe(4);
    expect(newsOf({ told: true, quarters: 4 }, 4)).toBeUndefined();
    expect(newsOf({ told: true, quarters: 4 }, 8)).toBe(8);
    expect(newsOf({ told: true, quarters: 0 }, 4)).toBe(4);
  });

  it('is never told again by one who wants it unknown', () => {
    expect(newsOf({ told: true, quarters: null }, 4)).toBeUndefined();
  });

  it('is counted in quarters of an hour, east of UTC', () => {
    const at = (minutes: number) => quartersAt({ getTimezoneOffset: () => minutes } as Date);
    expect([at(-60), at(300), at(-345), at(0)]).toEqual([4, -20, 23, 0]);
  });
});
