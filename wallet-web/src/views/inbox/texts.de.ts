import type { Texts } from './texts';

export default {
  title: 'Posteingang',
  lead: 'Nachrichten, die Unternehmen Ihnen unter einer Freigabe schicken dürfen. Sie werden hier im Browser geöffnet; der Betreiber trägt sie nur.',
  loading: 'Ihre Nachrichten werden geöffnet …',
  empty: 'Keine Nachrichten. Nur ein Unternehmen, dem Sie Ja gesagt haben, kann Ihnen eine schicken.',
  unread: 'Neu',
  under: (business, day, purpose) => `Von ${business} unter der Einwilligung, die Sie am ${day} für „${purpose}“ gegeben haben.`,
  underUnknown: (business) => `${business} hat das geschickt, und Ihr Tresor weiß von keiner Freigabe dafür.`,
  verified: 'Beweis geprüft',
  pending: 'Erlaubnis unterschrieben, noch nicht im Register',
  untrusted: 'Dem Register noch nicht vertraut',
  refused: 'Der Beweis hält nicht',
  how: 'Woher man das weiß',
  label: 'Prüfung, Zeile für Zeile',
  grant: 'Die Freigabe ansehen',
  stop: 'Damit keine Nachrichten mehr kommen, widerrufen Sie die Freigabe: ein Tippen.',
  remove: 'Löschen',
  closed: 'Diese Nachricht lässt sich nicht öffnen. Sie ist für einen anderen Schlüssel oder wurde unterwegs geändert. Sie können sie löschen.',
  closedTitle: 'Eine Nachricht, die sich nicht öffnen lässt',
  lines: {
    sender: 'Sie ist vom Unternehmen der Freigabe und nur an Sie gerichtet',
    permit: 'Das Unternehmen hat dafür mit dem Schlüssel Ihrer Freigabe eine Erlaubnis unterschrieben',
    opening: 'Die Erlaubnis im Register legt sich auf genau dieses Dokument fest',
    digest: 'Die Erlaubnis nennt genau diese Nachricht',
    proof: 'Die Erlaubnis steht im Register, unterschrieben von seinen Mitgliedern',
  },
} satisfies Texts;
