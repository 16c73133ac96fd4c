import { country as place, duration, languageName, lengthOf, onDay } from '../../components/dates';
import type { Condition } from '../../core/condition';
import type { DifferenceKind } from '../../core/difference';
import { purposeLabel } from '../catalogue';
import { lineOf, lastOf, party } from './differing';

const basis = (iri: string) => (iri.endsWith('#A6-1-a') ? 'your consent' : (iri.split('#')[1] ?? iri));

export const changes = {
  title: (business: string) => `${business} asks you again`,
  lead: 'You gave something before; now other words are asked. Until you answer, and if you say no, what you gave stands as it is.',
  leadReplace: 'You gave something before; now other words are asked. Until you answer, what you gave stands as it is.',
  heading: 'What changes',
  since: (day: string) => `as you gave it on ${day}`,
  wider: 'Asks more than you gave',
  widerMark: 'more',
  same: 'Not more than you gave',
  none: 'It asks for the same in the same words.',
  notAsked: 'This is not asked any more.',
  before: 'When you gave it',
  now: 'Now',
  merge: 'A yes takes the place of what you gave before. A no leaves it as it is.',
  replace: 'If you give anything here, nothing else is left of what you gave before: a no to a purpose then ends it. If you refuse all, everything stays as it is.',
};

export const one: Record<DifferenceKind, (before: string, after: string, at: string) => string> = {
  'controller-changed': (b, a, at) => (at === 'iss' ? 'Another key signs: someone else may be asking.' : `It now calls itself ${a}; it was ${b}.`),
  'contact-changed': (b, a, at) => `${contact(at)}: ${a || 'none'}; it was ${b || 'none'}.`,
  'language-changed': (b, a) => `The text in ${languageName(a)} counts; it was the one in ${languageName(b)}.`,
  'notice-version-changed': (b, a) => `Its notice is now version ${a}; it was ${b}.`,
  'jurisdiction-added': (_, a) => `Your data is used in ${place(a)}, too.`,
  'jurisdiction-removed': (b) => `Your data is no longer used in ${place(b)}.`,
  'purpose-added': (_, a) => `It asks for another purpose: ${purposeLabel(a)}.`,
  'purpose-removed': (b) => `It no longer asks for ${purposeLabel(b)}.`,
  'purpose-changed': (b, a) => `What it is for is now ${purposeLabel(a)}; it was ${purposeLabel(b)}.`,
  'basis-changed': (b, a) => `It now rests on ${basis(a)}; it rested on ${basis(b)}.`,
  'text-added': (_, __, at) => `It is explained in ${languageName(lastOf(at))}, too.`,
  'text-removed': (_, __, at) => `It is no longer explained in ${languageName(lastOf(at))}.`,
  'text-changed': (_, __, at) => `It is explained in other words (${languageName(lastOf(at))}):`,
  'attribute-added': (_, a, at) => `It asks for your ${name(a)}${at.endsWith('.optional') ? ', if you like' : ''}.`,
  'attribute-required': (_, a) => `It needs your ${name(a)}; before, you could leave it out.`,
  'attribute-optional': (_, a) => `You may leave out your ${name(a)}.`,
  'attribute-removed': (b) => `It no longer asks for your ${name(b)}.`,
  'days-longer': (b, a) => `For ${lengthOf(Number(a))}; it was ${lengthOf(Number(b))}.`,
  'days-shorter': (b, a) => `For ${lengthOf(Number(a))} only; it was ${lengthOf(Number(b))}.`,
  'retention-longer': (b, a) => `Kept by the business for ${duration(a)}; it was ${duration(b)}.`,
  'retention-shorter': (b, a) => `Kept by the business for ${duration(a)} only; it was ${duration(b)}.`,
  'retention-respelt': (_, a) => `Kept by the business for ${duration(a)}, as before.`,
  'recipient-added': (_, a) => `Passed on to ${party(a)}, too.`,
  'recipient-removed': (b) => `No longer passed on to ${party(b)}.`,
  'country-added': (_, a) => `Goes to another country: ${place(a)}.`,
  'country-removed': (b) => `No longer goes to ${place(b)}.`,
  'channel-added': () => 'It may write to you in your inbox.',
  'channel-removed': () => 'It no longer writes to you.',
  'weekly-cap-raised': (b, a) => `At most ${a} messages in seven days; it was ${b}.`,
  'weekly-cap-lowered': (b, a) => `At most ${a} messages in seven days; it was ${b}.`,
  'partner-added': (_, a) => `Shared with a partner: ${party(a)}.`,
  'partner-changed': (b, a) => `A partner is now ${a}; it was ${b}.`,
  'partner-removed': (b) => `No longer shared with ${party(b)}.`,
  'partner-attribute-added': (_, a) => `A partner gets your ${name(a)}, too.`,
  'condition-added': (_, a) => `Only ${condition(a)}; before, without a condition.`,
  'condition-dropped': (b) => `No longer only ${condition(b)}.`,
  'condition-looser': (b, a) => `Only ${condition(a)}; it was ${condition(b)}.`,
  'condition-stricter': (b, a) => `Only ${condition(a)}; it was ${condition(b)}.`,
  'partner-attribute-removed': (b) => `A partner no longer gets your ${name(b)}.`,
};

/** A condition as differences have it, in words. */
function condition(json: string): string {
  const c = JSON.parse(json) as Condition;
  if (c.from !== undefined) return `from ${onDay(c.from)} on`;
  if (c.uses !== undefined) return c.uses === 1 ? 'once' : `${c.uses} times`;
  if (c.event) return `once ${c.event.party} says “${c.event.name}”`;
  return `with a record that ${c.record?.issuer ?? ''} signed`;
}

const name = (attribute: string) => lineOf(attribute).toLowerCase();
function contact(at: string): string {
  const names: Record<string, string> = { address: 'Its address', contact: 'How to reach it', dpo: 'Its data protection officer', authority: 'The authority over it', privacy_notice: 'Its privacy notice', url: 'Its website' };
  return names[lastOf(at)] ?? 'How to reach a partner';
}
