import type { Texts } from './texts';

export default {
  title: 'Vos données, entre vos mains',
  lead: 'Coffer garde ce que les magasins doivent savoir de vous scellé dans un coffre que vous seul ouvrez. Quand l’un demande, vous voyez qui et pourquoi, et ne donnez que ce que vous voulez, aussi longtemps que vous voulez.',
  asked: { title: 'Quelqu’un demande vos données', lead: 'Déverrouillez votre coffre pour voir qui demande, quoi et pourquoi. Regarder ne donne rien.' },
  back: { idle: 'Votre coffre a été verrouillé car personne n’était là depuis un moment.', 'by-hand': 'Votre coffre est verrouillé.', ended: 'Votre session est terminée, votre coffre a donc été verrouillé.', other: 'Cette clé d’accès appartient à un autre coffre, celui qui était ouvert a donc été verrouillé. Rien n’a été changé dans aucun des deux.' },
  unlock: 'Déverrouiller',
  open: 'Ouvrir un coffre',
  another: 'Ouvrir un autre coffre',
  first: 'Cela prend une minute, et ne demande ni e-mail, ni mot de passe, ni nom.',
  welcomeBack: 'Votre clé d’accès ouvre votre coffre.',
  words: 'Utiliser les mots de récupération',
  unknownPasskey: 'Cette clé d’accès ne connecte à aucun coffre ici : elle a pu être retirée, ou son coffre effacé. Une autre clé d’accès ou vos mots peuvent encore l’ouvrir.',
  points: [
    { title: 'Scellé dans votre navigateur', text: 'L’opérateur garde ce qu’il ne peut lire. Votre clé d’accès l’ouvre, sur votre appareil.' },
    { title: 'Une finalité à la fois', text: 'Rien n’est coché pour vous. Oui et non sont aussi faciles, et retirer est un seul geste.' },
    { title: 'Prouvé, pas promis', text: 'Chaque accord laisse une preuve dans un registre que personne ne peut récrire en douce, et qui ne dit rien de vous.' },
  ],
  insecure: 'Cette adresse n’est pas sûre, le navigateur n’y offre donc pas de clés d’accès. Ouvrez la page par https, ou comme http://localhost sur cette machine.',
  bring: 'J’apporte un export',
  elsewhere: 'Depuis un autre appareil',
} satisfies Texts;
