import type { Texts } from './texts';

export default {
  title: 'Messages',
  lead: 'Messages que des entreprises peuvent vous envoyer sous un accord. Ils s’ouvrent ici, dans votre navigateur ; l’opérateur ne fait que les porter.',
  loading: 'Ouverture de vos messages …',
  empty: 'Aucun message. Seule une entreprise à qui vous avez dit oui peut vous en envoyer.',
  unread: 'Nouveau',
  under: (business, day, purpose) => `Envoyé par ${business} sous le consentement que vous avez donné le ${day} pour « ${purpose} ».`,
  underUnknown: (business) => `${business} a envoyé ceci, et votre coffre ne connaît aucun accord pour cela.`,
  verified: 'Preuve vérifiée',
  pending: 'Permis signé, pas encore au registre',
  untrusted: 'Registre pas encore reconnu',
  refused: 'La preuve ne tient pas',
  how: 'Comment on le sait',
  label: 'Vérification, ligne par ligne',
  grant: 'Voir l’accord',
  stop: 'Pour arrêter ces messages, retirez l’accord : un seul geste.',
  remove: 'Supprimer',
  closed: 'Ce message ne s’ouvre pas. Il est fait pour une autre clé, ou a été changé en route. Vous pouvez le supprimer.',
  closedTitle: 'Un message qui ne s’ouvre pas',
  lines: {
    sender: 'Il vient de l’entreprise de l’accord, et n’est adressé qu’à vous',
    permit: 'L’entreprise a signé un permis pour lui avec la clé de votre accord',
    opening: 'Le permis au registre engage sur exactement ce document',
    digest: 'Le permis nomme exactement ce message',
    proof: 'Le permis est au registre, signé par ses membres',
  },
} satisfies Texts;
