import type { Texts } from './texts';

export default {
  passkey: {
    title: 'Ihre Wörter stimmen',
    lead: 'Ihr Tresor ist gefunden, und sein Schlüssel ist hier, auf dieser Seite. Legen Sie einen Passkey für dieses Gerät an, damit Sie das Blatt beim nächsten Mal nicht brauchen.',
    lost: 'Daten geben und den Tresor löschen verlangen jedes Mal einen Passkey. Bis Sie einen haben, können Sie ansehen, ändern und widerrufen.',
    action: 'Einen Passkey anlegen',
    later: 'Jetzt nicht',
  },
  old: {
    title: 'Ihre anderen Passkeys',
    opens: 'Der neue Passkey öffnet Ihren Tresor; das wurde probiert.',
    signsIn: 'Der neue Passkey meldet Sie an. Dieses Gerät lässt ihn den Tresor nicht allein öffnen, Ihre Wörter bleiben also nötig.',
    lead: 'Entfernen Sie die, die Sie verloren haben oder die jemand anderes haben könnte. Ein Passkey, den Sie noch haben, kann bleiben.',
    words: 'Ihr Wiederherstellungsblatt gilt wie zuvor. Wenn es jemand gesehen haben könnte, machen Sie unter Einstellungen ein neues. Hatte vielleicht jemand Ihren offenen Tresor, geben Sie ihm dort auch einen anderen Schlüssel.',
    action: 'Zu meinem Tresor',
  },
  offer: {
    title: 'Auch mit den Wörtern anmelden',
    lead: 'Ihr Wiederherstellungsblatt ist aus der Zeit, bevor Wörter das konnten: es öffnet Ihren Tresor erst, wenn ein Passkey Sie angemeldet hat. Wären alle Passkeys verloren, nützte es nichts.',
    how: 'Der Betreiber bekäme einen Prüfwert und einen öffentlichen Schlüssel des Blatts, aus denen niemand die Wörter errechnen kann. Das Blatt bleibt dasselbe.',
    action: 'Mit meinen Wörtern anmelden lassen',
    later: 'Jetzt nicht',
  },
  opening: 'Ihr Tresor wird geöffnet …',
} satisfies Texts;
