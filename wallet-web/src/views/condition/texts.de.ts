import { atMoment } from '../../components/dates';
import type { Texts } from './texts';

export default {
  title: 'An eine Bedingung geknüpft',
  self: 'das Unternehmen selbst',
  key: (short) => `Inhaber des Schlüssels ${short}`,

  record: (type, who) => `Nichts kann abgerufen oder gesendet werden, bevor das Unternehmen einen Nachweis „${type}“ über Ihre Freigabe gezeigt hat (unterschrieben von: ${who}).`,
  event: (name, who) => `Nichts kann abgerufen oder gesendet werden, bevor bestätigt ist, dass dies geschehen ist: „${name}“ (bestätigt von: ${who}).`,
  from: (moment) => `Nichts kann abgerufen oder gesendet werden vor diesem Zeitpunkt: ${atMoment(moment)}.`,
  uses: (n) =>
    n === 1 ? 'Die Freigabe kann einmal genutzt werden: ein Abruf ist eine Nutzung, eine Nachricht auch.' : `Die Freigabe kann ${n}-mal genutzt werden: jeder Abruf ist eine Nutzung, jede Nachricht auch.`,
  itself: 'Das Unternehmen kann diese Bedingung durch sein eigenes Wort erfüllen. Sie schützt Sie nicht mehr als ein Versprechen.',

  met: 'Erfüllt',
  notMet: 'Noch nicht erfüllt',
  over: 'Nicht mehr erfüllt',
  usedUp: 'Aufgebraucht',
  left: (used, all) => `${used} von ${all} Nutzungen verbraucht`,

  shown: 'Was dafür gezeigt wurde',
  none: 'Dafür wurde noch nichts gezeigt. Nichts wurde abgerufen.',
  line: (who, received) => `Unterschrieben von: ${who}, gezeigt am ${atMoment(received)}`,
  until: (moment) => `gilt bis ${atMoment(moment)}`,
  forGood: 'gilt auf Dauer',
  checks: {
    verified: 'Unterschrift hier geprüft',
    unresolved: 'Vom Betreiber geprüft: diese Seite kann den Schlüssel nicht nachschlagen, mit dem unterschrieben wurde',
    refused: 'Diese Seite kann es nicht bestätigen. Fragen Sie den Betreiber, was er hier angenommen hat.',
  },
  paper: 'Was unterschrieben wurde',
} satisfies Texts;
