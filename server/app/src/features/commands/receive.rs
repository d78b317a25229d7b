//! Receipts: what a phone signed about a command is verified by its device key, kept, and moves the command on. Nothing else says
//! that a command was done (RULES F6).

use std::sync::Arc;

use muster_domain::command::{State, Step, after_receipt};
use muster_domain::scope::Scope;
use muster_protocol::base64;
use muster_protocol::command::Kind;
use muster_protocol::digest::Digest;
use muster_protocol::keys::P256Key;
use muster_protocol::reason::Reason;
use muster_protocol::receipt::{Receipt, ReceiptState};
use muster_store::targets::{self, Target};
use muster_store::{Conn, StoreResult, commands, devices, enrolments, log, receipts};
use serde_json::json;

use super::{cancel, holds};
use crate::app::App;
use crate::features::enrolment::revoke;
use crate::features::log::gossip;
use crate::features::record::write::{self, By, Entry, Place, Weight};
use crate::web::device_listener::Phone;
use crate::web::problem::Answer;

/// What became of a receipt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It is kept now.
    Stored,
    /// It is kept, and with it the phone has left the fleet.
    Left,
    /// It was kept already.
    Known,
    /// It is not one of this phone's, or speaks of what it was never told.
    Rejected,
}

impl Outcome {
    /// The word that the phone is answered.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Stored | Self::Left => "stored",
            Self::Known => "known",
            Self::Rejected => "rejected",
        }
    }
}

/// Takes one receipt envelope from `phone`.
///
/// # Errors
/// The database does not answer; the phone sends it again.
pub async fn receive(app: &Arc<App>, phone: &Phone, envelope: Vec<u8>) -> Answer<Outcome> {
    let (app2, phone2) = (app.clone(), phone.clone());
    let outcome = app
        .store
        .write(move |tx| receive_in(tx, &app2, &phone2, &envelope))
        .await?;
    app.crash_point("receipts.stored");
    app.due.sequencer.notify_one();
    if outcome == Outcome::Left {
        revoke::ring(app, &phone.device);
    }
    Ok(outcome)
}

fn receive_in(tx: &mut Conn, app: &App, phone: &Phone, envelope: &[u8]) -> StoreResult<Outcome> {
    let id = Digest::of(envelope).to_hex();
    if receipts::is_known_for_phone(tx, &id)? {
        return Ok(Outcome::Known);
    }
    let key = enrolments::find(tx, &phone.enrolment)?
        .and_then(|enrolment| device_key(enrolment.device_key.as_deref()?));
    let verified = key
        .and_then(|key| Receipt::verify(envelope, &key).ok())
        .filter(|receipt| receipt.fleet.as_str() == phone.fleet);
    let Some(receipt) = verified else {
        trouble(tx, app, phone, "receipt.rejected", None, "bad_signature")?;
        return Ok(Outcome::Rejected);
    };
    let command = commands::find_for_receipt(tx, &receipt.command.to_hex())?
        .filter(|row| row.fleet_id == phone.fleet);
    let target = match &command {
        Some(row) => targets::find_for_enrolment(tx, &row.id, &phone.enrolment)?,
        None => None,
    };
    if target.is_none() && receipt.state != ReceiptState::Refused {
        // It says it obeyed something it was never a target of: only a broken or lying phone does.
        trouble(
            tx,
            app,
            phone,
            "receipt.rejected",
            command.as_ref(),
            "not_target",
        )?;
        return Ok(Outcome::Rejected);
    }
    keep(tx, app, phone, &receipt, &id, envelope, command.as_ref())?;
    gossip::compare(tx, app, phone, &receipt)?;
    match (&command, &target) {
        (Some(row), Some(target)) => advance(tx, app, phone, &receipt, row, target)?,
        _ => trouble(
            tx,
            app,
            phone,
            "receipt.stray",
            command.as_ref(),
            receipt.reason.map_or("", Reason::as_str),
        )?,
    }
    let left = receipt.state == ReceiptState::Done && command.as_ref().is_some_and(is_end);
    Ok(if left { Outcome::Left } else { Outcome::Stored })
}

fn device_key(base64_point: &str) -> Option<P256Key> {
    P256Key::from_raw(&base64::decode(base64_point)?).ok()
}

fn keep(
    tx: &mut Conn,
    app: &App,
    phone: &Phone,
    receipt: &Receipt,
    id: &str,
    envelope: &[u8],
    command: Option<&commands::Command>,
) -> StoreResult<()> {
    let sequence = i64::try_from(receipt.seq).unwrap_or(i64::MAX);
    let last = receipts::max_sequence_for_phone(tx, &phone.enrolment)?;
    if sequence > last.unwrap_or(0).saturating_add(1) {
        trouble(
            tx,
            app,
            phone,
            "receipt.gap",
            command,
            &sequence.to_string(),
        )?;
    }
    let now = app.now_micros();
    let row = receipts::Receipt {
        id: id.to_owned(),
        device_id: phone.device.clone(),
        enrolment_id: phone.enrolment.clone(),
        sequence,
        command_digest: receipt.command.to_hex(),
        command_id: command.map(|row| row.id.clone()),
        state: receipt.state.as_str().to_owned(),
        code: receipt.reason.map(|reason| reason.as_str().to_owned()),
        detail: receipt.detail.clone(),
        envelope: String::from_utf8_lossy(envelope).into_owned(),
        phone_at: i64::try_from(receipt.at.0)
            .unwrap_or(i64::MAX / 1_000_000)
            .saturating_mul(1_000_000),
        received_at: now,
    };
    receipts::insert_for_phone(tx, &row)?;
    log::append_leaf(tx, &phone.fleet, "receipt", id, &app.new_id(), now)
}

fn advance(
    tx: &mut Conn,
    app: &App,
    phone: &Phone,
    receipt: &Receipt,
    row: &commands::Command,
    target: &Target,
) -> StoreResult<()> {
    let from = State::parse(&target.state).unwrap_or(State::Queued);
    let Some(Step { to, late }) = after_receipt(from, receipt.state) else {
        return Ok(());
    };
    let code = receipt.reason.map(Reason::as_str);
    let answer = targets::Answer {
        to: to.as_str(),
        code,
        late: late || target.late,
        accepted: to == State::Accepted,
        ended: to.is_terminal(),
    };
    if !targets::apply_receipt(
        tx,
        &row.id,
        target.position,
        &target.state,
        answer,
        app.now_micros(),
    )? {
        return Ok(());
    }
    cancel::follow_targets(tx, row)?;
    if to == State::Done {
        leave(tx, app, phone, row)?;
        if matches!(row.kind.parse(), Ok(Kind::Hold | Kind::Release)) {
            let standing = holds::standing(tx, &Scope::Platform, &phone.device, app.now_micros())?;
            devices::set_held_for_phone(tx, &phone.device, !standing.is_empty())?;
        }
    }
    let (kind, weight) = match to {
        State::Done => (
            "command.done",
            if is_end(row) {
                Weight::Major
            } else {
                Weight::Ordinary
            },
        ),
        State::Failed => ("command.failed", Weight::Trouble),
        State::Refused => ("command.refused", Weight::Trouble),
        State::Accepted if is_end(row) => ("command.accepted", Weight::Ordinary),
        // One deferral or acceptance after another would drown the record; the target's row tells them.
        State::Accepted
        | State::Deferred
        | State::Draft
        | State::AwaitingApproval
        | State::Queued
        | State::Delivered
        | State::Cancelled
        | State::Expired => return Ok(()),
    };
    let entry = Entry {
        kind,
        weight,
        place: Place::of_phone(phone),
        device: Some((phone.device.clone(), phone.serial.clone())),
        command: Some(row.id.clone()),
        facts: json!({ "kind": row.kind, "reason": row.reason, "code": code.unwrap_or_default(), "late": u8::from(answer.late) }),
    };
    write::write(tx, app, &By::phone(phone), &entry)
}

fn is_end(row: &commands::Command) -> bool {
    matches!(
        row.kind.parse(),
        Ok(Kind::Kill | Kind::Transfer | Kind::Wipe)
    )
}

/// A phone that killed, wiped or handed over itself is out of the fleet: its record says so and its certificate ends at once.
/// A transfer leaves as a kill does (PROTOCOL §13: credentials and service data go, the owner's data stays); that it was one
/// stands in the command.
fn leave(tx: &mut Conn, app: &App, phone: &Phone, row: &commands::Command) -> StoreResult<()> {
    let why = match row.kind.parse() {
        Ok(Kind::Kill | Kind::Transfer) => "killed",
        Ok(Kind::Wipe) => "wiped",
        Ok(_) | Err(_) => return Ok(()),
    };
    devices::set_lifecycle_for_phone(tx, &phone.device, &["enrolled"], why)?;
    devices::lift_everything_for_phone(tx, &phone.device)?;
    enrolments::end(tx, &phone.enrolment, why, app.now_micros())?;
    for id in targets::close_of_enrolment(tx, &phone.enrolment, "cancelled", app.now_micros())? {
        if let Some(open) = commands::find_for_job(tx, &id)? {
            cancel::follow_targets(tx, &open)?;
        }
    }
    revoke::revoke_enrolment_in(tx, app, phone, why)
}

fn trouble(
    tx: &mut Conn,
    app: &App,
    phone: &Phone,
    kind: &'static str,
    command: Option<&commands::Command>,
    code: &str,
) -> StoreResult<()> {
    let entry = Entry {
        kind,
        weight: Weight::Trouble,
        place: Place::of_phone(phone),
        device: Some((phone.device.clone(), phone.serial.clone())),
        command: command.map(|row| row.id.clone()),
        facts: json!({ "code": code }),
    };
    write::write(tx, app, &By::phone(phone), &entry)
}
