import { atMoment } from '../../components/dates';
import type { Texts } from './texts';

export default {
  title: 'Lié à une condition',
  self: 'l’entreprise elle-même',
  key: (short) => `le détenteur de la clé ${short}`,

  record: (type, who) => `Rien ne peut être relevé ni envoyé avant que l’entreprise ait montré une attestation « ${type} » au sujet de votre accord (signée par : ${who}).`,
  event: (name, who) => `Rien ne peut être relevé ni envoyé avant qu’il soit confirmé que ceci a eu lieu : « ${name} » (confirmé par : ${who}).`,
  from: (moment) => `Rien ne peut être relevé ni envoyé avant ce moment : ${atMoment(moment)}.`,
  uses: (n) =>
    n === 1 ? 'L’accord peut servir une fois : un relevé compte, un message aussi.' : `L’accord peut servir ${n} fois : chaque relevé compte, chaque message aussi.`,
  itself: 'L’entreprise peut remplir cette condition par sa propre parole. Elle ne vous protège pas plus qu’une promesse.',

  met: 'Remplie',
  notMet: 'Pas encore remplie',
  over: 'N’est plus remplie',
  usedUp: 'Épuisé',
  left: (used, all) => `Utilisé ${used} fois sur ${all}`,

  shown: 'Ce qui a été montré pour cela',
  none: 'Rien n’a encore été montré pour cela. Rien n’a été relevé.',
  line: (who, received) => `Signé par ${who}, montré le ${atMoment(received)}`,
  until: (moment) => `vaut jusqu’au ${atMoment(moment)}`,
  forGood: 'vaut sans limite',
  checks: {
    verified: 'Signature vérifiée ici',
    unresolved: 'Vérifié par l’opérateur : cette page ne peut pas retrouver la clé du signataire',
    refused: 'Cette page ne peut pas le confirmer. Demandez à l’opérateur ce qu’il a accepté ici.',
  },
  paper: 'Ce qui a été signé',
} satisfies Texts;
