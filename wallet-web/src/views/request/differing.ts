/** Parts of differences that are the same in every language. */
import { country } from '../../components/dates';

/** "Parcel Co (DE)", with the country's name. */
export const party = (line: string): string => line.replace(/\(([A-Z]{2})[^)]*\)$/, (whole, code: string) => whole.replace(code, country(code)));

export const lastOf = (at: string): string => at.slice(at.lastIndexOf('.') + 1);
