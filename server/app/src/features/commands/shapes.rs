//! What the API takes and answers about commands (docs: `/api/openapi.json`). Shapes that others rely on: members are added, none
//! changes its meaning.

use std::collections::BTreeMap;

use jiff::Timestamp;
use muster_domain::command::State;
use muster_protocol::base64;
use muster_protocol::command::Kind;
use muster_store::approvals::Approval;
use muster_store::commands::Command;
use muster_store::receipts::Receipt;
use muster_store::targets::Target;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::arguments::Arguments;
use super::seal::SignatureEntry;
use super::show::Shown;

/// A command to be drafted.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewCommand {
    /// notice, message, refresh, rotate-key, lock, suspend, resume, lock-fleet, unlock, cancel, hold, release, kill, transfer or
    /// wipe.
    pub kind: String,
    /// The phones, by id; or a filter.
    pub device_ids: Option<Vec<String>>,
    /// A search, frozen into phones at this moment.
    pub filter: Option<NewFilter>,
    /// Why: shown to approvers and to the owner.
    pub reason: String,
    /// What the kind needs beside.
    #[serde(default)]
    pub arguments: Arguments,
    /// How long the command waits for its phones.
    pub expires_in_seconds: Option<u64>,
}

/// A search for phones, as the list of devices takes it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewFilter {
    /// Beginning of a serial number or IMEI, or a part of the owner's name.
    pub q: Option<String>,
    /// fresh, stale, lost or never.
    pub contact: Option<String>,
    /// The organisation that owns them.
    pub organisation_id: Option<String>,
}

/// A command as the API answers it.
#[derive(Debug, Serialize, ToSchema)]
pub struct CommandShown {
    /// Its id.
    pub id: String,
    /// Its kind.
    pub kind: String,
    /// Where it stands.
    pub state: String,
    /// Why it was drafted.
    pub reason: String,
    /// What the kind needs beside, as signed.
    #[schema(value_type = Object)]
    pub arguments: serde_json::Value,
    /// How many people must approve; 0 when the server's own key suffices.
    pub approvals_needed: i64,
    /// How many of them with an independent key.
    pub independent_needed: i64,
    /// Who approved.
    pub approvals: Vec<ApprovalShown>,
    /// Who drafted it.
    pub drafted_by: String,
    /// When it was drafted.
    #[schema(value_type = String)]
    pub created_at: Timestamp,
    /// When it ends if no phone accepted it.
    #[schema(value_type = String)]
    pub expires_at: Timestamp,
    /// The digest that approvers sign and receipts name.
    pub digest: String,
    /// Until when it is kept back so that somebody can still stop it; null where it is not.
    #[schema(value_type = Option<String>)]
    pub cool_off_until: Option<Timestamp>,
    /// How many phones stand in which state.
    pub target_counts: BTreeMap<&'static str, i64>,
    /// The first 100 phones.
    pub targets: Vec<TargetShown>,
    /// After a cancel that some phones or witnesses cannot know of: how to tell them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signed_cancel: Option<SignedCancelShown>,
}

/// A cancel at this server takes a command out of its own queue only. Phones and witnesses that may have the command believe a
/// signed cancel, and nothing else.
#[derive(Debug, Serialize, ToSchema)]
pub struct SignedCancelShown {
    /// Why it is needed and what to do, in a sentence.
    pub detail: &'static str,
    /// What to POST to /api/v1/commands; approvers sign it then.
    #[schema(value_type = Object)]
    pub draft: serde_json::Value,
    /// The signed cancel that was drafted already; null while there is none.
    pub command_id: Option<String>,
}

/// A signature over a command.
#[derive(Debug, Serialize, ToSchema)]
pub struct ApprovalShown {
    /// The key's id.
    pub key_id: String,
    /// The person behind the key, as the keyring calls them.
    pub person: String,
    /// When it came in.
    #[schema(value_type = String)]
    pub created_at: Timestamp,
}

/// One phone of a command.
#[derive(Debug, Serialize, ToSchema)]
pub struct TargetShown {
    /// The phone.
    pub device_id: String,
    /// Its serial number, as it stands in the signed target tree.
    pub serial_number: String,
    /// Where it stands.
    pub state: String,
    /// The phone's reason, when it refused or waits.
    pub code: Option<String>,
    /// The phone's answer came after the command was cancelled or expired.
    pub late: bool,
    /// Its newest receipt.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub receipt: Option<ReceiptShown>,
}

/// What a phone signed.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ReceiptShown {
    /// SHA-256 of the envelope.
    pub id: String,
    /// accepted, deferred, refused, done or failed.
    pub state: String,
    /// The phone's reason.
    pub code: Option<String>,
    /// Its number among the phone's receipts.
    pub sequence: i64,
    /// When it came in.
    #[schema(value_type = String)]
    pub received_at: Timestamp,
    /// The signed envelope, base64.
    pub envelope: String,
}

/// Everything an approver's program checks for itself.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct EnvelopeShown {
    /// Where the command stands.
    pub state: String,
    /// The payload that is signed, base64.
    pub payload: String,
    /// The fleet's descriptor, base64.
    pub descriptor: String,
    /// Every keyring from version 1 on, base64 envelopes.
    pub keyrings: Vec<String>,
    /// Every target in the order of the tree.
    pub leaves: Vec<LeafShown>,
    /// The signatures that stand.
    pub signatures: Vec<SignatureEntry>,
    /// The sealed envelope, base64, once enough signatures stand.
    pub envelope: Option<String>,
}

/// One leaf of the target tree.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct LeafShown {
    /// Device id.
    pub device: String,
    /// Enrolment id.
    pub enrolment: String,
    /// Serial number.
    pub serial: String,
}

/// What became of an approval.
#[derive(Debug, Serialize, ToSchema)]
pub struct ApprovalAnswer {
    /// Whether the command is on its way now.
    pub sealed: bool,
    /// What is still missing, in the phone's own word.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub missing: Option<&'static str>,
}

/// A command as it was found.
#[must_use]
pub fn of(found: &Shown) -> CommandShown {
    let signed_cancel = found.unheard.as_ref().map(|unheard| SignedCancelShown {
        detail: "It left this server's queue, but phones may have it already. They stop it only for a signed cancel: post `draft` to \
                 /api/v1/commands and have it approved.",
        draft: serde_json::json!({
            "kind": Kind::Cancel.as_str(),
            "device_ids": unheard.devices,
            "reason": found.command.reason,
            "arguments": { "commands": [found.command.id] },
        }),
        command_id: unheard.drafted.clone(),
    });
    CommandShown {
        signed_cancel,
        ..shown(
            found.command.clone(),
            &found.approvals,
            &found.counts,
            &found.targets.items,
            &found.receipts,
        )
    }
}

/// A command with what is known of its targets.
#[must_use]
pub fn shown(
    command: Command,
    approvals: &[Approval],
    counts: &[(State, i64)],
    targets: &[Target],
    receipts: &[Receipt],
) -> CommandShown {
    CommandShown {
        arguments: serde_json::from_str(&command.arguments).unwrap_or_default(),
        approvals: approvals
            .iter()
            .map(|approval| ApprovalShown {
                key_id: approval.key_id.clone(),
                person: approval.person.clone(),
                created_at: time(approval.created_at),
            })
            .collect(),
        created_at: time(command.created_at),
        expires_at: time(command.expires_at),
        cool_off_until: command.cool_off_until.map(time),
        target_counts: counts
            .iter()
            .map(|(state, count)| (state.as_str(), *count))
            .collect(),
        targets: targets
            .iter()
            .map(|target| target_shown(target, receipts))
            .collect(),
        id: command.id,
        kind: command.kind,
        state: command.state,
        reason: command.reason,
        approvals_needed: command.approvals_needed,
        independent_needed: command.independent_needed,
        drafted_by: command.drafted_by_name,
        digest: command.digest,
        signed_cancel: None,
    }
}

/// One target with the newest of these receipts that is its own.
#[must_use]
pub fn target_shown(target: &Target, receipts: &[Receipt]) -> TargetShown {
    // Receipts come oldest first: the last one of a phone is its newest.
    let newest = receipts
        .iter()
        .rev()
        .find(|receipt| receipt.device_id == target.device_id);
    TargetShown {
        device_id: target.device_id.clone(),
        serial_number: target.serial_number.clone(),
        state: target.state.clone(),
        code: target.code.clone(),
        late: target.late,
        receipt: newest.map(|receipt| ReceiptShown {
            id: receipt.id.clone(),
            state: receipt.state.clone(),
            code: receipt.code.clone(),
            sequence: receipt.sequence,
            received_at: time(receipt.received_at),
            envelope: base64::encode(receipt.envelope.as_bytes()),
        }),
    }
}

fn time(micros: i64) -> Timestamp {
    Timestamp::from_microsecond(micros).unwrap_or(Timestamp::UNIX_EPOCH)
}
