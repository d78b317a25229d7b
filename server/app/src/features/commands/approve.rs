//! Approving: an approver's signature comes in, is checked against the newest keyring, stored, and seals the command when it was
//! the last one missing. The signature is the authority; whoever hands it in only carries mail.

use std::sync::Arc;

use muster_domain::command::State;
use muster_protocol::authority;
use muster_protocol::command::Command;
use muster_protocol::reason::Reason;
use muster_store::approvals::{self, Approval};
use muster_store::{Conn, StoreError, StoreResult, commands};
use serde_json::json;

use super::counters;
use super::seal::{self, SignatureEntry};
use crate::app::App;
use crate::features::record::write::{self, By, Entry, Weight};
use crate::web::actor::{Allowed, DeliverApprovals};
use crate::web::problem::{Answer, Problem};

/// What became of an approval.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Approved {
    /// It was the last one: the command is on its way.
    Sealed,
    /// It counts, and others are missing: the phone's own word for what.
    Missing(Reason),
}

/// Takes an approver's signature over a command.
///
/// # Errors
/// There is no such command in the scope, it no longer waits, the key is no approver's, has signed already, or the signature
/// does not verify.
pub async fn approve(
    app: &Arc<App>,
    allowed: &Allowed<DeliverApprovals>,
    id: &str,
    entry: SignatureEntry,
) -> Answer<Approved> {
    let (scope, by, app2, wanted) = (
        allowed.scope().clone(),
        By::actor(&allowed.actor),
        app.clone(),
        id.to_owned(),
    );
    let outcome = app.store.write_or_refuse(move |tx| {
        let Some(row) = commands::find(tx, &scope, &wanted)? else {
            return Ok(Err(Problem::not_found("command")));
        };
        approve_in(tx, &app2, &row, &entry, &by)
    });
    let outcome = outcome.await??;
    follow(app, id, &outcome).await?;
    Ok(outcome)
}

/// What comes after the transaction that took a signature: a sealed command wakes its phones.
///
/// # Errors
/// The database did not answer.
pub async fn follow(app: &Arc<App>, id: &str, outcome: &Approved) -> Answer<()> {
    app.crash_point("command.approved");
    if *outcome == Approved::Sealed {
        app.crash_point("command.sealed");
        super::deliver::wake_sealed(app, id).await?;
    }
    Ok(())
}

/// Takes the signature within a transaction of the caller's, who has found the command in the signer's scope.
///
/// # Errors
/// As [`approve`].
pub fn approve_in(
    tx: &mut Conn,
    app: &App,
    row: &commands::Command,
    entry: &SignatureEntry,
    by: &By,
) -> StoreResult<Answer<Approved>> {
    let state = State::parse(&row.state);
    if !matches!(state, Some(State::Draft | State::AwaitingApproval))
        || row.expires_at <= app.now_micros()
    {
        let detail = format!(
            "This command no longer waits for approval: it is {}.",
            row.state
        );
        return Ok(Err(Problem::conflict("not-waiting", detail)));
    }
    let Some(signature) = entry.read() else {
        let detail = "The signature does not read: keyid is 64 hexadecimal characters, sig is base64, and so are auth and \
                      client, which a passkey sends both and a key file neither.";
        return Ok(Err(Problem::invalid("signature", detail)));
    };
    let Some(held) = seal::newest_keyring(tx, &row.fleet_id)? else {
        return Ok(Err(Problem::conflict(
            "fleet-not-adopted",
            "This fleet has no keyring.",
        )));
    };
    let person = match authority::verify_approval(&held.keyring, row.payload.as_bytes(), &signature)
    {
        Ok(person) => person,
        Err(refusal) => {
            refused(tx, app, row, entry, refusal.reason, by)?;
            // Stored as an event, so this is no refusal of the transaction.
            return Ok(Ok(Approved::Missing(refusal.reason)));
        }
    };
    counters::look(tx, app, row, &signature, by)?;
    let command = Command::decode(row.payload.as_bytes())
        .map_err(|_| StoreError::Corrupt(format!("command {} does not read", row.id)))?;
    let approval = Approval {
        command_id: row.id.clone(),
        key_id: entry.keyid.clone(),
        person: person.to_string(),
        signature: serde_json::to_string(entry)
            .map_err(|error| StoreError::Query(error.to_string()))?,
        created_at: app.now_micros(),
    };
    if !approvals::insert(tx, &approval)? {
        return Ok(Err(Problem::conflict(
            "signed-already",
            "This key has signed this command already. Somebody else must sign.",
        )));
    }
    let signed = seal::signatures(tx, &row.id)?;
    let entry = Entry {
        kind: "command.approved",
        weight: Weight::Major,
        place: seal::place(row),
        device: None,
        command: Some(row.id.clone()),
        facts: json!({ "kind": row.kind, "count": row.target_count, "reason": row.reason, "key": approval.key_id,
            "signatures": signed.len(), "needed": row.approvals_needed }),
    };
    write::write(tx, app, by, &entry)?;
    let envelope = seal::envelope(&held.keyring, &row.payload, &signed)?;
    let sealed = seal::seal_if_enough(tx, app, &held.keyring, &command, row, &envelope, by)?;
    Ok(Ok(match sealed {
        Ok(()) => Approved::Sealed,
        Err(reason) => Approved::Missing(reason),
    }))
}

/// A signature that does not count is on the record too: somebody tries keys.
fn refused(
    tx: &mut Conn,
    app: &App,
    row: &commands::Command,
    entry: &SignatureEntry,
    reason: Reason,
    by: &By,
) -> StoreResult<()> {
    let entry = Entry {
        kind: "command.approval-refused",
        weight: Weight::Trouble,
        place: seal::place(row),
        device: None,
        command: Some(row.id.clone()),
        facts: json!({ "kind": row.kind, "key": entry.keyid, "code": reason.as_str() }),
    };
    write::write(tx, app, by, &entry)
}

/// The refusal of a signature that does not count, in words.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "six of the protocol's many reasons mean a bad signature; the rest mean others are missing"
)]
#[must_use]
pub fn refusal(reason: Reason) -> Option<Problem> {
    let detail = match reason {
        Reason::NotAuthorised => {
            "This key is none of the fleet's approvers. Use a key that stands in its keyring."
        }
        Reason::BadSignature => {
            "The signature does not fit this command. Fetch it again and sign what you see."
        }
        Reason::WaLength | Reason::WaClientData => {
            "The passkey signed something else, or on another page than the keyring names. Open the command again and sign it there."
        }
        Reason::WaRpId => {
            "The passkey is bound to another site than the keyring names for it. Use the one that was registered."
        }
        Reason::WaFlags => {
            "The authenticator did not check its owner, or the passkey is copied between devices otherwise than the keyring says."
        }
        _ => return None,
    };
    Some(Problem::invalid(
        "approval-refused",
        format!("{detail} ({})", reason.as_str()),
    ))
}
