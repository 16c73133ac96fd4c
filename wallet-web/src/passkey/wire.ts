/**
 * Credentials as they travel to the operator, built by hand: `credential.toJSON()` would carry the PRF output,
 * which opens the vault, and it crashed WebKit before iOS 26.5.1.
 */
import { b64u } from '../core/bytes';

const encode = (buffer: ArrayBuffer): string => b64u(new Uint8Array(buffer));

interface Extensions {
  credProps?: { rk?: boolean };
  prf?: { enabled?: boolean; results?: { first?: BufferSource } };
}

/** What the extensions said, as far as the wallet asks for them. */
export const extensionsOf = (credential: PublicKeyCredential): Extensions =>
  credential.getClientExtensionResults() as Extensions;

function common(credential: PublicKeyCredential) {
  return {
    id: credential.id,
    rawId: encode(credential.rawId),
    type: credential.type,
    ...(credential.authenticatorAttachment ? { authenticatorAttachment: credential.authenticatorAttachment } : {}),
  };
}

/** A new passkey. Of the PRF extension only whether it is there. */
export function creationWire(credential: PublicKeyCredential, prfWorks: boolean) {
  const response = credential.response as AuthenticatorAttestationResponse;
  const { credProps } = extensionsOf(credential);
  return {
    ...common(credential),
    clientExtensionResults: { prf: { enabled: prfWorks }, ...(credProps ? { credProps: { rk: credProps.rk === true } } : {}) },
    response: {
      clientDataJSON: encode(response.clientDataJSON),
      attestationObject: encode(response.attestationObject),
      transports: response.getTransports?.() ?? [],
    },
  };
}

/** An assertion, for signing in or for confirming. No extension results at all. */
export function assertionWire(credential: PublicKeyCredential) {
  const response = credential.response as AuthenticatorAssertionResponse;
  return {
    ...common(credential),
    clientExtensionResults: {},
    response: {
      clientDataJSON: encode(response.clientDataJSON),
      authenticatorData: encode(response.authenticatorData),
      signature: encode(response.signature),
      ...(response.userHandle ? { userHandle: encode(response.userHandle) } : {}),
    },
  };
}
