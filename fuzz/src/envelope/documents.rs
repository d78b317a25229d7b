//! The documents inside an envelope: each read by the verifier that its receiver uses, and never believed without the
//! signature it needs.

use muster_protocol::clearance::{Clearance, Expected};
use muster_protocol::command::Command;
use muster_protocol::digest::Digest;
use muster_protocol::enrolment::Statement;
use muster_protocol::envelope::{DocumentType, Envelope, Signature, envelope_digest};
use muster_protocol::judge;
use muster_protocol::keyring::Keyring;
use muster_protocol::keys::{P256Key, PublicKey};
use muster_protocol::policy::Policy;
use muster_protocol::receipt::Receipt;
use muster_protocol::target::TargetProof;
use muster_protocol::text;

use super::{FLEET, authorised};
use crate::Verdict;
use crate::fleet::{leaf, organisation};
use crate::keyring;

/// Judges the document as its receiver does.
pub(super) fn judge(envelope: &Envelope, bytes: &[u8]) -> Verdict {
    match envelope.document_type() {
        DocumentType::Command => command(envelope, bytes),
        DocumentType::Keyring => {
            let decoded = Keyring::decode(envelope.payload());
            if let Ok(decoded) = &decoded {
                assert_eq!(decoded.encode(), envelope.payload());
                keyring::obeys(decoded);
            }
            Verdict::of(&decoded)
        }
        DocumentType::Policy => policy(envelope, bytes),
        DocumentType::Clearance => clearance(envelope, bytes),
        DocumentType::Receipt => receipt(envelope, bytes),
        DocumentType::Enrolment => enrolment(envelope, bytes),
        // No decoder of program releases lives in this crate.
        DocumentType::Program => Verdict::Accepted,
    }
}

fn command(envelope: &Envelope, bytes: &[u8]) -> Verdict {
    let decoded = Command::decode(envelope.payload());
    if let Ok(command) = &decoded {
        assert_eq!(
            command.encode(),
            envelope.payload(),
            "a command has one form"
        );
        assert_eq!(command.digest(), envelope.digest(), "cd");
        assert!(text::check(&command.reason, 200).is_ok(), "reason");
        assert!((1..=4_096).contains(&command.targets.count), "targets");
        let start = command.not_before.unwrap_or(command.issued_at);
        assert!(command.issued_at <= start && start < command.expires_at);
        assert!(command.args.lifts().len() <= 64, "lifts");
    }
    let proof = TargetProof {
        index: 0,
        hashes: Vec::new(),
    };
    let pin = FLEET.pin();
    let judged = judge::authenticate(bytes, &proof, &pin, &FLEET.keyring);
    let for_us = |command: &Command| {
        command.fleet == pin.fleet
            && command.organisation == pin.organisation
            && command.targets.count == 1
            && command.targets.root == leaf(0).hash()
            && command.keyring <= FLEET.keyring.version
    };
    let expected = decoded
        .as_ref()
        .is_ok_and(|command| for_us(command) && authorised::is_authorised(command, envelope));
    assert_eq!(judged.is_ok(), expected, "{judged:?} of {decoded:?}");
    if let Ok(authentic) = &judged {
        assert_eq!(authentic.cd, envelope.digest(), "cd");
        assert_eq!(authentic.ed, envelope_digest(bytes), "ed");
        assert_eq!(Ok(&authentic.command), decoded.as_ref(), "what was signed");
        let unsigned = Envelope::unsigned(DocumentType::Command, envelope.payload().to_vec());
        let judged = judge::authenticate(&unsigned.encode(), &proof, &pin, &FLEET.keyring);
        assert!(judged.is_err(), "nobody signed");
        let mut other = authentic.command.clone();
        other.expires_at.0 -= 1;
        let mut moved = Envelope::unsigned(DocumentType::Command, other.encode());
        for signature in envelope.signatures() {
            moved.add(signature.clone()).expect("as many as before");
        }
        let judged = judge::authenticate(&moved.encode(), &proof, &pin, &FLEET.keyring);
        assert!(judged.is_err(), "approvals moved under another command");
        let mut elsewhere = FLEET.pin();
        elsewhere.serial = leaf(1).serial;
        let judged = judge::authenticate(bytes, &proof, &elsewhere, &FLEET.keyring);
        assert!(judged.is_err(), "another handset");
    }
    Verdict::of(&judged)
}

fn policy(envelope: &Envelope, bytes: &[u8]) -> Verdict {
    let judged = Policy::verify(bytes, &FLEET.keyring, &organisation(), None);
    if let Ok(held) = &judged {
        assert_eq!(
            held.policy.encode(),
            envelope.payload(),
            "a policy has one form"
        );
        assert_eq!(held.policy.fleet, FLEET.keyring.fleet);
        assert!((60..=86_400).contains(&held.policy.check_in_seconds));
        assert!((24..=720).contains(&held.policy.stale_hours));
        assert!(held.policy.expires_at > held.policy.issued_at);
        let signed = authorised::letters(envelope).expect("no bad signature by a known key");
        assert!(signed.contains(&b'a'), "Ada alone may sign policies");
        let passkeys = |letter: &u8| matches!(letter, b'p' | b'q');
        assert!(
            !signed.iter().any(passkeys),
            "passkeys approve commands only"
        );
    }
    Verdict::of(&judged)
}

fn clearance(envelope: &Envelope, bytes: &[u8]) -> Verdict {
    let (ed, nonce) = (Digest::of(b"ed"), Digest::of(b"nonce"));
    let enrolment = leaf(0).enrolment;
    let expected = Expected {
        ed: &ed,
        enrolment: &enrolment,
        nonce: &nonce,
    };
    let judged = Clearance::verify(bytes, &FLEET.keyring, &expected);
    if let Ok(cleared) = &judged {
        assert_eq!(cleared.clearance.encode(), envelope.payload());
        assert_eq!((cleared.clearance.ed, cleared.clearance.nonce), (ed, nonce));
        assert_eq!(cleared.clearance.enrolment, enrolment);
        assert!(cleared.clearance.keyring <= FLEET.keyring.version);
        let [Signature::Plain { keyid, sig }] = envelope.signatures() else {
            panic!("a clearance has one signature");
        };
        let witnesses = FLEET.keyring.witness.keys.iter();
        let by = witnesses.filter(|one| one.key.verify(&envelope.signed_bytes(), sig));
        let by: Vec<_> = by.map(|one| PublicKey::Ed25519(one.key).key_id()).collect();
        assert_eq!(by, [*keyid], "by one witness");
        assert_eq!(cleared.witness, *keyid);
    }
    Verdict::of(&judged)
}

fn receipt(envelope: &Envelope, bytes: &[u8]) -> Verdict {
    if let Ok(receipt) = Receipt::decode(envelope.payload()) {
        assert_eq!(
            receipt.encode(),
            envelope.payload(),
            "a receipt has one form"
        );
        let printable =
            |text: &String| text.len() <= 200 && text.bytes().all(|b| (32..127).contains(&b));
        assert!(receipt.detail.as_ref().is_none_or(printable), "detail");
    }
    let device = FLEET.device.verifying_key();
    let judged = Receipt::verify(bytes, &device);
    if let Ok(receipt) = &judged {
        assert_eq!(receipt.encode(), envelope.payload());
        assert_eq!(
            receipt.enrolment,
            device.enrolment_id(),
            "its own enrolment"
        );
        by_device(envelope, &device);
    }
    Verdict::of(&judged)
}

fn enrolment(envelope: &Envelope, bytes: &[u8]) -> Verdict {
    let judged = Statement::verify(bytes);
    if let Ok(statement) = &judged {
        assert_eq!(
            statement.encode(),
            envelope.payload(),
            "a statement has one form"
        );
        assert_ne!(statement.device_key, statement.tls_key, "a key has one use");
        by_device(envelope, &statement.device_key);
    }
    Verdict::of(&judged)
}

/// One signature, by this device key.
fn by_device(envelope: &Envelope, device: &P256Key) {
    let [Signature::Plain { keyid, sig }] = envelope.signatures() else {
        panic!("a device signs once, and plainly");
    };
    assert_eq!(*keyid, PublicKey::P256(*device).key_id(), "its name");
    assert!(
        device.verify(&envelope.signed_bytes(), sig),
        "its signature"
    );
}
