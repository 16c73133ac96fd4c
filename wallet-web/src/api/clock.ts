/** How far the shopper's clock is from UTC, as the operator knows it: for rules about hours of the day. */
import { bool, int, nullable, type Of } from '../core/shape';
import { answer } from './answer';
import { get, tell } from './http';

const clock = answer({ told: bool, quarters: nullable(int(-48, 56)) });

/** `told` with no `quarters`: the shopper does not want it known. */
export type Clock = Of<typeof clock>;

export const readClock = (): Promise<Clock> => get('/wallet/v1/clock', clock);

/** Quarters of an hour east of UTC; null for not to be known. */
export const tellClock = (quarters: number | null): Promise<void> => tell('PUT', '/wallet/v1/clock', { quarters });
