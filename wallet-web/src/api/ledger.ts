/** The ledger's public side. What comes from here is proved, not believed. */
import { opaque } from './answer';
import { get } from './http';

/** The validators as the operator knows them; core parses and hashes them, the wallet pins the hash. */
export const readValidators = (): Promise<Record<string, unknown>> => get('/ledger/v1/validators', opaque);
