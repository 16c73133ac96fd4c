import type { Ending } from '../../core/loop';

export const title = 'After its end';
export const titleLess = 'After you gave less';
export const lead: Record<Ending, (business: string) => string> = {
  withdrawn: (business) => `You withdrew. ${business} has to stop, say that it knows, and say what it deleted.`,
  expired: (business) => `Its time is over. ${business} has to stop, say that it knows, and say what it deleted.`,
  erased: (business) => `It ended with a vault. ${business} has to stop, say that it knows, and say what it deleted.`,
  terminated: (business) => `It was ended. ${business} has to stop, say that it knows, and say what it deleted.`,
  narrowed: (business) => `You give less since then. ${business} has to say that it knows, and say what it deleted of what you left out.`,
  renewed: (business) => `You give less since then. ${business} has to say that it knows, and say what it deleted of what you left out.`,
  merged: (business) => `A newer request took its place and names less. ${business} has to say that it knows, and say what it deleted of the rest.`,
  replaced: (business) => `A newer request took its place. ${business} has to say that it knows, and say what it deleted of what the new one does not name.`,
  suspended: (business) => `The operator suspended ${business}: it gets nothing under this grant for now.`,
};
export const reason = (text: string) => `The operator ended it by order: ${text}`;
export const told = (business: string, moment: string) => `${business} was told on ${moment}`;
export const acknowledged = (moment: string) => `It acknowledged, signed on ${moment}`;
export const notAcknowledged = (moment: string) => `It has to acknowledge by ${moment}`;
export const stated = (moment: string) => `It stated the deletion, signed on ${moment}`;
export const notStated = (moment: string) => `It has to say what it deleted by ${moment}`;
export const late = 'Overdue. You may complain to the supervisory authority that your receipt names.';
export const refused = 'What came in its name is not signed by it, or is about something else. It counts as not said.';
export const deleted = (names: string) => `Deleted: ${names}`;
export const kept = (name: string, day: string) => `Kept until ${day}: ${name}`;
export const basis = 'the legal basis it names';
export const words = 'In its own words';
export const steps = 'What happened since';
export const unreadable = 'What happened after the end of this grant cannot be shown now.';
