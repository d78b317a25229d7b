// Passkeys: the browser's two calls with plain JSON on both sides. Bytes travel as unpadded base64url, as in WebAuthn Level 3's
// own JSON forms; written by hand because not every browser in use has parseCreationOptionsFromJSON.

/** Bytes of unpadded base64url. */
export function bytes(text) {
  const plain = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
  return Uint8Array.from(plain, (letter) => letter.charCodeAt(0));
}

/** Unpadded base64url of bytes. */
export function text(buffer) {
  let plain = '';
  for (const byte of new Uint8Array(buffer)) plain += String.fromCharCode(byte);
  return btoa(plain).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/** Whether this browser has passkeys at all. */
export function supported() {
  return typeof window.PublicKeyCredential === 'function';
}

const named = (credential) => ({ ...credential, id: bytes(credential.id) });

/** Makes a passkey. `options` are PublicKeyCredentialCreationOptions as JSON; answers a RegistrationResponseJSON, with the
 * authenticator data and the public key (SubjectPublicKeyInfo) that the browser reads out of the attestation object. */
export async function create(options) {
  const publicKey = {
    ...options,
    challenge: bytes(options.challenge),
    user: { ...options.user, id: bytes(options.user.id) },
    excludeCredentials: (options.excludeCredentials ?? []).map(named),
  };
  const made = await navigator.credentials.create({ publicKey });
  const { response } = made;
  return {
    id: made.id,
    rawId: text(made.rawId),
    type: made.type,
    extensions: {},
    response: {
      clientDataJSON: text(response.clientDataJSON),
      attestationObject: text(response.attestationObject),
      authenticatorData: text(response.getAuthenticatorData()),
      publicKey: text(response.getPublicKey() ?? new ArrayBuffer(0)),
      transports: response.getTransports?.() ?? [],
    },
  };
}

/** Uses a passkey. `options` are PublicKeyCredentialRequestOptions as JSON; answers an AuthenticationResponseJSON. */
export async function use(options, { mediation, signal } = {}) {
  const publicKey = {
    ...options,
    challenge: bytes(options.challenge),
    allowCredentials: (options.allowCredentials ?? []).map(named),
  };
  const used = await navigator.credentials.get({ publicKey, mediation, signal });
  const { response } = used;
  return {
    id: used.id,
    rawId: text(used.rawId),
    type: used.type,
    extensions: {},
    response: {
      clientDataJSON: text(response.clientDataJSON),
      authenticatorData: text(response.authenticatorData),
      signature: text(response.signature),
      userHandle: response.userHandle ? text(response.userHandle) : null,
    },
  };
}

/** Whether the person closed the browser's dialogue, or took too long. */
export function withdrawn(error) {
  return error instanceof DOMException && (error.name === 'NotAllowedError' || error.name === 'AbortError');
}
