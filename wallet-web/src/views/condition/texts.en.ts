import { atMoment } from '../../components/dates';

export const title = 'Tied to a condition';
export const self = 'the business itself';
export const key = (short: string) => `the holder of the key ${short}`;

export const record = (type: string, who: string) =>
  `Nothing can be collected or sent before ${who} has signed the record “${type}” about your grant, and the business has shown it.`;
export const event = (name: string, who: string) => `Nothing can be collected or sent before ${who} has said that this happened: “${name}”.`;
export const from = (moment: number) => `Nothing can be collected or sent before ${atMoment(moment)}.`;
export const uses = (n: number) =>
  n === 1 ? 'It can be used once: a collection is a use, and so is a message.' : `It can be used ${n} times: each collection is a use, and so is each message.`;
export const itself = 'The business can meet this condition by its own word. It protects you no more than a promise.';

export const met = 'Met';
export const notMet = 'Not met yet';
export const over = 'No longer met';
export const usedUp = 'Used up';
export const left = (used: number, all: number) => `Used ${used} of ${all} times`;

export const shown = 'What was shown for it';
export const none = 'Nothing was shown for it yet. Nothing was collected.';
export const line = (who: string, received: number) => `Signed by ${who}, shown on ${atMoment(received)}`;
export const until = (moment: number) => `counts until ${atMoment(moment)}`;
export const forGood = 'counts for good';
export const checks = {
  verified: 'Signature verified here',
  unresolved: 'Verified by the operator: this page cannot look up the signer’s key',
  refused: 'This page cannot confirm it. Ask the operator what it accepted here.',
} as const;
export const paper = 'What was signed';
