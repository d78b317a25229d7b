//! A ceremony: what a signed-in member was sent to the approvals host to do.

use std::sync::Arc;

use muster_domain::permission::{Permission, Role};
use muster_domain::scope::Scope;
use muster_store::approval_ceremonies::{self, Ceremony};
use muster_store::members::{self, Member};
use muster_store::organisations::Organisation;
use muster_store::{Conn, StoreResult};

use crate::app::App;
use crate::config::ApprovalsHost;
use crate::web::actor::{Actor, Home, Who, secret_hash};
use crate::web::problem::{Answer, Kind, Problem};

/// How long one lasts, microseconds.
const LASTS: i64 = 3 * 60 * 1_000_000;

/// What a ceremony is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// A new passkey.
    Register,
    /// A signature over a command.
    Approve,
}

impl Purpose {
    /// The word that is stored, and the first part of the address.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Register => "register",
            Self::Approve => "approve",
        }
    }
}

/// What the portal fixes when it hands over.
#[derive(Debug, Clone, Default)]
pub struct Given {
    /// Of an approval: the command.
    pub command: Option<String>,
    /// Of a registration: what the passkey will be called.
    pub label: Option<String>,
    /// Of a registration: whose it will be in a keyring.
    pub person: Option<String>,
}

/// A ceremony with whoever it is for.
#[derive(Debug, Clone)]
pub struct Held {
    /// Its row.
    pub row: Ceremony,
    /// The member.
    pub member: Member,
    /// Their organisation.
    pub organisation: Organisation,
}

impl Held {
    /// What the member may see.
    #[must_use]
    pub fn scope(&self) -> Scope {
        Home::from(self.organisation.clone()).scope()
    }
}

/// The approvals host.
///
/// # Errors
/// There is none: whoever runs the server has to set it up.
pub fn host(app: &App) -> Answer<&ApprovalsHost> {
    app.approvals.as_ref().ok_or_else(|| {
        let detail = "Approving with passkeys is not set up on this server. Whoever runs it sets MUSTER_APPROVALS_URL to a host beside the portal’s.";
        Problem::conflict("no-approvals-host", detail)
    })
}

/// The member behind an actor.
///
/// # Errors
/// It is a program.
pub fn member_of(actor: &Actor) -> Answer<&str> {
    match &actor.who {
        Who::Member { id, .. } => Ok(id),
        Who::Token { .. } => Err(Problem::not_found("member")),
    }
}

/// Begins one; answers the address that leads there. Only its hash stays here. It ends with the session that hands over, and when
/// the same is begun anew: of one member and one purpose, one row.
///
/// # Errors
/// There is no approvals host; a program asks; the database refused.
pub async fn begin(
    app: &Arc<App>,
    actor: &Actor,
    purpose: Purpose,
    given: Given,
) -> Answer<String> {
    let host = host(app)?;
    let Who::Member { id, session, .. } = &actor.who else {
        return Err(Problem::not_found("member"));
    };
    let token = app.random.secret();
    let now = app.now_micros();
    let row = Ceremony {
        token_hash: secret_hash(&token),
        member_id: id.clone(),
        session_id: session.clone(),
        purpose: purpose.as_str().to_owned(),
        command_id: given.command,
        label: given.label,
        person: given.person,
        claim: None,
        nonce: app.random.secret(),
        created_at: now,
        expires_at: now.saturating_add(LASTS),
    };
    app.store
        .write(move |tx| {
            let (member, command) = (&row.member_id, row.command_id.as_deref());
            approval_ceremonies::delete_alike(tx, member, &row.purpose, command)?;
            approval_ceremonies::insert(tx, &row)
        })
        .await?;
    Ok(format!("{}/{}/{token}", host.origin, purpose.as_str()))
}

/// The ceremony of a token, to draw its page.
///
/// # Errors
/// It was used, its time is over, or there never was one.
pub async fn look(app: &Arc<App>, purpose: Purpose, token: &str) -> Answer<Held> {
    let (hash, now) = (secret_hash(token), app.now_micros());
    let found = app.store.read(move |c| {
        let row = approval_ceremonies::find_live(c, &hash, purpose.as_str(), now)?;
        with_member(c, row)
    });
    found.await?.ok_or_else(ended)
}

/// Ends the ceremony of a token inside the caller's transaction; what is not committed did not end.
///
/// # Errors
/// The database refused.
pub fn spend(tx: &mut Conn, app: &App, purpose: Purpose, token: &str) -> StoreResult<Option<Held>> {
    let row =
        approval_ceremonies::spend(tx, &secret_hash(token), purpose.as_str(), app.now_micros())?;
    with_member(tx, row)
}

/// Whoever was closed out since, or lost the right, has no ceremony any more.
fn with_member(c: &mut Conn, row: Option<Ceremony>) -> StoreResult<Option<Held>> {
    let Some(row) = row else { return Ok(None) };
    let found = members::find(c, &Scope::Platform, &row.member_id)?;
    let may = |member: &Member| {
        member.disabled_at.is_none()
            && Role::parse(&member.role).is_some_and(|role| role.may(Permission::DeliverApprovals))
    };
    Ok(found
        .filter(|(member, _)| may(member))
        .map(|(member, organisation)| Held {
            row,
            member,
            organisation,
        }))
}

/// What is said of a token that leads nowhere.
#[must_use]
pub fn ended() -> Problem {
    Problem::new(
        Kind::NotFound,
        "ceremony-ended",
        "This page was used already or begun anew, its three minutes are over, or you signed out since. Nothing was signed here. Begin again on the portal.",
    )
}
