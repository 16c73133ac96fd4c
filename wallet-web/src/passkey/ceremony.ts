/** WebAuthn ceremonies with the PRF extension, whose output stays in this page. */
import type { Bytes } from '../core/bytes';
import { PRF_INPUT } from '../core/keys';
import { assertionWire, creationWire, extensionsOf } from './wire';

/** Why a ceremony came to nothing, as far as a browser says. */
export type Failure = 'cancelled' | 'exists' | 'insecure' | 'unsupported' | 'unknown';

export class CeremonyError extends Error {
  override name = 'CeremonyError';
  constructor(
    readonly failure: Failure,
    cause?: unknown,
  ) {
    super(`the passkey ceremony ended: ${failure}`, { cause });
  }
}

/** Whether this browser can do passkeys as the wallet needs them. */
export const supported = (): boolean =>
  typeof PublicKeyCredential !== 'undefined' &&
  typeof PublicKeyCredential.parseCreationOptionsFromJSON === 'function' &&
  typeof PublicKeyCredential.parseRequestOptionsFromJSON === 'function';

function failureOf(error: unknown): CeremonyError {
  const name = error instanceof Error ? error.name : '';
  // NotAllowedError covers "no", "too late" and "no such passkey" alike: browsers do not tell pages which.
  if (name === 'NotAllowedError' || name === 'AbortError') return new CeremonyError('cancelled', error);
  if (name === 'InvalidStateError') return new CeremonyError('exists', error);
  if (name === 'SecurityError') return new CeremonyError('insecure', error);
  if (name === 'NotSupportedError') return new CeremonyError('unsupported', error);
  return new CeremonyError('unknown', error);
}

async function run<T>(ceremony: () => Promise<T | null>): Promise<T> {
  if (!supported()) throw new CeremonyError('unsupported');
  let result: T | null;
  try {
    result = await ceremony();
  } catch (error) {
    throw failureOf(error);
  }
  if (!result) throw new CeremonyError('cancelled');
  return result;
}

const prf = (): AuthenticationExtensionsClientInputs => ({ prf: { eval: { first: PRF_INPUT } } });

/** The PRF output if it came and has its 32 bytes. Several platforms return wrong values: callers test-open. */
function secretOf(credential: PublicKeyCredential): Bytes | null {
  const first = extensionsOf(credential).prf?.results?.first;
  if (!first) return null;
  const bytes = first instanceof ArrayBuffer ? new Uint8Array(first) : new Uint8Array(first.buffer as ArrayBuffer, first.byteOffset, first.byteLength);
  return bytes.length === 32 ? bytes.slice() : null;
}

/** A new passkey: what the operator gets, its id, and the secret if the device gives one. */
export interface Created {
  wire: unknown;
  id: Bytes;
  secret: Bytes | null;
}

/**
 * Makes a passkey from the operator's options. Some devices give no PRF result (or claim not to have it) at
 * creation and do when asked: then the shopper is asked a second time, by a get of exactly this passkey.
 */
export async function createPasskey(optionsJson: Record<string, unknown>): Promise<Created> {
  const credential = await run(async () => {
    const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(
      optionsJson as unknown as PublicKeyCredentialCreationOptionsJSON,
    );
    publicKey.extensions = { ...publicKey.extensions, ...prf() };
    return (await navigator.credentials.create({ publicKey })) as PublicKeyCredential | null;
  });
  const id = new Uint8Array(credential.rawId).slice();
  const secret = secretOf(credential) ?? (await probe(id, optionsJson));
  return { wire: creationWire(credential, secret !== null), id, secret };
}

/** Asks the new passkey for its PRF output; null when it has none or the shopper declines. */
async function probe(id: Bytes, optionsJson: Record<string, unknown>): Promise<Bytes | null> {
  const rp = optionsJson['rp'] as { id?: string } | undefined;
  try {
    const credential = (await navigator.credentials.get({
      publicKey: {
        // Nobody checks this signature: only the extension's output matters, and it stays here.
        challenge: crypto.getRandomValues(new Uint8Array(32)),
        ...(rp?.id ? { rpId: rp.id } : {}),
        allowCredentials: [{ type: 'public-key', id }],
        userVerification: 'required',
        extensions: prf(),
      },
    })) as PublicKeyCredential | null;
    return credential && secretOf(credential);
  } catch {
    return null; // no PRF is a normal ending: the recovery words open the vault
  }
}

export interface Asserted {
  wire: unknown;
  id: Bytes;
  secret: Bytes | null;
}

/** Signs in with a passkey of the shopper's choice; the secret opens the vault key if the device gives it. */
export async function usePasskey(optionsJson: Record<string, unknown>): Promise<Asserted> {
  const credential = await assert(optionsJson, true);
  return { wire: assertionWire(credential), id: new Uint8Array(credential.rawId).slice(), secret: secretOf(credential) };
}

/** Confirms: an assertion over the challenge in the options and nothing else. */
export async function confirmWithPasskey(optionsJson: Record<string, unknown>): Promise<unknown> {
  return assertionWire(await assert(optionsJson, false));
}

const assert = (optionsJson: Record<string, unknown>, withPrf: boolean): Promise<PublicKeyCredential> =>
  run(async () => {
    const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(
      optionsJson as unknown as PublicKeyCredentialRequestOptionsJSON,
    );
    if (withPrf) publicKey.extensions = { ...publicKey.extensions, ...prf() };
    return (await navigator.credentials.get({ publicKey })) as PublicKeyCredential | null;
  });
