/** Values as people read them. */
import type { Attribute, AttributeValue } from '../../core/attributes';
import { country, onDate } from '../../components/dates';
import { texts } from './texts';

/** The lines that show a value. */
export function linesOf(attribute: Pick<Attribute, 'kind'> | undefined, value: AttributeValue): string[] {
  if (typeof value === 'boolean') return [value ? texts.yes : texts.no];
  if (typeof value === 'string') return [attribute?.kind === 'date' ? onDate(value) : value];
  const { street, postcode, city } = value;
  return [street, `${postcode} ${city}`, country(value.country)];
}
