/** Records that businesses hand over, still sealed, and what issuers publish about them. */
import { id, int, text, type Of } from '../core/shape';
import type { DepositId, GrantId } from '../core/id';
import { answer, list } from './answer';
import { get, post, tell } from './http';

const deposit = answer({
  id: id<DepositId>(),
  grant: id<GrantId>(),
  business: answer({ did: text(2000), name: text(1000, 0) }),
  received: int(),
  sealed: text(128 << 10),
});
const deposits = answer({ deposits: list(deposit) });
const published = answer({ text: text(1 << 16, 0) });

export type SealedDeposit = Of<typeof deposit>;

export const readDeposits = async (): Promise<SealedDeposit[]> => (await get('/wallet/v1/deposits', deposits)).deposits;

/** The shopper's word: an accepted record is in the vault already. */
export const answerDeposit = (d: DepositId, accept: boolean): Promise<void> => tell('POST', `/wallet/v1/deposits/${d}`, { accept });

/**
 * What an issuer publishes, fetched by the operator: a status list under its URL, or the document of a did:web. The
 * operator learns which issuer, and the issuer that somebody at this operator asks; neither which record.
 */
export const readPublished = async (address: string): Promise<string> => (await post('/wallet/v1/published', { address }, published)).text;
