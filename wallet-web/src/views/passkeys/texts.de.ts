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
  used: (when) => `zuletzt benutzt ${when}`,
  never: 'nicht benutzt, seit er erstellt wurde',
  copied: 'auf andere Geräte kopiert',
  rename: 'Umbenennen',
  renameNamed: (name) => `${name} umbenennen`,
  nameLabel: 'Name dieses Geräts',
  save: 'Speichern',
  backup: 'Von diesem Passkey gibt es eine Kopie, seit er erstellt wurde, oder er kam mit einem Gerät, das es sagt: ein Konto, das Passkeys abgleicht, hat ihn jetzt vielleicht. Ist es Ihres, ist alles in Ordnung. Wenn nicht, entfernen Sie ihn.',
  alarm: {
    cloned: 'Der Zähler eines Ihrer Passkeys ging zurück. Vielleicht wurde er kopiert.',
    backup: 'Von einem Ihrer Passkeys gibt es eine Kopie, seit er erstellt wurde.',
    look: 'Meine Passkeys ansehen',
    fine: 'Ich weiß, das ist in Ordnung',
  },
} satisfies Texts;
