/** What a shopper may choose when changing a grant: ends that many others have too, and what can be left out. */
import { addDays, epochAt, LENGTHS, type Epoch } from '../../core/epoch';
import type { GrantPlaintext } from '../../core/plaintext';
import { askedOf, type Request } from '../../core/request';
import type { Stand } from '../grants/state';

/** Earlier ends than the grant's: the fixed lengths from now on, so that an end makes nobody stand out. */
export function earlierEnds(grant: Pick<GrantPlaintext, 'end'>, now: number): { days: number; until: Epoch }[] {
  return LENGTHS.map((days) => ({ days, until: addDays(epochAt(now), days) })).filter((choice) => choice.until < grant.end);
}

/** The end that renewing would give: as long as was asked, from now. null if that is not later. */
export function renewedEnd(grant: Pick<GrantPlaintext, 'end' | 'purpose_id'>, request: Request, now: number): Epoch | null {
  const asked = askedOf(request, grant.purpose_id);
  const until = asked && addDays(epochAt(now), asked.days);
  return until !== undefined && until > grant.end ? until : null;
}

/** What the purpose cannot do without: leaving it out is withdrawing. */
export const neededOf = (grant: Pick<GrantPlaintext, 'purpose_id'>, request: Request): readonly string[] => askedOf(request, grant.purpose_id)?.required ?? [];

export type Option = 'narrow' | 'shorten' | 'pause' | 'renew' | 'resume';

/** What can be done with a grant where it stands. One that waits for the ledger can only be withdrawn. */
export function optionsOf(stand: Stand, grant: GrantPlaintext, request: Request, now: number): Option[] {
  if (stand === 'paused') return ['resume'];
  if (stand !== 'live') return [];
  const parts = grant.attributes.length + grant.channels.length;
  const needed = neededOf(grant, request);
  const canNarrow = parts > 1 && (grant.channels.length > 0 || grant.attributes.some((a) => !needed.includes(a)));
  return [
    ...(canNarrow ? (['narrow'] as const) : []),
    ...(earlierEnds(grant, now).length > 0 ? (['shorten'] as const) : []),
    'pause',
    ...(renewedEnd(grant, request, now) !== null ? (['renew'] as const) : []),
  ];
}

/** What a change does, said before it is done. */
export interface Effects {
  has: string;
  told: string;
  ledger: string;
  undo: string;
}
