// The compiler is what is tested here: each line below @ts-expect-error must not compile, each other must.
import { expect, it } from 'vitest';
import type { GrantId } from '../core/id';
import { bool, id, int, nullable, oneOf, text } from '../core/shape';
import { answer, list, opaque, optional } from './answer';
import { get, isProblem, post, tell } from './http';

const business = answer({ did: text(10) });
const states = ['anchoring', 'live', 'paused', 'replaced', 'withdrawn', 'terminated', 'erased'] as const;

export const reads = (g: GrantId) => [
  get('/wallet/v1/grants', answer({ grants: list(answer({ grant: id<GrantId>(), business, state: oneOf(...states), withdrawn: optional(int(), 0) })) })),
  get(`/wallet/v1/grants/${g}/proof`, opaque),
  get(`/wallet/v1/accesses?after=${g}`, answer({ next: text(10) })),
  get('/wallet/v1/clock', answer({ told: bool, quarters: nullable(int()) })),
  // @ts-expect-error no such path
  get('/wallet/v1/grant', opaque),
  // @ts-expect-error no such method
  get('/wallet/v1/erase', opaque),
  // @ts-expect-error the proof's path is not the grant's
  get(`/wallet/v1/grants/${g}`, opaque),
  // @ts-expect-error another name
  get('/wallet/v1/grants', answer({ grants: list(answer({ name: text(10) })) })),
  // @ts-expect-error another kind
  get('/wallet/v1/grants', answer({ grants: list(answer({ start: text(10) })) })),
  // @ts-expect-error one object, not a list
  get('/wallet/v1/grants', answer({ grants: answer({ start: int() }) })),
  // @ts-expect-error a state that may come is not read
  get('/wallet/v1/grants', answer({ grants: list(answer({ state: oneOf('live') })) })),
  // @ts-expect-error a state that never comes
  get('/wallet/v1/session', answer({ state: oneOf('opening', 'open', 'ajar') })),
];

export const sends = () => [
  post('/wallet/v1/decisions/start', { decision: '{}' }, answer({ ceremony: text(10) })),
  tell('POST', '/wallet/v1/session/end', {}),
  // @ts-expect-error another name
  post('/wallet/v1/decisions/start', { decided: '{}' }, answer({ ceremony: text(10) })),
  // @ts-expect-error not all of it
  post('/wallet/v1/erase', { ceremony: '' }, answer({ erased: int() })),
  // @ts-expect-error nothing is sent
  tell('PUT', '/wallet/v1/wraps'),
];

it('knows the codes of refusals', () => {
  expect(isProblem(new Error(), 'not-signed-in')).toBe(false);
  // @ts-expect-error no such code
  expect(isProblem(new Error(), 'not-signed')).toBe(false);
});
