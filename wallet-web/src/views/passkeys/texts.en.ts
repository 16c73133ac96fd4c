export const name = (n: number): string => `Passkey ${n}`;
export const made = (day: string): string => `made on ${day}`;
export const here = 'used just now';
export const opens = 'opens the vault';
export const signsIn = 'signs in; words open the vault';
export const remove = 'Remove';
export const removeNamed = (n: number): string => `Remove passkey ${n}`;
export const sure = {
  text: 'It will no longer sign in, its way to your vault’s key is deleted here, and where it is signed in it is signed out. Whoever holds it cannot undo that.',
  yes: 'Remove it',
  no: 'Keep it',
};
export const removed = 'The passkey is removed. You may also delete it from the device it is on.';
export const needed = 'This one has to stay: a vault keeps at least two ways in. Add another one first.';
export const cloned =
  'This passkey’s counter went back once. Often that is a device that counts badly, and nothing is wrong; it can also mean that somebody copied it. If in doubt, make a new passkey and remove this one.';
export const used = (when: string): string => `last used ${when}`;
export const never = 'not used since it was made';
export const copied = 'copied to other devices';
export const rename = 'Rename';
export const renameNamed = (name: string): string => `Rename ${name}`;
export const nameLabel = 'Name of this device';
export const save = 'Save';
export const backup =
  'This passkey has got a copy since it was made, or came with a device that says so: an account that syncs passkeys may have it now. If that account is yours, nothing is wrong. If not, remove this one.';
export const alarm = {
  cloned: 'The counter of one of your passkeys went back. It may have been copied.',
  backup: 'One of your passkeys has got a copy since it was made.',
  look: 'Look at my passkeys',
  fine: 'I know, that is fine',
};
