import type { Texts } from './texts';

export default {
  passkey: {
    title: 'Vos mots sont justes',
    lead: 'Votre coffre est trouvé et sa clé est ici, dans cette page. Faites une clé d’accès pour cet appareil, pour ne pas avoir besoin de la feuille la prochaine fois.',
    lost: 'Donner des données et effacer le coffre demandent chaque fois une clé d’accès. D’ici là vous pouvez regarder, changer et retirer.',
    action: 'Faire une clé d’accès',
    later: 'Pas maintenant',
  },
  old: {
    title: 'Vos autres clés d’accès',
    opens: 'La nouvelle clé d’accès ouvre votre coffre ; c’est essayé.',
    signsIn: 'La nouvelle clé d’accès vous connecte. Cet appareil ne la laisse pas ouvrir le coffre seule, vos mots restent donc nécessaires.',
    lead: 'Retirez celles que vous avez perdues, ou que quelqu’un d’autre pourrait avoir. Une clé d’accès que vous avez encore peut rester.',
    words: 'Votre feuille de récupération compte comme avant. Si quelqu’un a pu la voir, faites-en une nouvelle dans les réglages. Si quelqu’un a pu avoir votre coffre ouvert, donnez-lui-y aussi une autre clé.',
    action: 'Vers mon coffre',
  },
  offer: {
    title: 'Vous connecter aussi par vos mots',
    lead: 'Votre feuille de récupération date d’avant que les mots le puissent : elle n’ouvre votre coffre qu’après une connexion par clé d’accès. Si toutes étaient perdues, elle ne servirait à rien.',
    how: 'L’opérateur garderait un condensé et une clé publique de la feuille, d’où personne ne peut calculer les mots. La feuille reste la même.',
    action: 'Me connecter par mes mots',
    later: 'Pas maintenant',
  },
  opening: 'Ouverture de votre coffre …',
} satisfies Texts;
