import { describe, expect, it } from 'vitest';
import { FILTERS, inFilter, section, standOf, type Stand } from './state';

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

  it('is paused until its end, which a pause does not move', () => {
    expect(standOf({ state: 'paused', end }, end * 3600 - 1)).toBe('paused');
    expect(standOf({ state: 'paused', end }, end * 3600)).toBe('expired');
    expect(standOf({ state: 'replaced', end }, end * 3600)).toBe('replaced');
  });
});

describe('filters', () => {
  const of = (stand: Stand) => FILTERS.filter((f) => inFilter(f, stand));
  it('show each grant under all and under one more', () => {
    expect(of('live')).toEqual(['all', 'live']);
    expect(of('anchoring')).toEqual(['all', 'live']);
    expect(of('paused')).toEqual(['all', 'paused']);
    for (const stand of ['withdrawn', 'terminated', 'expired', 'erased'] as const) expect(of(stand)).toEqual(['all', 'ended']);
  });
  it('show what was replaced nowhere: it is the past of another', () => expect(of('replaced')).toEqual([]));
});
