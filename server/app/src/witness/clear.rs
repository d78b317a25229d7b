//! Whether a witness clears a command for a phone, in the order of PROTOCOL §14.

use muster_protocol::base64;
use muster_protocol::clearance::Clearance;
use muster_protocol::digest::Digest;
use muster_protocol::ids::KeyId;
use muster_protocol::judge::{self, Pin};
use muster_protocol::keys::Ed25519Signer;
use muster_protocol::time::UnixTime;
use serde::{Deserialize, Serialize};

use super::follow::Fleet;
use super::shapes::{Asked, Declined};

/// A witness's own limits. No server can raise them.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Phones it clears something for in one window.
    pub phones: usize,
    /// The window, seconds.
    pub window: u64,
    /// Targets of a command above which it waits.
    pub cool_off_above: u32,
    /// How long it waits from the moment it saw the command in the log, seconds.
    pub cool_off: u64,
}

impl Limits {
    /// 10 phones in 20 minutes; 10 minutes for more than 25 targets.
    pub const USUAL: Self = Self {
        phones: 10,
        window: 20 * 60,
        cool_off_above: 25,
        cool_off: 10 * 60,
    };
}

/// What was cleared lately, of one fleet.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Lately(Vec<Given>);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Given {
    at: u64,
    serial: String,
}

impl Lately {
    /// Whether one more phone may be cleared at `now`; if not, in how many seconds. The same phone again takes no place.
    fn room(&mut self, limits: &Limits, serial: &str, now: UnixTime) -> Result<(), u64> {
        self.0
            .retain(|given| now.0 < given.at.saturating_add(limits.window));
        if self.0.iter().any(|given| given.serial == serial) || self.0.len() < limits.phones {
            return Ok(());
        }
        let first = self.0.iter().map(|given| given.at).min().unwrap_or(now.0);
        Err((first + limits.window).saturating_sub(now.0).max(1))
    }

    fn note(&mut self, serial: &str, now: UnixTime) {
        if !self.0.iter().any(|given| given.serial == serial) {
            self.0.push(Given {
                at: now.0,
                serial: serial.to_owned(),
            });
        }
    }
}

/// Clears what `asked` asks for, or says why not.
///
/// # Errors
/// [`Declined`].
pub fn clear(
    fleet: &Fleet,
    lately: &mut Lately,
    limits: &Limits,
    asked: &Asked,
    witness: &Ed25519Signer,
    now: UnixTime,
) -> Result<Vec<u8>, Declined> {
    if let Some(why) = &fleet.blind {
        let detail = format!("This witness cannot see the whole log: {why}. Nothing is cleared.");
        return Err(declined("blind", detail, 0));
    }
    let Some(head) = fleet.head_at(asked.size) else {
        let known = fleet.head().size;
        let detail = format!("This witness follows the log as far as {known} entries.");
        return Err(declined("elsewhere", detail, 1));
    };
    let (Some(logged), Some(held)) = (&fleet.keyring, &fleet.newest) else {
        return Err(declined(
            "no-keyring",
            "The log holds no keyring of this fleet.",
            0,
        ));
    };
    if logged.keyring.version != held.keyring.version {
        let detail = format!(
            "The fleet's keyring is version {}, and the log holds none after {}. Nothing is cleared before it stands there.",
            held.keyring.version, logged.keyring.version
        );
        return Err(declined("keyring-unlogged", detail, 5));
    }
    let unread = |_| declined("malformed", "The request does not read.", 0);
    let envelope = base64::decode(&asked.envelope)
        .ok_or_else(|| declined("malformed", "The envelope is not base64.", 0))?;
    let nonce = Digest::parse(&asked.nonce).map_err(unread)?;
    let leaf = asked.phone.read().map_err(unread)?;
    let pin = Pin {
        fleet: fleet.descriptor.fleet.clone(),
        organisation: fleet.descriptor.organisation.clone(),
        device: leaf.device,
        enrolment: leaf.enrolment,
        serial: leaf.serial,
    };
    let proof = asked.proof().map_err(unread)?;
    let judged =
        judge::authenticate(&envelope, &proof, &pin, &held.keyring).map_err(|refusal| {
            let reason = refusal.reason.as_str();
            declined(
                reason,
                format!("A phone would refuse this command: {reason}."),
                0,
            )
        })?;
    if !names_us(&held.keyring, &witness.key_id()) {
        let detail =
            "The fleet's newest keyring does not name this witness: no phone would count its word.";
        return Err(declined("not-a-witness", detail, 0));
    }
    let command = &judged.command;
    if held.is_expired(now) || now >= command.expires_at {
        return Err(declined(
            "expired",
            "The command or the keyring has expired.",
            0,
        ));
    }
    if let Some(from) = command.not_before.filter(|from| now < *from) {
        let detail = "The command is not to be carried out yet.";
        return Err(declined("not_yet", detail, from.0.saturating_sub(now.0)));
    }
    let seen = fleet.seen.get(&judged.ed.to_hex());
    let Some(seen) = seen.filter(|seen| seen.index < head.size) else {
        return Err(declined(
            "not_logged",
            "The command does not stand in the log.",
            5,
        ));
    };
    if fleet.cancelled.contains_key(&judged.cd.to_hex()) {
        return Err(declined(
            "cancelled",
            "The log holds a cancel of this command.",
            0,
        ));
    }
    if fleet.is_held(&asked.phone, now) {
        return Err(declined(
            "held",
            "The log holds a legal hold on this phone.",
            0,
        ));
    }
    if command.targets.count > limits.cool_off_above {
        let due = seen.at.saturating_add(limits.cool_off);
        if now.0 < due {
            let detail = "A command of so many phones waits, so that it can be stopped.";
            return Err(declined("cool-off", detail, due - now.0));
        }
    }
    let serial = asked.phone.serial.as_str();
    lately.room(limits, serial, now).map_err(|wait| {
        let detail = "This witness clears no more phones for now.";
        declined("rate_limited", detail, wait)
    })?;
    lately.note(serial, now);
    Ok(Clearance {
        at: now,
        checkpoint: head,
        ed: judged.ed,
        enrolment: pin.enrolment,
        fleet: pin.fleet,
        keyring: held.keyring.version,
        nonce,
    }
    .sign(witness))
}

fn names_us(keyring: &muster_protocol::keyring::Keyring, us: &KeyId) -> bool {
    keyring
        .witness
        .keys
        .iter()
        .any(|known| muster_protocol::keys::PublicKey::Ed25519(known.key).key_id() == *us)
}

fn declined(code: &str, detail: impl Into<String>, wait_seconds: u64) -> Declined {
    Declined {
        code: code.to_owned(),
        detail: detail.into(),
        wait_seconds,
    }
}
