import type { Texts } from './loopTexts';

const stop = (business: string) => `${business} muss aufhören, sagen, dass es das weiß, und sagen, was es gelöscht hat.`;
const rest = (business: string) => `${business} muss sagen, dass es das weiß, und was es von dem Weggelassenen gelöscht hat.`;

export default {
  title: 'Nach dem Ende',
  titleLess: 'Seit Sie weniger geben',
  lead: {
    withdrawn: (business) => `Sie haben widerrufen. ${stop(business)}`,
    expired: (business) => `Die Zeit ist um. ${stop(business)}`,
    erased: (business) => `Es endete mit einem Tresor. ${stop(business)}`,
    terminated: (business) => `Sie wurde beendet. ${stop(business)}`,
    narrowed: (business) => `Seitdem geben Sie weniger. ${rest(business)}`,
    renewed: (business) => `Seitdem geben Sie weniger. ${rest(business)}`,
    merged: (business) => `Eine neuere Anfrage ist an ihre Stelle getreten und nennt weniger. ${rest(business)}`,
    replaced: (business) => `Eine neuere Anfrage ist an ihre Stelle getreten. ${rest(business)}`,
    suspended: (business) => `Der Betreiber hat ${business} gesperrt: unter dieser Freigabe bekommt es vorerst nichts.`,
  },
  reason: (text) => `Der Betreiber hat sie auf Anordnung beendet: ${text}`,
  told: (business, moment) => `${business} wurde am ${moment} benachrichtigt`,
  acknowledged: (moment) => `Bestätigt, unterschrieben am ${moment}`,
  notAcknowledged: (moment) => `Muss bis ${moment} bestätigen`,
  stated: (moment) => `Löschung erklärt, unterschrieben am ${moment}`,
  notStated: (moment) => `Muss bis ${moment} sagen, was gelöscht wurde`,
  late: 'Überfällig. Sie können sich bei der Aufsichtsbehörde beschweren, die Ihre Quittung nennt.',
  refused: 'Was in seinem Namen kam, hat es nicht unterschrieben, oder es betrifft etwas anderes. Es gilt als nicht gesagt.',
  deleted: (names) => `Gelöscht: ${names}`,
  kept: (name, day) => `Behalten bis ${day}: ${name}`,
  basis: 'die Rechtsgrundlage, die es nennt',
  words: 'In eigenen Worten',
  steps: 'Was seitdem geschah',
  unreadable: 'Was nach dem Ende dieser Freigabe geschah, lässt sich jetzt nicht zeigen.',
} satisfies Texts;
