import { describe, expect, it } from 'vitest';
import type { Standing } from '../../api/grant';
import { speech } from '../../components/language.svelte';
import type { GrantId } from '../../core/id';
import { jsonVectors } from '../../core/testing/vectors';
import german from './texts.de';
import { checkEvidence, claimsOf, inWords, lineOf, partyOf, sayCondition, sayStanding } from './condition';

const parties = { business: 'did:web:shop.example', names: new Map([['did:key:zDnaCarrier', 'The carrier']]) };
const standing = (more: Partial<Standing>): Standing => ({ met: false, used: 0, evidence: [], ...more });

describe('a condition in words', () => {
  it('names who must say so', () => {
    expect(partyOf('did:web:shop.example', parties)).toBe('the business itself');
    expect(partyOf('did:key:zDnaCarrier', parties)).toBe('The carrier');
    expect(partyOf('did:web:leases.example%3A8443:city', parties)).toBe('leases.example:8443');
    expect(partyOf('did:key:zDnaegN7xqpV9xmvs7LF', parties)).toBe('the holder of the key zDnaegN7xqpV…');
  });

  it('says each kind', () => {
    expect(sayCondition({ record: { type: 'https://leases.example/terms#SignedLease', issuer: 'did:web:leases.example' } }, parties)).toContain('before leases.example has signed the record “signed lease” about your grant');
    expect(sayCondition({ event: { party: 'did:key:zDnaCarrier', name: 'handed-over' } }, parties)).toContain('before The carrier has said that this happened: “handed over”');
    expect(sayCondition({ from: 1763720000 }, parties)).toContain('2025');
    expect(sayCondition({ uses: 1 }, parties)).toContain('once');
    expect(sayCondition({ uses: 3 }, parties)).toContain('3 times');
  });

  it('speaks as the screen does', async () => {
    const [said, stands] = [() => sayCondition({ uses: 3 }, parties), () => sayStanding({ uses: 3 }, standing({ used: 3 }), 0).text];
    const only = async () => ({ texts: { condition: german } });
    await speech.speak('de', { de: only, fr: only });
    expect([said(), stands(), partyOf('did:web:shop.example', parties)]).toEqual([german.uses(3), 'Aufgebraucht', 'das Unternehmen selbst']);
    await speech.speak('en');
    expect(stands()).toBe('Used up');
  });

  it('takes names apart', () => {
    expect([inWords('https://a.example/terms#SignedLease'), inWords('handed-over'), inWords('#')]).toEqual(['signed lease', 'handed over', '#']);
  });

  it('says how it stands', () => {
    const text = (...a: Parameters<typeof sayStanding>) => sayStanding(...a).text;
    const paper = { evidence: 'e.y.J', by: 'did:web:x.example', from: 0, until: 9, received: 1 };
    expect(text({ from: 100 }, standing({}), 99)).toBe('Not met yet');
    expect(text({ from: 100 }, standing({}), 100)).toBe('Met');
    expect(text({ uses: 3 }, standing({ used: 2 }), 0)).toBe('Used 2 of 3 times');
    expect(text({ uses: 3 }, standing({ used: 3 }), 0)).toBe('Used up');
    const record = { record: { type: 'https://a.example/x', issuer: 'did:web:x.example' } };
    expect(text(record, standing({}), 0)).toBe('Not met yet');
    expect(text(record, standing({ met: true, evidence: [paper] }), 0)).toBe('Met');
    expect(text(record, standing({ evidence: [paper] }), 0)).toBe('No longer met');
  });
});

describe('what was shown', () => {
  type Case = { name: string; expect: string; condition: Parameters<typeof checkEvidence>[0]; about: GrantId[]; now: number; evidence: string; by: string; from?: number; until?: number };
  const cases = jsonVectors<Case>('consent/testdata/vectors/evidence.json', (c) => c.expect);

  it.each(cases)('$name', async (c) => {
    const shown = { evidence: c.evidence, by: c.by ?? '', from: c.from ?? 0, until: c.until ?? 0, received: c.now };
    expect(await checkEvidence(c.condition, shown, c.about)).toBe(c.expect === 'ok' ? 'verified' : 'refused');
  });

  it('is not believed to be by another than who signed', async () => {
    const good = cases.find((c) => c.name === 'a record')!;
    const shown = { evidence: good.evidence, by: 'did:web:other.example', from: 0, until: good.until ?? 0, received: good.now };
    expect(await checkEvidence(good.condition, shown, good.about)).toBe('refused');
  });

  it('can be read', () => {
    expect(claimsOf(cases[0]!.evidence)).toContain('"iss"');
    expect(claimsOf('no paper')).toBe('');
  });

  it('may be about the grants before', () => {
    const before = new Map([['c', 'b'], ['b', 'a'], ['x', 'x']]) as Map<GrantId, GrantId>;
    expect(lineOf('c' as GrantId, (g) => before.get(g))).toEqual(['c', 'b', 'a']);
    expect(lineOf('x' as GrantId, (g) => before.get(g))).toEqual(['x']);
  });
});
