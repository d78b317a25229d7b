//! Keyrings (`protocol/src/keyring/`). The input: a chain, one keyring a line, each line the letters of those who sign it (capital
//! letters sign badly) and the payload from its first brace on. The phone's pin is the descriptor of [`Fleet`].

use std::collections::BTreeSet;
use std::sync::LazyLock;

use muster_protocol::descriptor::Descriptor;
use muster_protocol::digest::Digest;
use muster_protocol::envelope::{DocumentType, ENVELOPE_MAX, Envelope};
use muster_protocol::ids::Person;
use muster_protocol::keyring::{HeldKeyring, Keyring, Root, Update, verify_chain, verify_update};
use muster_protocol::reason::Reason;
use muster_protocol::time::UnixTime;

use crate::Verdict;
use crate::fleet::{Fleet, NOW, Signer, SignerKey};

mod rules;

pub use rules::obeys;

static FLEET: LazyLock<Fleet> = LazyLock::new(Fleet::new);

/// A line of the input.
struct Step<'a> {
    /// Who signs, and whether well; nobody twice.
    signers: Vec<(&'static Signer, bool)>,
    payload: &'a [u8],
    envelope: Envelope,
}

/// Decodes each payload and walks the chain.
pub fn check(data: &[u8]) -> Verdict {
    let lines = data.split(|byte| *byte == b'\n').take(8);
    let steps: Vec<Step<'_>> = lines.map(Step::of).collect();
    for step in &steps {
        if let Ok(keyring) = Keyring::decode(step.payload) {
            assert_eq!(keyring.encode(), step.payload, "a keyring has one form");
            assert_eq!(keyring.digest(), Digest::of(step.payload), "digest");
            obeys(&keyring);
        }
        if let Ok(descriptor) = Descriptor::decode(step.payload) {
            assert_eq!(
                descriptor.encode(),
                step.payload,
                "a descriptor has one form"
            );
            let judged = Descriptor::pinned(step.payload, &descriptor.fingerprint());
            assert_eq!(judged, Ok(descriptor), "by its own fingerprint");
        }
    }
    let descriptor = FLEET.descriptor();
    let chain: Vec<Vec<u8>> = steps.iter().map(|step| step.envelope.encode()).collect();
    let judged = verify_chain(&descriptor, &chain, UnixTime(NOW));
    match (&judged, last_sound(&descriptor, &steps)) {
        (Ok(held), Some(keyring)) => {
            assert_eq!(held.keyring, keyring, "the end of the chain");
            assert_eq!(held.digest, keyring.digest(), "digest");
            assert!(held.keyring.version >= descriptor.keyring_version, "floor");
            assert!(!held.is_expired(UnixTime(NOW)), "life");
            let stored = HeldKeyring::from_stored(held.envelope.clone());
            assert_eq!(stored.as_ref(), Ok(held), "what was stored is read");
            never_without_signatures(held, &steps);
        }
        (Err(_), None) => {}
        (code, specification) => {
            panic!("the code says {code:?}, the specification {specification:?}")
        }
    }
    Verdict::of(&judged)
}

impl<'a> Step<'a> {
    fn of(line: &'a [u8]) -> Self {
        let start = line.iter().position(|byte| *byte == b'{').unwrap_or(0);
        let (letters, payload) = line.split_at(start);
        let mut envelope = Envelope::unsigned(DocumentType::Keyring, payload.to_vec());
        let message = envelope.signed_bytes();
        let mut signers = Vec::new();
        // Signing is the dear part, and what is no keyring is refused whoever signs it.
        let letters = if Keyring::decode(payload).is_ok() {
            letters
        } else {
            &[]
        };
        for letter in letters.iter().take(16) {
            let Some(signer) = FLEET.signer(*letter) else {
                continue;
            };
            let well = letter.is_ascii_lowercase();
            if envelope.add(signer.sign(&message, well)).is_ok() {
                signers.push((signer, well));
            }
        }
        Self {
            signers,
            payload,
            envelope,
        }
    }

    fn keyring(&self) -> Option<Keyring> {
        let fits = self.envelope.encode().len() <= ENVELOPE_MAX;
        Keyring::decode(self.payload).ok().filter(|_| fits)
    }

    /// Whether the threshold of people signed, and no key of this root badly (PROTOCOL §5, rule 2). Ed25519 only.
    fn is_signed_by(&self, root: &Root) -> bool {
        let mut people: BTreeSet<&Person> = BTreeSet::new();
        for (signer, well) in &self.signers {
            let own = match &signer.key {
                SignerKey::File(key) => key.verifying_key(),
                SignerKey::Passkey(_) => continue,
            };
            if let Some(entry) = root.keys.iter().find(|entry| entry.key == own) {
                if !well {
                    return false;
                }
                people.insert(&entry.person);
            }
        }
        people.len() >= usize::try_from(root.threshold).expect("32 bits fit")
    }
}

/// Where the chain ends by the update rules of PROTOCOL §5; none when it does not hold.
fn last_sound(descriptor: &Descriptor, steps: &[Step<'_>]) -> Option<Keyring> {
    let (first, later) = steps.split_first()?;
    let mut held = first.keyring()?;
    let begins = held.fleet == descriptor.fleet
        && first.is_signed_by(&descriptor.root)
        && first.is_signed_by(&held.root);
    if !begins {
        return None;
    }
    for step in later {
        let next = step.keyring()?;
        if next == held {
            continue;
        }
        let follows = next.fleet == held.fleet
            && next.version == held.version + 1
            && next.issued_at >= held.issued_at
            && next.min_protocol >= held.min_protocol
            && step.is_signed_by(&held.root)
            && step.is_signed_by(&next.root);
        if !follows {
            return None;
        }
        held = next;
    }
    let lives = held.version >= descriptor.keyring_version && held.expires_at > UnixTime(NOW);
    lives.then_some(held)
}

/// The keyring after an accepted one: refused unsigned, refused when one byte of it changed under its signatures, and once it
/// is held, nothing below it is taken.
fn never_without_signatures(end: &HeldKeyring, steps: &[Step<'_>]) {
    let first = steps[0].envelope.encode();
    let mut held = HeldKeyring::from_stored(first).expect("it was accepted");
    for step in &steps[1..] {
        let Ok(Update::Next(next)) = verify_update(&held, &step.envelope.encode()) else {
            continue;
        };
        let unsigned = Envelope::unsigned(DocumentType::Keyring, step.payload.to_vec());
        let judged = verify_update(&held, &unsigned.encode());
        assert!(judged.is_err(), "nobody signed");
        let other = Keyring {
            min_protocol: next.keyring.min_protocol + 1,
            ..next.keyring.clone()
        };
        let mut forged = Envelope::unsigned(DocumentType::Keyring, other.encode());
        for signature in step.envelope.signatures() {
            forged.add(signature.clone()).expect("as many as before");
        }
        let judged = verify_update(&held, &forged.encode());
        assert!(judged.is_err(), "another payload under the same signatures");
        let judged = verify_update(&next, &held.envelope).map_err(|refusal| refusal.reason);
        assert_eq!(judged, Err(Reason::KeyringRollback), "back again");
        held = *next;
    }
    assert_eq!(held.digest, end.digest, "step by step as in one walk");
    let judged = verify_update(&held, &end.envelope);
    assert_eq!(judged, Ok(Update::Same), "the held one again");
}
