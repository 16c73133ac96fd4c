import { expect, test } from 'vitest';
import type { GrantId } from './id';
import { endedBy, type Replaceable } from './replacement';
import type { Asked } from './request';

const now = 1_763_720_000;
const hour = Math.floor(now / 3600);
const grant = (name: string, purpose_id: string, change: Partial<Replaceable> = {}): Replaceable => ({ grant: name as GrantId, purpose_id, purpose: 'https://w3id.org/dpv#X', state: 'live', end: hour + 24, ...change });
const all = [grant('old', 'delivery'), grant('mail', 'marketing'), grant('over', 'delivery', { state: 'withdrawn' }), grant('expired', 'delivery', { end: hour }), grant('paused', 'delivery', { state: 'paused' })];

test.each<['merge' | 'replace', string[], string[], string[]]>([
  ['merge', ['old', 'mail'], ['delivery'], ['old']],
  ['replace', ['mail', 'old'], ['delivery'], ['mail', 'old']],
  ['merge', ['mail'], ['delivery'], []],
  ['replace', ['over', 'expired', 'unknown'], ['delivery'], []],
  ['merge', ['paused'], ['delivery'], ['paused']],
  ['replace', ['old', 'mail'], [], []],
])('%s of %j, giving %j, ends %j', (mode, grants, given, ended) => {
  const request = { replaces: { mode, grants: grants as GrantId[] }, purposes: [] as Asked[] };
  expect(endedBy(request, given, all, now).map((g) => g.grant)).toEqual(ended);
});
test('a request that replaces nothing ends nothing', () => {
  expect(endedBy({ purposes: [] }, ['delivery'], all, now)).toEqual([]);
});
