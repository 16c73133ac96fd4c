/** Changing a grant (contract § 1): narrowed, shortened, renewed, paused or resumed, in one call and all at once. */
import type { GrantId } from '../core/id';
import { id, int, text, type Of } from '../core/shape';
import { answer, list, opaque } from './answer';
import type { Put, ShareOut } from './document';
import type { Ending } from './grant';
import { get, post } from './http';

const challenge = answer({ public_key: opaque, ceremony: text(500) });
const changed = answer({ grant: id<GrantId>() });
const reminders = answer({ reminders: list(answer({ grant: id<GrantId>(), end: int() })) });

export interface ChangeOut {
  /** The exact text that was confirmed. */
  change: string;
  withdraw: string | null;
  receipt: string;
  letter: string | null;
  ahead: string | null;
  shares: Omit<ShareOut, 'grant'>[];
}

/** A grant that ends soon. */
export type Reminder = Of<typeof reminders>['reminders'][number];

/** Asks for a passkey challenge over exactly these bytes. */
export const startChange = (g: GrantId, change: string): Promise<Of<typeof challenge>> =>
  post(`/wallet/v1/grants/${g}/change/start`, { change }, challenge);

/**
 * Changes; names the grant that stands now, or the one that is paused. What only takes away needs no passkey. With the
 * old grant end those of `partners` under it.
 */
export const sendChange = async (
  g: GrantId,
  out: ChangeOut,
  confirmed: { ceremony: string; credential: unknown } | null,
  puts: Put[],
  partners: readonly Ending[] = [],
): Promise<GrantId> => {
  const body = { ...out, ...(partners.length > 0 && { partners }), ceremony: confirmed?.ceremony ?? '', credential: confirmed?.credential ?? null, documents: { puts } };
  return (await post(`/wallet/v1/grants/${g}/change`, body, changed)).grant;
};

/** Grants that end soon: within 14 days, or the last tenth of a short one. */
export const readReminders = async (): Promise<Reminder[]> => (await get('/wallet/v1/reminders', reminders)).reminders;
