//! One person adds a root signature: what the draft would change is judged against the held keyring first, and who is still
//! missing is counted over the old root and the new (PROTOCOL §5, rule 2).

use std::collections::BTreeSet;

use muster_protocol::descriptor::Descriptor;
use muster_protocol::digest::Digest;
use muster_protocol::envelope::{DocumentType, Envelope, Signature};
use muster_protocol::ids::Person;
use muster_protocol::keyring::{HeldKeyring, Keyring, Root, Update, verify_chain, verify_update};
use muster_protocol::time::UnixTime;

use super::key_file::{KeyFile, Use};

/// A draft of a keyring that follows from what is held.
#[derive(Debug)]
pub struct Draft {
    /// With the signatures it has.
    pub envelope: Envelope,
    /// What it says.
    pub keyring: Keyring,
}

/// What a file holds, of the two types that are signed at a ceremony.
#[derive(Debug)]
pub enum Document {
    /// A keyring, for root signers.
    Keyring(Box<Draft>),
    /// A policy, for approvers.
    Policy(Envelope),
}

/// Reads a draft.
///
/// # Errors
/// A sentence: it is of any other type, or does not read. Such a thing is not signed.
pub fn open(bytes: &[u8]) -> Result<Document, String> {
    if let Ok(envelope) = Envelope::decode(bytes, DocumentType::Policy) {
        return Ok(Document::Policy(envelope));
    }
    let envelope = Envelope::decode(bytes, DocumentType::Keyring).map_err(|_| {
        "This file is no keyring and no policy. Nothing else is signed here: whoever asks you for it means no good."
            .to_owned()
    })?;
    let keyring = Keyring::decode(envelope.payload()).map_err(|error| {
        format!("This keyring breaks a rule and every phone would refuse it: {error}. Do not sign.")
    })?;
    Ok(Document::Keyring(Box::new(Draft { envelope, keyring })))
}

impl Draft {
    /// Whether it may follow what is held, signatures apart.
    ///
    /// # Errors
    /// A sentence that says why not: another fleet, a version that is not the next, a time before the held one's.
    pub fn follows(
        &self,
        descriptor: &Descriptor,
        held: Option<&HeldKeyring>,
    ) -> Result<(), String> {
        let draft = &self.keyring;
        if draft.fleet != descriptor.fleet {
            return Err(
                "This keyring is of another fleet than this folder's. Do not sign.".to_owned(),
            );
        }
        let Some(held) = held.map(|held| &held.keyring) else {
            return if draft.version == 1 && draft.root == descriptor.root {
                Ok(())
            } else {
                Err("The first keyring has version 1 and the descriptor's root. This one has not: do not sign.".to_owned())
            };
        };
        if draft.version != held.version.saturating_add(1) {
            return Err(format!(
                "This draft has version {}, and after {} comes {}. Phones refuse every other: do not sign.",
                draft.version,
                held.version,
                held.version.saturating_add(1)
            ));
        }
        if draft.issued_at < held.issued_at {
            return Err(
                "This draft says it was made before the keyring that is held. Do not sign."
                    .to_owned(),
            );
        }
        if draft.min_protocol < held.min_protocol {
            return Err(
                "This draft lowers the least protocol version, which only rises. Do not sign."
                    .to_owned(),
            );
        }
        Ok(())
    }

    /// Adds a signature.
    ///
    /// # Errors
    /// A sentence: the key is no root key, of another fleet, of neither root, or has signed.
    pub fn sign(
        &mut self,
        fleet: &Digest,
        held: Option<&Root>,
        key: &KeyFile,
    ) -> Result<(), String> {
        if key.r#use != Use::Root {
            return Err("This is an approver's key. Keyrings are signed by root keys.".to_owned());
        }
        if key.fleet.is_some_and(|pinned| pinned != *fleet) {
            return Err(
                "Your key is pinned to another fleet than this folder's. Do not sign.".to_owned(),
            );
        }
        let id = key.signer.key_id();
        let stands_in = |root: &Root| root.keys.iter().any(|known| known.id() == id);
        if !stands_in(&self.keyring.root) && !held.is_some_and(stands_in) {
            return Err(
                "Your key stands in neither root: your signature would not count.".to_owned(),
            );
        }
        self.envelope
            .sign_plain(&key.signer)
            .map_err(|error| format!("Not signed: {error}."))
    }

    /// How many people of a root signed, validly. A false signature by one of its keys fails the whole document.
    ///
    /// # Errors
    /// A sentence that names the key.
    pub fn signed(&self, root: &Root) -> Result<u32, String> {
        let message = self.envelope.signed_bytes();
        let mut people: BTreeSet<&Person> = BTreeSet::new();
        for signature in self.envelope.signatures() {
            let Some(known) = root.keys.iter().find(|key| key.id() == *signature.keyid()) else {
                continue;
            };
            let valid = match signature {
                Signature::Plain { sig, .. } => known.key.verify(&message, sig),
                Signature::WebAuthn { .. } => false,
            };
            if !valid {
                return Err(format!(
                    "The signature of key {} does not fit this draft: every phone would refuse it. Start from the unsigned draft.",
                    signature.keyid()
                ));
            }
            people.insert(&known.person);
        }
        Ok(u32::try_from(people.len()).unwrap_or(u32::MAX))
    }

    /// What is missing, in a sentence; `None` when every phone would take it. The last word is the protocol's own judge.
    ///
    /// # Errors
    /// A sentence: a signature is false, or a phone would refuse it for another reason.
    pub fn missing(
        &self,
        descriptor: &Descriptor,
        held: Option<&HeldKeyring>,
    ) -> Result<Option<String>, String> {
        let next = &self.keyring.root;
        let held_root = held.map_or(&descriptor.root, |held| &held.keyring.root);
        let (by_held, by_next) = (self.signed(held_root)?, self.signed(next)?);
        let lacks = |signed: u32, root: &Root| root.threshold.saturating_sub(signed);
        if lacks(by_held, held_root) + lacks(by_next, next) > 0 {
            return Ok(Some(if held_root == next {
                format!("{by_next} of {} root signers have signed.", next.threshold)
            } else {
                format!(
                    "{by_held} of {} signers of the held root and {by_next} of {} of the new root have signed.",
                    held_root.threshold, next.threshold
                )
            }));
        }
        let bytes = self.envelope.encode();
        let judged = match held {
            Some(held) => {
                verify_update(held, &bytes).map(|update| matches!(update, Update::Next(_)))
            }
            None => verify_chain(descriptor, &[bytes], UnixTime(0)).map(|_| true),
        };
        match judged {
            Ok(true) => Ok(None),
            Ok(false) => Err("This keyring is the one that is held.".to_owned()),
            Err(refusal) => Err(format!(
                "Every phone would refuse this: {}.",
                refusal.reason.as_str()
            )),
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use muster_protocol::descriptor::Descriptor;
    use muster_protocol::envelope::{DocumentType, Envelope};
    use muster_protocol::ids::OrganisationId;
    use muster_protocol::keyring::HeldKeyring;
    use muster_protocol::time::UnixTime;

    use super::{Document, Draft, open};
    use crate::features::trust::prepare::ServerFacts;
    use crate::offline::ceremony::{self, Made, Wanted};
    use crate::offline::draft::{self, Change};
    use crate::offline::key_file::{KeyFile, Use};
    use crate::offline::public_part::PublicPart;
    use crate::random::SystemRandom;

    pub const NOW: UnixTime = UnixTime(1_790_000_000);

    /// A ceremony as it usually goes, for the tests of this folder.
    pub struct Ceremony {
        pub made: Made,
        pub descriptor: Descriptor,
        pub held: HeldKeyring,
        pub random: SystemRandom,
    }

    impl Ceremony {
        pub fn usual() -> Self {
            Self::of(&Wanted {
                auditors: vec!["Auditor".to_owned()],
                ..Wanted::usual()
            })
        }

        pub fn of(wanted: &Wanted) -> Self {
            let made = ceremony::make(&facts(), wanted, NOW, &SystemRandom).unwrap();
            Self {
                descriptor: Descriptor::decode(&made.descriptor).unwrap(),
                held: HeldKeyring::from_stored(made.keyring.clone()).unwrap(),
                made,
                random: SystemRandom,
            }
        }

        pub fn organisation(&self) -> OrganisationId {
            self.descriptor.organisation.clone()
        }

        pub fn newcomer(&self, name: &str) -> PublicPart {
            PublicPart::of(&ceremony::new_key(Use::Approver, name, &self.random).unwrap())
        }

        pub fn drafted(&self, change: &Change) -> Draft {
            let next = draft::next(
                &self.held.keyring,
                &self.organisation(),
                change,
                NOW,
                &self.random,
            )
            .unwrap();
            let envelope = Envelope::unsigned(DocumentType::Keyring, next.encode());
            let Ok(Document::Keyring(draft)) = open(&envelope.encode()) else {
                panic!("no keyring")
            };
            *draft
        }
    }

    pub fn facts() -> ServerFacts {
        let key = |seed| {
            let signer = muster_protocol::keys::Ed25519Signer::from_seed([seed; 32]);
            muster_protocol::base64::encode(signer.verifying_key().raw())
        };
        ServerFacts {
            organisation: "0197c0de-0000-7000-8000-000000000001".to_owned(),
            organisation_name: "Northwind Mobile".to_owned(),
            fleet: "0f".repeat(16),
            online_key: key(90),
            log_key: key(91),
            log_origin: "muster.example.org/log/0f".to_owned(),
            server_url: "https://muster.example.org:8443".to_owned(),
            server_ca: "ab".repeat(32),
            portal_host: "muster.example.org".to_owned(),
            approvals_host: Some("approvals.example.org".to_owned()),
            fingerprint: None,
        }
    }

    fn plain() -> Change {
        Change {
            days: 180,
            ..Change::default()
        }
    }

    #[test]
    fn two_of_three_sign_and_then_it_is_whole() {
        let fleet = Ceremony::usual();
        let mut draft = fleet.drafted(&plain());
        let (pin, root) = (fleet.made.fingerprint, &fleet.held.keyring.root);
        let missing = |draft: &Draft| draft.missing(&fleet.descriptor, Some(&fleet.held)).unwrap();
        assert!(missing(&draft).unwrap().starts_with("0 of 2"));
        draft.sign(&pin, Some(root), &fleet.made.roots[0]).unwrap();
        assert!(missing(&draft).unwrap().starts_with("1 of 2"));
        assert!(
            draft.sign(&pin, Some(root), &fleet.made.roots[0]).is_err(),
            "one key signs once"
        );
        draft.sign(&pin, Some(root), &fleet.made.roots[2]).unwrap();
        assert_eq!(missing(&draft), None);
    }

    #[test]
    fn a_new_root_takes_the_old_and_the_new_threshold() {
        let fleet = Ceremony::usual();
        let fresh: Vec<KeyFile> = (0..2)
            .map(|n| ceremony::new_key(Use::Root, &format!("New {n}"), &fleet.random).unwrap())
            .collect();
        let change = Change {
            remove_roots: fleet
                .made
                .roots
                .iter()
                .map(|root| root.signer.key_id().to_string())
                .collect(),
            add_roots: fresh.iter().map(PublicPart::of).collect(),
            ..plain()
        };
        let mut draft = fleet.drafted(&change);
        let (pin, root) = (fleet.made.fingerprint, &fleet.held.keyring.root);
        for key in &fresh {
            draft.sign(&pin, Some(root), key).unwrap();
        }
        let missing = draft
            .missing(&fleet.descriptor, Some(&fleet.held))
            .unwrap()
            .unwrap();
        assert!(
            missing.contains("0 of 2 signers of the held root and 2 of 2 of the new"),
            "{missing}"
        );
        for key in &fleet.made.roots[..2] {
            draft.sign(&pin, Some(root), key).unwrap();
        }
        assert_eq!(
            draft.missing(&fleet.descriptor, Some(&fleet.held)).unwrap(),
            None
        );
    }

    #[test]
    fn a_root_signer_refuses_every_other_type_and_every_other_version() {
        for other in [
            DocumentType::Command,
            DocumentType::Clearance,
            DocumentType::Receipt,
            DocumentType::Enrolment,
            DocumentType::Program,
        ] {
            assert!(open(&Envelope::unsigned(other, b"{}".to_vec()).encode()).is_err());
        }
        let fleet = Ceremony::usual();
        let mut draft = fleet.drafted(&plain());
        draft.keyring.version = 3;
        assert!(
            draft
                .follows(&fleet.descriptor, Some(&fleet.held))
                .unwrap_err()
                .contains("after 1 comes 2")
        );
        draft.keyring.version = 1;
        assert!(
            draft.follows(&fleet.descriptor, Some(&fleet.held)).is_err(),
            "a rollback"
        );
        let approver = &fleet.made.approvers[0];
        assert!(
            draft
                .sign(&fleet.made.fingerprint, None, approver)
                .unwrap_err()
                .contains("approver's key")
        );
    }

    #[test]
    fn keys_made_elsewhere_sign_the_first_keyring_too() {
        let roots: Vec<KeyFile> = (0..2)
            .map(|n| ceremony::new_key(Use::Root, &format!("Root {n}"), &SystemRandom).unwrap())
            .collect();
        let wanted = Wanted {
            roots: Vec::new(),
            root_publics: roots.iter().map(PublicPart::of).collect(),
            ..Wanted::usual()
        };
        let made = ceremony::make(&facts(), &wanted, NOW, &SystemRandom).unwrap();
        assert!(!made.complete && made.roots.is_empty());
        let descriptor = Descriptor::decode(&made.descriptor).unwrap();
        let Ok(Document::Keyring(mut draft)) = open(&made.keyring) else {
            panic!("no keyring")
        };
        draft.follows(&descriptor, None).unwrap();
        for key in &roots {
            draft.sign(&made.fingerprint, None, key).unwrap();
        }
        assert_eq!(draft.missing(&descriptor, None).unwrap(), None);
    }
}
