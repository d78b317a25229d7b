//! Who must have signed a command, a second time: the table of PROTOCOL §6 over the grants of the one fleet.

use std::collections::BTreeSet;

use muster_protocol::command::{Args, Command, Kind};
use muster_protocol::envelope::{Envelope, Signature};
use muster_protocol::keys::PublicKey;
use muster_protocol::webauthn::Assertion;

use super::FLEET;
use crate::{assertion, fleet};

const DAY: u64 = 86_400;

/// Whether the keyring's people, or its online key, authorise this command for one phone of the organisation.
pub(super) fn is_authorised(command: &Command, envelope: &Envelope) -> bool {
    let Some(signed) = letters(envelope) else {
        return false;
    };
    let people = |among: &[u8]| {
        let counted = signed.iter().filter(|letter| among.contains(letter));
        let persons = counted.filter_map(|letter| FLEET.signer(*letter));
        let persons: BTreeSet<u8> = persons.map(|signer| signer.person).collect();
        persons.len()
    };
    let (anybody, independent) = (people(b"abcpq"), people(b"abc"));
    let online = signed.contains(&b'o');
    match command.kind() {
        Kind::Notice | Kind::Refresh | Kind::RotateKey | Kind::Lock => online,
        Kind::Suspend => (online && is_short(command)) || anybody >= 1,
        Kind::Resume => online || anybody >= 1,
        Kind::Message | Kind::Unlock | Kind::Cancel => anybody >= 1,
        Kind::LockFleet | Kind::Kill => anybody >= 1 && independent >= 1,
        Kind::Transfer | Kind::Wipe => anybody >= 2 && independent >= 1,
        Kind::Hold | Kind::Release => signed.contains(&b'd'),
    }
}

/// An online suspend ends within 35 days and lives at most 7.
fn is_short(command: &Command) -> bool {
    let Args::Suspend { until } = &command.args else {
        return false;
    };
    until.0 <= command.issued_at.0 + 35 * DAY
        && command.expires_at.0 <= command.issued_at.0 + 7 * DAY
}

/// Which of the keyring's keys signed; none when one of them signed badly. Other keys are passed over (PROTOCOL §8).
pub(super) fn letters(envelope: &Envelope) -> Option<BTreeSet<u8>> {
    let message = envelope.signed_bytes();
    let mut signed = BTreeSet::new();
    for signature in envelope.signatures() {
        let known = FLEET.signers.iter().find(|signer| {
            b"abcdpqo".contains(&signer.letter) && signer.public().key_id() == *signature.keyid()
        });
        let Some(signer) = known else {
            continue;
        };
        let holds = match (signer.public(), signature) {
            (PublicKey::Ed25519(key), Signature::Plain { sig, .. }) => key.verify(&message, sig),
            (
                PublicKey::WebauthnEs256(key),
                Signature::WebAuthn {
                    auth, client, sig, ..
                },
            ) => {
                let given = Assertion { auth, client, sig };
                let passkey = fleet::passkey(false);
                assertion::expected(&given, &passkey, &key, &envelope.digest()).is_ok()
            }
            _ => false,
        };
        if !holds {
            return None;
        }
        signed.insert(signer.letter);
    }
    Some(signed)
}
