import { describe, expect, it } from 'vitest';
import { section, standOf } from './state';

describe('standOf', () => {
  const end = 490_100;

  it('is live until the last hour is over and has run out then', () => {
    expect(standOf({ state: 'live', end }, end * 3600 - 1)).toBe('live');
    expect(standOf({ state: 'live', end }, end * 3600)).toBe('expired');
    expect(standOf({ state: 'anchoring', end }, end * 3600)).toBe('expired');
  });

  it('stays withdrawn after its end', () => {
    expect(standOf({ state: 'withdrawn', end }, end * 3600 + 1)).toBe('withdrawn');
    expect(section('withdrawn')).toBe('ended');
  });
});
