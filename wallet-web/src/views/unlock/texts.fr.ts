import type { Texts } from './texts';

export default {
  title: 'Vos mots de récupération',
  why: {
    'no-secret': 'Votre clé d’accès vous a connecté, et c’est tout ce que cet appareil lui permet. Vos 24 mots ouvrent le coffre ici. Une clé d’accès sur un téléphone ou une clé de sécurité le peut peut-être seule ; vous pouvez en ajouter une dans les réglages.',
    'no-wrap': 'Cette clé d’accès vous a connecté, et n’a jamais été préparée pour ouvrir le coffre. Vos 24 mots l’ouvrent.',
    'wrong-secret': 'Votre clé d’accès vous a connecté, et ce qu’elle a donné n’ouvre pas le coffre. Cela arrive après certaines mises à jour, et rien n’est perdu : vos 24 mots l’ouvrent.',
    unfinished: 'Votre coffre n’est pas tout à fait ouvert. Vos 24 mots montrent que c’est vous qui continuez ; ensuite vous recevez une nouvelle feuille.',
    asked:
      'Tapez les 24 mots de votre feuille. Ils suffisent, sur tout appareil et sans clé d’accès. Les mots restent dans cette page : l’opérateur reçoit un nom pour la feuille et une signature, d’où personne ne peut calculer les mots.',
  },
  label: 'Les 24 mots, dans l’ordre',
  hint: 'Des espaces ou des retours à la ligne entre eux ; numéros et majuscules n’importent pas.',
  action: 'Déverrouiller',
  back: 'Retour',
  opening: 'Ouverture de votre coffre …',
  wordsProblem(code, position, count) {
    switch (code) {
      case 'unknown-word':
        return `Le mot ${position} n’est pas dans la liste des mots de récupération. Regardez-le encore sur la feuille.`;
      case 'count':
        return count === 0 ? 'Tapez les mots de votre feuille.' : `Cela fait ${count} mots ; la feuille en a 24.`;
      case 'wrong-checksum':
        return 'Tous sont des mots de récupération, mais ensemble ils ne font pas une feuille. L’un d’eux est sans doute un autre, ou deux sont échangés.';
      case 'unknown-sheet':
        return 'Ces mots sont une feuille de récupération, et ne connectent à aucun coffre ici. Voyez si la feuille nomme cette adresse, et si vous en avez fait une plus récente : une ancienne ne compte plus. Une feuille d’avant que les mots connectent demande encore une fois une clé d’accès du coffre.';
      default:
        return 'Ces mots sont une feuille de récupération, mais pas celle de ce coffre.';
    }
  },
  elsewhere: 'Plutôt depuis un autre appareil',
  noSheet: {
    title: 'Cette clé d’accès n’ouvre pas votre coffre',
    lead: 'Elle vous a connecté, et ce qu’elle a donné n’ouvre pas le coffre. Cela arrive avec certains appareils et après certaines mises à jour. Rien n’est perdu.',
    what: 'Votre coffre n’a pas de feuille de récupération : une autre de ses clés d’accès l’ouvre, ou un appareil qui l’a. Ensuite, faites une feuille dans les réglages.',
    again: 'Utiliser une autre clé d’accès',
  },
} satisfies Texts;
