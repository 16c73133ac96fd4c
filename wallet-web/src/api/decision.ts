/** Answers to a request (contract D.10): one decision, with everything that its grants need, in one call. */
import { id, oneOf, text, type Of } from '../core/shape';
import type { GrantId } from '../core/id';
import { answer, list, opaque, optional } from './answer';
import { post } from './http';
import type { Put, ShareOut } from './document';
import type { Ending } from './grant';

const challenge = answer({ public_key: opaque, ceremony: text(500) });
const outcome = answer({
  grants: list(answer({ grant: id<GrantId>(), state: oneOf('live', 'anchoring') })),
  return_url: optional(text(4000, 0), ''),
});

export type Challenge = Of<typeof challenge>;
export type Outcome = Of<typeof outcome>;

export interface Give {
  grant: GrantId;
  receipt: string;
  letter: string;
  shares: Omit<ShareOut, 'grant'>[];
  /** The withdrawal signed ahead, so that an erasure can be anchored without the wallet. */
  withdraw: string;
}

/** What ends one grant that the answer replaces. */
export interface Ends {
  grant: GrantId;
  /** base64url of its withdrawal; '' for a paused grant. */
  entry: string;
  receipt: string;
  /** What ends the grants of partners under it. */
  partners?: Ending[];
}

/** Asks for a passkey challenge over exactly these bytes. */
export const startDecision = (decision: string): Promise<Challenge> =>
  post('/wallet/v1/decisions/start', { decision }, challenge);

/** Decides. Refusing everything needs no passkey: `confirmed` is null then. */
export const decide = (
  decision: string,
  confirmed: { ceremony: string; credential: unknown } | null,
  give: Give[],
  puts: Put[],
  ends: Ends[] = [],
): Promise<Outcome> =>
  post(
    '/wallet/v1/decisions',
    { decision, ceremony: confirmed?.ceremony ?? '', credential: confirmed?.credential ?? null, give, ...(ends.length > 0 && { ends }), documents: { puts } },
    outcome,
  );
