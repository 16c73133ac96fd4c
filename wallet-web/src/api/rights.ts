/** Rights requests as the operator carries them: sealed both ways, with the moments that the clock is reckoned from. */
import { id, int, oneOf, text, type Of } from '../core/shape';
import type { GrantId, RightsId } from '../core/id';
import { answer, list } from './answer';
import type { Put } from './document';
import { get, post } from './http';

const rights = answer({
  rights: id<RightsId>(),
  business: answer({ did: text(2000), name: text(1000, 0) }),
  grants: list(id<GrantId>()),
  sent: int(),
  replies: list(answer({ step: oneOf('acknowledged', 'extended', 'answered'), sealed: text(128 << 10), received: int() })),
});
const all = answer({ rights: list(rights) });
const sent = answer({ rights: id<RightsId>(), sent: int() });

export type RightsRecord = Of<typeof rights>;

export const readRights = async (): Promise<RightsRecord[]> => (await get('/wallet/v1/rights', all)).rights;
export const readOneRights = (r: RightsId): Promise<RightsRecord> => get(`/wallet/v1/rights/${r}`, rights);

/** Hands a sealed rights request to the operator, with the wallet's own sealed copy in the same transaction. */
export const sendRights = (r: { rights: RightsId; business: string; grants: readonly GrantId[]; sealed: string }, puts: Put[]): Promise<Of<typeof sent>> =>
  post('/wallet/v1/rights', { ...r, documents: { puts } }, sent);
