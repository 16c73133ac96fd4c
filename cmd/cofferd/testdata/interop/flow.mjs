// A business that uses nothing of ours: openid-client as it comes, through the whole
// flow. It speaks with the test in lines of JSON: the first line in is what it needs
// to know; each step that needs the shopper is a line out, answered by a line in; a
// step that came out wrong ends it with a stack on stderr.
import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { createInterface } from 'node:readline'
import { pathToFileURL } from 'node:url'

const wallet = createRequire(new URL('../../../../wallet-web/package.json', import.meta.url))
const oauth = await import(pathToFileURL(wallet.resolve('openid-client')))

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]()
const hear = async () => JSON.parse((await lines.next()).value)
const say = (line) => process.stdout.write(JSON.stringify(line) + '\n')

const { origin, did, kid, jwk, redirect, requests } = await hear()
const key = await crypto.subtle.importKey('jwk', jwk, { name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign'])

const config = await oauth.discovery(new URL(origin), did, undefined, oauth.PrivateKeyJwt({ key, kid }), {
  algorithm: 'oauth2', execute: [oauth.allowInsecureRequests],
})
const meta = config.serverMetadata()
const DPoP = oauth.getDPoPHandle(config, await oauth.randomDPoPKeyPair())

// ask pushes a signed request and returns where the shopper's browser came back to.
async function ask(request, management = { grant_management_action: 'create' }) {
  const verifier = oauth.randomPKCECodeVerifier()
  const state = oauth.randomState()
  const to = await oauth.buildAuthorizationUrlWithPAR(config, {
    redirect_uri: redirect, state,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256',
    ...management,
    authorization_details: JSON.stringify([{ type: meta.authorization_details_types_supported[0], request }]),
  }, { DPoP })
  say({ authorize: to.href })
  const { returned } = await hear()
  const redeem = (at) => oauth.authorizationCodeGrant(config, new URL(at),
    { pkceCodeVerifier: verifier, expectedState: state }, undefined, { DPoP })
  return { returned, redeem }
}

// call uses an access token with a proof.
const call = (token, method, path) => oauth.fetchProtectedResource(config, token, new URL(path, origin), method, undefined, undefined, { DPoP })
const refuses = (promise, check) => assert.rejects(promise, (e) => { check(e); return true })

// Both purposes are given.
const given = await ask(requests[0])
const first = await given.redeem(given.returned)
assert.equal(first.token_type, 'dpop')
const [details] = first.authorization_details
assert.equal(details.type, 'coffer_request')
assert.deepEqual(details.grants.map((g) => g.purpose_id), ['delivery', 'marketing'])
const [delivery] = details.grants

let seen = await call(first.access_token, 'GET', `/business/v1/grants/${delivery.grant}`)
assert.equal(seen.status, 200)
assert.deepEqual((await seen.json()).attributes, ['name', 'postal-address'])

// Another key's proof, and no proof, open nothing.
const thief = oauth.getDPoPHandle(config, await oauth.randomDPoPKeyPair())
await refuses(oauth.fetchProtectedResource(config, first.access_token, new URL(`/business/v1/grants/${delivery.grant}`, origin), 'GET', undefined, undefined, { DPoP: thief }),
  (e) => assert.equal(e.cause[0].parameters.error, 'invalid_token'))
const bare = await fetch(new URL(`/business/v1/grants/${delivery.grant}`, origin), { headers: { authorization: `Bearer ${first.access_token}` } })
assert.equal(bare.status, 401)

// The answer of another server is not taken (RFC 9207), and one with another state neither.
for (const [name, value] of [['iss', 'https://elsewhere.example'], ['state', 'other']]) {
  const mixed = new URL(given.returned)
  mixed.searchParams.set(name, value)
  await assert.rejects(given.redeem(mixed.href))
}

const second = await oauth.refreshTokenGrant(config, first.refresh_token, undefined, { DPoP })
assert.equal(second.grant_id, first.grant_id)
assert.notEqual(second.refresh_token, first.refresh_token)

const active = await oauth.tokenIntrospection(config, second.access_token)
assert.equal(active.active, true)
assert.equal(active.client_id, did)
assert.equal(active.cnf.jkt, await DPoP.calculateThumbprint())
assert.equal(active.grant_id, first.grant_id)

await oauth.tokenRevocation(config, first.access_token)
assert.equal((await oauth.tokenIntrospection(config, first.access_token)).active, false)
await refuses(call(first.access_token, 'GET', `/business/v1/grants/${delivery.grant}`), (e) => assert.equal(e.status, 401))

// Grant Management: look, then give up.
const grants = `${meta.grant_management_endpoint}/${first.grant_id}`
seen = await (await call(second.access_token, 'GET', grants)).json()
assert.deepEqual(seen.authorization_details[0].grants.map((g) => g.state), ['live', 'live'])
assert.equal((await call(second.access_token, 'DELETE', grants)).status, 204)
await refuses(call(second.access_token, 'GET', grants), (e) => assert.equal(e.status, 401))
await refuses(oauth.refreshTokenGrant(config, second.refresh_token, undefined, { DPoP }), (e) => assert.equal(e.error, 'invalid_grant'))

const own = await oauth.clientCredentialsGrant(config, undefined, { DPoP })
seen = await (await call(own.access_token, 'GET', grants)).json()
assert.deepEqual(seen.authorization_details[0].grants.map((g) => g.state), ['terminated', 'terminated'])
assert.equal((await call(own.access_token, 'GET', '/business/v1/events')).status, 200)

// A code that comes twice ends what it gave.
const twice = await ask(requests[1])
const third = await twice.redeem(twice.returned)
await refuses(twice.redeem(twice.returned), (e) => assert.equal(e.error, 'invalid_grant'))
assert.equal((await oauth.tokenIntrospection(config, third.access_token)).active, false)

// Nothing is given.
const refused = await ask(requests[2])
await refuses(refused.redeem(refused.returned), (e) => assert.equal(e.error, 'access_denied'))

// Merge: the same grant_id, one purpose anew, the other as it was.
assert.ok(meta.grant_management_actions_supported.includes('merge'))
const fourth = await (async (before) => before.redeem(before.returned))(await ask(requests[3]))
const [kept, renewed] = fourth.authorization_details[0].grants
say({ replace: { mode: 'merge', grants: [renewed.grant] } })
const merged = await ask((await hear()).request, { grant_management_action: 'merge', grant_id: fourth.grant_id })
const fifth = await merged.redeem(merged.returned)
assert.equal(fifth.grant_id, fourth.grant_id)
const now = Object.fromEntries(fifth.authorization_details[0].grants.map((g) => [g.grant, g.state]))
assert.equal(Object.keys(now).length, 2) // a successor stands for the one before it
assert.equal(now[kept.grant], 'live')
assert.equal(now[renewed.grant], undefined)
await refuses(oauth.refreshTokenGrant(config, fourth.refresh_token, undefined, { DPoP }), (e) => assert.equal(e.error, 'invalid_grant'))
await refuses(ask(requests[4], { grant_management_action: 'merge', grant_id: fourth.grant_id }), (e) => assert.equal(e.error, 'invalid_authorization_details'))
await refuses(ask(requests[4], { grant_management_action: 'merge', grant_id: kept.grant }), (e) => assert.equal(e.error, 'invalid_grant_id'))

// What is not a request of ours is told as one would expect.
await refuses(ask('a.b.c'), (e) => assert.equal(e.error, 'invalid_authorization_details'))

say({ done: true, grant: first.grant_id, delivery: delivery.grant })
process.exit(0)
