//! Signing a command with a passkey: whether one of the member's counts, what they are shown, and the signature itself, which goes
//! the way of every other (`commands::approve`).

use std::sync::Arc;

use muster_domain::command::State;
use muster_domain::scope::Scope;
use muster_protocol::authority::{self, Needed};
use muster_protocol::base64;
use muster_protocol::command::Command;
use muster_protocol::envelope::Signature;
use muster_protocol::keyring::Keyring;
use muster_store::approvals::Approval;
use muster_store::approving_passkeys::{self, ApprovingPasskey};
use muster_store::commands::{self, Command as Row};
use muster_store::targets::{self, TargetLeaf};
use muster_store::{Conn, StoreError, StoreResult, organisations};

use super::ceremony::{self, Given, Held, Purpose};
use crate::app::App;
use crate::config::ApprovalsHost;
use crate::features::commands::approve::{self, Approved};
use crate::features::commands::seal::{self, SignatureEntry};
use crate::features::record::write::By;
use crate::web::actor::{Actor, Allowed, DeliverApprovals, Who};
use crate::web::problem::{Answer, Problem};

/// Whether a member can sign a command with a passkey.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Way {
    /// It waits for nobody.
    NotWaiting,
    /// There is no approvals host.
    NotSetUp,
    /// No passkey of the portal ever counts for this kind.
    NeverEnough,
    /// The member has none.
    NoPasskey,
    /// The member has some, and the newest keyring lets none of them sign this.
    NotGranted,
    /// This person has signed already.
    Signed,
    /// With one of these.
    Ready(Vec<ApprovingPasskey>, Needed),
}

impl Way {
    /// Why it cannot be signed so, and what to do; `None` when it can.
    #[must_use]
    pub fn problem(&self) -> Option<Problem> {
        let (code, detail) = match self {
            Self::Ready(..) => return None,
            Self::NotWaiting => ("not-waiting", "This command no longer waits for approval."),
            Self::NotSetUp => (
                "no-approvals-host",
                "Approving with passkeys is not set up on this server. Whoever runs it sets MUSTER_APPROVALS_URL to a host beside the portal’s.",
            ),
            Self::NeverEnough => (
                "passkey-not-enough",
                "A passkey of the portal never counts for this kind: this server draws the page it signs on. Sign it with muster approve.",
            ),
            Self::NoPasskey => (
                "no-passkey",
                "You have no passkey for approving. Add one on your account page.",
            ),
            Self::NotGranted => (
                "passkey-not-granted",
                "The fleet’s newest keyring lets none of your passkeys sign this. Give your registration file to the root signers, or sign it with muster approve.",
            ),
            Self::Signed => (
                "signed-already",
                "You have signed this command already. Somebody else must sign.",
            ),
        };
        Some(Problem::conflict(code, detail))
    }
}

/// What somebody reads before they sign.
#[derive(Debug, Clone)]
pub struct Shown {
    /// The command's row.
    pub row: Row,
    /// Whose phones they are.
    pub organisation: String,
    /// Every target.
    pub leaves: Vec<TargetLeaf>,
    /// The signatures that stand.
    pub approvals: Vec<Approval>,
    /// Which of the keys that signed are independent.
    pub independent: Vec<String>,
    /// The newest keyring's version.
    pub keyring: u64,
    /// Whether it can be signed, and with what.
    pub way: Way,
}

/// How the actor can sign a command with a passkey: for its page.
///
/// # Errors
/// The database did not answer.
pub async fn way_of(app: &Arc<App>, actor: &Actor, row: &Row) -> Answer<Way> {
    let Who::Member { id, .. } = &actor.who else {
        return Ok(Way::NoPasskey);
    };
    let (app2, member, row) = (app.clone(), id.clone(), row.clone());
    let found = app.store.read(move |c| {
        let held = seal::newest_keyring(c, &row.fleet_id)?;
        let keyring = held.map(|held| held.keyring);
        way(c, &app2, &member, &row, keyring.as_ref())
    });
    Ok(found.await?)
}

fn way(
    c: &mut Conn,
    app: &App,
    member: &str,
    row: &Row,
    keyring: Option<&Keyring>,
) -> StoreResult<Way> {
    let waits = State::parse(&row.state) == Some(State::AwaitingApproval)
        && row.expires_at > app.now_micros();
    let (true, Some(keyring)) = (waits, keyring) else {
        return Ok(Way::NotWaiting);
    };
    let command = decoded(row)?;
    let floor = command.kind().floor();
    if floor.people <= floor.independent {
        return Ok(Way::NeverEnough);
    }
    let Some(host) = &app.approvals else {
        return Ok(Way::NotSetUp);
    };
    let mine = approving_passkeys::live(c, member)?;
    if mine.is_empty() {
        return Ok(Way::NoPasskey);
    }
    let signed = seal::signatures(c, &row.id)?;
    let is_signer = |passkey: &ApprovingPasskey| {
        signed
            .iter()
            .any(|approval| approval.person == person_of(keyring, passkey))
    };
    if mine.iter().any(is_signer) {
        return Ok(Way::Signed);
    }
    let mut usable = Vec::new();
    let mut needed = None;
    for passkey in mine {
        if let Some(takes) = takes(keyring, &command, host, &passkey) {
            usable.push(passkey);
            needed.get_or_insert(takes);
        }
    }
    Ok(match needed {
        Some(needed) => Way::Ready(usable, needed),
        None => Way::NotGranted,
    })
}

/// Who the passkey's owner is by the keyring, whose word counts; by the registration where no keyring knows it.
fn person_of(keyring: &Keyring, passkey: &ApprovingPasskey) -> String {
    entry_of(keyring, passkey)
        .map_or_else(|| passkey.person.clone(), |entry| entry.person.to_string())
}

fn entry_of<'k>(
    keyring: &'k Keyring,
    passkey: &ApprovingPasskey,
) -> Option<&'k muster_protocol::keyring::KeyEntry> {
    keyring
        .keys
        .iter()
        .find(|entry| entry.id().to_string() == passkey.key_id)
}

fn takes(
    keyring: &Keyring,
    command: &Command,
    host: &ApprovalsHost,
    passkey: &ApprovingPasskey,
) -> Option<Needed> {
    let entry = entry_of(keyring, passkey).filter(|_| passkey.origin == host.origin)?;
    authority::needed_with(
        keyring,
        entry,
        command.kind(),
        &command.organisation,
        command.targets.count,
    )
}

fn decoded(row: &Row) -> StoreResult<Command> {
    Command::decode(row.payload.as_bytes())
        .map_err(|_| StoreError::Corrupt(format!("command {} does not read", row.id)))
}

/// Sends a member to the approvals host to sign a command.
///
/// # Errors
/// There is no such command in the scope, or none of the member's passkeys counts for it: why, in words.
pub async fn begin(
    app: &Arc<App>,
    allowed: &Allowed<DeliverApprovals>,
    command: &str,
) -> Answer<String> {
    let (scope, wanted) = (allowed.scope().clone(), command.to_owned());
    let row = app
        .store
        .read(move |c| commands::find(c, &scope, &wanted))
        .await?
        .ok_or_else(|| Problem::not_found("command"))?;
    if let Some(problem) = way_of(app, &allowed.actor, &row).await?.problem() {
        return Err(problem);
    }
    let given = Given {
        command: Some(row.id),
        ..Given::default()
    };
    ceremony::begin(app, &allowed.actor, Purpose::Approve, given).await
}

/// What the member of a ceremony reads before they sign.
///
/// # Errors
/// The ceremony is over, or the command is no longer theirs to see.
pub async fn show(app: &Arc<App>, token: &str) -> Answer<(Held, Shown)> {
    let held = ceremony::look(app, Purpose::Approve, token).await?;
    let (app2, member, scope) = (app.clone(), held.member.id.clone(), held.scope());
    let wanted = held.row.command_id.clone().unwrap_or_default();
    let shown = app.store.read(move |c| {
        let Some(row) = commands::find(c, &scope, &wanted)? else {
            return Ok(None);
        };
        let keyring = seal::newest_keyring(c, &row.fleet_id)?.map(|held| held.keyring);
        let owner = organisations::find(c, &Scope::Platform, &row.organisation_id)?;
        let independent = keyring.iter().flat_map(|keyring| &keyring.keys);
        Ok(Some(Shown {
            way: way(c, &app2, &member, &row, keyring.as_ref())?,
            organisation: owner.map_or_else(String::new, |owner| owner.name),
            leaves: targets::leaves(c, &row.id)?,
            approvals: seal::signatures(c, &row.id)?,
            independent: independent
                .filter(|entry| entry.counts_as_independent())
                .map(|entry| entry.id().to_string())
                .collect(),
            keyring: keyring.as_ref().map_or(0, |keyring| keyring.version),
            row,
        }))
    });
    let shown = shown.await?.ok_or_else(|| Problem::not_found("command"))?;
    Ok((held, shown))
}

/// What the browser brought back.
#[derive(Debug, Clone)]
pub struct Asserted {
    /// The credential that signed.
    pub credential: Vec<u8>,
    /// Authenticator data.
    pub auth: Vec<u8>,
    /// Client data.
    pub client: Vec<u8>,
    /// ES256 signature, DER.
    pub sig: Vec<u8>,
}

/// Takes the signature: the ceremony ends with it, whether it counts or not. Answers the command, and what became of it.
///
/// # Errors
/// The ceremony is over, the command no longer waits or cannot be signed so, or the passkey is not one of the member's.
pub async fn sign(app: &Arc<App>, token: &str, asserted: Asserted) -> Answer<(String, Approved)> {
    let (app2, token) = (app.clone(), token.to_owned());
    let taken = app.store.write_or_refuse(move |tx| {
        let Some(held) = ceremony::spend(tx, &app2, Purpose::Approve, &token)? else {
            return Ok(Err(ceremony::ended()));
        };
        let wanted = held.row.command_id.clone().unwrap_or_default();
        let Some(row) = commands::find(tx, &held.scope(), &wanted)? else {
            return Ok(Err(Problem::not_found("command")));
        };
        let keyring = seal::newest_keyring(tx, &row.fleet_id)?.map(|held| held.keyring);
        let found = way(tx, &app2, &held.member.id, &row, keyring.as_ref())?;
        let passkeys = match (&found, found.problem()) {
            (Way::Ready(passkeys, _), _) => passkeys,
            (_, Some(problem)) => return Ok(Err(problem)),
            (_, None) => return Ok(Err(ceremony::ended())),
        };
        let credential = base64::encode(&asserted.credential);
        let Some(passkey) = passkeys.iter().find(|known| known.credential == credential) else {
            let detail =
                "This is none of the passkeys that may sign here. Begin again and choose another.";
            return Ok(Err(Problem::invalid("passkey", detail)));
        };
        let Some(entry) = entry(passkey, &asserted) else {
            return Ok(Err(Problem::invalid(
                "passkey",
                "The signature does not read.",
            )));
        };
        let by = By::member(&held.member.id, &held.member.name);
        let outcome = approve::approve_in(tx, &app2, &row, &entry, &by)?;
        Ok(outcome.map(|outcome| (row.id.clone(), outcome)))
    });
    let (command, outcome) = taken.await??;
    approve::follow(app, &command, &outcome).await?;
    Ok((command, outcome))
}

fn entry(passkey: &ApprovingPasskey, asserted: &Asserted) -> Option<SignatureEntry> {
    let keyid = muster_protocol::ids::KeyId::parse(&passkey.key_id).ok()?;
    Some(SignatureEntry::of(&Signature::WebAuthn {
        keyid,
        auth: asserted.auth.clone(),
        client: asserted.client.clone(),
        sig: asserted.sig.clone(),
    }))
}
