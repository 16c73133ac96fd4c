import { describe, expect, it } from 'vitest';
import type { Asked } from '../../core/request';
import { attributesOf, emptyAnswer, lengthsFor, standingOf } from './answer';

const asked = (id: string, more: Partial<Asked> = {}) => ({ id, required: ['name'], optional: ['phone', 'email'], days: 31, channels: [], ...more }) as unknown as Asked;
const request = { purposes: [asked('delivery'), asked('marketing', { required: ['shoe-size'], days: 365 })] };

describe('an answer', () => {
  it('begins with nothing decided and nothing chosen', () => {
    const answer = emptyAnswer(request, () => false);
    expect(answer['delivery']).toEqual({ said: null, optional: [], days: 31 });
    expect(standingOf(request, answer, () => true)).toMatchObject({ open: 2, given: [], refused: [], missing: [] });
  });

  it('refuses what is blocked', () => {
    const answer = emptyAnswer(request, (p) => p.id === 'marketing');
    expect(answer['marketing']?.said).toBe('no');
    expect(standingOf(request, answer, () => true).open).toBe(1);
  });

  it('gives the required and only the chosen optional ones, in the order of the request', () => {
    const answer = { said: 'yes' as const, optional: ['email'], days: 31 as const };
    expect(attributesOf(request.purposes[0]!, answer)).toEqual(['name', 'email']);
  });

  it('names what a yes still lacks, once, and nothing for a no', () => {
    const answer = emptyAnswer(request, () => false);
    answer['delivery']!.said = 'yes';
    answer['delivery']!.optional = ['phone'];
    answer['marketing']!.said = 'no';
    expect(standingOf(request, answer, (name) => name === 'name').missing).toEqual(['phone']);
    answer['marketing']!.said = 'yes';
    expect(standingOf(request, answer, () => false).missing).toEqual(['name', 'phone', 'shoe-size']);
  });

  it('can only be shortened', () => {
    expect(lengthsFor({ days: 31 })).toEqual([1, 7, 31]);
    expect(lengthsFor({ days: 1 })).toEqual([1]);
  });
});
