import type { Texts } from './texts';

export default {
  passkey: {
    title: 'Ein Passkey für Ihren Tresor',
    lead: 'Ihr Gerät fragt nach Fingerabdruck, Gesicht oder seiner PIN. Keine E-Mail, kein Passwort, kein Name.',
    action: 'Den Passkey anlegen',
    back: 'Zurück',
    points: [
      'Der Passkey macht den Schlüssel zu Ihrem Tresor auf diesem Gerät. Der Betreiber sieht ihn nie.',
      'Danach bekommen Sie ein Blatt mit 24 Wiederherstellungswörtern. Sie öffnen Ihren Tresor auf jedem Gerät, auch wenn jeder Passkey verloren ist.',
    ],
  },
  sheet: {
    title: 'Ihr Wiederherstellungsblatt',
    lead: 'Diese 24 Wörter öffnen Ihren Tresor, hier und auf einem neuen Gerät, auch wenn jeder Passkey verloren ist. Schreiben oder drucken Sie sie, und verwahren Sie sie bei Ihren wichtigen Papieren.',
    noSecret:
      'Ihr Passkey ist angelegt und meldet Sie an. Dieses Gerät lässt ihn den Tresor nicht allein öffnen; das liegt nicht an Ihnen. Ihre Wörter öffnen ihn hier, Sie brauchen sie also bei jedem Entsperren.',
    replaced: 'Sobald Sie dieses Blatt bestätigt haben, gilt ein früheres für diesen Tresor nicht mehr.',
    warning: 'Wer diese Wörter hat, hat Ihren Tresor. Der Betreiber hat sie nicht und kann sie nicht zurückgeben.',
    list: 'Wiederherstellungswörter',
    print: 'Das Blatt drucken',
    action: 'Ich habe sie auf Papier',
    printed: 'Coffer-Wiederherstellungsblatt',
    address: 'Tresor eröffnet unter',
    insteadLead: 'Nichts zum Schreiben da? Ein zweiter Passkey kann an die Stelle des Blatts treten.',
    instead: 'Stattdessen ein zweiter Passkey',
  },
  confirm: {
    title: 'Drei Wörter, zur Sicherheit',
    lead: 'Tippen Sie diese Wörter von Ihrem Blatt ab, nicht aus dem Gedächtnis.',
    word: (position) => `Wort ${position}`,
    wrong: (position) => `Wort ${position} heißt auf dem Blatt anders.`,
    action: 'Meinen Tresor öffnen',
    back: 'Das Blatt noch einmal zeigen',
  },
  instead: {
    title: 'Ein zweiter Passkey statt des Blatts',
    lead: 'Ein Tresor hat zwei Zugänge, damit einer zu verlieren nicht alles ist. Der zweite kann das Blatt sein oder noch ein Passkey.',
    sheet: {
      title: 'Das Blatt',
      text: 'Es braucht kein Gerät und geht nicht kaputt. Es öffnet Ihren Tresor auch, wenn jeder Passkey verloren ist; das tut es aber auch für jeden, der es findet.',
    },
    passkey: {
      title: 'Ein zweiter Passkey',
      text: 'Auf einem anderen Telefon, einem Tablet oder einem Sicherheitsschlüssel. Es gibt nichts auf Papier, das jemand finden könnte. Er öffnet Ihren Tresor, wenn dieses Gerät verloren ist.',
    },
    lost: 'Nur mit Passkeys gilt: Sind beide verloren, ist der Tresor verloren. Niemand kann ihn wieder öffnen, auch der Betreiber nicht.',
    action: 'Den zweiten Passkey hinzufügen',
    back: 'Zurück zum Blatt',
    hint: 'Wenn Sie die Wörter schon notiert haben, vernichten Sie das Papier: Sie öffnen dann nichts. Ein Blatt können Sie später unter „Einstellungen“ machen.',
  },
  second: {
    title: 'Noch ein Zugang',
    lead: 'Ein Tresor hat mindestens zwei Zugänge, damit einer zu verlieren nicht alles ist. Ihre Wörter sind der erste. Legen Sie einen Passkey an, der den Tresor öffnen kann: auf einem Telefon, einem anderen Gerät oder einem Sicherheitsschlüssel.',
    action: 'Einen Passkey hinzufügen',
    stillNot: 'Auch dieser Passkey meldet Sie an und kann den Tresor nicht öffnen. Ein Telefon oder ein neuerer Sicherheitsschlüssel kann es meistens.',
    later: 'Später',
    laterHint: 'Ihr Tresor bleibt, wie er ist; entsperren Sie ihn, um hier weiterzumachen.',
  },
  opening: 'Ihr Tresor wird geöffnet …',
} satisfies Texts;
