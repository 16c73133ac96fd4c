export const passkey = {
  title: 'Your words are right',
  lead: 'Your vault is found and its key is here, in this page. Make a passkey for this device, so that you do not need the sheet next time.',
  lost: 'Giving data and erasing the vault ask for a passkey of yours each time. Until you have one you can look, change and withdraw.',
  action: 'Make a passkey',
  later: 'Not now',
};

export const old = {
  title: 'Your other passkeys',
  opens: 'The new passkey opens your vault; that was tried.',
  signsIn: 'The new passkey signs you in. This device does not let it open the vault by itself, so your words stay needed with it.',
  lead: 'Remove the ones that you lost, or that somebody else may have. A passkey that you still have can stay.',
  words: 'Your recovery sheet counts as before. If somebody may have seen it, make a new one under Settings. If somebody may have had your open vault, give it another key there, too.',
  action: 'To my vault',
};

export const offer = {
  title: 'Let your words sign you in, too',
  lead: 'Your recovery sheet is from before words could do that: it opens your vault only after a passkey has signed you in. If every passkey were lost, it would be of no use.',
  how: 'The operator would keep a digest and a public key of the sheet, from which nobody can compute the words. The sheet stays the same.',
  action: 'Let my words sign me in',
  later: 'Not now',
};

export const opening = 'Opening your vault …';
