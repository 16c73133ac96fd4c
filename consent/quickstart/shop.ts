// A shop that asks a shopper's Coffer, with openid-client, jose and what Node has.
// Bytes and fields are those of consent/FORMAT.md (what is signed), vault/FORMAT.md
// (what is sealed) and anchor/FORMAT.md (the permit).
import { createHmac, randomBytes } from 'node:crypto'
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import * as jose from 'jose'
import * as oauth from 'openid-client'

const [operator = 'http://localhost:8080', url = 'http://localhost:8082'] = process.argv.slice(2)
const now = () => Math.floor(Date.now() / 1000)

// Who we are: two keys on P-256, in a file that nobody else may read. The first signs and
// makes our DID, letters are encrypted to the second.
if (!existsSync('shop.json')) {
  const fresh = async () => jose.exportJWK((await jose.generateKeyPair('ES256', { extractable: true })).privateKey)
  writeFileSync('shop.json', JSON.stringify({ signing: await fresh(), agreement: await fresh() }), { mode: 0o600 })
}
const keys = JSON.parse(readFileSync('shop.json', 'utf8')) as { signing: jose.JWK; agreement: jose.JWK }
const key = await jose.importJWK(keys.signing, 'ES256') as jose.CryptoKey
const agreement = await jose.importJWK(keys.agreement, 'ECDH-ES+A256KW')
const did = didKey(keys.signing)
const kid = `${did}#${did.slice('did:key:'.length)}`

// The did:key of a P-256 key: its multicodec and the compressed point, in base58.
function didKey({ x = '', y = '' }: jose.JWK): string {
  const odd = (jose.base64url.decode(y).at(-1) ?? 0) & 1
  let n = BigInt('0x' + Buffer.from([0x80, 0x24, 2 | odd, ...jose.base64url.decode(x)]).toString('hex'))
  let text = ''
  for (; n > 0n; n /= 58n) text = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'[Number(n % 58n)] + text
  return 'did:key:z' + text
}

// sign makes a compact JWS of a document, by the first key.
const sign = (typ: string, document: object) =>
  new jose.CompactSign(Buffer.from(JSON.stringify(document))).setProtectedHeader({ alg: 'ES256', kid, typ }).sign(key)

// post hands over what needs no token, because it is signed.
async function post(path: string, body: object): Promise<void> {
  const answer = await fetch(new URL(path, operator), {
    method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body),
  })
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`)
}

// Introduce ourselves. An operator that is not in development mode approves first.
const deliveries = 'https://w3id.org/dpv#DeliveryOfGoods'
const contact = 'privacy@corner-shop.example'
await post('/business/v1/registrations', { card: await sign('coffer-business+jwt', {
  v: 1, iss: did, aud: operator, iat: now(), name: 'Corner Shop', contact, url, purposes: [deliveries],
}) }).catch((e: Error) => { if (!e.message.includes('stale')) throw e }) // started twice within a second

const config = await oauth.discovery(new URL(operator), did, undefined, oauth.PrivateKeyJwt({ key, kid }), {
  algorithm: 'oauth2', execute: operator.startsWith('http:') ? [oauth.allowInsecureRequests] : [],
})
const DPoP = oauth.getDPoPHandle(config, await oauth.randomDPoPKeyPair())

// ask pushes a signed request and returns where to send the shopper's browser.
const asked = new Map<string, string>() // PKCE verifiers, by state
async function ask(): Promise<URL> {
  const { kty, crv, x, y } = keys.agreement
  const request = await sign('coffer-request+jwt', {
    v: 1, id: randomBytes(16).toString('base64url'), iss: did, aud: operator, iat: now(), exp: now() + 3600,
    nonce: randomBytes(16).toString('base64url'), agreement_key: { kty, crv, x, y },
    controller: {
      name: 'Corner Shop', address: 'Lindenallee 4, 10115 Berlin', contact, dpo: contact, url,
      authority: 'Berliner Beauftragte für Datenschutz', privacy_notice: `${url}/privacy`,
    },
    jurisdictions: ['DE'], language: 'en', notice_version: '1',
    purposes: [{
      id: 'delivery', purpose: deliveries, text: { en: 'We hand your order to Parcel Co with your name and address.' },
      required: ['name', 'postal-address'], optional: ['phone'], days: 31, retention: 'P90D',
      recipients: [{ name: 'Parcel Co', country: 'DE' }],
      lawful_basis: 'https://w3id.org/dpv/legal/eu/gdpr#A6-1-a', channels: [], weekly_cap: 0,
    }],
  })
  const verifier = oauth.randomPKCECodeVerifier(), state = oauth.randomState()
  asked.set(state, verifier)
  return oauth.buildAuthorizationUrlWithPAR(config, {
    redirect_uri: `${url}/back`, state, code_challenge: await oauth.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256',
    authorization_details: JSON.stringify([{ type: 'coffer_request', request }]),
  }, { DPoP })
}

interface Granted { grant: string; purpose_id: string }
interface Letter { grant: string; grant_key: string; handle_secret: string; receipt: string; entry: string }

// answered redeems the code that the shopper's browser brings back, and collects.
async function answered(back: URL): Promise<Record<string, unknown>> {
  const state = back.searchParams.get('state') ?? ''
  const tokens = await oauth.authorizationCodeGrant(config, back,
    { pkceCodeVerifier: asked.get(state) ?? '', expectedState: state }, undefined, { DPoP })
  asked.delete(state)
  const [details] = tokens.authorization_details as unknown as { grants: Granted[] }[]
  const values = {}
  for (const { grant } of details?.grants ?? []) Object.assign(values, await collect(tokens.access_token, grant))
  return values
}

// call asks the operator with a token, which is bound to our DPoP key.
async function call<T>(token: string, method: string, path: string, body?: object): Promise<T> {
  const answer = await oauth.fetchProtectedResource(config, token, new URL(path, operator), method,
    body && JSON.stringify(body), new Headers(body && { 'content-type': 'application/json' }), { DPoP })
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`)
  return (await answer.json()) as T
}

// collect opens a grant's letter, posts this hour's permit, and opens what is released.
const held = new Map<string, Record<string, unknown>>() // what we have, by grant
async function collect(token: string, grant: string): Promise<Record<string, unknown>> {
  let seen: { state: string; letter: string; log: string }
  while ((seen = await call(token, 'GET', `/business/v1/grants/${grant}`)).state === 'anchoring') {
    await new Promise((done) => setTimeout(done, 500)) // the ledger takes a moment
  }
  const { plaintext, protectedHeader } = await jose.compactDecrypt(seen.letter, agreement,
    { keyManagementAlgorithms: ['ECDH-ES+A256KW'], contentEncryptionAlgorithms: ['A256GCM'] })
  const letter = JSON.parse(Buffer.from(plaintext).toString()) as Letter
  if (protectedHeader.typ !== 'coffer-letter+json' || letter.grant !== grant) throw new Error('the letter is of another grant')
  appendFileSync('receipts.ndjson', JSON.stringify({ grant, receipt: letter.receipt }) + '\n') // our proof that it was given

  await call(token, 'POST', '/business/v1/permits', { permits: [{ grant, entry: await permit(letter, seen.log) }] })
  const { releases } = await call<{ releases: { attribute: string; sealed: jose.FlattenedJWE }[] }>(
    token, 'POST', `/business/v1/grants/${grant}/collect`, { attributes: [] })
  const values: Record<string, unknown> = {}
  for (const { attribute, sealed } of releases) {
    const opened = await jose.flattenedDecrypt(sealed, jose.base64url.decode(letter.grant_key),
      { keyManagementAlgorithms: ['A256KW'], contentEncryptionAlgorithms: ['A256GCM'] })
    const { name, value } = JSON.parse(Buffer.from(opened.plaintext).toString()) as { name: string; value: unknown }
    if (name !== attribute || sealed.header?.kid !== grant) throw new Error('the release is another')
    values[name] = value
  }
  held.set(grant, values)
  return values
}

// permit is a ledger entry that commits to what we are about to do, signed with the
// grant's handle key. What opens the commitment is for our DPO.
async function permit(letter: Letter, log: string): Promise<string> {
  const epoch = Math.floor(Date.now() / 3_600_000)
  const document = JSON.stringify({ v: 1, grant: letter.grant, epoch, kind: 'collect', log })
  const r = randomBytes(32)
  const commitment = createHmac('sha256', r).update('coffer/v1 commitment\0').update(document).digest()
  const handle = Buffer.from(letter.entry, 'base64url').subarray(11, 43)
  const head = Buffer.from([1, 3, 2, 0, 0, 0, 0]) // version, kind, scheme, epoch
  head.writeUInt32BE(epoch, 3)
  const entry = Buffer.concat([head, handle, commitment])
  const ledger = (await (await fetch(new URL('/ledger/v1/validators', operator))).json()) as { chain_id: string }
  const secret = await crypto.subtle.importKey('jwk',
    { kty: 'OKP', crv: 'Ed25519', d: letter.handle_secret, x: handle.toString('base64url') }, { name: 'Ed25519' }, false, ['sign'])
  const signature = await crypto.subtle.sign('Ed25519', secret, Buffer.concat([Buffer.from(`coffer/v1 ${ledger.chain_id}`), entry]))
  const signed = Buffer.concat([entry, Buffer.from(signature)]).toString('base64url')
  appendFileSync('permits.ndjson', JSON.stringify({ entry: signed, document, opening: { scheme: 2, r: r.toString('base64url') } }) + '\n')
  return signed
}

// news learns of grants that ended: what we have under them goes, and we say so.
let cursor = ''
async function news(): Promise<void> {
  const { access_token } = await oauth.clientCredentialsGrant(config, undefined, { DPoP })
  const { events, next } = await call<{ events: { type: string; grant: string }[]; next: string }>(
    access_token, 'GET', `/business/v1/events?after=${cursor}`)
  for (const { type, grant } of events) {
    if (!['withdrawn', 'erased', 'expired', 'terminated'].includes(type)) continue
    // The statement names what the grant named, collected or not.
    const named = await call<{ attributes: string[] }>(access_token, 'GET', `/business/v1/grants/${grant}`).catch(() => undefined)
    const deleted = named?.attributes ?? Object.keys(held.get(grant) ?? {})
    held.delete(grant)
    const said = { v: 1, iss: did, aud: operator, grant, time: now() }
    await post('/business/v1/acknowledgements', { acknowledgement: await sign('coffer-acknowledgement+jwt', { ...said, event: type }) })
    await post('/business/v1/deletions', { statement: await sign('coffer-deletion+jwt', { ...said, deleted, kept: [], text: '' }) })
    console.log(`${type}: deleted ${deleted.join(', ')}`)
  }
  cursor = next
}
setInterval(() => { news().catch((e: Error) => console.error(e.message)) }, 2_000)

const text = (s: string) => s.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`)
createServer((request, response) => {
  const here = new URL(request.url ?? '/', url)
  const page = (status: number, body: string, location = '') => {
    response.writeHead(status, { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store', ...(location && { location }) })
    response.end(body)
  }
  const serve = async () => {
    if (request.method === 'POST' && here.pathname === '/checkout') return page(303, '', (await ask()).href)
    if (here.pathname === '/back') return page(200, `<h1>We deliver to</h1><pre>${text(JSON.stringify(await answered(here), null, 2))}</pre>`)
    if (here.pathname === '/') return page(200, '<h1>Shoes</h1><form method="post" action="/checkout"><button>Order with your Coffer</button></form>')
    page(404, 'There is nothing here.')
  }
  serve().catch((e: Error) => { console.error(e.message); page(502, text(e.message)) })
}).listen(Number(new URL(url).port), () => console.log(`open ${url}`))
