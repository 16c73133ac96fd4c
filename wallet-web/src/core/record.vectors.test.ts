import { describe, expect, test } from 'vitest';
import type { Did } from './did';
import { CoreError } from './errors';
import { pairwiseKey } from './identity';
import { isHolder, openPresentation, presentRecord } from './present';
import { checkTimes, openRecord, type Record, type StatusEntry } from './record';
import { choosable, only, parseSdJwt, shownText } from './sdjwt';
import { checkStatus } from './status';
import { fixedRandom } from './testing/fixed';
import { jsonVectors } from './testing/vectors';

type RecordCase = { name: string; expect: string; record: string; now: number; audience?: string; nonce?: string } & Partial<Record>;
const records = jsonVectors<RecordCase>('consent/testdata/vectors/record.json', (c) => c.expect);
const statuses = jsonVectors<{ name: string; expect: string; issuer: Did; entry: StatusEntry; list: string; now: number }>('consent/testdata/vectors/status.json', (c) => c.expect);
const named = (name: string): RecordCase => records.find((c) => c.name === name)!;

async function outcome(run: () => Promise<unknown>): Promise<string> {
  try {
    await run();
    return 'ok';
  } catch (error) {
    if (error instanceof CoreError) return `refused ${error.code}`;
    throw error;
  }
}

describe('records', () => {
  test.each(records)('$name', async (c) => {
    let found: Record | undefined;
    const got = await outcome(async () => {
      const { audience, nonce, now } = c;
      found = audience !== undefined && nonce !== undefined ? await openPresentation(c.record, { audience, nonce, now }) : await openRecord(c.record);
      checkTimes(found, now);
    });
    expect(got).toBe(c.expect);
    if (got !== 'ok') return;
    expect(found).toEqual({
      issuer: c.issuer,
      types: c.types,
      subject: c.subject ?? '',
      from: c.from ?? 0,
      until: c.until ?? 0,
      statuses: c.statuses ?? [],
      holder: c.holder ?? null,
      claims: c.claims,
    });
  });

  test('what was changed anywhere is refused', async () => {
    const { record } = named('an SD-JWT, whole');
    for (let at = 0; at < record.length; at += 7) {
      if (record[at] === '~') continue;
      const bent = record.slice(0, at) + (record[at] === 'A' ? 'B' : 'A') + record.slice(at + 1);
      if (bent !== record) expect(await outcome(() => openRecord(bent)), `at ${at}`).toMatch(/^refused (bad-signature|malformed|unknown-key)$/);
    }
  });

  test('an issuer under did:web signs with the key of its document, and no other', async () => {
    const { issuer, holder } = (await openRecord(named('an SD-JWT, whole').record)) as Record;
    const jwt = named('a JWT-VC').record;
    // The same signature does not count under another name.
    expect(await outcome(() => openRecord(jwt, new Map([[issuer, ['{}']]])))).toBe('ok');
    const web = 'did:web:corner.example';
    const swapped = (header: object) => `${Buffer.from(JSON.stringify(header)).toString('base64url')}.${jwt.split('.').slice(1).join('.')}`;
    const claimed = swapped({ alg: 'ES256', kid: `${web}#key-1`, typ: 'JWT' });
    expect(await outcome(() => openRecord(claimed))).toBe('refused unknown-key');
    const document = (changes: object) => new Map([[web, [JSON.stringify({ id: web, verificationMethod: [{ id: `${web}#key-1`, controller: web, publicKeyJwk: holder }], assertionMethod: [`${web}#key-1`], ...changes })]]]);
    for (const changes of [{}, { id: 'did:web:other.example' }, { assertionMethod: [] }, { verificationMethod: [] }]) {
      expect(await outcome(() => openRecord(claimed, document(changes)))).toBe('refused bad-signature');
    }
  });
});

describe('choosing claims', () => {
  const whole = parseSdJwt(named('an SD-JWT, whole').record);

  test('the claims that can be shown one by one', () => {
    expect(choosable(whole)).toEqual(['product', 'serial', 'guaranteed_until', 'shop', 'covers']);
  });
  test.each<[string[], object]>([
    [[], { kind: 'shoes' }],
    [['product'], { kind: 'shoes', product: 'Walking shoes' }],
    [['shop', 'serial'], { kind: 'shoes', serial: 'SN-8842-01', shop: { city: 'Berlin', name: 'Corner Shop' } }],
    [['covers'], { covers: ['soles', 'laces'], kind: 'shoes' }],
    [['city', 'nothing'], { kind: 'shoes' }],
  ])('%j', async (names, claims) => {
    expect((await openRecord(shownText(only(whole, names)))).claims).toEqual(claims);
  });

  test('only its holder can present it', async () => {
    const key = pairwiseKey(fixedRandom('x')(32), 'did:key:x' as Did);
    const to = { audience: 'did:key:y', nonce: 'n', now: 1763720000 };
    const record = await openRecord(named('an SD-JWT, whole').record);
    expect(isHolder(record.holder!, key)).toBe(false);
    expect(await outcome(() => presentRecord(named('an SD-JWT, whole').record, record, ['product'], to, key))).toBe('refused wrong-binding');
    const mine = { holder: { kty: 'OKP' as const, crv: 'Ed25519' as const, x: Buffer.from(key.publicKey).toString('base64url') } };
    const shown = await presentRecord(named('an SD-JWT, whole').record, mine, ['product'], to, key);
    expect(shown).not.toContain(whole.disclosures.find((d) => d.name === 'serial')!.text);
    expect(shown).toContain(whole.disclosures.find((d) => d.name === 'product')!.text);
  });

  test('what cannot be shown in parts goes whole', async () => {
    const { record } = named('a JWT-VC');
    expect(await presentRecord(record, { holder: null }, [], { audience: '', nonce: '', now: 1 }, pairwiseKey(fixedRandom('x')(32), 'did:key:x' as Did))).toBe(record);
  });
});

describe('status lists', () => {
  test.each(statuses)('$name', async (c) => {
    expect(await outcome(() => checkStatus(c.list, c.entry, c.issuer, c.now))).toBe(c.expect);
  });
});
