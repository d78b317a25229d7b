//! A member changes their own password: the present one is asked, and every other session ends.

use std::sync::Arc;

use muster_domain::people;
use muster_store::{members, sessions};
use serde_json::json;

use super::confirm;
use crate::app::App;
use crate::features::record::write::{self as record, By, Entry, Place, Weight};
use crate::web::actor::Actor;
use crate::web::problem::{Answer, Problem};

/// Changes it.
///
/// # Errors
/// The present password is wrong (the field `current`), the new one does not fit (the field `password`), or there were
/// too many tries.
pub async fn change(app: &Arc<App>, actor: &Actor, current: &str, new: &str) -> Answer<()> {
    let (member, session) = confirm::check(app, actor, "current", current).await?;
    people::check_password(new, &member.email)?;
    let password_hash = app.passwords.hash(new, app.random.bytes()).await?;
    let (changing, by, place, now) = (
        app.clone(),
        By::actor(actor),
        Place::of_actor(actor),
        app.now_micros(),
    );
    app.store
        .write_or_refuse(move |tx| {
            if !members::set_password(tx, &member.id, &password_hash)? {
                return Ok(Err(Problem::not_found("member")));
            }
            sessions::end_all_of_member(tx, &member.id, Some(&session), now)?;
            sessions::confirm(tx, &session, now)?;
            let set = Entry {
                kind: "member.password-set",
                weight: Weight::Ordinary,
                place: place.clone(),
                device: None,
                command: None,
                facts: json!({}),
            };
            record::write(tx, &changing, &by, &set)?;
            Ok(Ok(()))
        })
        .await?
}
