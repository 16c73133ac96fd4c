import { counted } from '../../components/dates';
import { IDLE_MINUTES } from '../../store/idle';
import type { Texts } from './texts';

export default {
  title: 'Einstellungen',
  loading: 'Wird gelesen …',
  language: { title: 'Sprache', label: 'Sprache dieser Seite', failed: 'Die Texte dieser Sprache sind gerade nicht zu bekommen.' },
  passkeys: {
    title: 'Passkeys',
    lead: 'Zugänge zu Ihrem Tresor, neben Ihren Wiederherstellungswörtern.',
    add: 'Einen Passkey hinzufügen',
    how: 'Sie bestätigen mit einem Zugang, den Sie haben, und legen dann den neuen Passkey auf diesem Gerät, einem Telefon oder einem Sicherheitsschlüssel an.',
    added: 'Der neue Passkey öffnet Ihren Tresor.',
    addedNoSecret: 'Der neue Passkey meldet Sie an. Den Tresor kann er nicht allein öffnen, Ihre Wörter bleiben also nötig.',
  },
  recovery: {
    title: 'Wiederherstellungsblatt',
    signsIn: 'Die 24 Wörter Ihres Blatts öffnen Ihren Tresor auf jedem Gerät, auch wenn jeder Passkey verloren ist.',
    opens: 'Die 24 Wörter Ihres Blatts öffnen Ihren Tresor, nachdem ein Passkey Sie angemeldet hat. Selbst melden sie nicht an: ein neues Blatt kann das.',
    none: 'Sie haben kein Wiederherstellungsblatt. Wären alle Passkeys verloren, könnte niemand Ihren Tresor je wieder öffnen.',
    action: 'Ein neues Blatt machen',
    how: 'Sie bestätigen mit einem Zugang, den Sie haben. Das alte Blatt gilt nicht mehr, sobald Sie drei Wörter des neuen bestätigt haben.',
    confirm: 'Dieses Blatt gilt von jetzt an',
    making: 'Ein Blatt wird gemacht …',
    done: 'Ihr neues Blatt gilt. Das alte nicht mehr: vernichten Sie es.',
  },
  lock: { title: 'Sperren', text: `Ihre Schlüssel sind im Speicher dieser Seite und nirgends sonst. Der Tresor wird gesperrt, wenn Sie die Seite schließen, und nach ${IDLE_MINUTES} Minuten ohne Sie.` },
  digest: {
    title: 'Der Code dieser Seite',
    lead: 'Wer diese Seite liefert, könnte eine andere liefern. Vergleichen Sie diesen Prüfwert mit dem, der mit der Ausgabe veröffentlicht ist:',
    check: 'Die Dateien jetzt prüfen',
    good: (n) => `Alle ${n} Dateien sind die aus der Liste.`,
    bad: 'Diese Dateien sind nicht die aus der Liste:',
    none: 'Dieser Server veröffentlicht keine Liste seiner Dateien; eine Seite in Entwicklung.',
  },
  ledger: { title: 'Das Register, dem Sie vertrauen', none: 'Sie haben noch kein Register benutzt. Das erste wird gemerkt.', chain: 'Name', fingerprint: 'Fingerabdruck seiner Mitglieder' },
  quiet: {
    title: 'Ruhezeit',
    lead: 'Zwischen neun Uhr abends und acht Uhr morgens kommen keine Angebote. Dafür erfährt der Betreiber, wie weit Ihre Uhr von der Weltzeit abweicht, und sonst nichts darüber, wo Sie sind.',
    on: 'an',
    off: 'aus',
    turnOff: 'Ausschalten und nichts verraten',
    turnOn: 'Einschalten',
  },
  erase: {
    title: 'Den Tresor löschen',
    lead: 'Alles geht: Ihre Werte, Freigaben, Quittungen, Nachrichten und alle Zugänge. Im Register bleiben zufällige Bytes, die niemanden nennen.',
    open: 'Meinen Tresor löschen …',
    dialog: 'Ihren Tresor für immer löschen?',
    points: [
      'Alle Freigaben werden widerrufen. Unternehmen können nichts mehr abrufen.',
      'Alle Ihre Dokumente und Schlüssel beim Betreiber werden gelöscht, und niemand kann sie zurückbringen: Sie nicht, der Betreiber nicht.',
      'Was Unternehmen schon gelesen haben, lässt sich nicht ungelesen machen; sie müssen es löschen.',
    ],
    papers: {
      lead: 'Behalten Sie Ihre Quittungen: was Sie gegeben, geändert und beendet haben, mit den Beweisen, und dass alles gelöscht wurde. Mit dem Tresor sind sie weg.',
      action: 'Alle meine Quittungen herunterladen',
      done: 'Die Datei ist auf Ihrem Gerät. Wem Sie sie zeigen, der kann sie ohne Netz prüfen.',
      file: 'coffer-quittungen.json',
    },
    sure: 'Ich verstehe, dass niemand das rückgängig machen kann.',
    action: 'Mit meinem Passkey löschen',
    cancel: 'Meinen Tresor behalten',
  },
  erased: {
    title: 'Ihr Tresor ist gelöscht',
    lead: (moment) => `Erledigt am ${moment}.`,
    grants: (n) => (n === 0 ? 'Keine Freigabe war in Kraft.' : counted(n, 'Eine Freigabe wurde widerrufen.', `${n} Freigaben wurden widerrufen.`)),
    text: 'Der Betreiber hat nichts mehr von Ihren Daten und keinen Schlüssel dazu. Sie können jetzt auch den Passkey von Ihrem Gerät löschen; er öffnet nichts.',
    action: 'Zum Anfang',
  },
} satisfies Texts;
