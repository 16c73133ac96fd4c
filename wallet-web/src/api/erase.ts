/** Erasing the vault (contract D.10). */
import { int, text, type Of } from '../core/shape';
import { answer, opaque } from './answer';
import { post } from './http';

const challenge = answer({ public_key: opaque, ceremony: text(500) });
const erased = answer({ erased: int(), grants_withdrawn: int() });

export type Erased = Of<typeof erased>;

export const startErase = (): Promise<Of<typeof challenge>> => post('/wallet/v1/erase/start', {}, challenge);

/** Erases everything. `withdraws` are signed withdrawals of the live grants; the rest the operator has. */
export const erase = (ceremony: string, credential: unknown, withdraws: string[]): Promise<Erased> =>
  post('/wallet/v1/erase', { ceremony, credential, withdraws }, erased);
