/** The shopper's answer while it is being made: every purpose undecided at first, no optional attribute chosen. */
import type { Days } from '../../core/epoch';
import { LENGTHS } from '../../core/epoch';
import { ofPartner } from '../../core/partner';
import type { Asked, Partner, Request } from '../../core/request';
import type { Shown } from '../record/show';

export interface PurposeAnswer {
  said: 'yes' | 'no' | null;
  /** Chosen optional attributes. */
  optional: string[];
  days: Days;
  /** Chosen onward partners. */
  partners: string[];
  /** Chosen records, by attribute. */
  shown: Record<string, Shown | undefined>;
}

export type Answer = Record<string, PurposeAnswer>;

/** Nothing pre-ticked; the length is the asked one, which can only be shortened. Blocked purposes are refused. */
export function emptyAnswer(request: Pick<Request, 'purposes'>, blocked: (asked: Asked) => boolean): Answer {
  return Object.fromEntries(
    request.purposes.map((p) => [p.id, { said: blocked(p) ? 'no' : null, optional: [], days: p.days, partners: [], shown: {} } satisfies PurposeAnswer]),
  );
}

/** The lengths a shopper may choose: the asked one and all shorter ones. */
export const lengthsFor = (asked: Pick<Asked, 'days'>): Days[] => LENGTHS.filter((days) => days <= asked.days);

/** What would be given for a purpose, in the request's order. */
export const attributesOf = (asked: Pick<Asked, 'required' | 'optional'>, answer: PurposeAnswer): string[] => [
  ...asked.required,
  ...asked.optional.filter((name) => answer.optional.includes(name)),
];

/** The partners that are given to with such an answer, and what each gets. */
export const partnersOf = (asked: Pick<Asked, 'required' | 'optional' | 'partners'>, answer: PurposeAnswer): { partner: Partner; attributes: string[] }[] =>
  (asked.partners ?? [])
    .filter((p) => p.role === 'joint' || answer.partners.includes(p.did))
    .map((partner) => ({ partner, attributes: ofPartner(partner, attributesOf(asked, answer)) }))
    .filter(({ attributes }) => attributes.length > 0);

/** What is shown with such an answer, by attribute. */
export const shownOf = (asked: Pick<Asked, 'required' | 'optional' | 'records'>, answer: PurposeAnswer): Record<string, Shown> =>
  Object.fromEntries(attributesOf(asked, answer).flatMap((name) => (asked.records?.[name] && answer.shown[name] ? [[name, answer.shown[name]]] : [])));

export interface Standing {
  /** Purposes without an answer. */
  open: number;
  /** Attributes that a yes needs and the vault lacks. */
  missing: string[];
  given: Asked[];
  refused: Asked[];
}

/** Where the answer stands. `has` says whether the vault holds an attribute. */
export function standingOf(request: Pick<Request, 'purposes'>, answer: Answer, has: (name: string) => boolean): Standing {
  const said = (p: Asked) => answer[p.id]?.said ?? null;
  const given = request.purposes.filter((p) => said(p) === 'yes');
  const lacks = (p: Asked, name: string) => (p.records?.[name] ? !answer[p.id]!.shown[name] : !has(name));
  const missing = given.flatMap((p) => attributesOf(p, answer[p.id]!).filter((name) => lacks(p, name)));
  return {
    open: request.purposes.filter((p) => said(p) === null).length,
    missing: [...new Set(missing)],
    given,
    refused: request.purposes.filter((p) => said(p) === 'no'),
  };
}
