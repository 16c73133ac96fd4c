import { country as place, duration, languageName, lengthOf, onDay } from '../../components/dates';
import type { Condition } from '../../core/condition';
import { purposeLabel } from '../catalogue';
import type { Texts } from './changeTexts';
import { lineOf, lastOf, party } from './differing';

const basis = (iri: string) => (iri.endsWith('#A6-1-a') ? 'votre consentement' : (iri.split('#')[1] ?? iri));

function condition(json: string): string {
  const c = JSON.parse(json) as Condition;
  if (c.from !== undefined) return `à partir du ${onDay(c.from)}`;
  if (c.uses !== undefined) return c.uses === 1 ? 'une fois' : `${c.uses} fois`;
  if (c.event) return `dès que ${c.event.party} dit « ${c.event.name} »`;
  return `avec une attestation signée de ${c.record?.issuer ?? ''}`;
}

function contact(at: string): string {
  const names: Record<string, string> = { address: 'Son adresse', contact: 'Comment le joindre', dpo: 'Son délégué à la protection des données', authority: 'L’autorité dont il relève', privacy_notice: 'Son avis de confidentialité', url: 'Son site web' };
  return names[lastOf(at)] ?? 'Comment joindre un partenaire';
}

export default {
  changes: {
    title: (business) => `${business} vous demande à nouveau`,
    lead: 'Vous avez déjà donné quelque chose ; on demande maintenant en d’autres termes. Jusqu’à votre réponse, et si vous dites non, ce que vous avez donné demeure.',
    leadReplace: 'Vous avez déjà donné quelque chose ; on demande maintenant en d’autres termes. Jusqu’à votre réponse, ce que vous avez donné demeure.',
    heading: 'Ce qui change',
    since: (day) => `tel que donné le ${day}`,
    wider: 'Demande plus que vous n’avez donné',
    widerMark: 'plus',
    same: 'Pas plus que vous n’avez donné',
    none: 'On demande la même chose dans les mêmes mots.',
    notAsked: 'Cela n’est plus demandé.',
    before: 'Quand vous l’avez donné',
    now: 'Maintenant',
    merge: 'Un oui prend la place de ce que vous avez donné. Un non le laisse tel quel.',
    replace: 'Si vous donnez quelque chose ici, rien d’autre ne reste de ce que vous aviez donné : un non à une finalité y met alors fin. Si vous refusez tout, tout demeure.',
  },
  one: {
    'controller-changed': (b, a, at) => (at === 'iss' ? 'Une autre clé signe : quelqu’un d’autre demande peut-être.' : `Il se nomme maintenant ${a} ; avant ${b}.`),
    'contact-changed': (b, a, at) => `${contact(at)} : ${a || 'rien'} ; avant ${b || 'rien'}.`,
    'language-changed': (b, a) => `Le texte qui compte est en ${languageName(a)} ; avant en ${languageName(b)}.`,
    'notice-version-changed': (b, a) => `Son avis est en version ${a} ; avant ${b}.`,
    'jurisdiction-added': (_, a) => `Vos données servent aussi dans ce pays : ${place(a)}.`,
    'jurisdiction-removed': (b) => `Vos données ne servent plus dans ce pays : ${place(b)}.`,
    'purpose-added': (_, a) => `Il demande pour une autre finalité : ${purposeLabel(a)}.`,
    'purpose-removed': (b) => `Il ne demande plus pour : ${purposeLabel(b)}.`,
    'purpose-changed': (b, a) => `La finalité est maintenant : ${purposeLabel(a)} ; avant : ${purposeLabel(b)}.`,
    'basis-changed': (b, a) => `La base est maintenant ${basis(a)} ; avant ${basis(b)}.`,
    'text-added': (_, __, at) => `C’est aussi expliqué en ${languageName(lastOf(at))}.`,
    'text-removed': (_, __, at) => `Ce n’est plus expliqué en ${languageName(lastOf(at))}.`,
    'text-changed': (_, __, at) => `C’est expliqué en d’autres mots (${languageName(lastOf(at))}) :`,
    'attribute-added': (_, a, at) => `Il demande : ${lineOf(a)}${at.endsWith('.optional') ? ', si vous voulez' : ''}.`,
    'attribute-required': (_, a) => `Il lui faut : ${lineOf(a)} ; avant, vous pouviez l’omettre.`,
    'attribute-optional': (_, a) => `Vous pouvez omettre : ${lineOf(a)}.`,
    'attribute-removed': (b) => `Il ne demande plus : ${lineOf(b)}.`,
    'days-longer': (b, a) => `Pour ${lengthOf(Number(a))} ; avant ${lengthOf(Number(b))}.`,
    'days-shorter': (b, a) => `Pour ${lengthOf(Number(a))} seulement ; avant ${lengthOf(Number(b))}.`,
    'retention-longer': (b, a) => `Gardé par l’entreprise ${duration(a)} ; avant ${duration(b)}.`,
    'retention-shorter': (b, a) => `Gardé par l’entreprise ${duration(a)} seulement ; avant ${duration(b)}.`,
    'retention-respelt': (_, a) => `Gardé par l’entreprise ${duration(a)}, comme avant.`,
    'recipient-added': (_, a) => `Transmis aussi à ${party(a)}.`,
    'recipient-removed': (b) => `N’est plus transmis à ${party(b)}.`,
    'country-added': (_, a) => `Va dans un autre pays : ${place(a)}.`,
    'country-removed': (b) => `Ne va plus dans ce pays : ${place(b)}.`,
    'channel-added': () => 'Il peut vous écrire dans votre boîte.',
    'channel-removed': () => 'Il ne vous écrit plus.',
    'weekly-cap-raised': (b, a) => `Au plus ${a} messages en sept jours ; avant ${b}.`,
    'weekly-cap-lowered': (b, a) => `Au plus ${a} messages en sept jours ; avant ${b}.`,
    'partner-added': (_, a) => `Partagé avec un partenaire : ${party(a)}.`,
    'partner-changed': (b, a) => `Un partenaire est maintenant ${a} ; avant ${b}.`,
    'partner-removed': (b) => `N’est plus partagé avec ${party(b)}.`,
    'partner-attribute-added': (_, a) => `Un partenaire reçoit aussi : ${lineOf(a)}.`,
    'condition-added': (_, a) => `Seulement ${condition(a)} ; avant, sans condition.`,
    'condition-dropped': (b) => `Plus seulement ${condition(b)}.`,
    'condition-looser': (b, a) => `Seulement ${condition(a)} ; avant ${condition(b)}.`,
    'condition-stricter': (b, a) => `Seulement ${condition(a)} ; avant ${condition(b)}.`,
    'partner-attribute-removed': (b) => `Un partenaire ne reçoit plus : ${lineOf(b)}.`,
  },
} satisfies Texts;
