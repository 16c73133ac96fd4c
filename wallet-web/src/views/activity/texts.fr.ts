import type { Texts } from './texts';

export default {
  title: 'Accès',
  lead: 'Qui a relevé quoi, et quand. Les tentatives refusées y sont aussi. Les valeurs n’y sont jamais.',
  loading: 'Lecture du journal …',
  empty: 'Personne n’a rien relevé dans votre coffre.',
  collected: (business) => `${business} a relevé`,
  refused: (business) => `${business} a été refusé`,
  asked: 'demandait',
  notGiven: 'non donné',
  everything: 'tout ce qui est accordé',
  sound: 'Chaque ligne est enchaînée à la précédente, et la chaîne tient depuis la première.',
  partial: 'Seules les lignes les plus récentes sont montrées ; la chaîne d’un journal aussi long n’est pas vérifiée ici.',
  broken: (business) => `Un journal de ${business} ne se tient pas : des lignes ont été changées ou omises après coup.`,
  reasons: {
    withdrawn: 'Vous aviez retiré l’accord.',
    expired: 'L’accord était expiré.',
    'not-anchored': 'L’accord n’était pas encore au registre.',
    'not-started': 'L’accord n’avait pas commencé.',
    'not-covered': 'Cela ne faisait pas partie de ce que vous avez donné.',
    'no-permit': 'Il n’y avait pas de permis au registre pour cette heure.',
    policy: 'Une règle de l’opérateur l’interdit.',
    terminated: 'L’entreprise elle-même avait mis fin à l’accord.',
    suspended: 'L’opérateur a suspendu cette entreprise.',
  },
  otherReason: (code) => `Raison : ${code}.`,
  grant: 'Voir l’accord',
} satisfies Texts;
