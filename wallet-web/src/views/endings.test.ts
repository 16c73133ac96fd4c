import { describe, expect, it } from 'vitest';
import { Problem, Unparsed, Unreachable } from '../api/http';
import { CeremonyError } from '../passkey/ceremony';
import { Unsettled } from '../store/vault.svelte';
import { endingOf, explain } from './endings';

describe('the ending of a page', () => {
  it.each([
    [new Problem('not-signed-in', 401, ''), 'locked'],
    [new Problem('not-found', 404, ''), 'notFound'],
    [new Problem('policy', 403, ''), 'refused'],
    [new Unreachable(), 'unreachable'],
    [new Unparsed('n'), 'unreadable'],
  ])('of %s is named', (error, at) => {
    expect(endingOf(error)).toMatchObject({ at });
  });

  it('of a fault of the page itself is not hidden', () => {
    expect(() => endingOf(new RangeError('a bug'))).toThrow('a bug');
  });
});

describe('explain', () => {
  it('has its own sentence for each thing that can go wrong, and never the operator\'s detail', () => {
    const errors = [
      new Problem('conflict', 409, 'secret detail'),
      new Problem('expired', 410, 'secret detail'),
      new Unreachable(),
      new Unparsed('x'),
      new Unsettled(),
      new CeremonyError('cancelled'),
      new CeremonyError('exists'),
      new Error('a bug'),
    ];
    const said = errors.map(explain);
    expect(new Set(said).size).toBe(errors.length);
    for (const text of said) expect(text).not.toContain('secret');
  });

  it('says something sensible for a code it does not know', () => {
    expect(explain(new Problem('quite-new' as 'internal', 400, ''))).toBe(explain(new Problem('unexpected', 500, '')));
  });
});
