import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { b64u, equal, fromB64u, hashOf, utf8 } from './bytes';
import { nextHead, verifyLog } from './access';
import { verifyCountersignature } from './countersignature';
import { checkDecision, checkFresh, decisionChallenge, decisionText, parseDecision, type Given } from './decision';
import { didKeyEd25519, didKeyP256, ed25519FromDidKey, keyIdOf, p256FromDidKey, type Did, type PrivateJwk } from './did';
import { CoreError } from './errors';
import type { GrantId } from './id';
import { signingKey, type PairwiseKey } from './identity';
import { parseLetter } from './letter';
import { opens, type Opening } from './ledger/commitment';
import { parseEntry } from './ledger/entry';
import { verifyAcknowledgement, verifyDeletion } from './loop';
import { differences, type Difference, type Terms as Differing } from './difference';
import { openMessage, type Message } from './message';
import { parsePermit } from './permit';
import { verifyEvidence, type Condition, type Evidence } from './condition';
import { checkCosigned } from './partner';
import { changeChallenge, checkChange, needsPasskey, parseChange, type Change, type Standing } from './change';
import { checkEndReceipt, checkFollows, checkReceipt, checkWithdrawalReceipt, controllerOf, daysOf, eventOf, hoursOf, newReceipt, newSuccessorReceipt, parseReceipt, purposeOf, receiptClaims, signReceipt, type Receipt, type Terms } from './receipt';
import { verifyRequest, type Request } from './request';
import { checkRepeats, verifyTemplate } from './template';
import { catalogue, ORIGIN } from './testing/fixed';
import { jsonVectors, vectorFiles } from './testing/vectors';

const folder = 'consent/testdata/vectors';
const cases = <T>(file: string) => jsonVectors<T & { name: string; expect: string }>(`${folder}/${file}`, (c) => c.expect);

/** "ok", "refused" when nothing is explained, or "refused" and the code. */
async function outcome(run: () => unknown): Promise<string> {
  try {
    await run();
    return 'ok';
  } catch (error) {
    if (!(error instanceof CoreError)) throw error;
    return error.code === 'cannot-open' ? 'refused' : `refused ${error.code}`;
  }
}
const refuse = (code: string): never => {
  throw new CoreError(code, code);
};
/** A request that is only the ground of a case. */
const readRequest = (jws: string): Promise<Request> => verifyRequest(jws, { audience: ORIGIN, now: null, catalogue: null });

test('every corpus of the consent is read here', () => {
  expect(vectorFiles(folder)).toEqual(
    ['access', 'change', 'closing', 'cosignature', 'countersignature', 'decision', 'deposit', 'did', 'difference', 'evidence', 'letter', 'loop', 'message', 'permit', 'receipt', 'record', 'request', 'rights-clock', 'rights-reply', 'rights', 'status', 'successor', 'template', 'withdrawal'].map((name) => `${name}.json`),
  );
});

describe('dids', () => {
  test.each(cases<{ did: Did; key_id?: string; crv?: string; x?: string; y?: string }>('did.json'))('$name', async (c) => {
    const got = await outcome(() => {
      try {
        return c.crv === 'Ed25519' ? ed25519FromDidKey(c.did) : p256FromDidKey(c.did);
      } catch {
        return refuse('bad-signature'); // as it is called when it stands in a header
      }
    });
    expect(got).toBe(c.expect);
    if (got !== 'ok') return;
    expect(keyIdOf(c.did)).toBe(c.key_id);
    const made = c.crv === 'Ed25519' ? didKeyEd25519(fromB64u(c.x ?? '')) : didKeyP256({ kty: 'EC', crv: 'P-256', x: c.x ?? '', y: c.y ?? '' });
    expect(made).toBe(c.did);
  });
});

describe('requests', () => {
  test.each(cases<{ audience: string; now: number; jws: string; signer?: string; hash?: string; payload?: object }>('request.json'))('$name', async (c) => {
    let request: Request | undefined;
    const got = await outcome(async () => {
      request = await verifyRequest(c.jws, { audience: c.audience, now: c.now, catalogue: catalogue() });
    });
    expect(got).toBe(c.expect);
    if (!request) return;
    expect(request).toMatchObject({ ...c.payload, hash: c.hash, iss: c.signer, jws: c.jws });
  });
});

describe('templates', () => {
  test.each(cases<{ audience: string; now: number; jws: string; hash?: string; request?: string }>('template.json'))('$name', async (c) => {
    const got = await outcome(async () => {
      const template = await verifyTemplate(c.jws, { audience: c.audience, now: c.now, catalogue: catalogue() });
      if (c.hash) expect(template.hash).toBe(c.hash);
      if (c.request) checkRepeats(await readRequest(c.request), template);
    });
    expect(got).toBe(c.expect);
  });
});

describe('differences', () => {
  type Case = { name: string; expect: string; before: Differing; after: Differing; differences: Difference[] };
  const all = jsonVectors<Case>(`${folder}/difference.json`);
  test('some of each outcome', () => expect(new Set(all.map((c) => c.expect))).toEqual(new Set(['material', 'immaterial', 'same'])));
  test.each(all)('$name', (c) => {
    const found = differences(c.before, c.after);
    expect(found).toEqual(c.differences);
    expect(found.some((d) => d.material) ? 'material' : found.length > 0 ? 'immaterial' : 'same').toBe(c.expect);
  });
});

describe('evidence', () => {
  type Case = { condition: Condition; about: GrantId[]; now: number; evidence: string } & Partial<Evidence>;
  test.each(cases<Case>('evidence.json'))('$name', async (c) => {
    let found: Evidence | undefined;
    const got = await outcome(async () => {
      found = await verifyEvidence(c.evidence, c.condition, c.about, c.now);
    });
    expect(got).toBe(c.expect);
    if (found) expect(found).toEqual({ by: c.by, from: c.from ?? 0, until: c.until ?? 0 });
  });
});

describe('decisions', () => {
  test.each(cases<{ request: string; now: number; decision: string; challenge: string }>('decision.json'))('$name', async (c) => {
    const request = await readRequest(c.request);
    expect(b64u(decisionChallenge(c.decision))).toBe(c.challenge);
    const got = await outcome(() => {
      const decision = parseDecision(c.decision);
      checkFresh(request, decision, c.now);
      checkDecision(request, decision);
      expect(decisionText(decision)).toBe(c.decision);
    });
    expect(got).toBe(c.expect);
  });
});

interface ReceiptCase {
  request: string;
  given: Given;
  jwt: string;
  pairwise_seed?: string;
  terms?: Omit<Terms, 'purposeId'> & { record: string; shopper: Did; purpose: string; time: number };
  claims?: string;
}
describe('receipts', () => {
  test.each(cases<ReceiptCase>('receipt.json'))('$name', async (c) => {
    const request = await readRequest(c.request);
    const got = await outcome(() => matches(parseReceipt(c.jwt), c, request));
    expect(got).toBe(c.expect);
    if (!c.terms) return;
    // What this wallet makes of the same choice is the same to the byte.
    const record = fromB64u(c.terms.record);
    const made = newReceipt(request, { ...c.terms, purposeId: c.terms.purpose }, c.terms.shopper, catalogue(), c.terms.time, () => record);
    expect(receiptClaims(made)).toBe(c.claims);
    const seed = signingKey(fromB64u(c.pairwise_seed ?? ''));
    const key: PairwiseKey = { ...seed, did: didKeyEd25519(seed.publicKey) };
    expect(key.did).toBe(c.terms.shopper);
    expect(parseReceipt(signReceipt(made, key))).toEqual(parseReceipt(c.jwt));
  });

  /** Go's Receipt.Matches: what the operator asks of a receipt. */
  function matches(receipt: Receipt, c: ReceiptCase, request: Request): void {
    const p = purposeOf(receipt);
    const sorted = (list: readonly string[] | null) => [...(list ?? [])].sort().join();
    if (hashOf(c.jwt) !== c.given.receipt_hash || receipt.grant !== c.given.grant || (receipt.onward_of && controllerOf(receipt)) !== c.given.partner || daysOf(receipt) !== c.given.days) refuse('wrong-receipt');
    if (sorted(p.pii_information.map((i) => i.attribute)) !== sorted(c.given.attributes) || sorted(p.channels) !== sorted(c.given.channels)) refuse('wrong-receipt');
    checkReceipt(receipt, request);
  }
});

describe('co-signatures', () => {
  test.each(cases<{ request: string; cosignatures: string[] }>('cosignature.json'))('$name', async (c) => {
    expect(await outcome(async () => checkCosigned(await readRequest(c.request), c.cosignatures))).toBe(c.expect);
  });
});

describe('withdrawals', () => {
  test.each(cases<{ given: string; withdrawn: string }>('withdrawal.json'))('$name', async (c) => {
    expect(await outcome(() => checkWithdrawalReceipt(parseReceipt(c.withdrawn), parseReceipt(c.given)))).toBe(c.expect);
  });
});

test('receipts of the first form, without the DPV context, stand', () => {
  const file = new URL('../../../consent/testdata/v1/receipt.json', import.meta.url);
  const kept = JSON.parse(readFileSync(file, 'utf8')) as { receipt: string; withdrawal: string; claims: string };
  const given = parseReceipt(kept.receipt);
  expect(kept.claims).not.toContain('hasPurpose');
  checkWithdrawalReceipt(parseReceipt(kept.withdrawal), given);
  expect(receiptClaims(given)).toContain('hasPurpose'); // no new one is made so
});

describe('changes', () => {
  test.each(cases<{ request: string; grant: Standing; now: number; change: string; challenge?: string; confirmed?: boolean }>('change.json'))('$name', async (c) => {
    const request = await readRequest(c.request);
    const got = await outcome(() => checkChange(parseChange(c.change), c.grant, request, c.now));
    expect(got).toBe(c.expect);
    if (c.challenge) expect(b64u(changeChallenge(c.change))).toBe(c.challenge);
    if (c.expect === 'ok') expect(needsPasskey(parseChange(c.change).kind)).toBe(c.confirmed);
  });
});

describe('receipts of successors', () => {
  interface SuccessorCase {
    request: string;
    before: string;
    change: string;
    jwt: string;
    pairwise_seed?: string;
    terms?: { grant: GrantId; record: string; attributes: string[]; channels: string[]; hours: number; time: number };
    claims?: string;
  }
  test.each(cases<SuccessorCase>('successor.json'))('$name', async (c) => {
    const request = await readRequest(c.request);
    const before = parseReceipt(c.before);
    const change = parseChange(c.change);
    expect(await outcome(() => records(parseReceipt(c.jwt), c.jwt, change, before, request))).toBe(c.expect);
    if (!c.terms || change.kind === 'paused') return;
    // What this wallet makes of the same choice is the same to the byte.
    const record = fromB64u(c.terms.record);
    const made = newSuccessorReceipt(before, { ...c.terms, state: change.kind }, c.terms.time, () => record);
    expect(receiptClaims(made)).toBe(c.claims);
  });

  /** Go's Receipt.Records: what the operator asks of the receipt that comes with a change. */
  function records(receipt: Receipt, jwt: string, { kind, next }: Change, before: Receipt, request: Request): void {
    if (next === null) {
      if (eventOf(receipt).event_state !== 'paused') refuse('wrong-receipt');
      return checkEndReceipt(receipt, before);
    }
    const p = purposeOf(receipt);
    const entry = parseEntry(fromB64u(next.entry));
    const until = entry.kind === 'grant' ? entry.start + hoursOf(receipt) : 0;
    if (hashOf(jwt) !== next.receipt_hash || receipt.grant !== next.grant || eventOf(receipt).event_state !== kind || until !== next.until) refuse('wrong-receipt');
    const sorted = (list: readonly string[]) => [...list].sort().join();
    if (sorted(p.pii_information.map((i) => i.attribute)) !== sorted(next.attributes) || sorted(p.channels) !== sorted(next.channels)) refuse('wrong-receipt');
    checkFollows(receipt, before);
    checkReceipt(receipt, request);
  }
});

describe('receipts of pauses and ends', () => {
  test.each(cases<{ before: string; state: string; jwt: string }>('closing.json'))('$name', async (c) => {
    const got = await outcome(() => {
      const receipt = parseReceipt(c.jwt);
      if (eventOf(receipt).event_state !== c.state) refuse('wrong-receipt');
      checkEndReceipt(receipt, parseReceipt(c.before));
    });
    expect(got).toBe(c.expect);
  });
});

describe('counter-signatures', () => {
  test.each(cases<{ receipt: string; jws: string; time?: number }>('countersignature.json'))('$name', async (c) => {
    const got = await outcome(async () => {
      expect((await verifyCountersignature(c.jws, parseReceipt(c.receipt), c.receipt)).time).toBe(c.time);
    });
    expect(got).toBe(c.expect);
  });
});

describe('letters', () => {
  test.each(cases<{ request: string; plaintext: string }>('letter.json'))('$name', async (c) => {
    const request = await readRequest(c.request);
    // Go's Letter.Stands: what a business asks of a letter.
    const got = await outcome(() => {
      const letter = parseLetter(c.plaintext);
      const receipt = parseReceipt(letter.receipt);
      if (receipt.grant !== letter.grant || receipt.id !== letter.pairwise) refuse('wrong-receipt');
      const entry = parseEntry(fromB64u(letter.entry));
      if (entry.kind !== 'grant' || !equal(entry.handle, signingKey(fromB64u(letter.handle_secret)).publicKey)) return refuse('bad-entry');
      if (entry.end - entry.start !== daysOf(receipt) * 24) refuse('bad-entry');
      if (!opens(letter.opening, entry.commitment, utf8(letter.receipt))) refuse('wrong-opening');
      return checkReceipt(receipt, request);
    });
    expect(got).toBe(c.expect);
  });
});

describe('permits', () => {
  test.each(cases<{ document: string; commitment: string; opening: Opening }>('permit.json'))('$name', async (c) => {
    const got = await outcome(() => {
      parsePermit(c.document);
      if (!opens(c.opening, fromB64u(c.commitment), utf8(c.document))) refuse('wrong-opening');
    });
    expect(got).toBe(c.expect);
  });
});

describe('messages', () => {
  test.each(cases<{ key: PrivateJwk; packed: string; jws?: string; digest?: string; message?: Message }>('message.json'))('$name', async (c) => {
    const got = await outcome(async () => {
      const opened = await openMessage(c.key, c.packed);
      expect(opened).toEqual({ message: c.message, jws: c.jws, digest: c.digest });
    });
    expect(got).toBe(c.expect);
  });
});

describe('the withdrawal loop', () => {
  test.each(cases<{ kind: string; jws: string; business: Did; audience: string; now: number; grant: GrantId; attributes: string[] }>('loop.json'))('$kind $name', async (c) => {
    expect(await outcome(() => (c.kind === 'deletion' ? verifyDeletion(c.jws, c) : verifyAcknowledgement(c.jws, c)))).toBe(c.expect);
  });
});

describe('access logs', () => {
  test.each(cases<{ grant: GrantId; rows: string[]; heads?: string[]; head: string }>('access.json'))('$name', async (c) => {
    expect(await outcome(() => verifyLog(c.rows, c.grant, c.head))).toBe(c.expect);
    let head = new Uint8Array(32);
    c.heads?.forEach((want, i) => {
      head = nextHead(head, c.rows[i] ?? '');
      expect(b64u(head)).toBe(want);
    });
  });
});
