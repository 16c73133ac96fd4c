export const passkey = {
  title: 'A passkey for your vault',
  lead: 'Your device will ask for your fingerprint, your face or its PIN. No e-mail, no password, no name.',
  action: 'Create the passkey',
  back: 'Back',
  points: [
    'The passkey makes the key to your vault on this device. The operator never sees it.',
    'After that you get 24 recovery words on a sheet. They open your vault on any device, also when every passkey is lost.',
  ],
};

export const sheet = {
  title: 'Your recovery sheet',
  lead: 'These 24 words open your vault, here and on a new device, also when every passkey is lost. Write them down or print them, and keep them where you keep papers that matter.',
  noSecret:
    'Your passkey is made and signs you in. This device does not let it open the vault by itself; that is no fault of yours. Your words will open the vault here, so you will need them each time you unlock.',
  replaced: 'Once you have confirmed this sheet, one you made for this vault before no longer counts.',
  warning: 'Whoever has these words has your vault. The operator does not have them and cannot give them back.',
  list: 'Recovery words',
  print: 'Print the sheet',
  action: 'I have them on paper',
  printed: 'Coffer recovery sheet',
  address: 'Vault opened at',
  insteadLead: 'Nothing to write with? A second passkey can take the sheet’s place.',
  instead: 'A second passkey instead',
};

export const confirm = {
  title: 'Three words, to be sure',
  lead: 'Type these words from your sheet, not from memory.',
  word: (position: number) => `Word ${position}`,
  wrong: (position: number) => `Word ${position} is another one on the sheet.`,
  action: 'Open my vault',
  back: 'Show the sheet again',
};

export const instead = {
  title: 'A second passkey instead of the sheet',
  lead: 'A vault has two ways in, so that losing one is not losing everything. The second can be the sheet, or another passkey.',
  sheet: {
    title: 'The sheet',
    text: 'It needs no device and does not break. It opens your vault also when every passkey is lost; so it does for whoever finds it.',
  },
  passkey: {
    title: 'A second passkey',
    text: 'On another phone, a tablet or a security key. There is nothing on paper that anybody could find. It opens your vault when this device is lost.',
  },
  lost: 'With passkeys alone, losing both is losing the vault: nobody can open it again, the operator neither.',
  action: 'Add the second passkey',
  back: 'Back to the sheet',
  hint: 'If you wrote the words down already, destroy the paper: they will open nothing. You can make a sheet later, under Settings.',
};

export const second = {
  title: 'One more way in',
  lead: 'A vault has at least two ways in, so that losing one is not losing everything. Your words are the first. Add a passkey that can open the vault: on a phone, on another device, or on a security key.',
  action: 'Add a passkey',
  stillNot: 'That passkey signs you in as well, and cannot open the vault either. A phone or a newer security key usually can.',
  later: 'Later',
  laterHint: 'Your vault stays as it is; unlock it to go on from here.',
};

export const opening = 'Opening your vault …';
