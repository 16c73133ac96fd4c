import type { Texts } from './texts';

export default {
  title: 'Ihre Daten, in Ihrer Hand',
  lead: 'Coffer verwahrt, was Geschäfte über Sie wissen müssen, versiegelt in einem Tresor, den nur Sie öffnen. Wenn eines fragt, sehen Sie, wer und warum, und geben nur, was Sie möchten, so lange Sie möchten.',
  asked: { title: 'Jemand fragt nach Ihren Daten', lead: 'Entsperren Sie Ihren Tresor, um zu sehen, wer fragt, wonach und warum. Durch Ansehen wird nichts gegeben.' },
  back: { idle: 'Ihr Tresor wurde gesperrt, weil eine Weile niemand da war.', 'by-hand': 'Ihr Tresor ist gesperrt.', ended: 'Ihre Sitzung ist zu Ende, also wurde Ihr Tresor gesperrt.', other: 'Dieser Passkey gehört zu einem anderen Tresor, also wurde der offene gesperrt. In keinem von beiden wurde etwas geändert.' },
  unlock: 'Entsperren',
  open: 'Einen Tresor eröffnen',
  another: 'Noch einen Tresor eröffnen',
  first: 'Das dauert eine Minute und verlangt keine E-Mail, kein Passwort und keinen Namen.',
  welcomeBack: 'Ihr Passkey öffnet Ihren Tresor.',
  words: 'Wiederherstellungswörter benutzen',
  unknownPasskey: 'Dieser Passkey meldet hier an keinem Tresor an: vielleicht wurde er entfernt oder sein Tresor gelöscht. Ein anderer Passkey oder Ihre Wörter öffnen ihn vielleicht noch.',
  points: [
    { title: 'Im Browser versiegelt', text: 'Der Betreiber speichert, was er nicht lesen kann. Ihr Passkey öffnet es, auf Ihrem Gerät.' },
    { title: 'Ein Zweck nach dem anderen', text: 'Nichts ist für Sie angekreuzt. Ja und Nein sind gleich leicht, und Widerrufen ist ein Tippen.' },
    { title: 'Bewiesen, nicht versprochen', text: 'Jede Freigabe hinterlässt einen Beweis in einem Register, das niemand heimlich umschreiben kann und das nichts über Sie sagt.' },
  ],
  insecure: 'Diese Adresse ist nicht sicher, darum bietet der Browser hier keine Passkeys an. Öffnen Sie die Seite über https, oder als http://localhost auf diesem Rechner.',
  bring: 'Ich bringe einen Export mit',
  elsewhere: 'Von einem anderen Gerät',
} satisfies Texts;
