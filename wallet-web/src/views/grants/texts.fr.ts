import type { Texts } from './texts';

export default {
  title: 'Accords',
  lead: 'Qui peut relever quoi dans votre coffre, et jusqu’à quand. Chacun est une finalité d’une entreprise, et chacun se retire d’un geste.',
  loading: 'Lecture de vos accords …',
  empty: 'Vous n’avez rien donné à personne. Quand un magasin demande, son lien ou son code QR ouvre la demande ici.',
  sections: { live: 'En vigueur', anchoring: 'En attente du registre', paused: 'En pause', ended: 'Terminés' },
  filter: { label: 'Quels accords', all: 'Tous', live: 'En vigueur', paused: 'En pause', ended: 'Terminés' },
  none: { all: '', live: 'Aucun accord n’est en vigueur : personne ne peut rien relever.', paused: 'Aucun accord n’est en pause.', ended: 'Aucun accord n’est encore terminé.' },
  states: {
    live: 'En vigueur',
    anchoring: 'En attente du registre',
    paused: 'En pause',
    replaced: 'Remplacé par un plus récent',
    withdrawn: 'Retiré',
    terminated: 'Terminé par l’entreprise',
    expired: 'Expiré',
    erased: 'Effacé',
  },
  until: (day) => `jusqu’au ${day}`,
  messages: 'messages dans votre boîte',
} satisfies Texts;
