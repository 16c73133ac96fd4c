export const offer = {
  title: 'Bring your vault to another device',
  lead: 'Open this address on the other device, by its camera or by typing, and enter the code there.',
  code: 'The code',
  qr: 'A picture of the address and the code, for the other device’s camera',
  until: (time: string) => `Counts once, until ${time}.`,
  waiting: 'Waiting for the other device …',
  cancel: 'Cancel',
  sealing: 'Your vault’s key waits for the other device, which has to say the same.',
  done: 'The other device has your vault. It appears in your list once it has a passkey of its own.',
  toSettings: 'To the settings',
};

export const join = {
  title: 'Your vault from another device',
  lead: 'On the device that has your vault, go to Settings and “Add a device”. It shows a code for this one.',
  label: 'The code, ten characters',
  hint: 'Capitals, blanks and hyphens do not matter.',
  none: 'That is not a code: it has ten letters and digits.',
  action: 'Go on',
  back: 'Back',
  waiting: 'Waiting for the other device …',
  sealing: 'Waiting until the other device says the same …',
  taking: 'Opening your vault …',
  wrong: 'What arrived does not open, or is of another vault than it said. Nothing was opened; begin again on both devices.',
  known: 'A vault was open in this browser before. To open that one, go back and unlock it: the code brings a vault that is not here yet.',
};

export const phrase = {
  title: 'Do both devices show these words?',
  lead: 'Compare them with the other device’s screen. If they are the same, nobody stands between the two, the operator neither.',
  list: 'Three words',
  same: 'They are the same',
  differ: 'They differ',
};

export const differ = {
  title: 'Then nothing was handed over',
  text: 'Other words mean that the two devices do not talk to each other: somebody may have used the code first, or the operator stands in between. Begin again with a new code, and see that only your own device uses it. If the words differ again, do not go on, and ask the operator.',
};

export const unfit = {
  title: 'Nothing was handed over',
  text: 'What came as the other device’s half of this pairing is not what that device had promised: somebody in between exchanged it, the operator or who speaks for it. Nothing was opened. Do not go on with this code; ask the operator what happened, and try again on another connection.',
};

export const over = {
  title: 'This pairing is over',
  text: 'The code was another one, was used already, is older than ten minutes, or one of the two devices called it off. Nothing was handed over. Begin again with a new code.',
  again: 'Begin again',
};

export const here = {
  title: 'Your vault is open here already',
  lead: 'The code of this address brings a vault to a device that does not have it. Nothing was done with it.',
  add: 'To bring this vault to another device, open the address there. You find a new code under Settings, “Add a device”.',
  other: 'To bring another vault here, lock this one first. It stays as it is, and you unlock it again whenever you like.',
  stay: 'To my vault',
  lock: 'Lock it and use the code',
};

export const passkey = {
  title: 'Your vault is here',
  lead: 'Make a passkey for this device, so that it opens your vault by itself next time.',
  later: 'Not now',
  action: 'Make a passkey',
  opens: 'The new passkey opens your vault.',
  signsIn: 'The new passkey signs you in. This device does not let it open the vault by itself, so it will need your words or another device each time.',
};
