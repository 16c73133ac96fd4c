/** The ledger's public side. What comes from here is proved, not believed. */
import { opaque } from './answer';
import { get, isProblem } from './http';

/** The validators as the operator knows them; core parses and hashes them, the wallet pins the hash. */
export const readValidators = (): Promise<Record<string, unknown>> => get('/ledger/v1/validators', opaque);

/**
 * How the validators changed since those with this hash, as the operator tells it; core follows it, step by step. Null
 * if the ledger says that it never had them.
 */
export async function readSuccession(from: string): Promise<Record<string, unknown> | null> {
  try {
    return await get(`/ledger/v1/succession?from=${from}`, opaque);
  } catch (error) {
    if (isProblem(error, 'not-found')) return null;
    throw error;
  }
}
