import type { Texts } from './texts';

export default {
  passkey: {
    title: 'Une clé d’accès pour votre coffre',
    lead: 'Votre appareil demandera votre empreinte, votre visage ou son code. Ni e-mail, ni mot de passe, ni nom.',
    action: 'Créer la clé d’accès',
    back: 'Retour',
    points: [
      'La clé d’accès fait la clé de votre coffre sur cet appareil. L’opérateur ne la voit jamais.',
      'Ensuite vous recevez 24 mots de récupération sur une feuille. Ils ouvrent votre coffre sur tout appareil, même si toutes les clés d’accès sont perdues.',
    ],
  },
  sheet: {
    title: 'Votre feuille de récupération',
    lead: 'Ces 24 mots ouvrent votre coffre, ici et sur un nouvel appareil, même si toutes les clés d’accès sont perdues. Notez-les ou imprimez-les, et gardez-les avec vos papiers importants.',
    noSecret:
      'Votre clé d’accès est faite et vous connecte. Cet appareil ne la laisse pas ouvrir le coffre seule ; ce n’est pas votre faute. Vos mots ouvriront le coffre ici, il vous les faudra donc à chaque fois.',
    replaced: 'Une fois cette feuille confirmée, une feuille précédente pour ce coffre ne compte plus.',
    warning: 'Qui a ces mots a votre coffre. L’opérateur ne les a pas et ne peut pas les rendre.',
    list: 'Mots de récupération',
    print: 'Imprimer la feuille',
    action: 'Je les ai sur papier',
    printed: 'Feuille de récupération Coffer',
    address: 'Coffre ouvert à',
    insteadLead: 'Rien pour écrire ? Une seconde clé d’accès peut remplacer la feuille.',
    instead: 'Plutôt une seconde clé d’accès',
  },
  confirm: {
    title: 'Trois mots, pour être sûr',
    lead: 'Tapez ces mots d’après votre feuille, pas de mémoire.',
    word: (position) => `Mot ${position}`,
    wrong: (position) => `Le mot ${position} est un autre sur la feuille.`,
    action: 'Ouvrir mon coffre',
    back: 'Montrer encore la feuille',
  },
  instead: {
    title: 'Une seconde clé d’accès au lieu de la feuille',
    lead: 'Un coffre a deux accès, pour qu’en perdre un ne soit pas tout perdre. Le second peut être la feuille ou une autre clé d’accès.',
    sheet: {
      title: 'La feuille',
      text: 'Elle n’a besoin d’aucun appareil et ne tombe pas en panne. Elle ouvre votre coffre même si toutes les clés d’accès sont perdues ; elle le fait aussi pour qui la trouve.',
    },
    passkey: {
      title: 'Une seconde clé d’accès',
      text: 'Sur un autre téléphone, une tablette ou une clé de sécurité. Il n’y a rien sur papier que quelqu’un puisse trouver. Elle ouvre votre coffre si cet appareil est perdu.',
    },
    lost: 'Avec des clés d’accès seules, perdre les deux, c’est perdre le coffre : personne ne peut plus l’ouvrir, pas même l’opérateur.',
    action: 'Ajouter la seconde clé d’accès',
    back: 'Retour à la feuille',
    hint: 'Si vous avez déjà noté les mots, détruisez le papier : ils n’ouvriront rien. Vous pourrez faire une feuille plus tard, sous « Réglages ».',
  },
  second: {
    title: 'Encore un accès',
    lead: 'Un coffre a au moins deux accès, pour qu’en perdre un ne soit pas tout perdre. Vos mots sont le premier. Ajoutez une clé d’accès qui puisse ouvrir le coffre : sur un téléphone, un autre appareil ou une clé de sécurité.',
    action: 'Ajouter une clé d’accès',
    stillNot: 'Cette clé d’accès vous connecte aussi, et ne peut pas non plus ouvrir le coffre. Un téléphone ou une clé de sécurité plus récente le peut d’ordinaire.',
    later: 'Plus tard',
    laterHint: 'Votre coffre reste tel quel ; déverrouillez-le pour continuer d’ici.',
  },
  opening: 'Ouverture de votre coffre …',
} satisfies Texts;
