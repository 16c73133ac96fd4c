import { counted } from '../../components/dates';
import { IDLE_MINUTES } from '../../store/idle';
import type { Texts } from './texts';

export default {
  title: 'Réglages',
  loading: 'Lecture …',
  language: { title: 'Langue', label: 'Langue de cette page', failed: 'Les textes de cette langue ne peuvent pas être obtenus en ce moment.' },
  passkeys: {
    title: 'Clés d’accès',
    lead: 'Des accès à votre coffre, à côté de vos mots de récupération.',
    add: 'Ajouter une clé d’accès',
    how: 'Vous confirmez par un accès que vous avez, puis faites la nouvelle clé d’accès sur cet appareil, un téléphone ou une clé de sécurité.',
    added: 'La nouvelle clé d’accès ouvre votre coffre.',
    addedNoSecret: 'La nouvelle clé d’accès vous connecte. Elle ne peut pas ouvrir le coffre seule, vos mots restent donc nécessaires.',
  },
  recovery: {
    title: 'Feuille de récupération',
    signsIn: 'Les 24 mots de votre feuille ouvrent votre coffre sur tout appareil, même si toutes les clés d’accès sont perdues.',
    opens: 'Les 24 mots de votre feuille ouvrent votre coffre après une connexion par clé d’accès. Ils ne connectent pas eux-mêmes : une nouvelle feuille le fera.',
    none: 'Vous n’avez pas de feuille de récupération. Si toutes les clés d’accès étaient perdues, personne ne pourrait rouvrir votre coffre.',
    action: 'Faire une nouvelle feuille',
    how: 'Vous confirmez par un accès que vous avez. L’ancienne feuille cesse de compter quand vous avez confirmé trois mots de la nouvelle.',
    confirm: 'Cette feuille compte désormais',
    making: 'Une feuille se fait …',
    done: 'Votre nouvelle feuille compte. L’ancienne non : détruisez-la.',
  },
  lock: { title: 'Verrouillage', text: `Vos clés sont dans la mémoire de cette page et nulle part ailleurs. Le coffre se verrouille quand vous fermez la page, et après ${IDLE_MINUTES} minutes sans vous.` },
  digest: {
    title: 'Le code de cette page',
    lead: 'Qui livre cette page pourrait en livrer une autre. Comparez ce condensé à celui publié avec la version :',
    check: 'Vérifier les fichiers maintenant',
    good: (n) => `Les ${n} fichiers sont ceux de la liste.`,
    bad: 'Ces fichiers ne sont pas ceux de la liste :',
    none: 'Ce serveur ne publie pas de liste de ses fichiers ; une page en développement.',
  },
  ledger: { title: 'Le registre auquel vous vous fiez', none: 'Vous n’avez pas encore utilisé de registre. Le premier sera retenu.', chain: 'Nom', fingerprint: 'Empreinte de ses membres' },
  quiet: {
    title: 'Heures calmes',
    lead: 'Entre neuf heures du soir et huit heures du matin, aucune offre n’arrive. Pour cela l’opérateur apprend l’écart de votre horloge au temps universel, et rien d’autre sur le lieu où vous êtes.',
    on: 'activées',
    off: 'désactivées',
    turnOff: 'Désactiver, et ne rien dire',
    turnOn: 'Activer',
  },
  erase: {
    title: 'Effacer le coffre',
    lead: 'Tout s’en va : vos valeurs, accords, reçus, messages et tous les accès. Au registre restent des octets aléatoires qui ne nomment personne.',
    open: 'Effacer mon coffre …',
    dialog: 'Effacer votre coffre pour toujours ?',
    points: [
      'Tous les accords sont retirés. Les entreprises ne peuvent plus rien relever.',
      'Tous vos documents et clés chez l’opérateur sont effacés, et personne ne peut les ramener : ni vous, ni l’opérateur.',
      'Ce que des entreprises ont déjà lu ne peut être « non lu » ; elles doivent l’effacer.',
    ],
    papers: {
      lead: 'Gardez vos reçus : ce que vous avez donné, changé et terminé, avec les preuves, et que tout fut effacé. Ils partent avec le coffre.',
      action: 'Télécharger tous mes reçus',
      done: 'Le fichier est sur votre appareil. Qui le voit peut le vérifier hors ligne.',
      file: 'coffer-recus.json',
    },
    sure: 'Je comprends que personne ne peut l’annuler.',
    action: 'Effacer avec ma clé d’accès',
    cancel: 'Garder mon coffre',
  },
  erased: {
    title: 'Votre coffre est effacé',
    lead: (moment) => `Fait le ${moment}.`,
    grants: (n) => (n === 0 ? 'Aucun accord n’était en vigueur.' : counted(n, 'Un accord a été retiré.', `${n} accords ont été retirés.`)),
    text: 'L’opérateur n’a plus aucune de vos données, ni clé vers elles. Vous pouvez maintenant aussi supprimer la clé d’accès de votre appareil ; elle n’ouvre rien.',
    action: 'Au début',
  },
} satisfies Texts;
