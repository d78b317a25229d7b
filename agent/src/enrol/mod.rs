//! Becoming a fleet's phone (PROTOCOL §13, docs/DEVICE-API.md "How a phone meets its server"): pin, chain of keyrings, two
//! keys, a certificate over EST, the signed enrolment statement. Started on the phone, never by a message.

mod earlier;
mod meeting;

use std::collections::BTreeMap;
use std::path::PathBuf;

use muster_protocol::base64;
use muster_protocol::descriptor::Descriptor;
use muster_protocol::digest::{Digest, sha256};
use muster_protocol::enrolment::{PinManner, Statement};
use muster_protocol::ids::{DeviceId, EnrolmentId, SerialNumber};
use muster_protocol::keyring::HeldKeyring;
use muster_protocol::receipt::KeyringRef;
use muster_protocol::time::{Reading, UnixTime, raised_floor};
use muster_protocol::words::from_words;

use self::earlier::{Earlier, earlier_state, keep};
use self::meeting::{explain_code, first_keyring, meet, refused, roots};
use crate::agent::{Agent, AgentError, Options};
use crate::core::BUILD_FLOOR;
use crate::core::screen::five_words;
use crate::net::certificate::{CertificateFacts, Subject, request};
use crate::net::client::Client;
use crate::net::est::simple_enrol;
use crate::net::tls::{CertificateTime, pinned};
use crate::net::url::ServerUrl;
use crate::phones::{PhoneKind, SandboxPhone};
use crate::renewal::own_certificate;
use crate::state::credentials::{TlsIdentity, TlsKeys};
use crate::state::folder::Folder;
use crate::state::{Asked, HeldCheckpoint, Pinned, State};
use crate::system::System;

/// How the phone knows which fleet it joins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trust {
    /// The fleet fingerprint, typed in or scanned from a card of the offline machine.
    Fingerprint(Digest),
    /// The server is believed once. Shown for ever as `tofu`.
    FirstUse,
    /// The pin that the phone has: of its enrolment before, or from the people who signed its transfer.
    Pinned,
}

/// What an enrolment needs.
#[derive(Clone)]
pub struct EnrolOptions {
    /// `https://host[:port]`.
    pub server: ServerUrl,
    /// The enrolment code, as typed: groups and letter case do not matter to the server.
    pub code: String,
    /// The folder of this phone.
    pub state_dir: PathBuf,
    /// The handset's serial number; may be left out when the handset is there already.
    pub serial: Option<SerialNumber>,
    /// How the fleet is known.
    pub trust: Trust,
    /// SHA-256 of the CA root, for trust on first use: without it, the code goes to whoever answers.
    pub ca_fingerprint: Option<Digest>,
    /// Which phone this is.
    pub phone: PhoneKind,
    /// Its model; for a sandbox phone.
    pub model: String,
    /// Time and randomness.
    pub system: System,
}

/// A done enrolment.
#[derive(Clone, Debug)]
pub struct Enrolled {
    /// The server's record.
    pub device: DeviceId,
    /// The new enrolment id.
    pub enrolment: EnrolmentId,
    /// Its first five words, for comparison at the counter.
    pub words: String,
    /// The pinned fleet.
    pub fingerprint: Digest,
    /// How the fingerprint came.
    pub manner: PinManner,
    /// The handset's serial.
    pub serial: SerialNumber,
}

/// Reads a fingerprint as 64 hex digits or as 32 words.
///
/// # Errors
/// A sentence for whoever typed it.
pub fn parse_fingerprint(text: &str) -> Result<Digest, String> {
    let text = text.trim();
    if let Ok(digest) = Digest::parse(&text.to_ascii_lowercase()) {
        return Ok(digest);
    }
    from_words(text)
        .and_then(|bytes| <[u8; 32]>::try_from(bytes).ok())
        .map(Digest)
        .ok_or_else(|| "a fingerprint is 64 hexadecimal digits, or its 32 words".to_owned())
}

/// Enrols the phone, or enrols it again under the same pin.
///
/// # Errors
/// A sentence that says what to do. Nothing is left half-done: the new state replaces the old one last, in one step.
pub async fn enrol(options: &EnrolOptions) -> Result<Enrolled, AgentError> {
    let folder = Folder::new(&options.state_dir);
    folder.create()?;
    let lock = folder.lock().await?;
    let Earlier {
        state: earlier,
        pin,
        floor,
        programs,
    } = earlier_state(&folder, options.trust)?;
    let serial = prepare_phone(options)?;
    let document = meet(options, pin.map(|(fingerprint, _)| fingerprint), &serial).await?;
    let (fingerprint, manner) =
        pin.unwrap_or_else(|| (sha256(&document.descriptor), PinManner::Tofu));
    let descriptor = Descriptor::pinned(&document.descriptor, &fingerprint)
        .map_err(|refusal| refused(refusal.reason, "the server's fleet is not the one with this fingerprint; the enrolment code was not sent"))?;
    let clock = options.system.clock.unix_seconds();
    let keyring = first_keyring(
        earlier.as_ref(),
        &descriptor,
        &document,
        UnixTime(clock.max(floor)),
    )?;

    // From here on the server is known by its fleet's keyring. Only now does the code leave the phone.
    let roots = roots(options, &keyring).await?;
    let reading = Reading {
        clock: UnixTime(clock),
        floor: UnixTime(floor),
        cleared: None,
    };
    let time = if reading.clock_ok() {
        CertificateTime::At(reading.now().0)
    } else {
        CertificateTime::Unknown
    };
    let (device_key, tls_key) = folder.joining().keys(&options.code, &options.system)?;
    let enrolment = device_key.verifying_key().enrolment_id();
    let csr = request(&tls_key, &enrolment, &Subject::New(&serial))?;
    let mut client = Client::new(options.server.clone(), pinned(&roots, time, None)?);
    let issued = simple_enrol(&mut client, serial.as_str(), &options.code, &csr)
        .await
        .map_err(explain_code)?;
    let expected = document.device.as_ref();
    let check =
        |certificate: &[u8]| CertificateFacts::check(certificate, &tls_key, &enrolment, expected);
    let certificate = own_certificate(issued, |certificate| check(certificate).map(drop))?;
    let device = check(&certificate)?.device;

    let previous = earlier.as_ref().map(|state| state.enrolment);
    let pin = Pinned {
        fingerprint,
        manner,
        fleet: descriptor.fleet,
        organisation: descriptor.organisation,
        descriptor: base64::encode(&document.descriptor),
    };
    let statement = Statement {
        at: reading.now(),
        checkpoint: earlier
            .as_ref()
            .and_then(|state| state.checkpoint.as_ref())
            .map(HeldCheckpoint::head),
        descriptor: fingerprint,
        device_id: device.clone(),
        device_key: device_key.verifying_key(),
        fleet: pin.fleet.clone(),
        keyring: KeyringRef {
            digest: keyring.digest,
            version: keyring.keyring.version,
        },
        organisation: pin.organisation.clone(),
        pin: manner,
        previous,
        serial: serial.clone(),
        tls_key: tls_key.verifying_key(),
    };
    let fresh = earlier.is_none();
    let mut state = State {
        statement: Some(base64::encode(&statement.sign(&device_key))),
        ..blank(
            options,
            serial.clone(),
            device.clone(),
            enrolment,
            pin,
            &keyring,
        )
    };
    state.anchors = roots
        .iter()
        .map(|root| (sha256(root).to_string(), base64::encode(root)))
        .collect();
    if let Some(earlier) = earlier {
        keep(&mut state, earlier);
    }
    state.programs = programs;
    // It has just shown all the keyrings it has.
    state.asked.insert(
        state.server.clone(),
        Asked {
            powered_on: state.powered_on,
            clock,
            answered: true,
        },
    );
    state.floor = raised_floor(
        UnixTime(state.floor.max(floor)),
        keyring.keyring.issued_at,
        keyring.keyring.expires_at,
    )
    .0;
    let keys = folder.keys(&enrolment);
    keys.create()?;
    keys.store_device_key(&device_key)?;
    keys.store_tls(&TlsKeys {
        current: TlsIdentity::new(tls_key, certificate),
        previous: None,
    })?;
    // Before the state that uses these keys: an enrolment id never starts twice with an empty journal (PROTOCOL §11).
    folder.joining().finish()?;
    folder.save(&state)?;
    folder.destroy_other_keys(&enrolment)?;
    drop(lock);
    if fresh && let Err(error) = options.phone.open(&options.state_dir)?.set_service(true) {
        tracing::warn!(%error, "the service could not be switched on");
    }
    hand_in(options).await?;
    Ok(Enrolled {
        device,
        enrolment,
        words: five_words(enrolment.digest().as_bytes()),
        fingerprint,
        manner,
        serial,
    })
}

fn prepare_phone(options: &EnrolOptions) -> Result<SerialNumber, AgentError> {
    let needed =
        || AgentError::Impossible("this phone's serial number is needed: add --serial".to_owned());
    match options.phone {
        PhoneKind::Hooks => options.serial.clone().ok_or_else(needed),
        PhoneKind::Sandbox => {
            let there = SandboxPhone::serial_in(&options.state_dir)?;
            let there = there.and_then(|serial| SerialNumber::parse(&serial).ok());
            let serial = options.serial.clone().or(there).ok_or_else(needed)?;
            SandboxPhone::prepare(
                &options.state_dir,
                &serial,
                &options.model,
                options.system.random.as_ref(),
            )?;
            Ok(serial)
        }
    }
}

fn blank(
    options: &EnrolOptions,
    serial: SerialNumber,
    device: DeviceId,
    enrolment: EnrolmentId,
    pin: Pinned,
    keyring: &HeldKeyring,
) -> State {
    State {
        phone: options.phone,
        serial,
        device,
        enrolment,
        server: options.server.to_string(),
        pin: Some(pin),
        keyring: base64::encode(&keyring.envelope),
        policy: None,
        anchors: BTreeMap::new(),
        checkpoint: None,
        fork: None,
        evidence: BTreeMap::new(),
        floor: BUILD_FLOOR,
        powered_on: 0,
        last_answer: 0,
        last_answer_clock: options.system.clock.unix_seconds(),
        asked: BTreeMap::new(),
        carrier: None,
        last_clock: options.system.clock.unix_seconds(),
        noncompliance: None,
        closed_by_silence: false,
        journal: BTreeMap::new(),
        lifted: BTreeMap::new(),
        restrictions: Vec::new(),
        holds: Vec::new(),
        statement: None,
        receipts: Vec::new(),
        sequence: 1,
        nonce: None,
        recent: BTreeMap::new(),
        deferred: BTreeMap::new(),
        messages: Vec::new(),
        programs: BTreeMap::new(),
        ended: None,
    }
}

/// Hands in the statement and draws the first screen. What cannot be handed in now is handed in before the first
/// check-in.
async fn hand_in(options: &EnrolOptions) -> Result<(), AgentError> {
    let crash = None;
    let mut agent = Agent::open(
        &options.state_dir,
        Options {
            system: options.system.clone(),
            crash,
        },
    )?;
    match agent.send_receipts().await {
        Ok(_) => Ok(()),
        Err(AgentError::Net(error)) => {
            tracing::warn!(%error, "enrolled; the enrolment statement waits for the first check-in");
            Ok(())
        }
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_is_typed_as_digits_or_words() {
        let digest = sha256(b"a fleet");
        let words = muster_protocol::words::words(digest.as_bytes()).join(" ");
        assert_eq!(parse_fingerprint(&words), Ok(digest));
        assert_eq!(
            parse_fingerprint(&format!(" {} ", digest.to_string().to_uppercase())),
            Ok(digest)
        );
        assert!(parse_fingerprint("acorn acorn").is_err());
    }
}
