//! Disable a member: for good, at once, in every browser.

use std::sync::Arc;

use muster_domain::permission::Role;
use muster_store::members::{self, Member};
use muster_store::{approval_ceremonies, one_time_links, sessions};
use serde_json::json;

use super::entry;
use super::links::Purpose;
use crate::app::App;
use crate::features::record::write::{self as record, By, Weight};
use crate::web::actor::{Allowed, ManagePeople};
use crate::web::problem::{Answer, Kind, Problem};

/// Disables the member `id`: their sessions and links end with it. Tokens belong to the organisation and stay.
///
/// # Errors
/// There is no such member in the scope; it is the actor; their role is above what the actor may appoint; they are the
/// last owner of their organisation.
pub async fn disable(app: &Arc<App>, allowed: &Allowed<ManagePeople>, id: String) -> Answer<()> {
    let (acting, by, myself) = (
        app.clone(),
        By::actor(&allowed.actor),
        allowed.actor.reference(),
    );
    let (scope, role, now) = (
        allowed.scope().clone(),
        allowed.actor.role,
        app.now_micros(),
    );
    app.store
        .write_or_refuse(move |tx| {
            let Some((member, organisation)) = members::find(tx, &scope, &id)? else {
                return Ok(Err(Problem::not_found("member")));
            };
            if myself == format!("member:{}", member.id) {
                let detail = "This is yourself. Ask another owner or admin to do it.";
                return Ok(Err(Problem::conflict("member-self", detail)));
            }
            if let Err(problem) = may_change(role, &member) {
                return Ok(Err(problem));
            }
            let is_owner = member.role == Role::Owner.as_str();
            if is_owner && members::count_live_owners(tx, &member.organisation_id)? < 2 {
                let detail = "This is the last owner of the organisation. Make somebody else an owner first.";
                return Ok(Err(Problem::conflict("last-owner", detail)));
            }
            members::disable(tx, &scope, &id, now)?;
            sessions::end_all_of_member(tx, &id, None, now)?;
            approval_ceremonies::delete_of_member(tx, &id)?;
            one_time_links::void(tx, Purpose::Password.as_str(), Some(&id), now)?;
            let facts = json!({ "member": member.id, "name": member.name });
            record::write(tx, &acting, &by, &entry("member.disabled", Weight::Major, &organisation, facts))?;
            Ok(Ok(()))
        })
        .await?
}

/// Whether somebody of `role` may change this member.
///
/// # Errors
/// They are disabled already, or hold a role that `role` may not appoint.
pub fn may_change(role: Role, member: &Member) -> Answer<()> {
    if member.disabled_at.is_some() {
        return Err(Problem::conflict(
            "member-disabled",
            "This member is disabled already.",
        ));
    }
    if Role::parse(&member.role).is_some_and(|theirs| role.may_appoint(theirs)) {
        return Ok(());
    }
    let detail = "Only an owner may change an owner. Ask an owner of your organisation.";
    Err(Problem::new(Kind::Forbidden, "role-above", detail))
}
