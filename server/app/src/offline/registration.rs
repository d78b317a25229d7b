//! A passkey's registration: the file by which an approver's passkey travels from the page where it was made to the ceremony. It
//! holds what a keyring says of the key, what people compare, and a trial: the passkey's own signature over all of it, made as an
//! approval is made, so that neither the file nor a browser's peculiarity is believed unchecked.
//!
//! The file is canonical JSON (PROTOCOL §4). The trial's challenge begins with words that no signed document begins with, so
//! whoever chooses the nonce cannot have a command approved with it.

use std::path::Path;

use muster_protocol::base64;
use muster_protocol::digest::Digest;
use muster_protocol::field::{FieldError, Members};
use muster_protocol::ids::{KeyId, Person};
use muster_protocol::json::{self, Builder};
use muster_protocol::keyring::{Display, host_of_origin};
use muster_protocol::keys::{Algorithm, P256Key, PublicKey};
use muster_protocol::text;
use muster_protocol::time::UnixTime;
use muster_protocol::webauthn::registration::CREDENTIAL_MAX;
use muster_protocol::webauthn::{self, Assertion, Passkey};

use super::folder;
use super::key_file::Use;
use super::public_part::{PublicPart, spoken};

/// The longest file, in bytes.
pub const FILE_MAX: usize = 16 * 1024;
/// The longest name and the longest label, in Unicode scalar values.
pub const NAME_MAX: usize = 100;
/// What the trial's signed bytes begin with.
const TRIAL: &[u8] = b"muster-registration/v1\n";

/// What a registration says; nothing proves it yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// What its owner is called; never enters a keyring.
    pub name: String,
    /// What its owner calls the passkey; never enters a keyring.
    pub label: String,
    /// Who its owner is in the keyring.
    pub person: Person,
    /// The public key.
    pub key: P256Key,
    /// Where it signs.
    pub passkey: Passkey,
    /// Who draws the page there.
    pub display: Display,
    /// The name by which the authenticator finds it.
    pub credential: Vec<u8>,
    /// The authenticator's make and model, by its own word.
    pub aaguid: [u8; 16],
    /// When it was made, by the clock of the machine that drew the page.
    pub made_at: UnixTime,
}

/// The passkey's signature over a claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trial {
    /// Chosen at the ceremony, or by whoever drew the page: makes every trial another.
    pub nonce: Digest,
    /// Authenticator data.
    pub auth: Vec<u8>,
    /// Client data.
    pub client: Vec<u8>,
    /// ES256 signature, DER.
    pub sig: Vec<u8>,
}

/// A claim with its trial. [`Registration::read`] and [`Registration::of`] give only verified ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registration {
    /// What it says.
    pub claim: Claim,
    /// What proves it.
    pub trial: Trial,
}

impl Claim {
    /// What the passkey signs in its trial: the WebAuthn challenge.
    #[must_use]
    pub fn challenge(&self, nonce: &Digest) -> Digest {
        Digest::of_parts(&[TRIAL, nonce.as_bytes(), &self.encode()])
    }

    /// The key's name in a keyring.
    #[must_use]
    pub fn key_id(&self) -> KeyId {
        PublicKey::WebauthnEs256(self.key).key_id()
    }

    /// The words that its owner reads aloud to the root signers, and that `muster root sign` shows them: 64 bits, since a
    /// hacked portal would look for a key of its own that reads alike.
    #[must_use]
    pub fn words(&self) -> String {
        spoken(&self.key_id())
    }

    /// The make and model as a UUID; `None` when the authenticator does not say.
    #[must_use]
    pub fn aaguid(&self) -> Option<String> {
        let id = uuid::Uuid::from_bytes(self.aaguid);
        (!id.is_nil()).then(|| id.to_string())
    }

    /// What enters a keyring, for [`super::draft::Change`].
    #[must_use]
    pub fn public_part(&self) -> PublicPart {
        PublicPart {
            r#use: Use::Approver,
            name: self.name.clone(),
            person: self.person.clone(),
            key: PublicKey::WebauthnEs256(self.key),
            passkey: Some((self.passkey.clone(), self.display)),
        }
    }

    /// The claim's bytes, to be kept until its trial.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        self.members().build().encode()
    }

    /// Reads what [`Self::encode`] wrote; `None` for anything else.
    #[must_use]
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let value = json::parse_canonical(bytes, FILE_MAX).ok()?;
        let mut members = Members::of("registration", value).ok()?;
        let claim = Self::take(&mut members).ok()?;
        members.finish().ok()?;
        Some(claim)
    }

    fn members(&self) -> Builder {
        Builder::new()
            .with("v", 1_u64)
            .with("use", "approver".to_owned())
            .text("alg", Algorithm::WebauthnEs256)
            .text("id", self.key_id())
            .with("key", base64::encode(self.key.raw()))
            .with("name", self.name.clone())
            .with("label", self.label.clone())
            .text("person", &self.person)
            .with("origin", self.passkey.origin.clone())
            .with("rp_id", self.passkey.rp_id.clone())
            .with("synced", self.passkey.synced)
            .text("display", self.display)
            .with("credential", base64::encode(&self.credential))
            .with("aaguid", hex::encode(self.aaguid))
            .with("made_at", self.made_at.0)
    }

    fn take(members: &mut Members) -> Result<Self, FieldError> {
        members.int_within("v", 1, 1)?;
        let exactly = |members: &mut Members, name, wanted: &str| {
            if members.text(name)? == wanted {
                Ok(())
            } else {
                Err(FieldError::Invalid(name))
            }
        };
        exactly(members, "use", "approver")?;
        exactly(members, "alg", Algorithm::WebauthnEs256.as_str())?;
        let claim = Self {
            name: members.text("name")?,
            label: members.text("label")?,
            person: members.parsed("person", Person::parse)?,
            key: P256Key::from_raw(&members.bytes("key")?)?,
            passkey: Passkey {
                origin: members.text("origin")?,
                rp_id: members.text("rp_id")?,
                synced: members.boolean("synced")?,
            },
            display: members.parsed("display", str::parse::<Display>)?,
            credential: members.bytes("credential")?,
            aaguid: members.parsed("aaguid", aaguid)?,
            made_at: members.time("made_at")?,
        };
        exactly(members, "id", &claim.key_id().to_string())?;
        Ok(claim)
    }

    /// What a keyring would refuse, and what people could not read.
    fn check(&self) -> Result<(), String> {
        let is_readable = |text: &str| text::check(text, NAME_MAX).is_ok();
        if !is_readable(&self.name) || !is_readable(&self.label) {
            return Err(format!(
                "The name of a person and of a passkey has 1 to {NAME_MAX} characters and none that cannot be seen."
            ));
        }
        if host_of_origin(&self.passkey.origin) != Some(self.passkey.rp_id.as_str()) {
            return Err(
                "The passkey was not made for the exact host of its page. Make it anew on that page."
                    .to_owned(),
            );
        }
        if self.credential.is_empty() || self.credential.len() > CREDENTIAL_MAX {
            return Err("The passkey's credential id has not the length of one.".to_owned());
        }
        Ok(())
    }
}

impl Registration {
    /// A claim with its trial.
    ///
    /// # Errors
    /// A sentence: as [`Self::verify`].
    pub fn of(claim: Claim, trial: Trial) -> Result<Self, String> {
        let registration = Self { claim, trial };
        registration.verify()?;
        Ok(registration)
    }

    /// Verifies the trial over everything that is claimed, with the verifier that phones use.
    ///
    /// # Errors
    /// A sentence: the trial does not fit, and why; or a keyring could not hold this passkey.
    pub fn verify(&self) -> Result<(), String> {
        self.claim.check()?;
        let assertion = Assertion {
            auth: &self.trial.auth,
            client: &self.trial.client,
            sig: &self.trial.sig,
        };
        let challenge = self.claim.challenge(&self.trial.nonce);
        webauthn::verify(&assertion, &self.claim.passkey, &self.claim.key, &challenge).map_err(
            |reason| {
                format!(
                    "The passkey's trial signature does not hold: {}. Either the registration was altered, or this browser does not sign as phones want it. Do not add it; make a new one.",
                    reason.as_str()
                )
            },
        )
    }

    /// Whether it may enter a keyring by this ceremony. That a page is drawn by nobody's server is a claim of whoever wrote the
    /// file, and a hacked portal can write one for a key of its own: so a key that calls itself independent must have signed over
    /// a challenge that the root signers chose and gave to its owner (PROTOCOL §5).
    ///
    /// # Errors
    /// A sentence: it calls itself independent, and signed over none of these.
    pub fn meets(&self, challenges: &[Digest]) -> Result<(), String> {
        if self.claim.display == Display::Independent && !challenges.contains(&self.trial.nonce) {
            return Err(format!(
                "The passkey of {} claims to be independent, and did not sign over a challenge of this ceremony. Choose one (muster keyring challenge), give it to its owner yourself, by voice or on paper, have the passkey registered on the desk with it, and say it here: --challenge HEX.",
                self.claim.name
            ));
        }
        Ok(())
    }

    /// The file's bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let trial = Builder::new()
            .text("nonce", self.trial.nonce)
            .with("auth", base64::encode(&self.trial.auth))
            .with("client", base64::encode(&self.trial.client))
            .with("sig", base64::encode(&self.trial.sig))
            .build();
        self.claim.members().with("trial", trial).build().encode()
    }

    /// Reads the file's bytes and verifies them.
    ///
    /// # Errors
    /// A sentence: it is no registration, or its trial does not hold.
    pub fn decode(bytes: &[u8]) -> Result<Self, String> {
        let registration = Self::parse(bytes).ok_or_else(|| {
            "This is no registration of a passkey, or it was altered. Download it again from where the passkey was made."
                .to_owned()
        })?;
        registration.verify()?;
        Ok(registration)
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        // An editor that opened the file may have ended its line.
        let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
        let value = json::parse_canonical(bytes, FILE_MAX).ok()?;
        let mut members = Members::of("registration", value).ok()?;
        let claim = Claim::take(&mut members).ok()?;
        let mut trial = members.object("trial").ok()?;
        let read = Trial {
            nonce: trial.digest("nonce").ok()?,
            auth: trial.bytes("auth").ok()?,
            client: trial.bytes("client").ok()?,
            sig: trial.bytes("sig").ok()?,
        };
        trial.finish().ok()?;
        members.finish().ok()?;
        Some(Self { claim, trial: read })
    }

    /// Whether the bytes look like a registration at all: then a fault in them is told as one.
    #[must_use]
    pub fn is_one(bytes: &[u8]) -> bool {
        serde_json::from_slice::<serde_json::Value>(bytes)
            .is_ok_and(|value| value.get("trial").is_some())
    }

    /// Reads a file.
    ///
    /// # Errors
    /// A sentence: it cannot be read, or as [`Self::decode`].
    pub fn read(path: &Path) -> Result<Self, String> {
        Self::decode(&folder::read(path)?).map_err(|error| format!("{}: {error}", path.display()))
    }

    /// Writes a file.
    ///
    /// # Errors
    /// A sentence: it cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), String> {
        folder::write(path, &self.encode())
    }
}

fn aaguid(text: &str) -> Result<[u8; 16], FieldError> {
    let invalid = FieldError::Invalid("aaguid");
    let mut bytes = [0; 16];
    hex::decode_to_slice(text, &mut bytes).map_err(|_| invalid)?;
    if hex::encode(bytes) == text {
        Ok(bytes)
    } else {
        Err(invalid)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use muster_protocol::base64;
    use muster_protocol::digest::Digest;
    use muster_protocol::ids::Person;
    use muster_protocol::keyring::Display;
    use muster_protocol::keys::P256Signer;
    use muster_protocol::time::UnixTime;
    use muster_protocol::webauthn::Passkey;

    use super::{Claim, Registration, Trial};

    /// A registration as an honest browser makes it.
    pub fn honest(seed: u8, host: &str, display: Display) -> Registration {
        let signer = P256Signer::from_bytes([seed; 32]).unwrap();
        let claim = Claim {
            name: "Teo Amari".to_owned(),
            label: "Desk key".to_owned(),
            person: Person::parse(&"0a".repeat(16)).unwrap(),
            key: signer.verifying_key(),
            passkey: Passkey {
                origin: format!("https://{host}"),
                rp_id: host.to_owned(),
                synced: false,
            },
            display,
            credential: vec![seed; 20],
            aaguid: [0; 16],
            made_at: UnixTime(1_790_000_000),
        };
        let trial = tried(&claim, &signer);
        Registration { claim, trial }
    }

    fn tried(claim: &Claim, signer: &P256Signer) -> Trial {
        let nonce = Digest::of(b"chosen at the ceremony");
        let challenge = base64::encode_url(claim.challenge(&nonce).as_bytes());
        let client = format!(
            r#"{{"type":"webauthn.get","challenge":"{challenge}","origin":"{}","crossOrigin":false}}"#,
            claim.passkey.origin
        );
        let rp_id = Digest::of(claim.passkey.rp_id.as_bytes());
        let auth = [rp_id.as_bytes().as_slice(), &[0x05, 0, 0, 0, 1]].concat();
        let signed = [
            auth.as_slice(),
            Digest::of(client.as_bytes()).as_bytes().as_slice(),
        ]
        .concat();
        Trial {
            nonce,
            sig: signer.sign(&signed),
            auth,
            client: client.into_bytes(),
        }
    }

    #[test]
    fn a_registration_survives_its_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("desk.passkey.json");
        let made = honest(7, "approvals.example.org", Display::Portal);
        made.write(&path).unwrap();
        assert_eq!(Registration::read(&path).unwrap(), made);
        assert!(Registration::is_one(&made.encode()));
        let part = made.claim.public_part();
        assert_eq!(part.id(), made.claim.key_id());
        assert_eq!(part.approver().display, Display::Portal);
    }

    /// Whatever a hacked portal alters after the trial, the trial no longer fits.
    #[test]
    fn nothing_is_altered_in_silence() {
        type Edit = fn(&mut Claim);
        let edits: [Edit; 9] = [
            |c| c.name = "Somebody else".to_owned(),
            |c| c.label = "Another".to_owned(),
            |c| c.person = Person::parse(&"0b".repeat(16)).unwrap(),
            |c| c.key = P256Signer::from_bytes([8; 32]).unwrap().verifying_key(),
            |c| c.passkey.synced = true,
            |c| c.display = Display::Independent,
            |c| c.credential.push(1),
            |c| c.aaguid = [1; 16],
            |c| c.made_at = UnixTime(1),
        ];
        for (number, edit) in edits.iter().enumerate() {
            let mut bent = honest(7, "approvals.example.org", Display::Portal);
            edit(&mut bent.claim);
            assert!(
                Registration::decode(&bent.encode()).is_err(),
                "edit {number}"
            );
        }
    }

    #[test]
    fn another_form_another_host_and_what_cannot_be_read_are_refused() {
        let made = honest(7, "approvals.example.org", Display::Portal);
        let spaced = String::from_utf8(made.encode())
            .unwrap()
            .replace("\":", "\": ");
        assert!(Registration::decode(spaced.as_bytes()).is_err());
        assert!(Registration::decode(b"{}").is_err());
        let signer = P256Signer::from_bytes([7; 32]).unwrap();
        for edit in [
            (|c: &mut Claim| c.passkey.rp_id = "example.org".to_owned()) as fn(&mut Claim),
            |c| c.label = "desk\u{202e}yek".to_owned(),
            |c| c.label = String::new(),
            |c| c.credential.clear(),
        ] {
            let mut claim = made.claim.clone();
            edit(&mut claim);
            let trial = tried(&claim, &signer);
            assert!(Registration::of(claim, trial).is_err());
        }
    }
}
