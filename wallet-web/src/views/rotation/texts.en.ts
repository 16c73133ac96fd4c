export const title = 'Another key for your vault';
export const lead =
  'Your vault gets a new key, and each document’s own key is locked with it. Whoever has the old key, from a device that you lost or removed, opens nothing with it that you write from now on.';
export const section = {
  title: 'Your vault’s key',
  lead: 'If somebody may have had your open vault, or a device that was lost, give your vault another key. Remove that device’s passkey first.',
  action: 'Change the key',
};
export const stays = 'These open your vault as before:';
export const words = 'Your recovery words';
export const falls =
  'These will sign in and no longer open the vault, because they have not been used since your vault learned how to keep them. Use each of them once before, or your words with it afterwards:';
export const wordsFall =
  'Your recovery sheet will no longer count, because its words were not used since your vault learned how to keep it. Unlock once with the words before, or make a new sheet afterwards.';
export const consent = 'I know that these will no longer open my vault';
export const tooFew = 'Fewer than two ways in would be left. Make a new recovery sheet, or add a passkey, and come back.';
export const unsettled = 'Something in your vault does not open, or is not as your wallet left it. Look at the notice at the top first.';
export const elsewhere = 'Wherever else your vault is open, it locks.';
export const action = 'Change the key now';
export const back = 'Not now';
export const progress = (done: string, of: string) => `${done} of ${of} documents`;
export const running = 'Do not close this page. If it closes all the same, nothing is lost: whoever unlocks next goes on.';
export const done = (documents: string) => `Your vault has another key: ${documents} documents are under it.`;
export const halfway = 'Your vault has another key, and a document that opens with neither key keeps the old one around. The notice at the top says which.';
export const toSettings = 'To the settings';
export const removed = 'If somebody else may have that passkey, or the device it is on: give your vault another key.';
