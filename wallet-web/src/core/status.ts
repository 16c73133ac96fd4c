/** Status lists (W3C Bitstring Status List v1.0): whether an issuer took a record back. Twin of Go's consent/status.go. */
import { concat, fromB64u, type Bytes } from './bytes';
import type { Did } from './did';
import { CoreError } from './errors';
import { parseStrict } from './json';
import { noDocuments, verifyAnyJws, type Documents } from './jws';
import { credentialOf, type Claims, type StatusEntry } from './record';
import { refuse, SKEW } from './rules';

const MAX_LIST = 48 << 10;
const MIN_BYTES = 131_072 / 8;
const MAX_BYTES = 1 << 20;
const bad = (path: string): never => refuse('status list', 'bad-status', path);

/**
 * Holds one entry of a record by `issuer` against the list that was found under the entry's address. Throws ParseError
 * `revoked`, or `bad-status` when the list does not say.
 */
export async function checkStatus(list: string, entry: StatusEntry, issuer: Did, now: number, documents: Documents = noDocuments): Promise<void> {
  const { purpose, from, until, bits } = await openList(list, entry.list, issuer, documents);
  if (purpose !== entry.purpose || entry.index >= bits.length * 8) bad('');
  if ((until !== 0 && now >= until) || from > now + SKEW) bad(''); // an old one could hide what came since
  if (((bits[entry.index >> 3] ?? 0) & (0x80 >> (entry.index & 7))) !== 0) refuse('status list', 'revoked', '');
}

async function openList(jwt: string, address: string, issuer: Did, documents: Documents): Promise<{ purpose: unknown; from: number; until: number; bits: Bytes }> {
  try {
    const { did, payload } = await verifyAnyJws('status list', jwt, ['JWT'], documents);
    if (did !== issuer || payload.length > MAX_LIST) return bad('');
    const claims = parseStrict('status list', payload, true) as Claims;
    const { vc, subject, types, from, until } = credentialOf(claims, did);
    if ((claims['jti'] ?? vc['id']) !== address || !types.includes('BitstringStatusListCredential')) bad('jti');
    if (subject?.['type'] !== 'BitstringStatusList') bad('vc.credentialSubject');
    return { purpose: subject?.['statusPurpose'], from, until, bits: await unpack(subject?.['encodedList']) };
  } catch (error) {
    if (error instanceof CoreError && error.code === 'unknown-key') throw error;
    return bad('');
  }
}

async function unpack(encoded: unknown): Promise<Bytes> {
  if (typeof encoded !== 'string' || !encoded.startsWith('u')) return bad('');
  const unzipped = new Blob([fromB64u(encoded.slice(1))]).stream().pipeThrough(new DecompressionStream('gzip')).getReader();
  const parts: Uint8Array[] = [];
  let size = 0;
  for (;;) {
    const { done, value } = await unzipped.read();
    if (done) break;
    size += value.length;
    // A small one may unpack to a large one.
    if (size > MAX_BYTES) {
      await unzipped.cancel();
      return bad('');
    }
    parts.push(value);
  }
  return size < MIN_BYTES ? bad('') : concat(...parts);
}
