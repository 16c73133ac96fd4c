import { describe, expect, it } from 'vitest';
import type { Asked } from '../../core/request';
import type { Shown } from '../record/show';
import { attributesOf, emptyAnswer, lengthsFor, partnersOf, shownOf, standingOf } from './answer';

const asked = (id: string, more: Partial<Asked> = {}) => ({ id, required: ['name'], optional: ['phone', 'email'], days: 31, channels: [], ...more }) as unknown as Asked;
const request = { purposes: [asked('delivery'), asked('marketing', { required: ['shoe-size'], days: 365 })] };

describe('an answer', () => {
  it('begins with nothing decided and nothing chosen', () => {
    const answer = emptyAnswer(request, () => false);
    expect(answer['delivery']).toEqual({ said: null, optional: [], days: 31, partners: [], shown: {} });
    expect(standingOf(request, answer, () => true)).toMatchObject({ open: 2, given: [], refused: [], missing: [] });
  });

  it('refuses what is blocked', () => {
    const answer = emptyAnswer(request, (p) => p.id === 'marketing');
    expect(answer['marketing']?.said).toBe('no');
    expect(standingOf(request, answer, () => true).open).toBe(1);
  });

  it('gives the required and only the chosen optional ones, in the order of the request', () => {
    const answer = { said: 'yes' as const, optional: ['email'], days: 31 as const, partners: [], shown: {} };
    expect(attributesOf(request.purposes[0]!, answer)).toEqual(['name', 'email']);
  });

  it('gives joint partners with a yes and onward ones when they are chosen, what each asks of what is given', () => {
    const partner = (did: string, role: string, attributes: string[]) => ({ did, role, attributes });
    const partners = [partner('did:key:a', 'joint', ['name']), partner('did:key:b', 'onward', ['name', 'phone']), partner('did:key:c', 'onward', ['email'])];
    const p = asked('delivery', { partners } as unknown as Partial<Asked>);
    const answer = { said: 'yes' as const, optional: ['phone'], days: 31 as const, partners: [] as string[], shown: {} };
    const given = () => partnersOf(p, answer).map(({ partner, attributes }) => [partner.did, ...attributes].join(' '));
    expect(given()).toEqual(['did:key:a name']);
    answer.partners = ['did:key:c', 'did:key:b'];
    expect(given()).toEqual(['did:key:a name', 'did:key:b name phone']); // c asks nothing of what is given
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

  it('lacks a record until one is chosen, whatever the vault holds, and shows none that is not given', () => {
    const records = { warranty: { type: 'x', required: [], optional: [] } };
    const request = { purposes: [asked('care', { required: ['name'], optional: ['warranty'], records })] };
    const answer = emptyAnswer(request, () => false);
    Object.assign(answer['care']!, { said: 'yes', optional: ['warranty'] });
    expect(standingOf(request, answer, () => true).missing).toEqual(['warranty']);
    const shown = { claims: ['product'] } as unknown as Shown;
    answer['care']!.shown = { warranty: shown, name: shown };
    expect(standingOf(request, answer, (name) => name === 'name').missing).toEqual([]);
    expect(shownOf(request.purposes[0]!, answer['care']!)).toEqual({ warranty: shown });
    answer['care']!.optional = [];
    expect(shownOf(request.purposes[0]!, answer['care']!)).toEqual({});
  });

  it('can only be shortened', () => {
    expect(lengthsFor({ days: 31 })).toEqual([1, 7, 31]);
    expect(lengthsFor({ days: 1 })).toEqual([1]);
  });
});
