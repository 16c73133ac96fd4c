/** What a business asks (contract D.10). The JWS is verified by core, not believed because it came from here. */
import { id, int, matching, oneOf, text, type Of } from '../core/shape';
import type { RequestId } from '../core/id';
import { answer, list, optional } from './answer';
import { get } from './http';

const business = answer({ did: text(2000), name: text(1000, 0), state: oneOf('active', 'pending', 'suspended') });
const asked = answer({
  request: text(256 << 10),
  status: oneOf('open', 'answered', 'expired'),
  business,
  /** Purposes that the operator calls opted out, since the browser sent Sec-GPC. */
  /** The partners that its purposes name, each once, as they stand here. */
  partners: optional(list(answer({ did: text(2000), name: text(1000, 0), state: oneOf('active', 'pending', 'suspended') })), []),
  /** Of the joint ones; core verifies them. */
  cosignatures: optional(list(text(8 << 10)), []),
  opted_out: optional(list(matching(/^[a-z0-9-]{1,32}$/, 'a purpose')), []),
});

const waiting = answer({ requests: list(answer({ id: id<RequestId>(), request: text(256 << 10), business, received: int(), expires: int() })) });

/** A request that waits for this shopper without a link, since it would replace grants of this vault. */
export type Waiting = Of<typeof waiting>['requests'][number];

export const readWaiting = async (): Promise<Waiting[]> => (await get('/wallet/v1/requests', waiting)).requests;

/** A request as the operator hands it over. */
export type Asked = Of<typeof asked>;

export const readRequest = (request: RequestId): Promise<Asked> => get(`/wallet/v1/requests/${request}`, asked);
