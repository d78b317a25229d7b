//! An approval by a passkey (§8): five checks, in order, the first failure naming the code. Nothing is read from the client
//! data; it is compared. WebAuthn Level 3 §5.8.1.2 fixes the prefix. How a passkey comes to be known stands in [`registration`].

pub mod registration;

use crate::base64;
use crate::digest::Digest;
use crate::keys::P256Key;
use crate::reason::Reason;

/// Authenticator data without attested credential data and without extensions is exactly this long.
pub const AUTH_LENGTH: usize = 37;
/// The longest client data, in bytes.
pub const CLIENT_MAX: usize = 1_024;

const USER_PRESENT: u8 = 0x01;
const USER_VERIFIED: u8 = 0x04;
const BACKUP_ELIGIBLE: u8 = 0x08;
const BACKED_UP: u8 = 0x10;
const ATTESTED: u8 = 0x40;
const EXTENSIONS: u8 = 0x80;

/// What a keyring says of a passkey beside its public key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Passkey {
    /// The exact origin on which it signs, as browsers write it.
    pub origin: String,
    /// The RP ID: the origin's exact host.
    pub rp_id: String,
    /// Whether the credential may be copied between devices (flag BE). Such a key never counts as independent.
    pub synced: bool,
}

/// One assertion, as it stands in an envelope.
#[derive(Debug, Clone, Copy)]
pub struct Assertion<'a> {
    /// Authenticator data.
    pub auth: &'a [u8],
    /// Client data.
    pub client: &'a [u8],
    /// ES256 signature, DER.
    pub sig: &'a [u8],
}

/// The authenticator's signature counter in `auth`; none when the length is not that of an assertion. Phones ignore it; a
/// server that sees it fall knows that a passkey was copied (§8).
#[must_use]
pub fn counter(auth: &[u8]) -> Option<u32> {
    let auth: &[u8; AUTH_LENGTH] = auth.try_into().ok()?;
    let (_, counter) = auth.split_last_chunk::<4>()?;
    Some(u32::from_be_bytes(*counter))
}

/// Verifies that `key`, registered as `passkey`, approved the document whose signed bytes have this digest.
///
/// # Errors
/// `wa_length`, `wa_client_data`, `wa_rp_id`, `wa_flags` or `bad_signature`.
pub fn verify(
    assertion: &Assertion<'_>,
    passkey: &Passkey,
    key: &P256Key,
    challenge: &Digest,
) -> Result<(), Reason> {
    let auth: &[u8; AUTH_LENGTH] = assertion.auth.try_into().map_err(|_| Reason::WaLength)?;
    let (rp_id_hash, [flags, _counter @ ..]) =
        auth.split_first_chunk::<32>().ok_or(Reason::WaLength)?
    else {
        return Err(Reason::WaLength);
    };
    if assertion.client.is_empty()
        || assertion.client.len() > CLIENT_MAX
        || std::str::from_utf8(assertion.client).is_err()
    {
        return Err(Reason::WaLength);
    }
    if !client_data_matches(assertion.client, &passkey.origin, challenge) {
        return Err(Reason::WaClientData);
    }
    if *rp_id_hash != Digest::of(passkey.rp_id.as_bytes()).0 {
        return Err(Reason::WaRpId);
    }
    if !flags_match(*flags, passkey.synced) {
        return Err(Reason::WaFlags);
    }
    let client_hash = Digest::of(assertion.client);
    let signed = [assertion.auth, client_hash.as_bytes()].concat();
    if key.verify(&signed, assertion.sig) {
        Ok(())
    } else {
        Err(Reason::BadSignature)
    }
}

/// The whole prefix, byte for byte; then the end, or a tail that is not parsed. A cross-origin frame names its top origin
/// directly after, and is refused.
fn client_data_matches(client: &[u8], origin: &str, challenge: &Digest) -> bool {
    let challenge = base64::encode_url(challenge.as_bytes());
    let prefix = format!(
        r#"{{"type":"webauthn.get","challenge":"{challenge}","origin":"{origin}","crossOrigin":false"#
    );
    match client.strip_prefix(prefix.as_bytes()) {
        Some([b'}']) => true,
        Some([b',', tail @ .., b'}']) => !tail.starts_with(br#""topOrigin""#),
        Some(_) | None => false,
    }
}

fn flags_match(flags: u8, synced: bool) -> bool {
    let set = |flag: u8| flags & flag != 0;
    set(USER_PRESENT)
        && set(USER_VERIFIED)
        && !set(ATTESTED)
        && !set(EXTENSIONS)
        && set(BACKUP_ELIGIBLE) == synced
        && (set(BACKUP_ELIGIBLE) || !set(BACKED_UP))
}
