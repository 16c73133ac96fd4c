/** What a grant's page says of partners. */
export const title = 'Partners';
export const lead = (business: string) =>
  `Given with this grant, each with keys and a receipt of its own. Ending one ends only that one. When the grant to ${business} ends, is paused or is changed, these end with it: whatever follows it is for ${business} alone, and a partner has to be given to anew.`;
export const under = (business: string) => `Given under your grant to ${business}. It ends with that one, and ends alone when you end it here.`;
export const toFirst = (business: string) => `To the grant to ${business}`;
export const end = 'End';
export const endOf = (name: string) => `End the grant to ${name}`;
export const ended = (name: string) => `Ended. ${name} can collect nothing more; everything else stands.`;
export const role = { onward: 'gets it too', joint: 'asked together' };
