//! One-time links: whoever holds one may set a password, once and for a while. Only a hash of its secret is stored.

use std::sync::Arc;

use jiff::Timestamp;
use muster_domain::people::Email;
use muster_store::members::{self, Member};
use muster_store::one_time_links::{self, OneTimeLink};
use muster_store::organisations::Organisation;
use muster_store::{Conn, StoreResult};
use serde_json::json;

use super::{entry, letters};
use crate::app::App;
use crate::features::record::write::{self as record, By, Weight};
use crate::mail;
use crate::web::actor::{Allowed, ManagePeople, secret_hash};
use crate::web::problem::{Answer, Problem};

/// How long a link can be used, microseconds: three days, so that one sent on a Friday lives on Monday.
pub const LASTS: i64 = 72 * 3600 * 1_000_000;

/// What a link is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// The first owner.
    SetUp,
    /// A member's password.
    Password,
}

impl Purpose {
    /// The word that is stored.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SetUp => "set-up",
            Self::Password => "password",
        }
    }
}

/// A link as it is given away: shown or sent once, never stored.
#[derive(Debug, Clone)]
pub struct Link {
    /// The address to open.
    pub url: String,
    /// When it ends.
    pub expires_at: Timestamp,
    id: String,
    hash: String,
    purpose: Purpose,
}

impl Link {
    /// A new link. It works once [`Link::give`] has written it down.
    #[must_use]
    pub fn new(app: &App, purpose: Purpose) -> Self {
        let secret = app.random.secret();
        let expires = app.now_micros().saturating_add(LASTS);
        Self {
            url: format!("{}/{}/{secret}", app.portal_url, purpose.as_str()),
            expires_at: Timestamp::from_microsecond(expires).unwrap_or(Timestamp::MAX),
            id: app.new_id(),
            hash: secret_hash(&secret),
            purpose,
        }
    }

    /// Writes it down for `member` (`None` for the first owner, who is nobody yet); links given before end.
    pub fn give(&self, tx: &mut Conn, app: &App, member: Option<&str>) -> StoreResult<()> {
        let now = app.now_micros();
        one_time_links::void(tx, self.purpose.as_str(), member, now)?;
        let row = OneTimeLink {
            id: self.id.clone(),
            purpose: self.purpose.as_str().to_owned(),
            member_id: member.map(str::to_owned),
            secret_hash: self.hash.clone(),
            created_at: now,
            expires_at: self.expires_at.as_microsecond(),
            used_at: None,
        };
        one_time_links::insert(tx, &row)
    }
}

/// A link that is used, ended or never was: the same words.
#[must_use]
pub fn ended() -> Problem {
    Problem {
        code: "link-ended",
        ..Problem::not_found("link")
    }
}

/// The link with this secret, if it is for `purpose` and can still be used.
///
/// # Errors
/// It cannot.
pub async fn look(app: &App, purpose: Purpose, secret: &str) -> Answer<OneTimeLink> {
    let (hash, now) = (secret_hash(secret), app.now_micros());
    let found = app
        .store
        .read(move |c| one_time_links::find_live_by_hash(c, &hash, now))
        .await?;
    found
        .filter(|link| link.purpose == purpose.as_str())
        .ok_or_else(ended)
}

/// Gives a member a new link to set a password, and mails it to them. The old password works until a new one is set.
///
/// # Errors
/// There is no such member in the scope; they are disabled; their role is above what the actor may appoint.
pub async fn give_password(
    app: &Arc<App>,
    allowed: &Allowed<ManagePeople>,
    id: String,
) -> Answer<(Member, Link)> {
    let link = Link::new(app, Purpose::Password);
    let (giving, given, by) = (app.clone(), link.clone(), By::actor(&allowed.actor));
    let (scope, role, actor) = (
        allowed.scope().clone(),
        allowed.actor.role,
        allowed.actor.name.clone(),
    );
    let member = app
        .store
        .write_or_refuse(move |tx| {
            let Some((member, organisation)) = members::find(tx, &scope, &id)? else {
                return Ok(Err(Problem::not_found("member")));
            };
            if let Err(problem) = super::disable::may_change(role, &member) {
                return Ok(Err(problem));
            }
            let given = give_in(tx, &giving, &by, &actor, &member, &organisation, &given)?;
            Ok(given.map(|()| member))
        })
        .await??;
    Ok((member, link))
}

/// A link for whoever has this address, from the command line: no right is asked, the machine is the right.
///
/// # Errors
/// Nobody has this address, or the member is disabled.
pub async fn reset(app: &Arc<App>, email: &Email) -> Answer<Link> {
    let link = Link::new(app, Purpose::Password);
    let (giving, given, email) = (app.clone(), link.clone(), email.as_str().to_owned());
    app.store
        .write_or_refuse(move |tx| {
            let found = members::find_by_email(tx, &email)?
                .filter(|(member, _)| member.disabled_at.is_none());
            let Some((member, organisation)) = found else {
                return Ok(Err(Problem::not_found("member")));
            };
            give_in(
                tx,
                &giving,
                &By::system(),
                &organisation.name,
                &member,
                &organisation,
                &given,
            )
        })
        .await??;
    Ok(link)
}

/// `actor` is who the letter says it comes from.
fn give_in(
    tx: &mut Conn,
    app: &App,
    by: &By,
    actor: &str,
    member: &Member,
    organisation: &Organisation,
    link: &Link,
) -> StoreResult<Answer<()>> {
    let letter = match letters::reset(app, actor, member, organisation, link) {
        Ok(letter) => letter,
        Err(problem) => return Ok(Err(problem)),
    };
    link.give(tx, app, Some(&member.id))?;
    mail::enqueue(tx, app, &letter)?;
    let facts = json!({ "member": member.id, "name": member.name });
    record::write(
        tx,
        app,
        by,
        &entry("member.link-given", Weight::Ordinary, organisation, facts),
    )?;
    Ok(Ok(()))
}
