import { lengthOf, listed } from '../../components/dates';
import type { Texts } from './changeTexts';

const succession = 'Dass ein Eintrag endete und ein anderer begann, in dieser Stunde. Nicht, wessen sie sind, und nichts von dem, was darin steht.';

export default {
  title: 'Ändern',
  titlePaused: 'Sie ist pausiert',
  pausedText: (business, day) => `${business} kann nichts abrufen und nichts schicken. Die Zeit läuft weiter: am ${day} ist die Freigabe vorbei, pausiert oder nicht.`,
  waiting: 'Sobald sie im Register steht, können Sie sie hier ändern. Widerrufen geht jederzeit.',
  cannot: 'Die Anfrage, auf die diese Freigabe antwortet, lässt sich hier nicht lesen, also kann diese Seite sie nicht ändern. Widerrufen können Sie sie.',
  options: {
    narrow: { title: 'Weniger geben', summary: 'Etwas weglassen; der Rest bleibt, wie er ist.' },
    shorten: { title: 'Früher beenden', summary: 'Alles bleibt, für kürzere Zeit.' },
    pause: { title: 'Pausieren', summary: 'Nichts kann abgerufen werden, bis Sie sie fortsetzen.' },
    renew: { title: 'Verlängern', summary: 'Noch einmal dasselbe, so lange wie gefragt war.' },
    resume: { title: 'Fortsetzen', summary: 'Sie gilt wieder wie zuvor, bis zum selben Ende.' },
  },
  terms: { has: (business) => `Was ${business} hat`, told: 'Was es erfährt', ledger: 'Was das Register erfährt', undo: 'Wenn Sie es sich anders überlegen' },
  effects: {
    narrow: (business, dropped, messages) => ({
      has:
        dropped.length === 0
          ? 'Alles, was Sie gegeben haben, bleibt, wie es ist.'
          : `Was schon abgerufen wurde, kann diese Seite nicht zurückholen. ${business} muss ${listed(dropped)} löschen und das unterschrieben sagen; ob das geschah, sehen Sie hier.`,
      told: `Dass Sie weniger geben, und was bleibt.${messages ? ' Nachrichten kann es Ihnen keine mehr schicken.' : ''} Nicht, warum.`,
      ledger: succession,
      undo: `Das lässt sich hier nicht rückgängig machen: um ${dropped.length === 0 ? 'das' : listed(dropped)} wieder zu bekommen, muss ${business} Sie neu fragen.`,
    }),
    shorten: (business, day) => ({
      has: `An dem, was ${business} hat, ändert sich nichts. Bis ${day} darf es dasselbe abrufen wie jetzt, danach nichts mehr.`,
      told: `Das neue Ende, ${day}. Nicht, warum.`,
      ledger: succession,
      undo: 'Solange sie in Kraft ist, können Sie sie mit Ihrem Passkey verlängern.',
    }),
    pause: (business, day) => ({
      has: `${business} behält, was es abgerufen hat: eine Pause verlangt kein Löschen. Es kann nichts Neues abrufen und nichts schicken.`,
      told: 'Dass Sie pausieren. Nicht, warum, und nicht, wie lange.',
      ledger: 'Dass ein Eintrag endete, in dieser Stunde. Nicht, wessen er ist, und nicht, dass er wiederkommen kann.',
      undo: `Setzen Sie sie bis ${day} mit Ihrem Passkey fort. Die Zeit läuft inzwischen weiter.`,
    }),
    renew: (business, day) => ({
      has: `An dem, was ${business} hat, ändert sich nichts. Es darf weiter dasselbe abrufen, bis ${day}.`,
      told: `Das neue Ende, ${day}.`,
      ledger: succession,
      undo: 'Beenden Sie sie früher, pausieren oder widerrufen Sie sie, jederzeit.',
    }),
    resume: (business, day) => ({
      has: `${business} darf wieder abrufen, was diese Freigabe nennt, mit Ihren Werten von jetzt, bis ${day}.`,
      told: 'Dass sie wieder gilt. Es bekommt neue Schlüssel; die alten öffnen nichts.',
      ledger: 'Dass ein Eintrag begann, in dieser Stunde. Nicht, wessen er ist, und nichts von dem, was darin steht.',
      undo: 'Pausieren oder widerrufen Sie sie, jederzeit.',
    }),
  },
  narrow: {
    legend: 'Nehmen Sie das Häkchen weg bei dem, was Sie nicht mehr geben',
    needed: 'für diesen Zweck nötig: ohne das widerrufen Sie die Freigabe',
    gone: 'nicht mehr in Ihrem Tresor',
    messages: 'Nachrichten in Ihren Posteingang',
    nothing: 'Nehmen Sie erst irgendwo das Häkchen weg.',
    left: (names) => `Weggelassen: ${listed(names)}.`,
    action: 'Von jetzt an weniger geben',
  },
  shorten: { legend: 'Wann soll sie enden?', choice: (days, day) => `In ${lengthOf(days)}, am ${day}`, action: 'Dieses Ende setzen' },
  pause: { action: 'Diese Freigabe pausieren' },
  renew: { until: (day) => `Sie gälte dann bis ${day}.`, action: 'Mit meinem Passkey verlängern' },
  resume: { action: 'Mit meinem Passkey fortsetzen' },
  close: 'Alles lassen, wie es ist',
  done: {
    narrowed: { title: 'Von jetzt an geben Sie weniger.', text: (business) => `Was Sie weggelassen haben, kann nicht mehr abgerufen werden. ${business} erfährt es und muss sagen, was es gelöscht hat.` },
    shortened: { title: 'Sie endet früher.', text: (_, day) => `Am ${day} ist sie vorbei.` },
    renewed: { title: 'Sie ist verlängert.', text: (_, day) => `Sie gilt bis ${day}.` },
    paused: { title: 'Pausiert. Nichts kann abgerufen werden, bis Sie fortsetzen.', text: (business) => `${business} erfährt es. Seine alten Schlüssel öffnen nichts mehr.` },
    resumed: { title: 'Fortgesetzt.', text: (_, day) => `Sie gilt wieder, bis ${day}.` },
  },
  undo: 'Rückgängig: fortsetzen',
  progress: {
    title: 'Unterwegs',
    label: 'Wie weit es ist',
    steps: ['Sie haben entschieden', 'Der Betreiber hat es gespeichert', 'Das Register hat es'],
    waiting: 'Vor dem letzten Schritt kann niemand etwas abrufen. Diese Seite sieht von selbst wieder nach.',
    state: { done: 'getan', open: 'kommt noch' },
  },
  problems: {
    challenge: 'Der Betreiber wollte, dass Ihr Passkey etwas anderes bestätigt als diese Änderung; nichts wurde bestätigt oder geändert.',
    'ledger-changed': 'Sehen Sie zuerst den Hinweis zum Register oben an: bis Sie entscheiden, wird nichts geändert.',
    conflict: 'Ihr Tresor wurde inzwischen auf einem anderen Gerät geändert. Er wird neu gelesen; sehen Sie die Freigabe an und versuchen Sie es noch einmal.',
    'no-value': 'Ihr Tresor hat nicht mehr alles, was diese Freigabe nennt. Tragen Sie es erst wieder ein, oder lassen Sie es mit „Weniger geben“ weg.',
    'missing-required': 'Ohne das geht dieser Zweck nicht. Widerrufen Sie die Freigabe stattdessen.',
    'nothing-changes': 'Das würde nichts ändern.',
    'wider-than-grant': 'Das gäbe mehr, als Sie gegeben haben. Für mehr muss das Unternehmen Sie fragen.',
    'wider-than-request': 'Das dauerte länger, als gefragt war.',
    'bad-length': 'Dieses Ende ist schon vorbei.',
    unfit: 'Die eigene Aufzeichnung dieser Freigabe passt nicht zusammen, also ändert diese Seite nichts. Widerrufen können Sie sie.',
  },
} satisfies Texts;
