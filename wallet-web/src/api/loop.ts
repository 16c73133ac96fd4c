/** What became of a grant after its end, as the operator keeps it. Both statements are verified by core/loop.ts. */
import type { GrantId } from '../core/id';
import { ENDINGS } from '../core/loop';
import { id, int, nullable, oneOf, text, type Of } from '../core/shape';
import { answer, list } from './answer';
import { get } from './http';

const jws = text(64 << 10, 0);
const loop = answer({
  event: oneOf(...ENDINGS),
  notified: int(1),
  acknowledgement: jws,
  statement: jws,
  reason: text(2000, 0),
});
const loops = answer({ loop: nullable(loop) });

export type LoopRecord = Of<typeof loop>;

/** null while the grant has not ended. */
export const readLoop = async (g: GrantId): Promise<LoopRecord | null> => (await get(`/wallet/v1/grants/${g}/loop`, loops)).loop;

const owed = answer({ loops: list(answer({ grant: id<GrantId>(), event: oneOf(...ENDINGS), notified: int(1), acknowledgement: jws })) });

export type OwedRecord = Of<typeof owed>['loops'][number];

/** What businesses have not yet said after grants of this vault ended, the oldest first. */
export const readOwed = async (): Promise<OwedRecord[]> => (await get('/wallet/v1/loops', owed)).loops;
