import type { Texts } from './texts';

export default {
  offer: {
    title: 'Apporter votre coffre sur un autre appareil',
    lead: 'Ouvrez cette adresse sur l’autre appareil, avec sa caméra ou en la tapant, et entrez-y le code.',
    code: 'Le code',
    qr: 'Une image de l’adresse avec le code, pour la caméra de l’autre appareil',
    until: (time) => `Compte une fois, jusqu’à ${time}.`,
    waiting: 'En attente de l’autre appareil …',
    cancel: 'Annuler',
    sealing: 'La clé de votre coffre attend l’autre appareil, qui doit dire la même chose.',
    done: 'L’autre appareil a votre coffre. Il figure dans votre liste dès qu’il a sa propre clé d’accès.',
    toSettings: 'Vers les réglages',
  },
  join: {
    title: 'Votre coffre depuis un autre appareil',
    lead: 'Sur l’appareil qui a votre coffre, allez dans les réglages, « Ajouter un appareil ». Il montre un code pour celui-ci.',
    label: 'Le code, dix caractères',
    hint: 'Majuscules, espaces et tirets n’importent pas.',
    none: 'Ce n’est pas un code : il a dix lettres et chiffres.',
    action: 'Continuer',
    back: 'Retour',
    waiting: 'En attente de l’autre appareil …',
    sealing: 'En attente que l’autre appareil dise la même chose …',
    taking: 'Ouverture de votre coffre …',
    wrong: 'Ce qui est arrivé ne s’ouvre pas, ou est d’un autre coffre qu’annoncé. Rien n’a été ouvert ; recommencez sur les deux appareils.',
  },
  phrase: {
    title: 'Les deux appareils montrent-ils ces mots ?',
    lead: 'Comparez-les avec l’écran de l’autre appareil. S’ils sont les mêmes, personne ne se tient entre les deux, l’opérateur non plus.',
    list: 'Trois mots',
    same: 'Ce sont les mêmes',
    differ: 'Ils diffèrent',
  },
  differ: {
    title: 'Alors rien n’a été remis',
    text: 'D’autres mots veulent dire que les deux appareils ne se parlent pas : quelqu’un a peut-être utilisé le code avant, ou l’opérateur se tient entre eux. Recommencez avec un nouveau code, et veillez à ce que seul votre appareil l’utilise. Si les mots diffèrent encore, n’allez pas plus loin et demandez à l’opérateur.',
  },
  over: {
    title: 'Cet appairage est terminé',
    text: 'Le code était un autre, a déjà servi, a plus de dix minutes, ou l’un des deux appareils a annulé. Rien n’a été remis. Recommencez avec un nouveau code.',
    again: 'Recommencer',
  },
  passkey: {
    title: 'Votre coffre est ici',
    lead: 'Faites une clé d’accès pour cet appareil, afin qu’il ouvre seul votre coffre la prochaine fois.',
    later: 'Pas maintenant',
    action: 'Faire une clé d’accès',
    opens: 'La nouvelle clé d’accès ouvre votre coffre.',
    signsIn: 'La nouvelle clé d’accès vous connecte. Cet appareil ne la laisse pas ouvrir seule le coffre ; il lui faudra chaque fois vos mots ou un autre appareil.',
  },
} satisfies Texts;
