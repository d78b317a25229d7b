//! Sealing: when enough signatures stand, the envelope is fixed, written into the log, and put into the phones' queues.

use muster_domain::brake;
use muster_protocol::authority;
use muster_protocol::base64;
use muster_protocol::command::Command;
use muster_protocol::digest::Digest;
use muster_protocol::envelope::{DocumentType, Envelope, Signature, envelope_digest};
use muster_protocol::ids::KeyId;
use muster_protocol::keyring::{HeldKeyring, Keyring};
use muster_protocol::reason::Reason;
use muster_store::approvals::Approval;
use muster_store::{Conn, StoreError, StoreResult, approvals, commands, keyrings, log};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use crate::app::App;
use crate::features::record::write::{self, By, Entry, Place, Weight};

/// An approver's signature as it travels and is stored: `{keyid, sig}` of a key file, `{auth, client, keyid, sig}` of a passkey
/// (PROTOCOL §4).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignatureEntry {
    /// Of a passkey: the authenticator data, base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth: Option<String>,
    /// Of a passkey: the client data as the browser wrote it, base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<String>,
    /// The key's id, 64 hexadecimal characters.
    pub keyid: String,
    /// The signature, base64: of a key file over the command's signed bytes (DSSE); of a passkey as its authenticator gave it,
    /// DER, the challenge being the command's digest.
    pub sig: String,
}

impl SignatureEntry {
    /// The entry of a signature.
    #[must_use]
    pub fn of(signature: &Signature) -> Self {
        let keyid = signature.keyid().to_string();
        match signature {
            Signature::Plain { sig, .. } => Self {
                auth: None,
                client: None,
                keyid,
                sig: base64::encode(sig),
            },
            Signature::WebAuthn {
                auth, client, sig, ..
            } => Self {
                auth: Some(base64::encode(auth)),
                client: Some(base64::encode(client)),
                keyid,
                sig: base64::encode(sig),
            },
        }
    }

    /// The entry as the protocol types it; `None` when it is not well formed.
    #[must_use]
    pub fn read(&self) -> Option<Signature> {
        let keyid = KeyId::parse(&self.keyid).ok()?;
        let sig = base64::decode(&self.sig)?;
        match (&self.auth, &self.client) {
            (None, None) => Some(Signature::Plain { keyid, sig }),
            (Some(auth), Some(client)) => Some(Signature::WebAuthn {
                keyid,
                auth: base64::decode(auth)?,
                client: base64::decode(client)?,
                sig,
            }),
            (Some(_), None) | (None, Some(_)) => None,
        }
    }
}

/// The newest keyring of a fleet.
///
/// # Errors
/// The database did not answer, or its rows do not read.
pub fn newest_keyring(c: &mut Conn, fleet: &str) -> StoreResult<Option<HeldKeyring>> {
    let Some(row) = keyrings::newest(c, fleet)? else {
        return Ok(None);
    };
    let damaged = |_| {
        StoreError::Corrupt(format!(
            "keyring {} of fleet {fleet} does not read",
            row.version
        ))
    };
    HeldKeyring::from_stored(row.envelope.into_bytes())
        .map(Some)
        .map_err(damaged)
}

/// The envelope of a command with those of its approvals that the keyring still knows, plus the online key's if it may sign.
///
/// # Errors
/// A stored signature does not read.
pub fn envelope(
    keyring: &Keyring,
    payload: &str,
    signatures: &[Approval],
) -> StoreResult<Envelope> {
    let mut envelope = Envelope::unsigned(DocumentType::Command, payload.as_bytes().to_vec());
    for approval in signatures {
        let damaged = || {
            StoreError::Corrupt(format!(
                "an approval of command {} does not read",
                approval.command_id
            ))
        };
        let entry: SignatureEntry =
            serde_json::from_str(&approval.signature).map_err(|_| damaged())?;
        let signature = entry.read().ok_or_else(damaged)?;
        if keyring.key(signature.keyid()).is_some() {
            envelope.add(signature).map_err(|_| damaged())?;
        }
    }
    Ok(envelope)
}

/// Seals the command if `envelope` carries enough; answers what is still missing otherwise.
///
/// # Errors
/// The database refused; the act is undone with it.
pub fn seal_if_enough(
    tx: &mut Conn,
    app: &App,
    keyring: &Keyring,
    command: &Command,
    row: &commands::Command,
    envelope: &Envelope,
    by: &By,
) -> StoreResult<Result<(), Reason>> {
    if let Err(refusal) = authority::authorise(keyring, command, envelope) {
        return Ok(Err(refusal.reason));
    }
    let bytes = envelope.encode();
    let ed: Digest = envelope_digest(&bytes);
    let now = app.now_micros();
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let cool_off = brake::cool_off(command.kind(), row.target_count);
    let cool_off_until = cool_off.map(|seconds| now.saturating_add(seconds * 1_000_000));
    if !commands::seal(tx, &row.id, &text, &ed.to_hex(), cool_off_until, now)? {
        return Ok(Ok(()));
    }
    log::append_leaf(
        tx,
        &row.fleet_id,
        "command",
        &ed.to_hex(),
        &app.new_id(),
        now,
    )?;
    let entry = Entry {
        kind: "command.queued",
        weight: Weight::Ordinary,
        place: place(row),
        device: None,
        command: Some(row.id.clone()),
        facts: json!({ "kind": row.kind, "count": row.target_count, "reason": row.reason, "cool_off": cool_off.unwrap_or(0) / 60 }),
    };
    write::write(tx, app, by, &entry)?;
    Ok(Ok(()))
}

/// Whose matter a command is.
#[must_use]
pub fn place(row: &commands::Command) -> Place {
    Place {
        organisation: row.organisation_id.clone(),
        reseller: Some(row.reseller_id.clone()),
        fleet: Some(row.fleet_id.clone()),
    }
}

/// Every signature over a command, by key id.
///
/// # Errors
/// The database did not answer.
pub fn signatures(c: &mut Conn, command: &str) -> StoreResult<Vec<Approval>> {
    approvals::list(c, command)
}
