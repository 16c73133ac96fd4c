import type { Texts } from './loopTexts';

const stop = (business: string) => `${business} doit cesser, dire qu’il le sait, et dire ce qu’il a effacé.`;
const rest = (business: string) => `${business} doit dire qu’il le sait, et ce qu’il a effacé de ce que vous avez omis.`;

export default {
  title: 'Après la fin',
  titleLess: 'Depuis que vous donnez moins',
  lead: {
    withdrawn: (business) => `Vous avez retiré. ${stop(business)}`,
    expired: (business) => `Son temps est passé. ${stop(business)}`,
    erased: (business) => `Il a fini avec un coffre. ${stop(business)}`,
    terminated: (business) => `Il y a été mis fin. ${stop(business)}`,
    narrowed: (business) => `Depuis lors vous donnez moins. ${rest(business)}`,
    renewed: (business) => `Depuis lors vous donnez moins. ${rest(business)}`,
    merged: (business) => `Une demande plus récente a pris sa place et nomme moins. ${rest(business)}`,
    replaced: (business) => `Une demande plus récente a pris sa place. ${rest(business)}`,
    suspended: (business) => `L’opérateur a suspendu ${business} : il ne reçoit rien sous cet accord pour l’instant.`,
  },
  reason: (text) => `L’opérateur y a mis fin sur ordre : ${text}`,
  told: (business, moment) => `${business} a été averti le ${moment}`,
  acknowledged: (moment) => `Il l’a reconnu, signé le ${moment}`,
  notAcknowledged: (moment) => `Il doit le reconnaître avant le ${moment}`,
  stated: (moment) => `Il a déclaré l’effacement, signé le ${moment}`,
  notStated: (moment) => `Il doit dire ce qu’il a effacé avant le ${moment}`,
  late: 'En retard. Vous pouvez vous plaindre à l’autorité de contrôle que nomme votre reçu.',
  refused: 'Ce qui est venu en son nom n’est pas signé de lui, ou porte sur autre chose. Cela compte comme non dit.',
  deleted: (names) => `Effacé : ${names}`,
  kept: (name, day) => `Gardé jusqu’au ${day} : ${name}`,
  basis: 'la base légale qu’il nomme',
  words: 'Dans ses propres mots',
  steps: 'Ce qui s’est passé depuis',
  unreadable: 'Ce qui s’est passé après la fin de cet accord ne peut pas être montré maintenant.',
} satisfies Texts;
