import type { Texts } from './texts';

export default {
  title: 'Une autre clé pour votre coffre',
  lead: 'Votre coffre reçoit une nouvelle clé, et la clé de chaque document est enfermée avec elle. Qui a l’ancienne, d’un appareil perdu ou retiré, n’ouvre avec elle rien de ce que vous écrivez désormais.',
  section: {
    title: 'La clé de votre coffre',
    lead: 'Si quelqu’un a pu avoir votre coffre ouvert, ou un appareil perdu, donnez une autre clé à votre coffre. Retirez d’abord la clé d’accès de cet appareil.',
    action: 'Changer la clé',
  },
  stays: 'Ceux-ci ouvrent votre coffre comme avant :',
  words: 'Vos mots de récupération',
  falls: 'Celles-ci connecteront encore et n’ouvriront plus le coffre, car elles n’ont pas servi depuis que votre coffre sait les garder. Utilisez chacune une fois avant, ou vos mots avec elle après :',
  wordsFall: 'Votre feuille de récupération ne comptera plus, car ses mots n’ont pas servi depuis que votre coffre sait la garder. Déverrouillez une fois avec les mots avant, ou faites une nouvelle feuille après.',
  consent: 'Je sais que ceux-ci n’ouvriront plus mon coffre',
  tooFew: 'Il resterait moins de deux entrées. Faites une nouvelle feuille de récupération, ou ajoutez une clé d’accès, et revenez.',
  unsettled: 'Quelque chose dans votre coffre ne s’ouvre pas, ou n’est pas comme votre portefeuille l’a laissé. Regardez d’abord l’avis en haut.',
  elsewhere: 'Partout ailleurs où votre coffre est ouvert, il se verrouille.',
  action: 'Changer la clé maintenant',
  back: 'Pas maintenant',
  progress: (done, of) => `${done} documents sur ${of}`,
  running: 'Ne fermez pas cette page. Si elle se ferme quand même, rien n’est perdu : le prochain déverrouillage continue.',
  done: (documents) => `Votre coffre a une autre clé : ${documents} documents sont sous elle.`,
  halfway: 'Votre coffre a une autre clé, et un document qui ne s’ouvre avec aucune garde l’ancienne. L’avis en haut dit lequel.',
  toSettings: 'Vers les réglages',
  removed: 'Si quelqu’un d’autre a pu avoir cette clé d’accès, ou l’appareil où elle est : donnez une autre clé à votre coffre.',
} satisfies Texts;
