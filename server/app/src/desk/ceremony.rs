//! The ceremony of a new passkey, as far as it is under way: what the authenticator was asked, and what it made. It lives in memory
//! only, a quarter of an hour, and a passkey is nobody's before its trial held.

use std::sync::{Mutex, PoisonError};

use muster_protocol::base64;
use muster_protocol::digest::Digest;
use muster_protocol::time::UnixTime;
use serde_json::{Value, json};

use crate::offline::registration::{Claim, Registration};
use crate::random::Random;

/// How many are under way at most; the oldest gives way.
const MOST: usize = 8;
/// How long one may take, seconds.
const LASTS: u64 = 15 * 60;
/// How long a browser waits for an authenticator, milliseconds.
const PATIENCE: u32 = 120_000;

/// A passkey that is being made.
#[derive(Debug, Clone)]
pub(super) struct Ceremony {
    /// Its name in addresses.
    pub(super) id: String,
    /// What the passkey is to be called.
    pub(super) label: String,
    /// The challenge that the root signers chose; no other would bring the passkey into a keyring.
    pub(super) nonce: Digest,
    /// What was made, once it was.
    pub(super) claim: Option<Claim>,
    begun: UnixTime,
    user: [u8; 32],
    challenge: [u8; 32],
}

/// Those under way.
#[derive(Default)]
pub(super) struct Ceremonies(Mutex<Vec<Ceremony>>);

impl Ceremonies {
    /// Begins one; answers its name.
    pub(super) fn begin(
        &self,
        label: &str,
        nonce: Digest,
        now: UnixTime,
        random: &dyn Random,
    ) -> String {
        let ceremony = Ceremony {
            id: hex::encode(random.bytes::<16>()),
            label: label.to_owned(),
            nonce,
            claim: None,
            begun: now,
            user: random.bytes(),
            challenge: random.bytes(),
        };
        let id = ceremony.id.clone();
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= MOST {
            all.remove(0);
        }
        all.push(ceremony);
        id
    }

    /// One under way.
    pub(super) fn find(&self, id: &str, now: UnixTime) -> Option<Ceremony> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|one| now < one.begun.plus(LASTS));
        all.iter().find(|one| one.id == id).cloned()
    }

    /// Keeps what the authenticator made.
    pub(super) fn keep(&self, id: &str, claim: Claim) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(one) = all.iter_mut().find(|one| one.id == id) {
            one.claim = Some(claim);
        }
    }

    /// Ends one.
    pub(super) fn end(&self, id: &str) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|one| one.id != id);
    }
}

impl Ceremony {
    /// What the browser is asked when the passkey is made. The make and model is asked for, because root signers compare it; the
    /// passkey need not be found without its credential id, which the registration keeps.
    pub(super) fn asked(&self, rp_id: &str, owner: &str, known: &[Registration]) -> String {
        let known: Vec<Value> = known
            .iter()
            .map(|made| {
                let id = base64::encode_url(&made.claim.credential);
                json!({ "type": "public-key", "id": id })
            })
            .collect();
        json!({
            "rp": { "id": rp_id, "name": "Muster" },
            "user": { "id": base64::encode_url(&self.user), "name": self.label, "displayName": owner },
            "challenge": base64::encode_url(&self.challenge),
            "pubKeyCredParams": [{ "type": "public-key", "alg": -7 }],
            "excludeCredentials": known,
            "authenticatorSelection": { "residentKey": "discouraged", "userVerification": "required" },
            "attestation": "direct",
            "timeout": PATIENCE,
        })
        .to_string()
    }
}
