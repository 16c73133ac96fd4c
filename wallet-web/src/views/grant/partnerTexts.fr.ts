import type { Texts } from './partnerTexts';

export default {
  title: 'Partenaires',
  lead: (business) =>
    `Donné avec cet accord, chacun avec ses clés et son reçu. Mettre fin à l’un ne finit que celui-là. Quand l’accord avec ${business} finit, est mis en pause ou change, ceux-ci finissent avec lui : ce qui le suit est pour ${business} seul, et les partenaires sont à redemander.`,
  under: (business) => `Donné sous votre accord avec ${business}. Il finit avec celui-là, et seul quand vous y mettez fin ici.`,
  toFirst: (business) => `Vers l’accord avec ${business}`,
  end: 'Mettre fin',
  endOf: (name) => `Mettre fin à l’accord avec ${name}`,
  ended: (name) => `Terminé. ${name} ne peut plus rien relever ; tout le reste tient.`,
  role: { onward: 'le reçoit aussi', joint: 'demandé ensemble' },
} satisfies Texts;
