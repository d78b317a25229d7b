//! A passkey's authenticator and its browser in software: P-256, attestation "none", discoverable. Its fields bend what it
//! answers, for answers that must not be taken.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{Signature, SigningKey};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

const PRESENT: u8 = 0x01;
const VERIFIED: u8 = 0x04;
const ELIGIBLE: u8 = 0x08;
const BACKED_UP: u8 = 0x10;
const ATTESTED: u8 = 0x40;

/// One that holds the passkeys it made.
#[derive(Clone)]
pub struct Authenticator {
    /// The origin that its browser writes down.
    pub origin: String,
    /// The relying party it signs for, when it is another than it was asked for.
    pub rp_id: Option<String>,
    /// Whether somebody touched it.
    pub present: bool,
    /// Whether it asked for a finger or a PIN.
    pub verified: bool,
    /// Whether it says that copies are kept.
    pub synced: bool,
    /// The ceremony its browser writes down, when it is another than it is in.
    pub kind: Option<&'static str>,
    /// What it says after the next use; `None` for one that does not count.
    pub counter: Option<u32>,
    /// Whom it says the passkey is of, when it is another.
    pub handle: Option<Vec<u8>>,
    /// What it signs with.
    held: Vec<Held>,
    seed: u8,
}

#[derive(Clone)]
struct Held {
    id: Vec<u8>,
    handle: Vec<u8>,
    key: SigningKey,
}

impl Authenticator {
    /// An honest one, used at `origin`. Those of different seeds make different keys.
    #[must_use]
    pub fn new(origin: &str, seed: u8) -> Self {
        Self {
            origin: origin.to_owned(),
            rp_id: None,
            present: true,
            verified: true,
            synced: false,
            kind: None,
            counter: None,
            handle: None,
            held: Vec::new(),
            seed,
        }
    }

    /// Makes a passkey as these options ask (`PublicKeyCredentialCreationOptions`); answers what the page sends.
    ///
    /// # Panics
    /// They are no such options.
    pub fn make(&mut self, options: &Value) -> Value {
        let number = u8::try_from(self.held.len() + 1).expect("a few passkeys");
        let secret: [u8; 32] = Sha256::digest([self.seed, number]).into();
        let key = SigningKey::from_slice(&secret).expect("a hash is a scalar");
        let held = Held {
            id: Sha256::digest(secret)[..20].to_vec(),
            handle: bytes(&options["user"]["id"]),
            key,
        };
        let mut data = self.data(&options["rp"]["id"], ATTESTED);
        data.extend([0; 16]);
        data.extend(20_u16.to_be_bytes());
        data.extend(&held.id);
        data.extend(cose(&held.key));
        let answer = json!({
            "id": text(&held.id),
            "rawId": text(&held.id),
            "type": "public-key",
            "extensions": {},
            "response": {
                "clientDataJSON": text(&self.client("webauthn.create", &options["challenge"])),
                "attestationObject": text(&unattested(&data)),
                "transports": ["internal", "some-later-one"],
            },
        });
        self.held.push(held);
        answer
    }

    /// Uses a passkey as these options ask (`PublicKeyCredentialRequestOptions`): an allowed one, or else the newest.
    ///
    /// # Panics
    /// It holds none.
    #[must_use]
    pub fn answer(&self, options: &Value) -> Value {
        let allowed: Vec<Vec<u8>> = options["allowCredentials"]
            .as_array()
            .map(|list| list.iter().map(|one| bytes(&one["id"])).collect())
            .unwrap_or_default();
        let mut held = self.held.iter().rev();
        let held = held
            .find(|held| allowed.is_empty() || allowed.contains(&held.id))
            .or(self.held.last())
            .expect("a passkey was made");
        let data = self.data(&options["rpId"], 0);
        let client = self.client("webauthn.get", &options["challenge"]);
        let signed = [data.as_slice(), &Sha256::digest(&client)].concat();
        let signature: Signature = held.key.sign(&signed);
        json!({
            "id": text(&held.id),
            "rawId": text(&held.id),
            "type": "public-key",
            "extensions": {},
            "response": {
                "clientDataJSON": text(&client),
                "authenticatorData": text(&data),
                "signature": text(signature.to_der().as_bytes()),
                "userHandle": text(self.handle.as_ref().unwrap_or(&held.handle)),
            },
        })
    }

    fn data(&self, asked: &Value, more: u8) -> Vec<u8> {
        let asked = asked.as_str().expect("the name of a relying party");
        let rp_id = self.rp_id.as_deref().unwrap_or(asked);
        let flag = |is: bool, flag: u8| if is { flag } else { 0 };
        let flags = more
            | flag(self.present, PRESENT)
            | flag(self.verified, VERIFIED)
            | flag(self.synced, ELIGIBLE | BACKED_UP);
        let mut data = Sha256::digest(rp_id).to_vec();
        data.push(flags);
        data.extend(self.counter.unwrap_or(0).to_be_bytes());
        data
    }

    fn client(&self, kind: &str, challenge: &Value) -> Vec<u8> {
        let kind = self.kind.unwrap_or(kind);
        json!({ "type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": false })
            .to_string()
            .into_bytes()
    }
}

/// The public key as COSE has it (RFC 9052): EC2, ES256, P-256, x, y.
fn cose(key: &SigningKey) -> Vec<u8> {
    let point = key.verifying_key().to_sec1_point(false);
    let point = point.as_bytes();
    let (x, y) = (&point[1..33], &point[33..65]);
    [
        &[0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20][..],
        x,
        &[0x22, 0x58, 0x20][..],
        y,
    ]
    .concat()
}

/// An attestation object that attests nothing, in CBOR.
fn unattested(data: &[u8]) -> Vec<u8> {
    let length = u8::try_from(data.len()).expect("short authenticator data");
    let mut object = vec![0xa3, 0x63];
    object.extend(b"fmt\x64none\x67attStmt\xa0\x68authData\x58");
    object.push(length);
    object.extend(data);
    object
}

fn text(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn bytes(value: &Value) -> Vec<u8> {
    URL_SAFE_NO_PAD
        .decode(value.as_str().expect("base64url"))
        .expect("base64url")
}
