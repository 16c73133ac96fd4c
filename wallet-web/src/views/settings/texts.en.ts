import { IDLE_MINUTES } from '../../store/idle';

export const title = 'Settings';
export const loading = 'Reading …';

export const language = { title: 'Language', label: 'Language of this page', failed: 'The texts of this language cannot be had just now.' };

export const passkeys = {
  title: 'Passkeys',
  lead: 'Ways into your vault, beside a recovery sheet.',
  add: 'Add a passkey',
  how: 'You confirm with a way in that you have, then make the new passkey on this device, a phone or a security key.',
  device: 'Add a device',
  deviceHow: 'The other device shows the same words as this one, gets your vault, and makes a passkey of its own.',
  added: 'The new passkey opens your vault.',
  addedNoSecret: 'The new passkey signs you in. It cannot open the vault by itself, so your recovery words stay needed with it.',
};

export const recovery = {
  title: 'Recovery sheet',
  signsIn: 'The 24 words of your sheet open your vault on any device, also when every passkey is lost.',
  opens: 'The 24 words of your sheet open your vault after a passkey has signed you in. They do not sign you in themselves: a new sheet will.',
  none: 'You have no recovery sheet. If every passkey were lost, nobody could open your vault again.',
  action: 'Make a new sheet',
  how: 'You confirm with a way in that you have. The old sheet stops counting when you have confirmed three words of the new one.',
  first: 'Make a sheet',
  howFirst: 'You confirm with a way in that you have, and then three words of the sheet.',
  confirm: 'This sheet counts from now on',
  making: 'Making a sheet …',
  done: 'Your new sheet counts. The old one no longer does: destroy it.',
};

export const lock = {
  title: 'Locking',
  text: `Your keys are in the memory of this page and nowhere else. The vault locks when you close the page, and after ${IDLE_MINUTES} minutes without you.`,
};

export const digest = {
  title: 'This wallet’s code',
  lead: 'Whoever delivers this page could deliver another one. Compare this digest with the one published with the release:',
  check: 'Check the files now',
  good: (n: string) => `All ${n} files are the ones in the list.`,
  bad: 'These files are not the ones in the list:',
  none: 'This server publishes no list of its files; a wallet under development.',
};

export const ledger = {
  title: 'The ledger you trust',
  none: 'Your wallet has not used a ledger yet. It will remember the first one it sees.',
  chain: 'Name',
  fingerprint: 'Fingerprint of its validators',
};

export const quiet = {
  title: 'Quiet hours',
  lead: 'Between nine in the evening and eight in the morning no offers arrive. For that your wallet tells the operator how far your clock is from world time, and nothing else about where you are.',
  on: 'On',
  off: 'Off',
  turnOff: 'Turn off, and tell nothing',
  turnOn: 'Turn on',
};

export const inactive = {
  title: 'If you stay away',
  lead: (months: string, days: string) =>
    `When nobody has signed in for ${months} months, this operator marks your vault, and erases it ${days} days later as if you had done it yourself. It knows no address of yours and cannot remind you. Signing in once is enough to keep it.`,
  keptTitle: 'Your vault stays',
  kept: (day: string) => `Nobody had signed in for a long time, so on ${day} your vault was marked to be erased. By signing in you have kept it. Nothing was erased.`,
  fine: 'Good',
};

export const erase = {
  title: 'Erase the vault',
  lead: 'Everything goes: your values, grants, receipts, messages and all ways in. What is left on the ledger are random bytes that name nobody.',
  open: 'Erase my vault …',
  dialog: 'Erase your vault for ever?',
  points: [
    'All grants are withdrawn. Businesses can collect nothing more.',
    'All your documents and keys at the operator are deleted, and cannot be brought back by anyone: not by you, not by the operator.',
    'What businesses already read cannot be unread; they must delete it.',
  ],
  papers: {
    lead: 'Keep your receipts: what you gave, changed and ended, with the proofs, and that it was all erased. They are gone with the vault.',
    action: 'Download all my receipts',
    done: 'The file is on your device. Anyone you show it to can verify it offline.',
    file: 'coffer-receipts.json',
  },
  sure: 'I understand that nobody can undo this.',
  action: 'Erase with my passkey',
  cancel: 'Keep my vault',
};

export const erased = {
  title: 'Your vault is erased',
  lead: (moment: string) => `Done on ${moment}.`,
  grants: (n: number) => (n === 0 ? 'No grant was in effect.' : n === 1 ? 'One grant was withdrawn.' : `${n} grants were withdrawn.`),
  text: 'The operator has none of your data any more, and no key to it. You may now also delete the passkey from your device; it opens nothing.',
  receipt: {
    lead: 'Keep the receipt: the operator has signed that your vault is erased, and has no copy of it.',
    action: 'Download the receipt',
    file: 'coffer-erasure.jws',
  },
  action: 'To the beginning',
};
