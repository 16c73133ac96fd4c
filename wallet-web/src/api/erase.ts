/** Erasing the vault (contract D.10). */
import type { GrantId } from '../core/id';
import { int, text, type Of } from '../core/shape';
import { answer, opaque } from './answer';
import { post } from './http';

const challenge = answer({ public_key: opaque, ceremony: text(500) });
const erased = answer({ erased: int(), grants_withdrawn: int(), erasure: text(5000) });

export type Erased = Of<typeof erased>;

export const startErase = (): Promise<Of<typeof challenge>> => post('/wallet/v1/erase/start', {}, challenge);

/**
 * Erases everything. `withdraws` are signed withdrawals of the live grants; the rest the operator has. `receipts` say
 * it of each grant: each goes to its business, and the operator keeps none.
 */
export const erase = (ceremony: string, credential: unknown, withdraws: string[], receipts: { grant: GrantId; receipt: string }[]): Promise<Erased> =>
  post('/wallet/v1/erase', { ceremony, credential, withdraws, receipts }, erased);
