export const title = 'Your data, in your hands';
export const lead =
  'Coffer keeps what shops need to know about you sealed in a vault that only you can open. When one asks, you see who and why, and give only what you want, for as long as you want.';
export const asked = {
  title: 'Someone asks for your data',
  lead: 'Unlock your vault to see who is asking, for what, and why. Nothing is given by looking.',
};
export const back = {
  idle: 'Your vault was locked because nobody was here for a while.',
  'by-hand': 'Your vault is locked.',
  ended: 'Your session is over, so your vault was locked.',
  other: 'That passkey belongs to another vault, so the one that was open was locked. Nothing was changed in either.',
};
export const unlock = 'Unlock';
export const open = 'Open a vault';
export const another = 'Open another vault';
export const first = 'It takes a minute, and asks for no e-mail, no password and no name.';
export const welcomeBack = 'Your passkey opens your vault.';
export const words = 'Use recovery words';
export const unknownPasskey = 'This passkey signs in to no vault here: it may have been removed, or its vault erased. Another passkey or your recovery words may still open it.';
export const points = [
  { title: 'Sealed in your browser', text: 'The operator stores what it cannot read. Your passkey opens it, on your device.' },
  { title: 'One purpose at a time', text: 'Nothing is ticked for you. Yes and no are equally easy, and withdrawing takes one tap.' },
  { title: 'Proved, not promised', text: 'Every grant leaves a proof on a ledger that nobody can quietly rewrite, and that says nothing about you.' },
];
export const insecure = 'This address is not secure, so the browser offers no passkeys here. Open the wallet over https, or as http://localhost on this machine.';
export const bring = 'I bring an export';
export const elsewhere = 'From another device';
