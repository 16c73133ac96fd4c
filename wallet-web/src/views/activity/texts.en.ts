export const title = 'Activity';
export const lead = 'Who collected what, and when. Attempts that were refused are here too. Values are never in it.';
export const loading = 'Reading the log …';
export const empty = 'Nobody has collected anything from your vault.';
export const collected = (business: string) => `${business} collected`;
export const refused = (business: string) => `${business} was refused`;
export const asked = 'asked for';
export const notGiven = 'not given';
export const everything = 'everything granted';
export const sound = 'Each line is chained to the one before it, and the chain holds from the first line on.';
export const partial = 'Only the newest lines are shown; the chain of a log this long is not verified here.';
export const broken = (business: string) => `A log of ${business} does not hold together: lines were changed or left out after they were written.`;
export const reasons: Record<string, string> = {
  withdrawn: 'You had withdrawn the grant.',
  expired: 'The grant had run out.',
  'not-anchored': 'The grant was not anchored yet.',
  'not-started': 'The grant had not begun.',
  'not-covered': 'It was not part of what you gave.',
  'no-permit': 'There was no permit on the ledger for that hour.',
  policy: 'A rule of the operator forbids it.',
  paused: 'The grant was paused.',
  narrowed: 'You had given less, or set an earlier end; a newer grant stands.',
  replaced: 'A newer grant had taken its place.',
  condition: 'The condition of the grant was not met.',
  terminated: 'The business itself had ended the grant.',
  suspended: 'The operator has suspended this business.',
};
export const otherReason = (code: string): string => `Reason: ${code}.`;
export const grant = 'See the grant';
