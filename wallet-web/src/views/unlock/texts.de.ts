import type { Texts } from './texts';

export default {
  title: 'Ihre Wiederherstellungswörter',
  why: {
    'no-secret': 'Ihr Passkey hat Sie angemeldet, mehr lässt ihn dieses Gerät nicht tun. Hier öffnen Ihre 24 Wörter den Tresor. Ein Passkey auf einem Telefon oder Sicherheitsschlüssel kann es vielleicht allein; unter Einstellungen können Sie einen hinzufügen.',
    'no-wrap': 'Dieser Passkey hat Sie angemeldet und wurde nie eingerichtet, den Tresor zu öffnen. Ihre 24 Wörter öffnen ihn.',
    'wrong-secret': 'Ihr Passkey hat Sie angemeldet, und was er gab, öffnet den Tresor nicht. Das kommt nach manchen Systemaktualisierungen vor, und nichts ist verloren: Ihre 24 Wörter öffnen ihn.',
    unfinished: 'Ihr Tresor ist noch nicht ganz eröffnet. Ihre 24 Wörter zeigen, dass Sie es sind, der weitermacht; danach bekommen Sie ein frisches Blatt.',
    asked:
      'Tippen Sie die 24 Wörter von Ihrem Blatt. Sie genügen, auf jedem Gerät und ohne einen Passkey. Die Wörter bleiben auf dieser Seite: der Betreiber bekommt einen Namen für das Blatt und eine Unterschrift, aus denen niemand die Wörter errechnen kann.',
  },
  label: 'Die 24 Wörter, der Reihe nach',
  hint: 'Leerzeichen oder Zeilenumbrüche dazwischen; Nummern und Großschreibung sind gleichgültig.',
  action: 'Entsperren',
  back: 'Zurück',
  opening: 'Ihr Tresor wird geöffnet …',
  wordsProblem(code, position, count) {
    switch (code) {
      case 'unknown-word':
        return `Wort ${position} steht nicht auf der Liste der Wiederherstellungswörter. Sehen Sie es auf dem Blatt noch einmal an.`;
      case 'count':
        return count === 0 ? 'Tippen Sie die Wörter von Ihrem Blatt.' : `Das sind ${count} Wörter; auf dem Blatt stehen 24.`;
      case 'wrong-checksum':
        return 'All das sind Wiederherstellungswörter, zusammen aber kein Blatt. Wahrscheinlich ist eines ein anderes, oder zwei sind vertauscht.';
      case 'unknown-sheet':
        return 'Diese Wörter sind ein Wiederherstellungsblatt und melden hier an keinem Tresor an. Sehen Sie nach, ob das Blatt diese Adresse nennt und ob Sie ein neueres haben: ein älteres gilt nicht mehr. Ein Blatt aus der Zeit, bevor Wörter anmelden konnten, braucht noch einmal einen Passkey des Tresors.';
      default:
        return 'Diese Wörter sind ein Wiederherstellungsblatt, aber nicht das dieses Tresors.';
    }
  },
  elsewhere: 'Stattdessen von einem anderen Gerät',
  noSheet: {
    title: 'Dieser Passkey öffnet Ihren Tresor nicht',
    lead: 'Er hat Sie angemeldet, und was er gab, öffnet den Tresor nicht. Das kommt bei manchen Geräten und nach manchen Systemaktualisierungen vor. Nichts ist verloren.',
    what: 'Ihr Tresor hat kein Wiederherstellungsblatt: Ein anderer seiner Passkeys öffnet ihn, oder ein Gerät, das ihn hat. Machen Sie danach unter Einstellungen ein Blatt.',
    again: 'Einen anderen Passkey benutzen',
  },
} satisfies Texts;
