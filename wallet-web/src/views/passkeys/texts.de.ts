import type { Texts } from './texts';

export default {
  name: (n) => `Passkey ${n}`,
  made: (day) => `angelegt am ${day}`,
  here: 'gerade benutzt',
  opens: 'öffnet den Tresor',
  signsIn: 'meldet an; die Wörter öffnen den Tresor',
  remove: 'Entfernen',
  removeNamed: (n) => `Passkey ${n} entfernen`,
  sure: {
    text: 'Er meldet dann nicht mehr an, sein Weg zum Schlüssel Ihres Tresors wird hier gelöscht, und wo er angemeldet ist, wird abgemeldet. Wer ihn hat, kann das nicht rückgängig machen.',
    yes: 'Entfernen',
    no: 'Behalten',
  },
  removed: 'Der Passkey ist entfernt. Sie können ihn auch auf seinem Gerät löschen.',
  needed: 'Dieser muss bleiben: ein Tresor behält mindestens zwei Zugänge. Fügen Sie erst einen anderen hinzu.',
  cloned:
    'Der Zähler dieses Passkeys ging einmal zurück. Oft zählt nur das Gerät schlecht, und alles ist gut; es kann auch heißen, dass ihn jemand kopiert hat. Im Zweifel legen Sie einen neuen an und entfernen diesen.',
} satisfies Texts;
