/** What a business asks (contract D.10). The JWS is verified by core, not believed because it came from here. */
import { matching, oneOf, text, type Of } from '../core/shape';
import type { RequestId } from '../core/id';
import { answer, list, optional } from './answer';
import { get } from './http';

const asked = answer({
  request: text(256 << 10),
  status: oneOf('open', 'answered', 'expired'),
  business: answer({ did: text(2000), name: text(1000, 0), state: oneOf('active', 'pending', 'suspended') }),
  /** Purposes that the operator calls opted out, since the browser sent Sec-GPC. */
  /** The partners that its purposes name, each once, as they stand here. */
  partners: optional(list(answer({ did: text(2000), name: text(1000, 0), state: oneOf('active', 'pending', 'suspended') })), []),
  /** Of the joint ones; core verifies them. */
  cosignatures: optional(list(text(8 << 10)), []),
  opted_out: optional(list(matching(/^[a-z0-9-]{1,32}$/, 'a purpose')), []),
});

/** A request as the operator hands it over. */
export type Asked = Of<typeof asked>;

export const readRequest = (request: RequestId): Promise<Asked> => get(`/wallet/v1/requests/${request}`, asked);
