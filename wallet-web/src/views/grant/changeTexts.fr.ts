import { lengthOf, listed } from '../../components/dates';
import type { Texts } from './changeTexts';

const succession = 'Qu’une entrée a fini et qu’une autre a commencé, à cette heure. Ni à qui elles sont, ni rien de ce qu’elles contiennent.';

export default {
  title: 'Le changer',
  titlePaused: 'Il est en pause',
  pausedText: (business, day) => `${business} ne peut rien relever ni rien envoyer. Le temps continue : le ${day} l’accord est fini, en pause ou non.`,
  waiting: 'Dès qu’il est au registre, vous pouvez le changer ici. Le retirer marche à tout moment.',
  cannot: 'La demande à laquelle répond cet accord ne peut pas être lue ici, cette page ne peut donc pas le changer. Vous pouvez le retirer.',
  options: {
    narrow: { title: 'Donner moins', summary: 'En omettre une part ; le reste demeure.' },
    shorten: { title: 'Y mettre fin plus tôt', summary: 'Tout demeure, pour moins longtemps.' },
    pause: { title: 'Mettre en pause', summary: 'Rien ne peut être relevé jusqu’à la reprise.' },
    renew: { title: 'Renouveler', summary: 'La même chose, pour la durée demandée.' },
    resume: { title: 'Reprendre', summary: 'Il vaut de nouveau comme avant, jusqu’à la même fin.' },
  },
  terms: { has: (business) => `Ce que ${business} a`, told: 'Ce qu’il apprend', ledger: 'Ce que le registre apprend', undo: 'Si vous changez d’avis' },
  effects: {
    narrow: (business, dropped, messages) => ({
      has:
        dropped.length === 0
          ? 'Tout ce que vous avez donné demeure.'
          : `Ce qui est relevé ne peut être repris par cette page. ${business} doit effacer ${listed(dropped)}, et le dire, signé ; vous voyez ici si c’est fait.`,
      told: `Que vous donnez moins, et ce qui reste.${messages ? ' Il ne peut plus vous envoyer de messages.' : ''} Non pourquoi.`,
      ledger: succession,
      undo: `Cela ne s’annule pas ici : pour avoir de nouveau ${dropped.length === 0 ? 'cela' : listed(dropped)}, ${business} doit vous le redemander.`,
    }),
    shorten: (business, day) => ({
      has: `Rien ne change à ce que ${business} a. Jusqu’au ${day} il peut relever la même chose que maintenant, et plus rien ensuite.`,
      told: `La nouvelle fin, le ${day}. Non pourquoi.`,
      ledger: succession,
      undo: 'Tant qu’il est en vigueur, vous pouvez le renouveler avec votre clé d’accès.',
    }),
    pause: (business, day) => ({
      has: `${business} garde ce qu’il a relevé : une pause ne demande aucun effacement. Il ne peut rien relever de nouveau ni rien envoyer.`,
      told: 'Que vous l’avez mis en pause. Ni pourquoi, ni pour combien de temps.',
      ledger: 'Qu’une entrée a fini, à cette heure. Ni à qui elle est, ni qu’elle peut revenir.',
      undo: `Reprenez-le jusqu’au ${day}, avec votre clé d’accès. Le temps continue entre-temps.`,
    }),
    renew: (business, day) => ({
      has: `Rien ne change à ce que ${business} a. Il peut continuer à relever la même chose, jusqu’au ${day}.`,
      told: `La nouvelle fin, le ${day}.`,
      ledger: succession,
      undo: 'Mettez-y fin plus tôt, mettez-le en pause ou retirez-le, à tout moment.',
    }),
    resume: (business, day) => ({
      has: `${business} peut de nouveau relever ce que nomme cet accord, avec vos valeurs d’aujourd’hui, jusqu’au ${day}.`,
      told: 'Qu’il vaut de nouveau. Il reçoit de nouvelles clés ; les anciennes n’ouvrent rien.',
      ledger: 'Qu’une entrée a commencé, à cette heure. Ni à qui elle est, ni rien de ce qu’elle contient.',
      undo: 'Mettez-le en pause ou retirez-le, à tout moment.',
    }),
  },
  narrow: {
    legend: 'Décochez ce que vous ne donnez plus',
    needed: 'nécessaire à cette finalité : sans cela, retirez l’accord',
    gone: 'n’est plus dans votre coffre',
    messages: 'Messages dans votre boîte',
    nothing: 'Décochez d’abord quelque chose.',
    left: (names) => `Omis : ${listed(names)}.`,
    action: 'Donner moins désormais',
  },
  shorten: { legend: 'Quand doit-il finir ?', choice: (days, day) => `Dans ${lengthOf(days)}, le ${day}`, action: 'Fixer cette fin' },
  pause: { action: 'Mettre cet accord en pause' },
  renew: { until: (day) => `Il durerait jusqu’au ${day}.`, action: 'Renouveler avec ma clé d’accès' },
  resume: { action: 'Reprendre avec ma clé d’accès' },
  close: 'Le laisser tel quel',
  done: {
    narrowed: { title: 'Désormais vous donnez moins.', text: (business) => `Ce que vous avez omis ne peut plus être relevé. ${business} en est averti, et doit dire ce qu’il a effacé.` },
    shortened: { title: 'Il finit plus tôt.', text: (_, day) => `Il est fini le ${day}.` },
    renewed: { title: 'Il est renouvelé.', text: (_, day) => `Il dure jusqu’au ${day}.` },
    paused: { title: 'En pause. Rien ne peut être relevé jusqu’à la reprise.', text: (business) => `${business} en est averti. Ses anciennes clés n’ouvrent plus rien.` },
    resumed: { title: 'Repris.', text: (_, day) => `Il vaut de nouveau jusqu’au ${day}.` },
  },
  undo: 'Annuler : reprendre',
  progress: {
    title: 'En chemin',
    label: 'Où cela en est',
    steps: ['Vous avez décidé', 'L’opérateur l’a enregistré', 'Le registre l’a'],
    waiting: 'Personne ne peut rien relever avant la dernière étape. Cette page regarde d’elle-même à nouveau.',
    state: { done: 'fait', open: 'à venir' },
  },
  problems: {
    challenge: 'L’opérateur a demandé à votre clé d’accès de confirmer autre chose que ce changement ; rien n’a été confirmé ni changé.',
    'ledger-changed': 'Regardez d’abord l’avis sur le registre en haut : rien ne change avant votre décision.',
    conflict: 'Votre coffre a été changé entre-temps sur un autre appareil. Il est relu ; regardez l’accord et réessayez.',
    'no-value': 'Votre coffre n’a plus tout ce que nomme cet accord. Remettez-le d’abord, ou omettez-le avec « Donner moins ».',
    'missing-required': 'Sans cela la finalité ne peut être servie. Retirez plutôt l’accord.',
    'nothing-changes': 'Cela ne changerait rien.',
    'wider-than-grant': 'Cela donnerait plus que vous n’avez donné. Pour plus, l’entreprise doit vous demander.',
    'wider-than-request': 'Cela durerait plus longtemps que demandé.',
    'bad-length': 'Cette fin est déjà passée.',
    unfit: 'La trace de cet accord ne se tient pas, cette page ne change donc rien. Vous pouvez le retirer.',
  },
} satisfies Texts;
