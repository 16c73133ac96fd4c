import type { Texts } from './texts';

export default {
  title: 'Ein anderer Schlüssel für Ihren Tresor',
  lead: 'Ihr Tresor bekommt einen neuen Schlüssel, und der Schlüssel jedes Dokuments wird damit verschlossen. Wer den alten hat, von einem verlorenen oder entfernten Gerät, öffnet damit nichts, was Sie von jetzt an schreiben.',
  section: {
    title: 'Der Schlüssel Ihres Tresors',
    lead: 'Hatte vielleicht jemand Ihren offenen Tresor oder ein verlorenes Gerät, geben Sie Ihrem Tresor einen anderen Schlüssel. Entfernen Sie vorher den Passkey jenes Geräts.',
    action: 'Den Schlüssel wechseln',
  },
  stays: 'Diese öffnen Ihren Tresor wie bisher:',
  words: 'Ihre Wiederherstellungswörter',
  falls: 'Diese melden dann noch an und öffnen den Tresor nicht mehr, weil sie nicht benutzt wurden, seit Ihr Tresor gelernt hat, sie mitzunehmen. Benutzen Sie jeden vorher einmal, oder nachher Ihre Wörter dazu:',
  wordsFall: 'Ihr Wiederherstellungsblatt gilt dann nicht mehr, weil seine Wörter nicht benutzt wurden, seit Ihr Tresor gelernt hat, es mitzunehmen. Entsperren Sie vorher einmal mit den Wörtern, oder machen Sie nachher ein neues Blatt.',
  consent: 'Ich weiß, dass diese meinen Tresor nicht mehr öffnen',
  tooFew: 'Es blieben weniger als zwei Wege hinein. Machen Sie ein neues Wiederherstellungsblatt oder fügen Sie einen Passkey hinzu, und kommen Sie wieder.',
  unsettled: 'Etwas in Ihrem Tresor öffnet sich nicht oder ist nicht so, wie Ihre Wallet es verlassen hat. Sehen Sie zuerst den Hinweis oben an.',
  elsewhere: 'Wo Ihr Tresor sonst noch offen ist, schließt er sich.',
  action: 'Den Schlüssel jetzt wechseln',
  back: 'Nicht jetzt',
  progress: (done, of) => `${done} von ${of} Dokumenten`,
  running: 'Schließen Sie diese Seite nicht. Schließt sie sich doch, ist nichts verloren: wer als Nächstes entsperrt, macht weiter.',
  done: (documents) => `Ihr Tresor hat einen anderen Schlüssel: ${documents} Dokumente liegen darunter.`,
  halfway: 'Ihr Tresor hat einen anderen Schlüssel, und wegen eines Dokuments, das sich mit keinem öffnet, bleibt der alte noch. Der Hinweis oben sagt, welches.',
  toSettings: 'Zu den Einstellungen',
  removed: 'Hat vielleicht jemand anderes diesen Passkey oder das Gerät dazu: geben Sie Ihrem Tresor einen anderen Schlüssel.',
} satisfies Texts;
