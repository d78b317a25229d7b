//! People: how they come in (set-up link, one-time password link, sign-in, passkeys), who they are (members, roles), and what acts
//! for them (sessions, API tokens). What they may do stands in `muster_domain::permission`; who asks is judged in
//! [`crate::web::actor`].

pub mod add;
pub mod change_password;
pub mod confirm;
pub mod disable;
mod job;
mod letters;
pub mod links;
mod page;
pub mod passkeys;
pub mod set_password;
pub mod set_up;
pub mod sign_in;
pub mod sign_out;
pub mod tokens;
mod tries;

use muster_domain::people::Email;
use muster_domain::permission::{Permission, Role};
use muster_store::members::{self, Member};
use muster_store::organisations::Organisation;
use muster_store::{Conn, StoreResult};
use serde_json::json;

use crate::app::App;
use crate::features::operations::schedule::Job;
use crate::features::record::write::{self as record, By, Entry, Place, Weight};
use crate::route;
use crate::web::route::{Access, Route};

/// The longest name of a person or an organisation, characters.
pub const NAME_MOST: usize = 80;

/// The routes of this feature.
#[must_use]
pub fn routes() -> Vec<Route> {
    use page::{account, entrance, people, tokens};
    use passkeys::page as passkey;
    vec![
        route!(GET "/sign-in", Access::Public, entrance::sign_in_form),
        route!(POST "/sign-in", Access::Public, entrance::sign_in),
        route!(POST "/sign-out", Access::SignedIn, entrance::sign_out),
        route!(GET "/set-up/{secret}", Access::Public, entrance::set_up_form),
        route!(POST "/set-up/{secret}", Access::Public, entrance::set_up),
        route!(GET "/password/{secret}", Access::Public, entrance::password_form),
        route!(POST "/password/{secret}", Access::Public, entrance::set_password),
        route!(GET "/confirm", Access::SignedIn, entrance::confirm_form),
        route!(POST "/confirm", Access::SignedIn, entrance::confirm),
        route!(POST "/sign-in/passkey/begin", Access::Public, passkey::begin_sign_in),
        route!(POST "/sign-in/passkey", Access::Public, passkey::sign_in),
        route!(POST "/confirm/passkey/begin", Access::SignedIn, passkey::begin_confirm),
        route!(POST "/confirm/passkey", Access::SignedIn, passkey::confirm),
        route!(GET "/people", Access::Needs(Permission::ReadPeople), people::list),
        route!(POST "/people", Access::Needs(Permission::ManagePeople), people::add),
        route!(POST "/people/{id}/disable", Access::Needs(Permission::ManagePeople), people::disable),
        route!(POST "/people/{id}/link", Access::Needs(Permission::ManagePeople), people::give_link),
        route!(GET "/account", Access::SignedIn, account::show),
        route!(POST "/account/password", Access::SignedIn, account::change_password),
        route!(POST "/account/theme", Access::SignedIn, account::choose_theme),
        route!(POST "/account/sessions/{id}/end", Access::SignedIn, account::end_session),
        route!(POST "/account/passkeys/begin", Access::SignedIn, passkey::begin_add),
        route!(POST "/account/passkeys", Access::SignedIn, passkey::add),
        route!(POST "/account/passkeys/{id}/remove", Access::SignedIn, passkey::remove),
        route!(GET "/account/tokens", Access::Needs(Permission::ManageTokens), tokens::list),
        route!(POST "/account/tokens", Access::Needs(Permission::ManageTokens), tokens::make),
        route!(POST "/account/tokens/{id}/revoke", Access::Needs(Permission::ManageTokens), tokens::revoke),
    ]
}

/// The jobs of this feature.
#[must_use]
pub fn jobs() -> Vec<Job> {
    vec![job::FORGET]
}

/// A person about to become a member.
#[derive(Debug, Clone)]
pub struct NewMember {
    /// Where.
    pub organisation: Organisation,
    /// What they will sign in with.
    pub email: Email,
    /// Their name.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// Argon2id in PHC form; `None` when they set it themselves by a link.
    pub password_hash: Option<String>,
}

/// Makes a member, on the record. Nobody's right is asked here: use cases do, and the command line has none to ask.
///
/// # Errors
/// `Conflict("members.email")`: somebody has this address already.
pub fn create_member(tx: &mut Conn, app: &App, by: &By, new: &NewMember) -> StoreResult<Member> {
    let member = Member {
        id: app.new_id(),
        organisation_id: new.organisation.id.clone(),
        email: new.email.as_str().to_owned(),
        name: new.name.clone(),
        role: new.role.as_str().to_owned(),
        password_hash: new.password_hash.clone(),
        created_at: app.now_micros(),
        disabled_at: None,
    };
    members::insert(tx, &member)?;
    let facts = json!({ "member": member.id, "name": member.name, "role": member.role });
    record::write(
        tx,
        app,
        by,
        &entry("member.added", Weight::Major, &new.organisation, facts),
    )?;
    Ok(member)
}

/// Whose matter it is when something happens to an organisation or its people: no fleet, so no entry in a fleet's log.
#[must_use]
pub fn place(organisation: &Organisation) -> Place {
    Place {
        organisation: organisation.id.clone(),
        reseller: organisation.reseller_id.clone(),
        fleet: None,
    }
}

/// An event about people.
fn entry(
    kind: &'static str,
    weight: Weight,
    organisation: &Organisation,
    facts: serde_json::Value,
) -> Entry {
    Entry {
        kind,
        weight,
        place: place(organisation),
        device: None,
        command: None,
        facts,
    }
}

/// A member as the record names whoever acts.
fn by_member(member: &Member) -> By {
    By::member(&member.id, &member.name)
}
