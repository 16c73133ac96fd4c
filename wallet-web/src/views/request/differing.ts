/** Parts of differences that are the same in every language. */
import { country } from '../../components/dates';
import { labelOf } from '../catalogue';
import { inWords } from '../condition/condition';
import { claimName } from '../record/record';

/** "Parcel Co (DE)", with the country's name. */
export const party = (line: string): string => line.replace(/\(([A-Z]{2})[^)]*\)$/, (whole, code: string) => whole.replace(code, country(code)));

/** An attribute, or `<attribute>.<type or claim>` of a record. */
export function lineOf(line: string): string {
  const [attribute = '', ...rest] = line.split('.');
  const part = rest.join('.');
  return part === '' ? labelOf(attribute) : `${labelOf(attribute)} (${part.startsWith('https://') ? inWords(part) : claimName(part)})`;
}

export const lastOf = (at: string): string => at.slice(at.lastIndexOf('.') + 1);
