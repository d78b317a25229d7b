//! The public part of a person's key: what leaves the person's own machine, goes to the ceremony, and stands in a keyring.

use std::path::{Path, PathBuf};

use muster_protocol::base64;
use muster_protocol::digest::Digest;
use muster_protocol::ids::{KeyId, Person};
use muster_protocol::keyring::{Display, KeyEntry, WholeKey};
use muster_protocol::keys::{Algorithm, Ed25519Key, PublicKey};
use muster_protocol::webauthn::Passkey;
use muster_protocol::words;
use serde::{Deserialize, Serialize};

use super::key_file::{KeyFile, Use};
use super::registration::Registration;

/// Words of a key's id that two people compare aloud: 64 bits.
const WORDS: usize = 8;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    v: u8,
    r#use: Use,
    /// What its owner is called; never enters a keyring.
    name: String,
    /// 32 hex characters; stands in the keyring instead of a name.
    person: String,
    alg: String,
    /// The raw public key, base64.
    key: String,
}

/// A public key, whose it is, and what it is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicPart {
    /// What the key is for.
    pub r#use: Use,
    /// What its owner is called.
    pub name: String,
    /// Who its owner is in the keyring.
    pub person: Person,
    /// The key.
    pub key: PublicKey,
    /// Where it signs, for passkeys, and who draws the page there.
    pub passkey: Option<(Passkey, Display)>,
}

impl PublicPart {
    /// The public part of a key file.
    #[must_use]
    pub fn of(key: &KeyFile) -> Self {
        Self {
            r#use: key.r#use,
            name: key.name.clone(),
            person: key.person.clone(),
            key: key.signer.public_key(),
            passkey: None,
        }
    }

    /// Where the public part of the key file at `path` lies.
    #[must_use]
    pub fn path_of(path: &Path) -> PathBuf {
        let mut name = path.as_os_str().to_owned();
        name.push(".pub");
        PathBuf::from(name)
    }

    /// Reads a file that [`Self::write`] wrote, or the registration of a passkey, whose trial is judged again here. `challenges`
    /// are those that the ceremony gave out ([`Registration::meets`]).
    ///
    /// # Errors
    /// A sentence: it cannot be read, is something else, its trial does not hold, it calls itself independent without one of the
    /// challenges, or its key is for another use than `wanted`.
    pub fn read(path: &Path, wanted: Use, challenges: &[Digest]) -> Result<Self, String> {
        let shown = path.display();
        let text = std::fs::read(path)
            .map_err(|error| format!("The public part {shown} cannot be read: {error}."))?;
        let part = if Registration::is_one(&text) {
            let made = Registration::decode(&text).map_err(|error| format!("{shown}: {error}"))?;
            made.meets(challenges)
                .map_err(|error| format!("{shown}: {error}"))?;
            made.claim.public_part()
        } else {
            Self::parse(&text).ok_or_else(|| {
                format!("{shown} is no public part of a key. It is the file that ends in .pub, or the registration of a passkey.")
            })?
        };
        if part.r#use == wanted {
            return Ok(part);
        }
        let (is, needs) = match wanted {
            Use::Approver => ("a root signer's", "an approver's"),
            Use::Root => ("an approver's", "a root signer's"),
        };
        Err(format!(
            "{shown} holds {is} key, and {needs} is needed here. A key has one use."
        ))
    }

    fn parse(text: &[u8]) -> Option<Self> {
        let stored: Stored = serde_json::from_slice(text).ok()?;
        let algorithm: Algorithm = stored.alg.parse().ok()?;
        // A passkey comes in with its registration, which proves it, and in no other way.
        (algorithm == Algorithm::Ed25519).then_some(())?;
        (stored.v == 1).then_some(())?;
        Some(Self {
            r#use: stored.r#use,
            name: stored.name,
            person: Person::parse(&stored.person).ok()?,
            key: PublicKey::from_raw(algorithm, &base64::decode(&stored.key)?).ok()?,
            passkey: None,
        })
    }

    /// Writes the file of a key that is no passkey.
    ///
    /// # Errors
    /// A sentence: it cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), String> {
        let stored = Stored {
            v: 1,
            r#use: self.r#use,
            name: self.name.clone(),
            person: self.person.to_string(),
            alg: self.key.algorithm().to_string(),
            key: base64::encode(self.key.raw()),
        };
        let text = serde_json::to_string_pretty(&stored).map_err(|error| error.to_string())?;
        std::fs::write(path, text).map_err(|error| {
            format!(
                "The public part {} cannot be written: {error}.",
                path.display()
            )
        })
    }

    /// The key's name.
    #[must_use]
    pub fn id(&self) -> KeyId {
        self.key.key_id()
    }

    /// What stands in a keyring for an approver.
    #[must_use]
    pub fn approver(&self) -> KeyEntry {
        let (passkey, display) = self.passkey.clone().unzip();
        KeyEntry {
            key: self.key,
            person: self.person.clone(),
            display: display.unwrap_or(Display::Independent),
            passkey,
        }
    }

    /// What stands in a keyring for a root signer.
    ///
    /// # Errors
    /// A sentence: the key is no Ed25519 key.
    pub fn root(&self) -> Result<WholeKey, String> {
        Ok(WholeKey {
            key: Ed25519Key::from_raw(self.key.raw()).map_err(|_| {
                format!(
                    "The key of {} cannot be a root key: those are Ed25519.",
                    self.name
                )
            })?,
            person: self.person.clone(),
        })
    }
}

/// The words of a key's id, to be compared with the person who holds it.
#[must_use]
pub fn spoken(id: &KeyId) -> String {
    words::words(&id.digest().as_bytes()[..WORDS]).join(" ")
}

#[cfg(test)]
mod tests {
    use muster_protocol::digest::Digest;
    use muster_protocol::ids::Person;
    use muster_protocol::keyring::Display;
    use muster_protocol::keys::Ed25519Signer;

    use super::{PublicPart, Use};
    use crate::offline::registration::tests::honest;

    #[test]
    fn a_public_part_survives_its_file_and_has_one_use() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("key.pub");
        let part = PublicPart {
            r#use: Use::Root,
            name: "Teo Amari".to_owned(),
            person: Person::parse(&"0a".repeat(16)).unwrap(),
            key: Ed25519Signer::from_seed([7; 32]).public_key(),
            passkey: None,
        };
        part.write(&path).unwrap();
        assert_eq!(PublicPart::read(&path, Use::Root, &[]).unwrap(), part);
        let refused = PublicPart::read(&path, Use::Approver, &[]).unwrap_err();
        assert!(refused.contains("one use"), "{refused}");
    }

    #[test]
    fn a_passkey_comes_in_with_its_registration_and_a_trial_that_holds() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("passkey.json");
        let mut made = honest(7, "approvals.example.org", Display::Portal);
        made.write(&path).unwrap();
        let part = PublicPart::read(&path, Use::Approver, &[]).unwrap();
        assert_eq!(part, made.claim.public_part());
        let refused = PublicPart::read(&path, Use::Root, &[]).unwrap_err();
        assert!(refused.contains("one use"), "{refused}");
        made.claim.name = "Somebody else".to_owned();
        made.write(&path).unwrap();
        let refused = PublicPart::read(&path, Use::Approver, &[]).unwrap_err();
        assert!(refused.contains("altered"), "{refused}");
        // A key that calls itself independent signed over a challenge of the ceremony, whatever else it says of itself.
        let claims = honest(8, "approve.northwind.example", Display::Independent);
        claims.write(&path).unwrap();
        for given in [&[][..], &[Digest::of(b"another")]] {
            let refused = PublicPart::read(&path, Use::Approver, given).unwrap_err();
            assert!(refused.contains("--challenge"), "{refused}");
        }
        let given = [Digest::of(b"another"), claims.trial.nonce];
        PublicPart::read(&path, Use::Approver, &given).unwrap();
        // What says the same without a trial proves nothing.
        part.write(&path).unwrap();
        assert!(PublicPart::read(&path, Use::Approver, &[]).is_err());
    }
}
