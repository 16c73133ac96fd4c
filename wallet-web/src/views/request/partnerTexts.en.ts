/** What the request's page says of partners. */
export const joint = 'Asked together with';
export const jointLead = (names: string) => `Asked jointly, and co-signed, by ${names}. A yes is a yes to all who ask; each gets a grant of its own.`;
export const onward = 'Also for, if you like';
export const onwardLead = 'Each of these gets a grant of its own, under the first. Nothing is chosen for you; the business gets its part either way.';
export const gets = (names: string) => `gets: ${names}`;
export const getsNothing = 'gets nothing of what you chose';
export const inactive = 'cannot be given to now: the operator has not approved it, or has suspended it';
export const cosigned = 'Co-signed';
export const switchLabel = (name: string) => `Also give to ${name}`;
export const also = (name: string) => `to ${name} too`;
export const endsWith = 'When the first grant ends, the grants of partners end with it. Each can also be ended alone.';

export const refusals: Record<string, { title: string; text: string }> = {
  'not-cosigned': { title: 'Not everyone who asks has signed', text: 'This request says that several businesses ask together, and not all of them signed it. Nothing was given. Ask the business for a new link.' },
  'unknown-partner': { title: 'One of those who ask may not', text: 'A business that asks together with this one is not approved by the operator, or is suspended. Nothing can be given until it is.' },
  'bad-partner': { title: 'It does not say who else gets it', text: 'The request names a partner without saying who it is. Nothing was given.' },
};
