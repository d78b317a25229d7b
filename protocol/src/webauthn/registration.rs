//! What a new passkey says of itself: the authenticator data of a registration, read strictly. There is one form of an ES256 key,
//! 77 bytes long, so no CBOR is parsed. None of this is signed by anybody; that the key can sign as an approval must be signed is
//! shown by a trial assertion, which [`verify`](super::verify) judges like every other (§8.2).

use super::{
    ATTESTED, AUTH_LENGTH, BACKED_UP, BACKUP_ELIGIBLE, EXTENSIONS, USER_PRESENT, USER_VERIFIED,
};
use crate::digest::Digest;
use crate::keys::P256Key;

/// The longest credential id (WebAuthn Level 3 §4, "credential ID").
pub const CREDENTIAL_MAX: usize = 1_023;

/// Before x: a map of five, kty EC2, alg ES256, crv P-256, and x as 32 bytes (RFC 9052 §7, in CTAP2's canonical order).
const COSE_X: [u8; 10] = [0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20];
/// Between x and y: y as 32 bytes.
const COSE_Y: [u8; 3] = [0x22, 0x58, 0x20];

/// A new passkey, as its authenticator described it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attested {
    /// The public key.
    pub key: P256Key,
    /// The name by which the authenticator finds it again: 1 to 1,023 bytes.
    pub credential: Vec<u8>,
    /// The authenticator's make and model, by its own word; zeros when it does not say.
    pub aaguid: [u8; 16],
    /// Whether it may be copied between devices (flag BE).
    pub synced: bool,
}

/// Why a registration is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RegistrationError {
    /// Too short, or bytes after the key.
    #[error("the authenticator data has not the length of a registration")]
    Length,
    /// Made for another site.
    #[error("the passkey was made for another site")]
    RpId,
    /// UP, UV and AT must be set, ED clear, BS only with BE.
    #[error("the authenticator did not verify its owner, or added extensions")]
    Flags,
    /// No ES256 key in its one form, or a point off the curve.
    #[error("the passkey is no ES256 key")]
    Key,
}

/// Reads the authenticator data of a registration on `rp_id`.
///
/// # Errors
/// The first thing that is not as it must be.
pub fn read(auth: &[u8], rp_id: &str) -> Result<Attested, RegistrationError> {
    use RegistrationError::Length;
    let (head, rest) = auth.split_first_chunk::<AUTH_LENGTH>().ok_or(Length)?;
    let (rp_id_hash, counted) = head.split_first_chunk::<32>().ok_or(Length)?;
    let (flags, _counter) = counted.split_first().ok_or(Length)?;
    let (aaguid, rest) = rest.split_first_chunk::<16>().ok_or(Length)?;
    let (length, rest) = rest.split_first_chunk::<2>().ok_or(Length)?;
    let length = usize::from(u16::from_be_bytes(*length));
    if !(1..=CREDENTIAL_MAX).contains(&length) {
        return Err(Length);
    }
    let (credential, key) = rest.split_at_checked(length).ok_or(Length)?;
    if *rp_id_hash != Digest::of(rp_id.as_bytes()).0 {
        return Err(RegistrationError::RpId);
    }
    if !flags_match(*flags) {
        return Err(RegistrationError::Flags);
    }
    Ok(Attested {
        key: cose_key(key).ok_or(RegistrationError::Key)?,
        credential: credential.to_vec(),
        aaguid: *aaguid,
        synced: flags & BACKUP_ELIGIBLE != 0,
    })
}

fn flags_match(flags: u8) -> bool {
    let set = |flag: u8| flags & flag != 0;
    set(USER_PRESENT)
        && set(USER_VERIFIED)
        && set(ATTESTED)
        && !set(EXTENSIONS)
        && (set(BACKUP_ELIGIBLE) || !set(BACKED_UP))
}

/// The point of the one form, with nothing after it.
fn cose_key(bytes: &[u8]) -> Option<P256Key> {
    let (x, rest) = bytes
        .strip_prefix(COSE_X.as_slice())?
        .split_first_chunk::<32>()?;
    let y: &[u8; 32] = rest.strip_prefix(COSE_Y.as_slice())?.try_into().ok()?;
    P256Key::from_raw(&[&[4], x.as_slice(), y.as_slice()].concat()).ok()
}

#[cfg(test)]
mod tests {
    use super::{COSE_X, COSE_Y, RegistrationError, read};
    use crate::digest::Digest;
    use crate::keys::P256Signer;

    const RP_ID: &str = "approvals.northwind.example";

    fn made(flags: u8, credential: &[u8]) -> Vec<u8> {
        let key = P256Signer::from_bytes([7; 32]).unwrap().verifying_key();
        let length = u16::try_from(credential.len()).unwrap().to_be_bytes();
        [
            Digest::of(RP_ID.as_bytes()).as_bytes().as_slice(),
            &[flags, 0, 0, 0, 0],
            &[0xaa; 16],
            &length,
            credential,
            &COSE_X,
            &key.raw()[1..33],
            &COSE_Y,
            &key.raw()[33..],
        ]
        .concat()
    }

    #[test]
    fn an_honest_registration_is_read() {
        let read = read(&made(0x45, b"credential"), RP_ID).unwrap();
        let key = P256Signer::from_bytes([7; 32]).unwrap().verifying_key();
        assert_eq!((read.key, read.synced), (key, false));
        assert_eq!(read.credential, b"credential");
        assert_eq!(read.aaguid, [0xaa; 16]);
        assert!(super::read(&made(0x5d, &[1; 1_023]), RP_ID).unwrap().synced);
    }

    #[test]
    fn every_other_length_is_refused() {
        let whole = made(0x45, b"credential");
        for end in 0..whole.len() {
            assert!(read(&whole[..end], RP_ID).is_err(), "{end} bytes");
        }
        let longer = [whole.as_slice(), &[0]].concat();
        assert_eq!(read(&longer, RP_ID), Err(RegistrationError::Key));
        assert_eq!(
            read(&made(0x45, b""), RP_ID),
            Err(RegistrationError::Length)
        );
        assert_eq!(
            read(&made(0x45, &[1; 1_024]), RP_ID),
            Err(RegistrationError::Length)
        );
    }

    #[test]
    fn another_site_and_other_flags_are_refused() {
        assert_eq!(
            read(&made(0x45, b"c"), "northwind.example"),
            Err(RegistrationError::RpId)
        );
        // No user present, none verified, no key, extensions, backed up without eligibility.
        for flags in [0x44, 0x41, 0x05, 0xc5, 0x55] {
            assert_eq!(
                read(&made(flags, b"c"), RP_ID),
                Err(RegistrationError::Flags),
                "{flags:#x}"
            );
        }
    }

    #[test]
    fn the_key_has_one_form() {
        let whole = made(0x45, b"c");
        let start = whole.len() - 77;
        for at in [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 42, 43, 44] {
            let mut bent = whole.clone();
            bent[start + at] ^= 0x01;
            assert_eq!(
                read(&bent, RP_ID),
                Err(RegistrationError::Key),
                "byte {at} of the key"
            );
        }
        let mut off_the_curve = whole;
        *off_the_curve.last_mut().unwrap() ^= 0x01;
        assert_eq!(read(&off_the_curve, RP_ID), Err(RegistrationError::Key));
    }
}
