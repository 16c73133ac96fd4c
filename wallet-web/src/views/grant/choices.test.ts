import { describe, expect, it } from 'vitest';
import { addDays, epochAt, type Epoch } from '../../core/epoch';
import { prepareGrant } from '../../core/grant';
import { fixedRandom, NOW } from '../../core/testing/fixed';
import { testVault } from '../../core/testing/vault';
import { earlierEnds, optionsOf, renewedEnd } from './choices';

const { request, giver } = await testVault();
const random = fixedRandom('choices test');
const grantOf = async (attributes: string[]) => (await prepareGrant(request, { purposeId: 'delivery', attributes, channels: [], days: 31 }, giver, NOW, random)).plaintext;
const whole = await grantOf(['name', 'postal-address', 'phone']);
const needed = await grantOf(['name', 'postal-address']);
const later = NOW + 3 * 86400;

describe('choices', () => {
  it('are ends at fixed lengths before the grant\'s own', () => {
    expect(earlierEnds(whole, NOW).map((e) => e.days)).toEqual([1, 7]);
    expect(earlierEnds(whole, later)).toEqual([1, 7].map((days) => ({ days, until: addDays(epochAt(later), days as 1) })));
    expect(earlierEnds({ end: (epochAt(NOW) + 5) as Epoch }, NOW)).toEqual([]);
  });

  it('renew for as long as was asked, when that is later', () => {
    expect(renewedEnd(whole, request, NOW)).toBeNull();
    expect(renewedEnd(whole, request, later)).toBe(epochAt(later) + 31 * 24);
  });

  it('are those that would be accepted', () => {
    expect(optionsOf('live', whole, request, later)).toEqual(['narrow', 'shorten', 'pause', 'renew']);
    expect(optionsOf('live', needed, request, NOW)).toEqual(['shorten', 'pause']);
    expect(optionsOf('paused', whole, request, later)).toEqual(['resume']);
    for (const stand of ['anchoring', 'withdrawn', 'expired', 'replaced', 'terminated'] as const) expect(optionsOf(stand, whole, request, later)).toEqual([]);
  });
});
