/**
 * The life of a consent as its receipts tell it: each names the one before it, so that none can be left out, put in
 * or put elsewhere.
 */
import type { Did } from './did';
import { begins, checkEndReceipt, checkFollows, parseReceipt, type Receipt } from './receipt';
import { refuse } from './rules';

/** One event, with the signed receipt of it. */
export interface Link {
  jwt: string;
  receipt: Receipt;
}

/**
 * Reads receipts in any order and returns them from the first to the last. All are signed by the same shopper and
 * each follows the one before it. Throws ParseError `broken-chain` for a gap or a fork, what the receipts' own checks
 * throw otherwise.
 */
export function verifyChain(jwts: readonly string[], shopper: Did): Link[] {
  const links = jwts.map((jwt): Link => ({ jwt, receipt: parseReceipt(jwt) }));
  for (const { receipt } of links) if (receipt.id !== shopper) refuse('receipt', 'wrong-issuer', 'iss');
  const after = (before: string | null): Link | undefined => {
    const next = links.filter((l) => l.receipt.predecessor === before);
    return next.length > 1 ? refuse('receipt', 'broken-chain', 'predecessor') : next[0];
  };
  const chain: Link[] = [];
  for (let next = after(null); next && chain.length < links.length; next = after(next.receipt.record_id)) {
    const before = chain.at(-1);
    if (before) (begins(next.receipt) ? checkFollows : checkEndReceipt)(next.receipt, before.receipt);
    chain.push(next);
  }
  if (chain.length === 0 || chain.length !== links.length) refuse('receipt', 'broken-chain', 'predecessor');
  return chain;
}
