import { counted } from '../../components/dates';

export const card = {
  title: 'Take everything with you',
  lead: 'All of your vault in one sealed file, to keep or to bring to another operator; or a copy that you can read.',
  out: 'Export or copy my vault',
  in: 'Bring an export here',
};

export const parts: Record<string, string> = {
  documents: 'your values, records and keys',
  grants: 'the grants',
  receipts: 'the receipts with their proofs',
  accesses: 'the access log',
  rights: 'the rights requests',
  messages: 'the messages',
  attachment: 'an attached file',
};

export const out = {
  title: 'Export',
  lead: 'One sealed file with your values, records and files, all grants with their receipts and proofs, the access log, rights requests and messages. It opens with 24 words that are made for this file and shown once.',
  why: 'The words are not those of your recovery sheet: a file lives for years where nobody can call it back, and sheets change.',
  how: 'You confirm with a way in that you have: with the file go the keys that sign for you.',
  action: 'Make the export',
  making: 'Reading and sealing …',
  words: 'The words of this export',
  wordsLead: 'Only these 24 words open the file. Write them down or print them now: they are not kept anywhere, and will not be shown again.',
  list: 'Words of the export',
  warning: 'Whoever has the file and these words has everything in your vault, and the keys that sign for you. Keep the two apart.',
  onPaper: 'I have them on paper',
  print: 'Print the words',
  printed: 'Coffer export',
  confirm: 'Get the file',
  ready: 'The export is made',
  readyLead: (size: string) => `${size}, sealed. It can be brought to any operator’s vault, or looked into offline with “coffer export show”.`,
  download: 'Download the file',
  partly: 'Your access log is too long to be read as a whole; its newest part is in the file.',
  missing: (name: string) => `The attached file ${name} cannot be read, so the export would not be whole. Remove the file from your vault, or try again later.`,
  back: 'Back to the settings',
};

export const copy = {
  title: 'A copy to read',
  lead: 'Your values, what your records say, your grants and the access log, made in this page for you or for a program of your choice.',
  warning: 'This copy is not sealed: whoever gets the file reads it. Delete it when you no longer need it.',
  json: 'Everything as JSON',
  csv: (table: string) => `${table} as CSV`,
  tables: { attributes: 'Values', records: 'Records', grants: 'Grants', accesses: 'Access log' },
};

export const bring = {
  title: 'Bring an export',
  lead: 'Values, records, files and keys from your vault at another operator are opened here and sealed anew for this vault.',
  file: 'The export’s file',
  words: 'Its 24 words, in order',
  hint: 'The words that were shown when the file was made; not those of a recovery sheet.',
  open: 'Open it',
  opening: 'Reading the file …',
  noFile: 'Choose the file first.',
  notExport: 'This file is no export, or both of its ends are damaged.',
  wrongWords: 'These words are not the ones of this file.',
  newer: 'This export was made by a newer wallet. Reload this page and try again.',
  from: (operator: string, day: string) => `From ${operator}, made on ${day}`,
  has: (n: number, files: number) => `${counted(n, 'One document', `${n} documents`)} and ${counted(files, 'one file', `${files} files`)}`,
  damagedTitle: 'The file is damaged',
  damaged: (what: string, part: string, of: string) => `${what}: part ${part} of ${of} is damaged`,
  rest: 'Everything else was read, and can be brought.',
  fromCopy: 'The beginning of the file is damaged; its copy at the end was read.',
  strange: (n: number) => `${counted(n, 'One document was written by a newer wallet and stays', `${n} documents were written by a newer wallet and stay`)} in the file.`,
  noIdentity: 'The part with your identity is damaged, so nothing can be brought: make the export again. What can be read of this one is shown by “coffer export show”.',
  inUse: 'This vault has grants of its own, and a vault has one identity. Bring the export to a new vault.',
  full: 'Not everything has room in this vault. What fits is here; remove files and go on.',
  live: (n: number, operator: string) => `${counted(n, 'One grant is', `${n} grants are`)} still in force at ${operator}. Bringing an export here ends nothing there: businesses can collect until you withdraw there.`,
  action: 'Bring everything',
  again: 'Go on',
  bringing: 'Sealing for this vault …',
  stopped: 'What was written so far is stored. Going on writes only what is missing.',
  doneTitle: 'Everything is here',
  done: (n: number, files: number) => `Sealed for this vault: ${counted(n, 'one document', `${n} documents`)} and ${counted(files, 'one file', `${files} files`)}.`,
  nothing: 'Everything was here already.',
  lost: (names: string) => `Not in the file as a whole, and so not brought: ${names}`,
  next: 'What to do now',
  steps: [
    'Go to the vault that you left, and withdraw the grants that you no longer want, or erase that vault. Your receipts of them are here.',
    'Businesses do not know this vault yet. When one asks you anew, it meets the same you: the keys that sign for you came along.',
    'What the operator before said of you, line by line, is among your files.',
  ],
  toGrants: 'See the grants that you brought',
  toHome: 'To my vault',
};

export const moved = {
  title: (operator: string) => `Given at ${operator}`,
  lead: 'Brought with an export, to be kept. They are not in force here.',
  stands: (operator: string) => `Those in force live on at ${operator} until they are withdrawn there: open your vault there, and withdraw them or erase it.`,
  go: 'Open that vault',
  asOf: (day: string) => `as of ${day}`,
  receipt: 'Download the receipt',
  noProof: 'without a proof',
  unknown: 'State not known',
};
