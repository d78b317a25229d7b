//! A password by one-time link: a new member's first, or a reset.

use std::sync::Arc;

use muster_domain::people;
use muster_domain::scope::Scope;
use muster_store::members::{self, Member};
use muster_store::{one_time_links, sessions};
use serde_json::json;

use super::links::{self, Purpose};
use super::sign_in::{self, Browser};
use super::tries::{self, Bucket};
use super::{by_member, entry};
use crate::app::App;
use crate::features::record::write::{self as record, Weight};
use crate::web::actor::secret_hash;
use crate::web::problem::{Answer, Problem};

/// Whose password a link sets.
///
/// # Errors
/// The link cannot be used, or its member is disabled.
pub async fn member_of(app: &App, secret: &str) -> Answer<Member> {
    let link = links::look(app, Purpose::Password, secret).await?;
    let Some(id) = link.member_id else {
        return Err(links::ended());
    };
    let member = app
        .store
        .read(move |c| members::find_for_link(c, &id))
        .await?;
    member
        .filter(|member| member.disabled_at.is_none())
        .ok_or_else(links::ended)
}

/// Sets the password, ends every session there was, and begins a new one; answers its id.
///
/// # Errors
/// The link cannot be used (any more), or the password does not fit.
pub async fn by_link(
    app: &Arc<App>,
    secret: &str,
    password: &str,
    browser: Browser,
) -> Answer<String> {
    let member = member_of(app, secret).await?;
    people::check_password(password, &member.email)?;
    let password_hash = app.passwords.hash(password, app.random.bytes()).await?;
    let (hash, now, session, setting) = (
        secret_hash(secret),
        app.now_micros(),
        app.new_id(),
        app.clone(),
    );
    app.store
        .write_or_refuse(move |tx| {
            let spent = one_time_links::spend(tx, &hash, now)?;
            let for_member = spent
                .and_then(|(purpose, id)| id.filter(|_| purpose == Purpose::Password.as_str()));
            if for_member.as_deref() != Some(&member.id)
                || !members::set_password(tx, &member.id, &password_hash)?
            {
                return Ok(Err(links::ended()));
            }
            // The secret stood for the person: whatever organisation they are in, it is their own.
            let Some((member, organisation)) = members::find(tx, &Scope::Platform, &member.id)?
            else {
                return Ok(Err(Problem::not_found("member")));
            };
            sessions::end_all_of_member(tx, &member.id, None, now)?;
            tries::forgive(tx, &Bucket::of_account(&member.email))?;
            let set = entry(
                "member.password-set",
                Weight::Ordinary,
                &organisation,
                json!({}),
            );
            record::write(tx, &setting, &by_member(&member), &set)?;
            sign_in::begin(tx, &setting, &session, &member, &organisation, &browser)?;
            Ok(Ok(session.clone()))
        })
        .await?
}
