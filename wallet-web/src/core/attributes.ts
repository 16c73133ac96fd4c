/**
 * Attributes and purposes: what the catalogue (policies/catalogue.json, shared with Go) says, what a value must
 * look like, and what the wallet derives so that less is shared.
 */
import { bool, int, list, matching, object, oneOf, read, record, text, version, type Of } from './shape';

const label = record(/^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$/, text(200), 64);
const iri = matching(/^https:\/\/\S{1,200}$/, 'an IRI');
const attributeName = matching(/^[a-z0-9-]{1,64}$/, 'a name of a-z, 0-9 and -');
const kinds = ['text', 'email', 'phone', 'address', 'date', 'number', 'boolean', 'record'] as const;

const attributeShape = object(
  { name: attributeName, iri, label, kind: oneOf(...kinds), sensitivity: oneOf('ordinary', 'sensitive', 'special') },
  { derived_from: attributeName, special_category: iri },
);
const purposeShape = object(
  {
    iri,
    label,
    marketing: bool,
    profiling: bool,
    contact: bool,
    max_days: int(1, 365),
    attributes: list(attributeName, 64, 1),
  },
  { max_weekly: int(1, 168), explicit_consent: list(iri, 16, 1) },
);
const catalogueShape = object({ v: version, attributes: list(attributeShape, 256, 1), purposes: list(purposeShape, 256, 1) });

/** One attribute that a vault may hold. */
export type Attribute = Of<typeof attributeShape>;
/** One purpose that a business may ask for: `attributes` is all it may ever ask. */
export type Purpose = Of<typeof purposeShape>;

/** The catalogue, looked up by name and by IRI. */
export interface Catalogue {
  attributes: readonly Attribute[];
  purposes: readonly Purpose[];
  attribute(name: string): Attribute | undefined;
  purpose(iri: string): Purpose | undefined;
}

/** Postal address; every line one string, country ISO 3166-1 alpha-2. */
export interface PostalAddress {
  street: string;
  postcode: string;
  city: string;
  country: string;
}

/** A value: text, an address, or true/false for what is derived. Dates are "YYYY-MM-DD". */
export type AttributeValue = string | PostalAddress | boolean;

/** Why a value is not one, for the views to say kindly; `field` is the part of an address. */
export interface ValueProblem {
  code: 'empty' | 'too-long' | 'email' | 'phone' | 'date' | 'future' | 'too-long-ago' | 'number' | 'country' | 'derived' | 'kind';
  field?: keyof PostalAddress;
}

/** A checked value in its one spelling (trimmed), or the problem. */
export type Checked = { value: AttributeValue } | { problem: ValueProblem };

/** Reads the catalogue. Throws ParseError. */
export function parseCatalogue(json: unknown): Catalogue {
  const { attributes, purposes } = read('catalogue', json, catalogueShape);
  const byName = new Map(attributes.map((a) => [a.name, a]));
  const byIri = new Map(purposes.map((p) => [p.iri, p]));
  return { attributes, purposes, attribute: (name) => byName.get(name), purpose: (name) => byIri.get(name) };
}

/** Checks and trims what a shopper typed for an attribute. `today` is the shopper's date, "YYYY-MM-DD". */
export function validate(attribute: Attribute, typed: unknown, today: string): Checked {
  if (attribute.derived_from !== undefined) return { problem: { code: 'derived' } };
  if (attribute.kind === 'record') return { problem: { code: 'kind' } };
  if (attribute.kind === 'address') return validateAddress(typed);
  if (attribute.kind === 'boolean') return typeof typed === 'boolean' ? { value: typed } : { problem: { code: 'kind' } };
  if (typeof typed !== 'string') return { problem: { code: 'kind' } };
  const value = typed.trim();
  const code = problemOf(attribute.kind, value, today);
  return code ? { problem: { code } } : { value };
}

/**
 * What follows from other attributes; keys are attribute names. `today` is the shopper's date. Without a birth date
 * nothing follows.
 */
export function derive(values: Readonly<Record<string, AttributeValue | undefined>>, today: string): Record<string, AttributeValue> {
  const birth = values['birth-date'];
  return isDate(birth) ? { 'age-over-18': ageAt(birth, today) >= 18 } : {};
}

/** Whether the birth date, if there is one, says that the shopper is under 18 today. */
export function isMinor(birthDate: AttributeValue | undefined, today: string): boolean {
  return isDate(birthDate) && ageAt(birthDate, today) < 18;
}

/** Whole years; someone born on 29 February has the birthday on 1 March in other years. */
export function ageAt(birthDate: string, today: string): number {
  const years = Number(today.slice(0, 4)) - Number(birthDate.slice(0, 4));
  return today.slice(5) < birthDate.slice(5) ? years - 1 : years;
}

/** Whether the value is a date of the calendar, "YYYY-MM-DD". */
export function isDate(value: unknown): value is string {
  if (typeof value !== 'string' || !/^\d{4}-\d{2}-\d{2}$/.test(value)) return false;
  const time = new Date(`${value}T00:00:00Z`);
  return !Number.isNaN(time.getTime()) && time.toISOString().startsWith(value);
}

const MAX_TEXT = 200;

function problemOf(kind: Attribute['kind'], value: string, today: string): ValueProblem['code'] | undefined {
  if (value === '') return 'empty';
  if (value.length > MAX_TEXT) return 'too-long';
  switch (kind) {
    case 'email':
      return /^[^\s@]{1,64}@[^\s@.]+(\.[^\s@.]+)+$/.test(value) ? undefined : 'email';
    case 'phone':
      return /^\+?[\d\s()./-]{3,30}$/.test(value) && value.replace(/\D/g, '').length >= 3 ? undefined : 'phone';
    case 'date':
      if (!isDate(value)) return 'date';
      if (value > today) return 'future';
      return ageAt(value, today) > 130 ? 'too-long-ago' : undefined;
    case 'number':
      return /^\d{1,6}([.,]\d{1,3})?$/.test(value) ? undefined : 'number';
    default:
      return undefined;
  }
}

function validateAddress(typed: unknown): Checked {
  if (typeof typed !== 'object' || typed === null) return { problem: { code: 'kind' } };
  const value: PostalAddress = { street: '', postcode: '', city: '', country: '' };
  for (const field of Object.keys(value) as (keyof PostalAddress)[]) {
    const line = (typed as Record<string, unknown>)[field];
    if (line !== undefined && typeof line !== 'string') return { problem: { code: 'kind', field } };
    value[field] = (line ?? '').trim();
    if (value[field] === '') return { problem: { code: 'empty', field } };
    if (value[field].length > MAX_TEXT) return { problem: { code: 'too-long', field } };
  }
  value.country = value.country.toUpperCase();
  return /^[A-Z]{2}$/.test(value.country) ? { value } : { problem: { code: 'country', field: 'country' } };
}

/** Whether two values are the same; null is none. */
export function sameValue(a: AttributeValue | null, b: AttributeValue | null): boolean {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return a === b;
  return a.street === b.street && a.postcode === b.postcode && a.city === b.city && a.country === b.country;
}
