import type { Texts } from './texts';

export default {
  title: 'Freigaben',
  lead: 'Wer was aus Ihrem Tresor abrufen darf, und bis wann. Jede ist ein Zweck eines Unternehmens, und jede lässt sich mit einem Tippen widerrufen.',
  loading: 'Ihre Freigaben werden gelesen …',
  empty: 'Sie haben niemandem etwas gegeben. Wenn ein Geschäft fragt, öffnet sein Link oder QR-Code die Anfrage hier.',
  sections: { live: 'In Kraft', anchoring: 'Wartet auf das Register', paused: 'Pausiert', ended: 'Beendet' },
  filter: { label: 'Welche Freigaben', all: 'Alle', live: 'In Kraft', paused: 'Pausiert', ended: 'Beendet' },
  none: { all: '', live: 'Keine Freigabe ist in Kraft: niemand kann etwas abrufen.', paused: 'Keine Freigabe ist pausiert.', ended: 'Noch keine Freigabe ist beendet.' },
  states: {
    live: 'In Kraft',
    anchoring: 'Wartet auf das Register',
    paused: 'Pausiert',
    replaced: 'Durch eine neuere ersetzt',
    withdrawn: 'Widerrufen',
    terminated: 'Vom Unternehmen beendet',
    expired: 'Abgelaufen',
    erased: 'Gelöscht',
  },
  until: (day) => `bis ${day}`,
  messages: 'Nachrichten in Ihren Posteingang',
} satisfies Texts;
