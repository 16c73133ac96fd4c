import type { Texts } from './texts';

export default {
  offer: {
    title: 'Ihren Tresor auf ein anderes Gerät bringen',
    lead: 'Öffnen Sie diese Adresse auf dem anderen Gerät, mit seiner Kamera oder durch Tippen, und geben Sie dort den Code ein.',
    code: 'Der Code',
    qr: 'Ein Bild der Adresse mit dem Code, für die Kamera des anderen Geräts',
    until: (time) => `Gilt einmal, bis ${time}.`,
    waiting: 'Warten auf das andere Gerät …',
    cancel: 'Abbrechen',
    sealing: 'Der Schlüssel Ihres Tresors wartet auf das andere Gerät, das dasselbe sagen muss.',
    done: 'Das andere Gerät hat Ihren Tresor. In Ihrer Liste steht es, sobald es einen eigenen Passkey hat.',
    toSettings: 'Zu den Einstellungen',
  },
  join: {
    title: 'Ihr Tresor von einem anderen Gerät',
    lead: 'Gehen Sie auf dem Gerät, das Ihren Tresor hat, zu Einstellungen und „Ein Gerät hinzufügen“. Es zeigt einen Code für dieses.',
    label: 'Der Code, zehn Zeichen',
    hint: 'Großschreibung, Leerzeichen und Bindestriche sind gleichgültig.',
    none: 'Das ist kein Code: er hat zehn Buchstaben und Ziffern.',
    action: 'Weiter',
    back: 'Zurück',
    waiting: 'Warten auf das andere Gerät …',
    sealing: 'Warten, bis das andere Gerät dasselbe sagt …',
    taking: 'Ihr Tresor wird geöffnet …',
    wrong: 'Was ankam, öffnet sich nicht oder gehört zu einem anderen Tresor, als es sagte. Nichts wurde geöffnet; beginnen Sie auf beiden Geräten von vorn.',
  },
  phrase: {
    title: 'Zeigen beide Geräte diese Wörter?',
    lead: 'Vergleichen Sie sie mit dem Bildschirm des anderen Geräts. Sind es dieselben, steht niemand zwischen den beiden, auch der Betreiber nicht.',
    list: 'Drei Wörter',
    same: 'Es sind dieselben',
    differ: 'Es sind andere',
  },
  differ: {
    title: 'Dann wurde nichts übergeben',
    text: 'Andere Wörter heißen, dass die beiden Geräte nicht miteinander sprechen: jemand hat vielleicht den Code zuerst benutzt, oder der Betreiber steht dazwischen. Beginnen Sie mit einem neuen Code von vorn und achten Sie darauf, dass nur Ihr eigenes Gerät ihn benutzt. Sind die Wörter wieder andere, gehen Sie nicht weiter und fragen Sie den Betreiber.',
  },
  over: {
    title: 'Diese Kopplung ist vorbei',
    text: 'Der Code war ein anderer, wurde schon benutzt, ist älter als zehn Minuten, oder eines der beiden Geräte hat abgebrochen. Nichts wurde übergeben. Beginnen Sie mit einem neuen Code von vorn.',
    again: 'Von vorn beginnen',
  },
  passkey: {
    title: 'Ihr Tresor ist hier',
    lead: 'Erstellen Sie einen Passkey für dieses Gerät, damit es Ihren Tresor nächstes Mal allein öffnet.',
    later: 'Nicht jetzt',
    action: 'Einen Passkey erstellen',
    opens: 'Der neue Passkey öffnet Ihren Tresor.',
    signsIn: 'Der neue Passkey meldet Sie an. Dieses Gerät lässt ihn den Tresor nicht allein öffnen; es braucht also jedes Mal Ihre Wörter oder ein anderes Gerät.',
  },
} satisfies Texts;
