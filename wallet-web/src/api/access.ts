/** Who collected what, and who was refused (contract D.7, D.10). */
import { id, text, type Of } from '../core/shape';
import type { GrantId } from '../core/id';
import { answer, encoded, list, optional } from './answer';
import { get } from './http';

const access = answer({
  grant: id<GrantId>(),
  business: answer({ did: text(2000), name: text(1000, 0) }),
  /** The exact bytes that the chain of hashes covers. */
  row: text(16 << 10),
  head: encoded,
});
const accesses = answer({ accesses: list(access), next: optional(text(500, 0), '') });

export type Access = Of<typeof access>;

/** A page must not fetch without end because an operator keeps answering "there is more". */
const MAX_PAGES = 100;

/** The log, the newest row first; `whole` says whether it goes back to the first one. */
export async function readAccesses(): Promise<{ accesses: Access[]; whole: boolean }> {
  const all: Access[] = [];
  let after = '';
  for (let page = 0; page < MAX_PAGES; page++) {
    const query = after ? (`?after=${encodeURIComponent(after)}` as const) : '';
    const part = await get(`/wallet/v1/accesses${query}`, accesses);
    all.push(...part.accesses);
    if (!part.next) return { accesses: all, whole: true };
    if (part.next === after) break;
    after = part.next;
  }
  return { accesses: all, whole: false };
}
