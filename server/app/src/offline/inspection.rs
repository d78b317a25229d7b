//! What an approver's program does before it asks its owner to sign (PROTOCOL §7): it walks the keyrings from its own pin, fetches
//! every target, computes root and count again, and shows what it found. It signs no bare digest and nothing else.

use std::fmt::Write as _;

use muster_protocol::authority::{self, Needed};
use muster_protocol::base64;
use muster_protocol::command::{Args, Command, Kind};
use muster_protocol::descriptor::Descriptor;
use muster_protocol::digest::Digest;
use muster_protocol::envelope::{DocumentType, Signature, pae};
use muster_protocol::ids::{DeviceId, EnrolmentId, KeyId, SerialNumber};
use muster_protocol::keyring::{HeldKeyring, verify_chain};
use muster_protocol::target::{Leaf, TargetTree};
use muster_protocol::time::UnixTime;

use super::key_file::{KeyFile, Use};
use super::tally::Tally;
use crate::features::commands::seal::SignatureEntry;
use crate::features::commands::shapes::EnvelopeShown;

/// A command that was checked against an approver's own pin: everything about it but who may sign it.
#[derive(Debug, Clone)]
pub struct Checked {
    /// What would be signed.
    pub command: Command,
    /// Its exact bytes.
    pub payload: Vec<u8>,
    /// The newest keyring.
    pub keyring: HeldKeyring,
    /// Every target.
    pub serials: Vec<SerialNumber>,
    /// The signatures that stand, as the server tells them.
    pub signatures: Vec<SignatureEntry>,
}

/// A command that a key may sign.
#[derive(Debug)]
pub struct Inspected {
    /// What would be signed.
    pub command: Command,
    /// Its exact bytes.
    pub payload: Vec<u8>,
    /// The newest keyring.
    pub keyring: HeldKeyring,
    /// Every target.
    pub serials: Vec<SerialNumber>,
    /// What it takes.
    pub needed: Needed,
    /// How many people have signed, by the grant that takes it; their signatures were verified.
    pub signed: u32,
    /// Why a signature by this key would change nothing; `None` when it brings the command nearer.
    pub idle: Option<Idle>,
}

/// Why a signature would change nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Idle {
    /// Enough people have signed.
    Enough,
    /// The key's owner has signed, and an independent signature of theirs would add nothing.
    HasSigned,
    /// Enough people have signed but for an independent one, and the key is none.
    Dependent,
}

/// Checks what the server sent against the key file's pin.
///
/// # Errors
/// A sentence that says what does not fit; then nothing may be signed.
pub fn inspect(sent: &EnvelopeShown, key: &KeyFile, now: UnixTime) -> Result<Inspected, String> {
    if key.r#use != Use::Approver {
        return Err("This is a root key. Root keys sign keyrings and nothing else.".to_owned());
    }
    inspect_for(sent, key.pinned()?, &key.signer.key_id(), now)
}

/// Checks what the server sent against a pin, and whether the key with this id may sign it.
///
/// # Errors
/// As [`inspect`].
pub fn inspect_for(
    sent: &EnvelopeShown,
    pin: &Digest,
    id: &KeyId,
    now: UnixTime,
) -> Result<Inspected, String> {
    let checked = check(sent, pin, now)?;
    let needed = checked.needed_from(id)?;
    if checked.is_over(now) {
        return Err("The command has expired. Draft it anew.".to_owned());
    }
    let tally = Tally::of(&checked);
    Ok(Inspected {
        signed: tally.people_of(&needed),
        idle: checked.idle(&tally, id),
        command: checked.command,
        payload: checked.payload,
        keyring: checked.keyring,
        serials: checked.serials,
        needed,
    })
}

/// Checks what the server sent against a pin, whoever may sign it.
///
/// # Errors
/// A sentence that says what does not fit; then nobody may sign.
pub fn check(sent: &EnvelopeShown, pin: &Digest, now: UnixTime) -> Result<Checked, String> {
    let bytes = |what: &str, text: &str| {
        base64::decode(text).ok_or_else(|| format!("The server's {what} does not read."))
    };
    let descriptor = Descriptor::pinned(&bytes("descriptor", &sent.descriptor)?, pin).map_err(|_| {
        "The server shows another fleet than the one this key is pinned to. Do not sign; ask your fleet's root signers.".to_owned()
    })?;
    let chain: Vec<Vec<u8>> = sent
        .keyrings
        .iter()
        .map(|text| bytes("keyring", text))
        .collect::<Result<_, _>>()?;
    let keyring = verify_chain(&descriptor, &chain, now).map_err(|refusal| {
        format!(
            "The server's keyrings do not follow from your pin: {}. Do not sign.",
            refusal.reason.as_str()
        )
    })?;
    let payload = bytes("command", &sent.payload)?;
    let command = Command::decode(&payload).map_err(|refusal| {
        format!(
            "The command is not well formed: {}. Do not sign.",
            refusal.reason.as_str()
        )
    })?;
    if command.fleet != descriptor.fleet || command.organisation != descriptor.organisation {
        return Err(
            "The command is for another fleet or organisation than yours. Do not sign.".to_owned(),
        );
    }
    let tree = tree(sent)?;
    if tree.targets() != command.targets {
        return Err("The list of phones is not the one the command names. The server hides or adds a phone. Do not sign.".to_owned());
    }
    Ok(Checked {
        serials: tree
            .leaves()
            .iter()
            .map(|leaf| leaf.serial.clone())
            .collect(),
        signatures: sent.signatures.clone(),
        command,
        payload,
        keyring,
    })
}

impl Checked {
    /// What it takes to authorise it; `None` when nobody could.
    #[must_use]
    pub fn needed(&self) -> Option<Needed> {
        let Command {
            organisation,
            targets,
            ..
        } = &self.command;
        authority::needed(
            &self.keyring.keyring,
            self.command.kind(),
            organisation,
            targets.count,
        )
    }

    /// The same, if the key with this id counts for it.
    ///
    /// # Errors
    /// A sentence: the keyring does not hold the key, or does not let it approve this.
    pub fn needed_from(&self, id: &KeyId) -> Result<Needed, String> {
        let Some(entry) = self.keyring.keyring.key(id) else {
            return Err("The fleet's newest keyring does not hold this key: it was never added, or it was removed.".to_owned());
        };
        let count = self.command.targets.count;
        authority::needed_with(
            &self.keyring.keyring,
            entry,
            self.command.kind(),
            &self.command.organisation,
            count,
        )
        .ok_or_else(|| {
            let phones = if count == 1 { "phone" } else { "phones" };
            format!(
                "The keyring does not let this key approve {} for {count} {phones}.",
                self.command.kind(),
            )
        })
    }

    /// What it takes by each grant that covers it.
    #[must_use]
    pub fn ways(&self) -> Vec<Needed> {
        authority::ways(
            &self.keyring.keyring,
            self.command.kind(),
            &self.command.organisation,
            self.command.targets.count,
        )
    }

    /// Why a signature by the key with this id would change nothing; `None` when it brings the command nearer.
    #[must_use]
    pub fn idle(&self, tally: &Tally, id: &KeyId) -> Option<Idle> {
        let entry = self.keyring.keyring.key(id);
        let has_signed = entry.is_some_and(|entry| tally.has(&entry.person));
        match entry {
            Some(entry) if tally.adds(entry) => None,
            Some(_) | None if tally.is_enough() => Some(Idle::Enough),
            Some(_) | None if has_signed => Some(Idle::HasSigned),
            Some(_) | None => Some(Idle::Dependent),
        }
    }

    /// Whether its time is over.
    #[must_use]
    pub fn is_over(&self, now: UnixTime) -> bool {
        now >= self.command.expires_at
    }
}

fn tree(sent: &EnvelopeShown) -> Result<TargetTree, String> {
    let wrong = |_| "The list of phones does not read. Do not sign.".to_owned();
    let leaf = |shown: &crate::features::commands::shapes::LeafShown| -> Result<Leaf, _> {
        Ok(Leaf {
            device: DeviceId::parse(&shown.device)?,
            enrolment: EnrolmentId::parse(&shown.enrolment)?,
            serial: SerialNumber::parse(&shown.serial)?,
        })
    };
    let leaves: Result<Vec<Leaf>, muster_protocol::field::FieldError> =
        sent.leaves.iter().map(leaf).collect();
    TargetTree::build(leaves.map_err(wrong)?)
        .map_err(|error| format!("The list of phones does not fit: {error}. Do not sign."))
}

/// Signs what was inspected.
#[must_use]
pub fn sign(inspected: &Inspected, key: &KeyFile) -> SignatureEntry {
    sign_payload(&inspected.payload, key)
}

/// Signs the payload of a command that was checked, and nothing else: the bytes carry the type of a command.
#[must_use]
pub fn sign_payload(payload: &[u8], key: &KeyFile) -> SignatureEntry {
    SignatureEntry::of(&Signature::Plain {
        keyid: key.signer.key_id(),
        sig: key.signer.sign(&pae(DocumentType::Command, payload)),
    })
}

impl Inspected {
    /// What will be signed, in plain words, for a terminal.
    #[must_use]
    pub fn words(&self, organisation: &str) -> String {
        let command = &self.command;
        let mut text = String::new();
        let one = self.serials.len() == 1;
        let phones = if one {
            "1 phone".to_owned()
        } else {
            format!("{} phones", self.serials.len())
        };
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "You are asked to sign: {} ({phones} of {organisation})\n",
            act(&command.args, one)
        );
        for serial in &self.serials {
            let _ = writeln!(text, "    {serial}");
        }
        let _ = writeln!(text, "\n  Reason       {}", command.reason);
        let _ = writeln!(text, "  Undone by    {}", undo(command.kind()));
        let _ = writeln!(text, "  Ends         {}", moment(command.expires_at));
        let _ = writeln!(
            text,
            "  Keyring      version {}, valid until {}",
            self.keyring.keyring.version,
            moment(self.keyring.keyring.expires_at)
        );
        let people = self.needed.people;
        let _ = writeln!(
            text,
            "  Signatures   {} of {people}{}",
            self.signed,
            independent(self.needed.independent)
        );
        let _ = writeln!(text, "  Fingerprint  {}", grouped(&command.digest()));
        text
    }
}

fn act(args: &Args, one: bool) -> String {
    let it = if one { "it" } else { "them" };
    match args {
        Args::Wipe => format!("ERASE all user data, then remove {it} from the fleet"),
        Args::Kill => format!("remove {it} from the fleet for good; the owner's own data stays"),
        Args::LockFleet { until } => format!(
            "lock {it} until you unlock {it}, at the latest {}",
            moment(*until)
        ),
        Args::Unlock { lifts } => format!("lift {} fleet lock(s)", lifts.len()),
        Args::Resume { lifts } => format!("lift {} suspension(s)", lifts.len()),
        Args::Cancel { lifts } => format!("take back {} command(s)", lifts.len()),
        Args::Suspend { until } => format!("switch the service off until {}", moment(*until)),
        Args::Message { text } => format!("show this message: {text:?}"),
        Args::Notice { template, .. } => format!("show the notice {template}"),
        Args::Lock => format!("lock the screen; the owner's own credential opens {it}"),
        Args::Refresh => "ask for a full report".to_owned(),
        Args::RotateKey => "renew the TLS key".to_owned(),
        Args::Hold { case, until } => format!(
            "put {it} under legal hold for case {case} until {}",
            moment(*until)
        ),
        Args::Release { lifts } => format!("end {} legal hold(s)", lifts.len()),
        Args::Transfer { fingerprint } => {
            format!("hand {it} over to the fleet {}", grouped(fingerprint))
        }
    }
}

fn undo(kind: Kind) -> &'static str {
    match kind {
        Kind::Wipe | Kind::Kill | Kind::Transfer => "nothing: it cannot be brought back",
        Kind::LockFleet => "an approved unlock",
        Kind::Suspend => "a resume",
        Kind::Lock => "the owner's own credential",
        Kind::Hold => "an approved release",
        Kind::Release => "a new hold",
        Kind::Notice
        | Kind::Message
        | Kind::Refresh
        | Kind::RotateKey
        | Kind::Resume
        | Kind::Unlock
        | Kind::Cancel => "nothing needs undoing",
    }
}

fn independent(count: u32) -> String {
    if count == 0 {
        String::new()
    } else {
        format!(", {count} of them independent")
    }
}

pub(super) fn moment(time: UnixTime) -> String {
    let at = i64::try_from(time.0)
        .ok()
        .and_then(|seconds| jiff::Timestamp::from_second(seconds).ok());
    at.map_or_else(
        || "an impossible time".to_owned(),
        |at| at.strftime("%-d %B %Y, %H:%M UTC").to_string(),
    )
}

/// The first 20 digits in groups of four, as the portal shows them.
fn grouped(digest: &Digest) -> String {
    let hex = digest.to_hex();
    hex.as_bytes()
        .chunks(4)
        .take(5)
        .map(String::from_utf8_lossy)
        .collect::<Vec<_>>()
        .join(" ")
}
