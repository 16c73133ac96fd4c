/** Who is signed in, and with which ways in (contract C.3); passkeys and recovery words that sign in. The session itself is a cookie no script can read. */
import type { VaultId } from '../core/id';
import type { Wrap } from '../core/keys';
import type { Registration } from '../core/recovery';
import { bool, id, int, oneOf, type Of, type Shape } from '../core/shape';
import { answer, encoded, list, opaque, optional } from './answer';
import { get, isProblem, post, tell } from './http';

const fields = answer({ kind: oneOf('passkey', 'recovery'), credential: optional(encoded, ''), iv: encoded, ciphertext: encoded, ephemeral: optional(encoded, '') });
const wrap: Shape<Wrap> = (value, at) => {
  const { credential, ephemeral, ...rest } = fields(value, at);
  return { ...rest, ...(rest.kind === 'passkey' && { credential }), ...(ephemeral !== '' && { ephemeral }) };
};

interface Inactive {
  months: number;
  days: number;
  warned: number;
}

/** A session as the operator answers it: to the ceremonies here, to pairing and to rotations. */
export const session = answer({
  vault: id<VaultId>(),
  salt: encoded,
  state: oneOf('opening', 'open'),
  /** The passkey used; empty for words. */
  credential: encoded,
  passkeys: list(
    answer({
      id: encoded,
      prf: bool,
      created: int(),
      /** Last; 0 if not since the operator keeps it. */
      used: optional(int(), 0),
      cloned: optional(bool, false),
      backed_up: optional(bool, false),
      backup_changed: optional(bool, false),
    }),
  ),
  wraps: list(wrap),
  /** Whether the words of the sheet sign in, or only open the vault. */
  recovery: optional(bool, false),
  /** Number of the vault key. */
  key: optional(int(1), 1),
  /** Wraps of the key after it, while a rotation has begun and not ended. */
  next: optional(list(wrap), []),
  /** Where vaults are erased that nobody signs in to: after how many months one is warned, how many days later it goes, and when this one was (0: not). */
  inactive: optional<Inactive | null>(answer({ months: int(1), days: int(1), warned: int() }), null),
});

export type Session = Of<typeof session>;

const options = answer({ public_key: opaque });
type Options = Record<string, unknown>;

/** The session of this browser, or null when nobody is signed in. */
export async function currentSession(): Promise<Session | null> {
  try {
    return await get('/wallet/v1/session', session);
  } catch (error) {
    if (isProblem(error, 'not-signed-in')) return null;
    throw error;
  }
}

export const endSession = (): Promise<void> => tell('POST', '/wallet/v1/session/end', {});

/** Begins a passkey: of a new vault when signed out, one more of this vault when signed in. */
export const startCreate = async (): Promise<Options> =>
  (await post('/wallet/v1/passkeys/create/start', {}, options)).public_key;

export const finishCreate = (credential: unknown): Promise<Session> =>
  post('/wallet/v1/passkeys/create/finish', { credential }, session);

export const startGet = async (): Promise<Options> =>
  (await post('/wallet/v1/passkeys/get/start', {}, options)).public_key;

export const finishGet = (credential: unknown): Promise<Session> =>
  post('/wallet/v1/passkeys/get/finish', { credential }, session);

/**
 * Stores wraps of the vault key with that number; one of the same kind and credential is replaced. The recovery wrap comes with its sheet's
 * registration, or its words will sign nobody in; the sheet before it is dead when this resolves.
 */
export const putWraps = (wraps: Wrap[], key: number, recovery?: Registration): Promise<void> =>
  tell('PUT', '/wallet/v1/wraps', recovery ? { wraps, key, recovery } : { wraps, key });

/** Takes a passkey away, its wrap and its sessions; refused with `not-finished` if fewer than two ways in would be left. */
export const removePasskey = (id: string): Promise<void> => tell('DELETE', `/wallet/v1/passkeys/${encodeURIComponent(id)}`);

/** Begins to sign in with words; the challenge (base64url) comes for any locator. */
export const startRecovery = async (locator: string): Promise<string> =>
  (await post('/wallet/v1/recovery/start', { locator }, answer({ challenge: encoded }))).challenge;

/** Signs in with words; `not-signed-in` if they are no sheet of any vault here, whatever the reason. */
export const finishRecovery = (signature: string): Promise<Session> =>
  post('/wallet/v1/recovery/finish', { signature }, session);

/** Declares the vault open; the operator refuses with `not-finished` while there are fewer than two ways in. */
export const finishVault = (): Promise<Session> => post('/wallet/v1/vault/finish', {}, session);
