import type { Texts } from './partnerTexts';

export default {
  joint: 'Demandé ensemble avec',
  jointLead: (names) => `Demandé conjointement, et cosigné, par ${names}. Un oui vaut pour tous ceux qui demandent ; chacun reçoit un accord à lui.`,
  onward: 'Aussi pour, si vous voulez',
  onwardLead: 'Chacun reçoit un accord à lui, sous le premier. Rien n’est choisi pour vous ; l’entreprise reçoit sa part de toute façon.',
  gets: (names) => `reçoit : ${names}`,
  getsNothing: 'ne reçoit rien de ce que vous avez choisi',
  inactive: 'ne peut rien recevoir maintenant : l’opérateur ne l’a pas admis, ou l’a suspendu',
  cosigned: 'Cosigné',
  switchLabel: (name) => `Donner aussi à ${name}`,
  also: (name) => `à ${name} aussi`,
  endsWith: 'Quand le premier accord finit, ceux des partenaires finissent avec lui. Chacun peut aussi finir seul.',
  refusals: {
    'not-cosigned': { title: 'Tous ceux qui demandent n’ont pas signé', text: 'Cette demande dit que plusieurs entreprises demandent ensemble, et toutes ne l’ont pas signée. Rien n’a été donné. Demandez un nouveau lien à l’entreprise.' },
    'unknown-partner': { title: 'L’un de ceux qui demandent n’en a pas le droit', text: 'Une entreprise qui demande avec celle-ci n’est pas admise par l’opérateur, ou est suspendue. Rien ne peut être donné d’ici là.' },
    'bad-partner': { title: 'Elle ne dit pas qui d’autre le reçoit', text: 'La demande nomme un partenaire sans dire qui c’est. Rien n’a été donné.' },
  },
} satisfies Texts;
