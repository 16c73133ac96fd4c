import { describe, expect, test } from 'vitest';
import { b64u, utf8 } from './bytes';
import { noticeOf, returnTo, verifyRequest, type RequestRules } from './request';
import { catalogue, fixedRandom, NOW, ORIGIN, publicOf, requestPayload, shop } from './testing/fixed';

const by = shop();
const stranger = shop('stranger');
const rules: RequestRules = { audience: ORIGIN, now: NOW, catalogue: catalogue() };
type Payload = ReturnType<typeof requestPayload>;

/** The code and place of what verifying says, "ok" if nothing. */
async function verdict(jws: string, how: RequestRules = rules): Promise<string> {
  try {
    await verifyRequest(jws, how);
    return 'ok';
  } catch (error) {
    const { code, path } = error as { code: string; path: string };
    return `${code} ${path}`.trim();
  }
}

/** The verdict on a request that the shop signed after a change. */
function changed(change: (q: Payload & Record<string, unknown>) => void, how = rules): Promise<string> {
  const q = requestPayload(by);
  change(q);
  return verdict(by.sign('coffer-request+jwt', q), how);
}
const first = (q: Payload) => q.purposes[0]!;
const second = (q: Payload) => q.purposes[1]!;

test('a good request, and what the shopper reads', async () => {
  const request = await verifyRequest(by.sign('coffer-request+jwt', requestPayload(by)), rules);
  expect(request.iss).toBe(by.did);
  expect(noticeOf(request, request.purposes[0]!, 'de').text).toMatch(/^Um zu/);
  expect(noticeOf(request, request.purposes[1]!, 'de')).toEqual({ language: 'en', text: 'To send you offers.' });
});

test('the page leads back to the business that was shown, whatever the operator says', async () => {
  const q = await verifyRequest(by.sign('coffer-request+jwt', requestPayload(by)), rules);
  const code = 'http://localhost:8081/back?code=x&state=y';
  expect(returnTo(q, code)).toBe(code);
  for (const offered of ['https://elsewhere.example/', 'http://localhost:8082/', 'javascript:alert(1)', '//localhost:8081/', 'http://localhost:8081@elsewhere.example/', '']) {
    expect(returnTo(q, offered)).toBe('http://localhost:8081/orders/7');
  }
});

describe('is refused', () => {
  test.each<[string, (q: Payload & Record<string, unknown>) => void, string]>([
    ['of another version', (q) => (q.v = 2), 'wrong-version v'],
    ['with a key more', (q) => (q['more'] = 1), 'malformed'],
    ['with a key less', (q) => delete (q as Partial<Payload>).nonce, 'malformed nonce'],
    ['for another operator', (q) => (q.aud = 'https://other.example'), 'wrong-audience aud'],
    ['for a path of the operator', (q) => (q.aud = `${ORIGIN}/`), 'wrong-audience aud'],
    ['by another than it names', (q) => (q.iss = stranger.did), 'wrong-issuer iss'],
    ['expired', (q) => Object.assign(q, { iat: NOW - 60, exp: NOW }), 'expired exp'],
    ['made in the future', (q) => (q.iat = NOW + 301), 'not-yet iat'],
    ['ended before it began', (q) => (q.exp = q.iat), 'malformed exp'],
    ['open for more than a week', (q) => (q.exp = NOW + 7 * 86400 + 1), 'over-long exp'],
    ['without who asks', (q) => (q.controller.name = ' '), 'no-controller controller.name'],
    ['without an address', (q) => (q.controller.address = ''), 'no-controller controller.address'],
    ['with a name that is no text', (q) => (q.controller.name = 'a\u0007b'), 'no-controller controller.name'],
    ['with a script as notice', (q) => (q.controller.privacy_notice = 'javascript:alert(1)'), 'bad-url controller.privacy_notice'],
    ['over plain http from afar', (q) => (q.controller.url = 'http://corner.example'), 'bad-url controller.url'],
    ['returning elsewhere', (q) => (q.return_url = 'http://localhost:8082/'), 'bad-url return_url'],
    ['without jurisdiction', (q) => (q.jurisdictions = []), 'malformed jurisdictions'],
    ['with a jurisdiction twice', (q) => (q.jurisdictions = ['DE', 'DE']), 'duplicate jurisdictions[1]'],
    ['with a key that is no point', (q) => (q.agreement_key['y'] = b64u(new Uint8Array(32))), 'bad-key agreement_key'],
    ['with a key of another curve', (q) => (q.agreement_key['crv'] = 'P-384'), 'bad-key agreement_key'],
    ['without purpose', (q) => (q.purposes = []), 'no-purpose purposes'],
    ['with nine purposes', (q) => (q.purposes = Array.from({ length: 9 }, (_, i) => ({ ...first(q), id: `p${i}` }))), 'too-many-purposes purposes'],
    ['with a purpose twice', (q) => (second(q).id = 'delivery'), 'duplicate purposes[1]'],
    ['with a name of capitals', (q) => (first(q).id = 'Delivery'), 'malformed purposes[0].id'],
    ['without text in its language', (q) => (q.language = 'fr'), 'no-text purposes[0].text'],
    ['with an empty text', (q) => (first(q).text['en'] = ''), 'malformed purposes[0].text'],
    ['naming an attribute twice', (q) => first(q).optional.push('name'), 'duplicate purposes[0].optional[1]'],
    ['asking nothing', (q) => Object.assign(first(q), { required: [], optional: [] }), 'nothing-asked purposes[0].required'],
    ['for two days', (q) => (first(q).days = 2), 'bad-length purposes[0].days'],
    ['for longer than the purpose may', (q) => (first(q).days = 365), 'bad-length purposes[0].days'],
    ['keeping data for no time', (q) => (first(q).retention = 'P'), 'malformed purposes[0].retention'],
    ['on no lawful ground', (q) => (first(q).lawful_basis = 'https://example.org/x'), 'malformed purposes[0].lawful_basis'],
    ['with a recipient nowhere', (q) => (first(q).recipients[0]!.country = 'Germany'), 'malformed purposes[0].recipients[0]'],
    ['on a channel nobody has', (q) => (second(q).channels = ['fax']), 'bad-channel purposes[1].channels[0]'],
    ['with a channel and no cap', (q) => (second(q).weekly_cap = 0), 'bad-channel purposes[1].weekly_cap'],
    ['with a cap and no channel', (q) => (first(q).weekly_cap = 1), 'bad-channel purposes[0].weekly_cap'],
    ['to contact for a purpose that is none', (q) => Object.assign(first(q), { channels: ['wallet'], weekly_cap: 1 }), 'bad-channel purposes[0].channels'],
    ['for a purpose nobody knows', (q) => (first(q).purpose = 'https://w3id.org/dpv#Anything'), 'unknown-purpose purposes[0].purpose'],
    ['asking an attribute nobody knows', (q) => first(q).optional.push('blood-type'), 'unknown-attribute purposes[0].optional[1]'],
    ['asking beyond its purpose', (q) => first(q).required.push('birth-date'), 'over-wide purposes[0].required[2]'],
  ])('%s', async (_, change, want) => {
    expect(await changed(change)).toBe(want);
  });

  test('said kindly: within the skew it is not too early, and an old one can still be read', async () => {
    expect(await changed((q) => (q.iat = NOW + 300))).toBe('ok');
    expect(await changed((q) => Object.assign(q, { iat: NOW - 60, exp: NOW }), { audience: ORIGIN, now: null, catalogue: null })).toBe('ok');
  });
});

describe('a signature', () => {
  const payload = JSON.stringify(requestPayload(by));
  const good = by.sign('coffer-request+jwt', payload);
  const [head = '', body = '', signature = ''] = good.split('.');
  const reheaded = (header: unknown) => `${b64u(utf8(JSON.stringify(header)))}.${body}.${signature}`;
  const kid = `${by.did}#${by.did.slice(8)}`;

  test.each([
    ['of another type', by.sign('coffer-message+jwt', payload)],
    ['nothing', ''],
    ['two parts', `${head}.${body}`],
    ['none', `${b64u(utf8(JSON.stringify({ alg: 'none', typ: 'coffer-request+jwt', kid })))}.${body}.`],
    ['a bit changed', `${head}.${body}.${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}`],
    ['another payload', `${head}.${b64u(utf8(`${payload} `))}.${signature}`],
    ['cut short', good.slice(0, -2)],
    ['padded', `${good}==`],
    // Signed well by the right key: the header alone is wrong.
    ['a key in the header', by.sign('coffer-request+jwt', payload, { jwk: publicOf(stranger.agreement) })],
    ['crit', by.sign('coffer-request+jwt', payload, { crit: ['b64'], b64: false })],
    ['nested', by.sign('coffer-request+jwt', payload, { cty: 'JWT' })],
    ['a key of two names', by.sign('coffer-request+jwt', payload, { kid: `${by.did}#${stranger.did.slice(8)}` })],
    ['a key without a name', by.sign('coffer-request+jwt', payload, { kid: by.did })],
  ])('%s', async (_, jws) => {
    expect(await verdict(jws)).toBe('bad-signature');
  });

  test("a stranger's own, over the shop's request", async () => {
    expect(await verdict(stranger.sign('coffer-request+jwt', payload))).toBe('wrong-issuer iss');
  });

  test('did:web is said to be unknown, not forged', async () => {
    expect(await verdict(reheaded({ alg: 'ES256', typ: 'coffer-request+jwt', kid: 'did:web:shop.example#key-1' }))).toBe('unknown-key header.kid');
  });

  test('errors show nothing of what was asked', async () => {
    const q = requestPayload(by);
    Object.assign(q, { 'canary-key': 'canary-value' });
    const error: unknown = await verifyRequest(by.sign('coffer-request+jwt', q), rules).catch((e: unknown) => e);
    expect(String(error)).not.toMatch(/canary/);
  });
});

test('randomness of tests repeats', () => {
  expect(b64u(fixedRandom('x')(40))).toBe(b64u(fixedRandom('x')(40)));
});
