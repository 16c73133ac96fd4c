/**
 * Receipt bundles: a receipt with all that it takes to verify it offline against a saved validator set, as a file
 * that shopper, business and DPO can each keep. Each check is a line for a person to read.
 */
import { equal, fromB64u, utf8 } from './bytes';
import { MAX_COUNTERSIGNATURE, verifyCountersignature, type Countersignature } from './countersignature';
import { noDocuments, type Documents } from './jws';
import { shortest } from './epoch';
import { CoreError } from './errors';
import { isSigned, parseEntry, type GrantEntry } from './ledger/entry';
import { openingShape, opens } from './ledger/commitment';
import { proofShape, verifyProof, type Proven, type ValidatorSet } from './ledger/proof';
import { begins, checkEndReceipt, checkFollows, checkReceipt, daysOf, hoursOf, parseReceipt, type Receipt } from './receipt';
import type { Request } from './request';
import { object, parseJson, read, text, version, type Of } from './shape';

const bundleShape = object(
  { v: version, receipt: text(32 << 10), opening: openingShape, proof: proofShape },
  { countersignature: text(MAX_COUNTERSIGNATURE, 0), withdrawal: object({ receipt: text(32 << 10, 0), proof: proofShape }) },
);
export type Bundle = Of<typeof bundleShape>;

/**
 * One line of a verification. `signature`: the pairwise key signed the receipt; `proof`: the entry is on the ledger;
 * `entry`: it is a grant, signed for this ledger, as long as the receipt says; `opening`: the entry commits to
 * exactly this receipt; `request`: the receipt says what the business asked, word for word; `countersignature`: the
 * business signed this very receipt; `withdrawal`: the grant's own key ended it, on the ledger, and the receipt of that
 * names this one. The last two only if the bundle has them. `detail` is a code when it is not ok.
 */
export interface Check {
  name: 'signature' | 'proof' | 'entry' | 'opening' | 'request' | 'countersignature' | 'withdrawal';
  ok: boolean;
  detail: string;
}

/** All lines, and what was read on the way. The receipt stands only if every line is ok. */
export interface BundleResult {
  ok: boolean;
  checks: Check[];
  receipt: Receipt | null;
  proven: Proven | null;
  countersigned: Countersignature | null;
}

/** Reads a bundle file or its parsed JSON. Verifies nothing. Throws ParseError. */
export function parseBundle(file: unknown): Bundle {
  return typeof file === 'string' ? parseJson('receipt bundle', file, bundleShape) : read('receipt bundle', file, bundleShape);
}

/** The file. */
export function bundleText(bundle: Bundle): string {
  return JSON.stringify(bundle);
}

/**
 * Verifies a bundle line by line; a line whose ground is missing fails with the detail `not-checked`. With the
 * request, holds the receipt against it too. `documents`: of a business under did:web, for its counter-signature.
 */
export async function verifyReceiptBundle(bundle: Bundle, set: ValidatorSet, request?: Request, documents: Documents = noDocuments): Promise<BundleResult> {
  const checks: Check[] = [];
  const line = async <T>(name: Check['name'], verify: () => T | Promise<T>): Promise<T | null> => {
    try {
      const value = await verify();
      checks.push({ name, ok: true, detail: '' });
      return value;
    } catch (error) {
      checks.push({ name, ok: false, detail: error instanceof CoreError ? error.code : 'malformed' });
      return null;
    }
  };
  const receipt = await line('signature', () => parseReceipt(bundle.receipt));
  const proven = await line('proof', () => verifyProof(bundle.proof, set));
  const entry = await line('entry', () => {
    if (!proven || !receipt) throw notChecked();
    const e = proven.entry;
    if (e.kind !== 'grant' || !isSigned(set.chain_id, e) || !begins(receipt)) throw new CoreError('bad-entry', 'entry');
    if (!lasts(e.end - e.start, receipt)) throw new CoreError('bad-length', 'entry');
    return e;
  });
  await line('opening', () => {
    // Also when the proof does not hold: the opening can be right and the ledger not reached.
    const commitment = entry?.commitment ?? commitmentIn(bundle);
    if (!opens(bundle.opening, commitment, utf8(bundle.receipt))) throw new CoreError('wrong-opening', 'opening');
  });
  if (request) {
    await line('request', () => {
      if (!receipt) throw notChecked();
      checkReceipt(receipt, request);
    });
  }
  const { countersignature, withdrawal } = bundle;
  const countersigned = countersignature
    ? await line('countersignature', () => {
        if (!receipt) throw notChecked();
        return verifyCountersignature(countersignature, receipt, bundle.receipt, documents);
      })
    : null;
  if (withdrawal) {
    await line('withdrawal', async () => {
      if (!receipt || !entry) throw notChecked();
      if (withdrawal.receipt) {
        const last = parseReceipt(withdrawal.receipt);
        if (begins(last)) checkFollows(last, receipt);
        else checkEndReceipt(last, receipt);
      }
      const ended = await verifyProof(withdrawal.proof, set);
      if (!ends(ended, entry, set)) throw new CoreError('bad-entry', 'withdrawal');
    });
  }
  return { ok: checks.every((c) => c.ok), checks, receipt, proven, countersigned };
}

/** An entry has a fixed length: of something given exactly its days, of a successor the shortest that reaches its end. */
function lasts(hours: number, receipt: Receipt): boolean {
  const [days, want] = [daysOf(receipt), hoursOf(receipt)];
  return days > 0 ? hours === want : want > 0 && hours === (shortest(want) ?? 0) * 24;
}

/** Whether what was proved is the withdrawal of the grant, by the grant's own wallet key. */
function ends({ entry }: Proven, grant: GrantEntry, set: ValidatorSet): boolean {
  return entry.kind === 'withdraw' && equal(entry.handle, grant.handle) && isSigned(set.chain_id, entry, grant.walletKey);
}

/** The commitment of a grant entry that nobody has proved. */
function commitmentIn(bundle: Bundle): Uint8Array {
  const entry = parseEntry(fromB64u(bundle.proof.entry));
  if (entry.kind !== 'grant') throw notChecked();
  return entry.commitment;
}

function notChecked(): CoreError {
  return new CoreError('not-checked', 'what it rests on does not stand');
}
