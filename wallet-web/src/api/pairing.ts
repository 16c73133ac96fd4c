/** How two devices hand each other what they agree with (vault/FORMAT.md, Pairing). */
import { b64u, fromB64u, type Bytes } from '../core/bytes';
import type { Half } from '../core/pairing';
import { int, oneOf, type Of } from '../core/shape';
import { answer, encoded } from './answer';
import { get, post, tell } from './http';
import { session, type Session } from './session';

const seen = answer({ step: oneOf('offered', 'joined', 'revealed', 'sealed', 'taken'), expires: int(), key: encoded, nonce: encoded, iv: encoded, ciphertext: encoded });
/** A pairing as this device sees it; what the other has not handed over yet is ''. */
export type Seen = Of<typeof seen>;

/** The other device's half; null while it has handed over none. */
export const halfOf = ({ key, nonce }: Seen): Half | null => (key === '' ? null : { key: fromB64u(key, 65), nonce: fromB64u(nonce, 32) });

const sent = ({ key, nonce }: Half) => ({ key: b64u(key), nonce: b64u(nonce) });

export const offerPairing = async (codeHash: Bytes, commitment: Bytes): Promise<number> =>
  (await post('/wallet/v1/pairing/offer', { code_hash: b64u(codeHash), commitment: b64u(commitment) }, answer({ expires: int() }))).expires;

export const offeredPairing = (): Promise<Seen> => get('/wallet/v1/pairing/offered', seen);

export const revealPairing = (half: Half): Promise<void> => tell('POST', '/wallet/v1/pairing/reveal', sent(half));

export const sealPairing = (iv: Bytes, ciphertext: Bytes): Promise<void> => tell('POST', '/wallet/v1/pairing/seal', { iv: b64u(iv), ciphertext: b64u(ciphertext) });

/** Uses a code; resolves with the other device's commitment (32 bytes). */
export const joinPairing = async (code: string, half: Half): Promise<Bytes> =>
  fromB64u((await post('/wallet/v1/pairing/join', { code, ...sent(half) }, answer({ commitment: encoded, expires: int() }))).commitment, 32);

export const joinedPairing = (): Promise<Seen> => get('/wallet/v1/pairing/joined', seen);

export const takePairing = (): Promise<Session> => post('/wallet/v1/pairing/take', {}, session);

export const endPairing = (): Promise<void> => tell('POST', '/wallet/v1/pairing/end', {});
