/** Values as people read them. */
import type { Attribute, AttributeValue } from '../../core/attributes';
import { onDate } from '../../components/dates';
import * as texts from './texts';

const countries = new Intl.DisplayNames(undefined, { type: 'region', fallback: 'code' });

/** The lines that show a value. */
export function linesOf(attribute: Pick<Attribute, 'kind'> | undefined, value: AttributeValue): string[] {
  if (typeof value === 'boolean') return [value ? texts.yes : texts.no];
  if (typeof value === 'string') return [attribute?.kind === 'date' ? onDate(value) : value];
  const { street, postcode, city, country } = value;
  return [street, `${postcode} ${city}`, /^[A-Z]{2}$/.test(country) ? (countries.of(country) ?? country) : country];
}
