import { country as place, duration, languageName, lengthOf, onDay } from '../../components/dates';
import type { Condition } from '../../core/condition';
import { purposeLabel } from '../catalogue';
import type { Texts } from './changeTexts';
import { lineOf, lastOf, party } from './differing';

const basis = (iri: string) => (iri.endsWith('#A6-1-a') ? 'Ihre Einwilligung' : (iri.split('#')[1] ?? iri));

function condition(json: string): string {
  const c = JSON.parse(json) as Condition;
  if (c.from !== undefined) return `ab ${onDay(c.from)}`;
  if (c.uses !== undefined) return c.uses === 1 ? 'einmal' : `${c.uses}-mal`;
  if (c.event) return `sobald ${c.event.party} „${c.event.name}“ sagt`;
  return `mit einem Nachweis, den ${c.record?.issuer ?? ''} unterschrieben hat`;
}

function contact(at: string): string {
  const names: Record<string, string> = { address: 'Anschrift', contact: 'Kontakt', dpo: 'Datenschutzbeauftragte', authority: 'Zuständige Behörde', privacy_notice: 'Datenschutzhinweis', url: 'Website' };
  return names[lastOf(at)] ?? 'Kontakt eines Partners';
}

export default {
  changes: {
    title: (business) => `${business} fragt Sie noch einmal`,
    lead: 'Sie haben schon etwas gegeben; jetzt wird mit anderen Worten gefragt. Bis Sie antworten, und wenn Sie Nein sagen, bleibt, was Sie gegeben haben, wie es ist.',
    leadReplace: 'Sie haben schon etwas gegeben; jetzt wird mit anderen Worten gefragt. Bis Sie antworten, bleibt, was Sie gegeben haben, wie es ist.',
    heading: 'Was sich ändert',
    since: (day) => `wie Sie es am ${day} gegeben haben`,
    wider: 'Will mehr, als Sie gegeben haben',
    widerMark: 'mehr',
    same: 'Nicht mehr, als Sie gegeben haben',
    none: 'Es fragt nach demselben mit denselben Worten.',
    notAsked: 'Danach wird nicht mehr gefragt.',
    before: 'Als Sie es gaben',
    now: 'Jetzt',
    merge: 'Ein Ja tritt an die Stelle dessen, was Sie gegeben haben. Ein Nein lässt es, wie es ist.',
    replace: 'Wenn Sie hier etwas geben, bleibt sonst nichts von dem, was Sie gegeben haben: ein Nein zu einem Zweck beendet ihn dann. Wenn Sie alles ablehnen, bleibt alles, wie es ist.',
  },
  one: {
    'controller-changed': (b, a, at) => (at === 'iss' ? 'Ein anderer Schlüssel unterschreibt: vielleicht fragt jemand anderes.' : `Es nennt sich jetzt ${a}; vorher ${b}.`),
    'contact-changed': (b, a, at) => `${contact(at)}: ${a || 'keine Angabe'}; vorher ${b || 'keine Angabe'}.`,
    'language-changed': (b, a) => `Der Text auf ${languageName(a)} gilt; vorher der auf ${languageName(b)}.`,
    'notice-version-changed': (b, a) => `Der Hinweis hat jetzt Fassung ${a}; vorher ${b}.`,
    'jurisdiction-added': (_, a) => `Ihre Daten werden auch in ${place(a)} benutzt.`,
    'jurisdiction-removed': (b) => `Ihre Daten werden nicht mehr in ${place(b)} benutzt.`,
    'purpose-added': (_, a) => `Es fragt für einen weiteren Zweck: ${purposeLabel(a)}.`,
    'purpose-removed': (b) => `Es fragt nicht mehr für: ${purposeLabel(b)}.`,
    'purpose-changed': (b, a) => `Der Zweck ist jetzt: ${purposeLabel(a)}; vorher: ${purposeLabel(b)}.`,
    'basis-changed': (b, a) => `Grundlage ist jetzt ${basis(a)}; vorher ${basis(b)}.`,
    'text-added': (_, __, at) => `Es wird auch auf ${languageName(lastOf(at))} erklärt.`,
    'text-removed': (_, __, at) => `Es wird nicht mehr auf ${languageName(lastOf(at))} erklärt.`,
    'text-changed': (_, __, at) => `Es wird mit anderen Worten erklärt (${languageName(lastOf(at))}):`,
    'attribute-added': (_, a, at) => `Es fragt nach: ${lineOf(a)}${at.endsWith('.optional') ? ', wenn Sie möchten' : ''}.`,
    'attribute-required': (_, a) => `Es braucht: ${lineOf(a)}; vorher konnten Sie das weglassen.`,
    'attribute-optional': (_, a) => `Das können Sie weglassen: ${lineOf(a)}.`,
    'attribute-removed': (b) => `Es fragt nicht mehr nach: ${lineOf(b)}.`,
    'days-longer': (b, a) => `Für ${lengthOf(Number(a))}; vorher ${lengthOf(Number(b))}.`,
    'days-shorter': (b, a) => `Nur für ${lengthOf(Number(a))}; vorher ${lengthOf(Number(b))}.`,
    'retention-longer': (b, a) => `Das Unternehmen behält es ${duration(a)}; vorher ${duration(b)}.`,
    'retention-shorter': (b, a) => `Das Unternehmen behält es nur ${duration(a)}; vorher ${duration(b)}.`,
    'retention-respelt': (_, a) => `Das Unternehmen behält es ${duration(a)}, wie zuvor.`,
    'recipient-added': (_, a) => `Wird auch weitergegeben an ${party(a)}.`,
    'recipient-removed': (b) => `Wird nicht mehr weitergegeben an ${party(b)}.`,
    'country-added': (_, a) => `Geht in ein weiteres Land: ${place(a)}.`,
    'country-removed': (b) => `Geht nicht mehr nach: ${place(b)}.`,
    'channel-added': () => 'Es darf Ihnen in den Posteingang schreiben.',
    'channel-removed': () => 'Es schreibt Ihnen nicht mehr.',
    'weekly-cap-raised': (b, a) => `Höchstens ${a} Nachrichten in sieben Tagen; vorher ${b}.`,
    'weekly-cap-lowered': (b, a) => `Höchstens ${a} Nachrichten in sieben Tagen; vorher ${b}.`,
    'partner-added': (_, a) => `Geteilt mit einem Partner: ${party(a)}.`,
    'partner-changed': (b, a) => `Ein Partner ist jetzt ${a}; vorher ${b}.`,
    'partner-removed': (b) => `Nicht mehr geteilt mit ${party(b)}.`,
    'partner-attribute-added': (_, a) => `Ein Partner bekommt auch: ${lineOf(a)}.`,
    'condition-added': (_, a) => `Nur ${condition(a)}; vorher ohne Bedingung.`,
    'condition-dropped': (b) => `Nicht mehr nur ${condition(b)}.`,
    'condition-looser': (b, a) => `Nur ${condition(a)}; vorher ${condition(b)}.`,
    'condition-stricter': (b, a) => `Nur ${condition(a)}; vorher ${condition(b)}.`,
    'partner-attribute-removed': (b) => `Ein Partner bekommt nicht mehr: ${lineOf(b)}.`,
  },
} satisfies Texts;
