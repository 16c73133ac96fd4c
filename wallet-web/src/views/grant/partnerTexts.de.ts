import type { Texts } from './partnerTexts';

export default {
  title: 'Partner',
  lead: (business) =>
    `Mit dieser Freigabe gegeben, jeder mit eigenen Schlüsseln und eigener Quittung. Eine zu beenden beendet nur diese. Wenn die Freigabe an ${business} endet, pausiert oder geändert wird, enden diese mit ihr: was ihr folgt, gilt ${business} allein, und nach Partnern muss neu gefragt werden.`,
  under: (business) => `Gegeben unter Ihrer Freigabe an ${business}. Sie endet mit jener, und allein, wenn Sie sie hier beenden.`,
  toFirst: (business) => `Zur Freigabe an ${business}`,
  end: 'Beenden',
  endOf: (name) => `Beenden: die Freigabe an ${name}`,
  ended: (name) => `Beendet. ${name} kann nichts mehr abrufen; alles andere gilt weiter.`,
  role: { onward: 'bekommt es auch', joint: 'gemeinsam gefragt' },
} satisfies Texts;
