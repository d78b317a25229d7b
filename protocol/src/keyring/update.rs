//! From one keyring to the next (§5, after TUF §5.3): one version at a time, signed by the old root and the new.

use std::collections::BTreeSet;

use super::{CHAIN_MAX, Keyring, Root};
use crate::descriptor::Descriptor;
use crate::digest::Digest;
use crate::envelope::{DocumentType, Envelope, Signature};
use crate::ids::Person;
use crate::reason::{Reason, Refusal};
use crate::time::UnixTime;

/// A keyring that was verified, with the bytes that prove it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldKeyring {
    /// What it says.
    pub keyring: Keyring,
    /// SHA-256 of its payload.
    pub digest: Digest,
    /// The envelope as received.
    pub envelope: Vec<u8>,
}

/// What a keyring from the server is to the one held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Update {
    /// The held one again.
    Same,
    /// The next one: to be stored durably before it is used.
    Next(Box<HeldKeyring>),
}

impl HeldKeyring {
    /// Reads back a keyring that this phone verified before and stored. It is decoded and checked again; its signatures are
    /// those of the store.
    ///
    /// # Errors
    /// When the stored bytes are no sound keyring.
    pub fn from_stored(envelope: Vec<u8>) -> Result<Self, Refusal> {
        let (document, keyring) = open(&envelope)?;
        let digest = Digest::of(document.payload());
        Ok(Self {
            keyring,
            digest,
            envelope,
        })
    }

    /// Whether it has expired at this time. An expired keyring stops restricting and neutral kinds, never restoring ones.
    #[must_use]
    pub fn is_expired(&self, now: UnixTime) -> bool {
        now >= self.keyring.expires_at
    }
}

/// Judges a keyring that came with a check-in against the one held. Whether it has expired is not asked: an expired
/// intermediate is allowed.
///
/// # Errors
/// `too_large`, `bad_encoding`, `wrong_type` for the envelope; `keyring_rollback` for a lower version, `keyring_gap` for one
/// more than a step above, `keyring_invalid` for everything else, another keyring of the held version included.
pub fn verify_update(held: &HeldKeyring, envelope: &[u8]) -> Result<Update, Refusal> {
    let (document, next) = open(envelope)?;
    let digest = Digest::of(document.payload());
    let current = &held.keyring;
    if next.fleet != current.fleet {
        return Err(invalid());
    }
    if next.version < current.version {
        return Err(Refusal::not_authentic(Reason::KeyringRollback));
    }
    if next.version == current.version {
        return if digest == held.digest {
            Ok(Update::Same)
        } else {
            Err(invalid())
        };
    }
    if next.version != current.version.saturating_add(1) {
        return Err(Refusal::not_authentic(Reason::KeyringGap));
    }
    let falls_back = next.issued_at < current.issued_at || next.min_protocol < current.min_protocol;
    if falls_back || !is_signed(&document, &[&current.root, &next.root]) {
        return Err(invalid());
    }
    Ok(Update::Next(Box::new(HeldKeyring {
        keyring: next,
        digest,
        envelope: envelope.to_vec(),
    })))
}

/// Walks the chain from the pinned descriptor's root to the newest keyring: what a phone starts from. `now` is the greater of
/// clock and floor.
///
/// # Errors
/// Those of [`verify_update`]; `keyring_rollback` when the chain ends below the descriptor's `keyring_version`;
/// `keyring_expired` when its end has expired.
pub fn verify_chain(
    descriptor: &Descriptor,
    chain: &[Vec<u8>],
    now: UnixTime,
) -> Result<HeldKeyring, Refusal> {
    if chain.len() > CHAIN_MAX {
        return Err(Refusal::not_authentic(Reason::TooLarge));
    }
    let (first, later) = chain.split_first().ok_or_else(invalid)?;
    let (document, keyring) = open(first)?;
    if keyring.fleet != descriptor.fleet
        || !is_signed(&document, &[&descriptor.root, &keyring.root])
    {
        return Err(invalid());
    }
    let digest = Digest::of(document.payload());
    let mut held = HeldKeyring {
        keyring,
        digest,
        envelope: first.clone(),
    };
    for envelope in later {
        match verify_update(&held, envelope)? {
            Update::Same => {}
            Update::Next(next) => held = *next,
        }
    }
    if held.keyring.version < descriptor.keyring_version {
        return Err(Refusal::not_authentic(Reason::KeyringRollback));
    }
    if held.is_expired(now) {
        return Err(Refusal::deferred(Reason::KeyringExpired));
    }
    Ok(held)
}

fn open(envelope: &[u8]) -> Result<(Envelope, Keyring), Refusal> {
    let document = Envelope::decode(envelope, DocumentType::Keyring)?;
    let keyring = Keyring::decode(document.payload())?;
    Ok((document, keyring))
}

/// Whether each root's threshold of people signed. A bad signature by any root key fails the whole document.
fn is_signed(document: &Envelope, roots: &[&Root]) -> bool {
    roots.iter().all(|root| root.has_signed(document))
}

impl Root {
    /// Whether so many of these people signed the document as it takes. Keys of others are skipped; a bad signature by one of
    /// these keys fails the whole document.
    #[must_use]
    pub fn has_signed(&self, document: &Envelope) -> bool {
        let message = document.signed_bytes();
        let mut people: BTreeSet<&Person> = BTreeSet::new();
        for signature in document.signatures() {
            let Some(key) = self.keys.iter().find(|key| key.id() == *signature.keyid()) else {
                continue;
            };
            let valid = match signature {
                Signature::Plain { sig, .. } => key.key.verify(&message, sig),
                // Passkeys approve commands only.
                Signature::WebAuthn { .. } => false,
            };
            if !valid {
                return false;
            }
            people.insert(&key.person);
        }
        u64::try_from(people.len()).unwrap_or(0) >= u64::from(self.threshold)
    }
}

fn invalid() -> Refusal {
    Refusal::not_authentic(Reason::KeyringInvalid)
}
