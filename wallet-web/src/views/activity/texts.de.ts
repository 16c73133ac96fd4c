import type { Texts } from './texts';

export default {
  title: 'Zugriffe',
  lead: 'Wer wann was abgerufen hat. Auch abgelehnte Versuche stehen hier. Werte stehen nie darin.',
  loading: 'Das Protokoll wird gelesen …',
  empty: 'Niemand hat etwas aus Ihrem Tresor abgerufen.',
  collected: (business) => `${business} hat abgerufen`,
  refused: (business) => `${business} wurde abgelehnt`,
  asked: 'wollte',
  notGiven: 'nicht gegeben',
  everything: 'alles Freigegebene',
  sound: 'Jede Zeile ist mit der vorigen verkettet, und die Kette hält von der ersten Zeile an.',
  partial: 'Nur die neuesten Zeilen sind zu sehen; die Kette eines so langen Protokolls wird hier nicht geprüft.',
  broken: (business) => `Ein Protokoll von ${business} passt nicht zusammen: Zeilen wurden nachträglich geändert oder weggelassen.`,
  reasons: {
    withdrawn: 'Sie hatten die Freigabe widerrufen.',
    expired: 'Die Freigabe war abgelaufen.',
    'not-anchored': 'Die Freigabe stand noch nicht im Register.',
    'not-started': 'Die Freigabe hatte noch nicht begonnen.',
    'not-covered': 'Das gehörte nicht zu dem, was Sie gegeben haben.',
    'no-permit': 'Für diese Stunde stand keine Erlaubnis im Register.',
    policy: 'Eine Regel des Betreibers verbietet es.',
    terminated: 'Das Unternehmen selbst hatte die Freigabe beendet.',
    suspended: 'Der Betreiber hat dieses Unternehmen gesperrt.',
  },
  otherReason: (code) => `Grund: ${code}.`,
  grant: 'Die Freigabe ansehen',
} satisfies Texts;
