import type { WhyWords } from './unlock';

export const title = 'Your recovery words';
export const why: Record<WhyWords | 'asked' | 'unfinished', string> = {
  'no-secret': 'Your passkey has signed you in, and that is all this device lets it do. Your 24 recovery words open the vault here. A passkey on a phone or a security key may be able to do it alone; you can add one under Settings.',
  'no-wrap': 'This passkey has signed you in, and it was never set up to open the vault. Your 24 recovery words open it.',
  'wrong-secret': 'Your passkey has signed you in, and what it gave does not open the vault. That happens after some system updates, and nothing is lost: your 24 recovery words open it.',
  unfinished: 'Your vault is not quite open yet. Your 24 recovery words show that it is you who goes on; after that you get a fresh sheet.',
  asked:
    'Type the 24 words from your recovery sheet. They are enough, on any device and with no passkey left. The words stay in this page: the operator gets a name for the sheet and a signature, from which nobody can compute the words.',
};
export const label = 'The 24 words, in order';
export const hint = 'Spaces or line breaks between them; numbers and capitals do not matter.';
export const action = 'Unlock';
export const back = 'Back';
export const opening = 'Opening your vault …';

export function wordsProblem(code: string, position: number, count: number): string {
  switch (code) {
    case 'unknown-word':
      return `Word ${position} is not on the list of recovery words. Look at it once more on the sheet.`;
    case 'count':
      return count === 0 ? 'Type the words from your recovery sheet.' : `These are ${count} words; the sheet has 24.`;
    case 'wrong-checksum':
      return 'All of these are recovery words, yet together they are not a sheet. One of them is probably another, or two are swapped.';
    case 'unknown-sheet':
      return 'These words are a recovery sheet, and sign in to no vault here. Look whether the sheet names this address, and whether you made a newer one: an older sheet no longer counts. A sheet from before words could sign in needs a passkey of the vault once more.';
    default:
      return 'These words are a recovery sheet, and not the one of this vault.';
  }
}
export const elsewhere = 'From another device instead';

export const noSheet = {
  title: 'This passkey does not open your vault',
  lead: 'It has signed you in, and what it gave does not open the vault. That happens with some devices, and after some system updates. Nothing is lost.',
  what: 'Your vault has no recovery sheet: another of its passkeys opens it, or a device that has it. Once inside, make a sheet under Settings.',
  again: 'Use another passkey',
};
