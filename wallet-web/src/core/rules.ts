/** The rules that several documents of the consent share. Twin of Go's consent/rules.go. */
import { utf8 } from './bytes';
import { ParseError } from './errors';

/** How far two honest clocks may be apart, in seconds. */
export const SKEW = 5 * 60;

export const nameForm = /^[a-z0-9-]{1,32}$/;
export const languageForm = /^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$/;
/** ISO 3166-1 or -2. */
export const countryForm = /^[A-Z]{2}(-[A-Z0-9]{1,3})?$/;
/** ISO 8601 duration in whole days or longer. */
export const retentionForm = /^P(?=\d)(\d{1,4}Y)?(\d{1,4}M)?(\d{1,4}W)?(\d{1,4}D)?$/;
export const versionForm = /^[A-Za-z0-9._-]{1,32}$/;

const iriForm = /^https:\/\/[A-Za-z0-9.-]+(:\d+)?([/?#][A-Za-z0-9\-._~:/?#@!$&'()*+,;=%]*)?$/;
const urlForm = /^(https?):\/\/([^/?#@\\\s]+)([/?#]\S*)?$/i;

/** Refuses with a code of the closed set (Go's consent.Code) at a place. */
export function refuse(what: string, code: string, path: string, want = code): never {
  throw new ParseError(code, what, path, want);
}

/** Whether someone wrote something readable of at most `max` bytes. */
export function said(text: string, max: number): boolean {
  return text.trim() !== '' && utf8(text).length <= max && !/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/.test(text);
}

/** Whether the text is an https IRI of at most 200 characters. */
export function isIri(text: string): boolean {
  return text.length <= 200 && iriForm.test(text);
}

/** scheme://host[:port] of an http(s) URL; plain http only for this machine. null if it is none. */
export function originOf(url: string): string | null {
  const [, scheme, host] = url.length <= 2000 ? (urlForm.exec(url) ?? []) : [];
  if (scheme === undefined || host === undefined || !URL.canParse(url)) return null;
  const name = host.toLowerCase().replace(/:\d*$/, '');
  const local = name === 'localhost' || name.endsWith('.localhost') || name === '127.0.0.1' || name === '[::1]';
  if (scheme.toLowerCase() !== 'https' && !local) return null;
  return `${scheme.toLowerCase()}://${host.toLowerCase()}`;
}

/** Index of the first value that stands earlier in the list too; −1 if none does. */
export function repeated(list: readonly string[]): number {
  return list.findIndex((x, i) => list.indexOf(x) < i);
}
