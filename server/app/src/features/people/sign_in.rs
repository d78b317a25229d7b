//! Sign in: an address and a password become a session. By passkey: [`super::passkeys::sign_in`].

use std::net::IpAddr;
use std::sync::Arc;

use muster_domain::people::Email;
use muster_store::members::{self, Member};
use muster_store::organisations::{self, Organisation};
use muster_store::sessions::{self, Session};
use muster_store::{Conn, StoreResult};
use serde_json::json;

use super::tries::{self, Bucket, Counted};
use super::{by_member, entry};
use crate::app::App;
use crate::features::record::write::{self as record, By, Weight};
use crate::web::problem::{Answer, Kind, Problem};
use crate::web::session::LASTS;

/// What somebody typed to come in.
#[derive(Debug, Clone)]
pub struct SignIn {
    /// The address, as typed.
    pub email: String,
    /// The password.
    pub password: String,
    /// Where they type it.
    pub browser: Browser,
}

/// A browser, as far as a session remembers it.
#[derive(Debug, Clone, Default)]
pub struct Browser {
    /// Where it is; for rate limits alone, never stored as it is.
    pub address: Option<IpAddr>,
    /// What it calls itself, bounded and cleaned.
    pub user_agent: String,
}

/// Signs in; answers the new session's id. An unknown address, a wrong password, a member without one and a disabled
/// member take the same time and get the same answer.
///
/// # Errors
/// Something is wrong, and the answer does not tell what; or there were too many tries.
pub async fn sign_in(app: &Arc<App>, typed: SignIn) -> Answer<String> {
    let email = Email::parse(&typed.email)
        .ok()
        .map(|email| email.as_str().to_owned());
    let asked = email.clone();
    let found = app
        .store
        .read(move |c| asked.map_or(Ok(None), |email| members::find_by_email(c, &email)))
        .await?;
    // What is no address is not recorded: people type their password into the wrong field, and the record is for good.
    let shown = email.clone().unwrap_or_else(|| "a stranger".to_owned());
    count_try(app, &typed, email.as_deref(), &shown).await?;

    let live = found.filter(|(member, _)| member.disabled_at.is_none());
    let hash = live
        .as_ref()
        .and_then(|(member, _)| member.password_hash.as_deref());
    let right = app.passwords.is(&typed.password, hash).await;
    let (Some((member, organisation)), true) = (live, right) else {
        note_refusal(app, shown, "member.refused", Weight::Ordinary).await?;
        return Err(Problem::new(
            Kind::SignedOut,
            "sign-in-wrong",
            "Address and password do not fit together.",
        ));
    };
    let (id, started) = (app.new_id(), app.clone());
    app.store
        .write(move |tx| {
            tries::forgive(tx, &Bucket::of_account(&member.email))?;
            begin(tx, &started, &id, &member, &organisation, &typed.browser)?;
            Ok(id.clone())
        })
        .await
        .map_err(Into::into)
}

/// Begins the session `id` of a member who proved who they are, on the record.
pub fn begin(
    tx: &mut Conn,
    app: &App,
    id: &str,
    member: &Member,
    organisation: &Organisation,
    browser: &Browser,
) -> StoreResult<()> {
    begin_by(tx, app, id, member, organisation, browser, None)
}

/// The same, by the passkey of this label.
pub fn begin_by(
    tx: &mut Conn,
    app: &App,
    id: &str,
    member: &Member,
    organisation: &Organisation,
    browser: &Browser,
    passkey: Option<&str>,
) -> StoreResult<()> {
    let now = app.now_micros();
    let session = Session {
        id: id.to_owned(),
        member_id: member.id.clone(),
        user_agent: browser.user_agent.clone(),
        created_at: now,
        last_seen_at: now,
        confirmed_at: now,
        expires_at: now + LASTS * 1_000_000,
        ended_at: None,
    };
    sessions::insert(tx, &session)?;
    let facts = match passkey {
        Some(label) => json!({ "browser": browser.user_agent, "passkey": label }),
        None => json!({ "browser": browser.user_agent }),
    };
    record::write(
        tx,
        app,
        &by_member(member),
        &entry("member.signed-in", Weight::Ordinary, organisation, facts),
    )
}

/// Counts the try before the password is looked at, right or wrong: otherwise the answer's delay would tell.
async fn count_try(app: &Arc<App>, typed: &SignIn, email: Option<&str>, shown: &str) -> Answer<()> {
    let mut buckets: Vec<Bucket> = email.map(Bucket::of_account).into_iter().collect();
    buckets.extend(typed.browser.address.map(Bucket::of_address));
    match tries::count_now(app, buckets).await? {
        Counted::Within => Ok(()),
        Counted::TooMany { wait, first } => {
            if first {
                note_refusal(app, shown.to_owned(), "member.held-off", Weight::Trouble).await?;
            }
            Err(Problem::too_many(wait))
        }
    }
}

/// Puts a refused sign-in on the record: of the member's organisation, or of the operator when nobody has the address.
pub(super) async fn note_refusal(
    app: &Arc<App>,
    shown: String,
    kind: &'static str,
    weight: Weight,
) -> Answer<()> {
    let noting = app.clone();
    app.store
        .write(move |tx| {
            let known = members::find_by_email(tx, &shown)?;
            let (by, organisation) = match known {
                Some((member, organisation)) => (By::stranger(&member.name), organisation),
                None => match organisations::operator(tx)? {
                    Some(operator) => (By::stranger(&shown), operator),
                    None => return Ok(()),
                },
            };
            record::write(
                tx,
                &noting,
                &by,
                &entry(kind, weight, &organisation, json!({})),
            )
        })
        .await
        .map_err(Into::into)
}
