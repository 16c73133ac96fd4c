import type { Texts } from './partnerTexts';

export default {
  joint: 'Gemeinsam gefragt mit',
  jointLead: (names) => `Gemeinsam gefragt und mit unterschrieben von ${names}. Ein Ja gilt allen, die fragen; jeder bekommt eine eigene Freigabe.`,
  onward: 'Auch für, wenn Sie möchten',
  onwardLead: 'Jeder davon bekommt eine eigene Freigabe unter der ersten. Nichts ist für Sie gewählt; das Unternehmen bekommt seinen Teil so oder so.',
  gets: (names) => `bekommt: ${names}`,
  getsNothing: 'bekommt nichts von dem, was Sie gewählt haben',
  inactive: 'kann jetzt nichts bekommen: der Betreiber hat es nicht zugelassen oder gesperrt',
  cosigned: 'Mit unterschrieben',
  switchLabel: (name) => `Auch ${name} geben`,
  also: (name) => `auch an ${name}`,
  endsWith: 'Endet die erste Freigabe, enden die der Partner mit ihr. Jede lässt sich auch allein beenden.',
  refusals: {
    'not-cosigned': { title: 'Nicht alle, die fragen, haben unterschrieben', text: 'Diese Anfrage sagt, mehrere Unternehmen fragten gemeinsam, und nicht alle haben sie unterschrieben. Nichts wurde gegeben. Bitten Sie das Unternehmen um einen neuen Link.' },
    'unknown-partner': { title: 'Einer von denen, die fragen, darf es nicht', text: 'Ein Unternehmen, das mit diesem fragt, ist beim Betreiber nicht zugelassen oder gesperrt. Bis dahin kann nichts gegeben werden.' },
    'bad-partner': { title: 'Sie sagt nicht, wer es noch bekommt', text: 'Die Anfrage nennt einen Partner und sagt nicht, wer er ist. Nichts wurde gegeben.' },
  },
} satisfies Texts;
