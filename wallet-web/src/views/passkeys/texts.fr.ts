import type { Texts } from './texts';

export default {
  name: (n) => `Clé d’accès ${n}`,
  made: (day) => `faite le ${day}`,
  here: 'vient de servir',
  opens: 'ouvre le coffre',
  signsIn: 'connecte ; les mots ouvrent le coffre',
  remove: 'Retirer',
  removeNamed: (n) => `Retirer la clé d’accès ${n}`,
  sure: {
    text: 'Elle ne connectera plus, son chemin vers la clé de votre coffre est effacé ici, et là où elle est connectée elle est déconnectée. Qui la détient ne peut pas l’annuler.',
    yes: 'La retirer',
    no: 'La garder',
  },
  removed: 'La clé d’accès est retirée. Vous pouvez aussi la supprimer de l’appareil où elle est.',
  needed: 'Celle-ci doit rester : un coffre garde au moins deux accès. Ajoutez-en d’abord une autre.',
  cloned:
    'Le compteur de cette clé d’accès a reculé une fois. Souvent c’est un appareil qui compte mal, et tout va bien ; cela peut aussi vouloir dire que quelqu’un l’a copiée. Dans le doute, faites-en une nouvelle et retirez celle-ci.',
  used: (when) => `utilisée ${when}`,
  never: 'pas utilisée depuis qu’elle fut faite',
  copied: 'copiée sur d’autres appareils',
  rename: 'Renommer',
  renameNamed: (name) => `Renommer ${name}`,
  nameLabel: 'Nom de cet appareil',
  save: 'Enregistrer',
  backup: 'Cette clé d’accès a une copie depuis qu’elle fut faite, ou est venue d’un appareil qui le dit : un compte qui synchronise les clés d’accès l’a peut-être. Si ce compte est le vôtre, tout va bien. Sinon, retirez-la.',
  alarm: {
    cloned: 'Le compteur d’une de vos clés d’accès a reculé. Elle a peut-être été copiée.',
    backup: 'Une de vos clés d’accès a une copie depuis qu’elle fut faite.',
    look: 'Voir mes clés d’accès',
    fine: 'Je sais, c’est bien',
  },
} satisfies Texts;
