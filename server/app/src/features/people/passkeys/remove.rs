//! Remove a passkey from one's own account. Sessions that it began go on; the account page ends those.

use std::sync::Arc;

use muster_store::{members, passkeys};
use serde_json::json;

use super::confirm::who;
use crate::app::App;
use crate::features::people::entry;
use crate::features::record::write::{self as record, By, Weight};
use crate::web::actor::Actor;
use crate::web::problem::{Answer, Problem};

/// Removes it.
///
/// # Errors
/// The password is to be typed first; there is no such passkey of theirs; it is their last way in.
pub async fn remove(app: &Arc<App>, actor: &Actor, id: String) -> Answer<()> {
    let (member, _) = who(actor)?;
    actor.confirm_first(app)?;
    let (removing, by, scope) = (app.clone(), By::actor(actor), actor.scope.clone());
    app.store
        .write_or_refuse(move |tx| {
            let Some((member, organisation)) = members::find(tx, &scope, &member)? else {
                return Ok(Err(Problem::not_found("member")));
            };
            let own = passkeys::list_of_member(tx, &member.id)?;
            let is_theirs = own.iter().any(|passkey| passkey.id == id);
            if is_theirs && own.len() == 1 && member.password_hash.is_none() {
                return Ok(Err(Problem::conflict(
                    "last-way-in",
                    "This is your only way in: you have no password. Add another passkey first, or ask an admin for a password link.",
                )));
            }
            let Some(label) = passkeys::remove(tx, &member.id, &id)? else {
                return Ok(Err(Problem::not_found("passkey")));
            };
            let facts = json!({ "passkey": id, "label": label });
            record::write(tx, &removing, &by, &entry("passkey.removed", Weight::Major, &organisation, facts))?;
            Ok(Ok(()))
        })
        .await?
}
