//! Add a member: they get a one-time link and set their own password.

use std::sync::Arc;

use muster_domain::people::Email;
use muster_domain::permission::Role;
use muster_domain::text::{self, Invalid};
use muster_store::members::Member;
use muster_store::organisations;

use super::links::{Link, Purpose};
use super::{NAME_MOST, NewMember, create_member, letters};
use crate::app::App;
use crate::features::record::write::By;
use crate::mail;
use crate::web::actor::{Allowed, ManagePeople};
use crate::web::fields::Fields;
use crate::web::problem::{Answer, Problem};

/// Who is to be added, and where.
#[derive(Debug, Clone)]
pub struct AddMember {
    organisation: Option<String>,
    name: String,
    email: Email,
    role: Role,
}

impl AddMember {
    /// Reads `name`, `email`, `role` and `organisation_id` (the actor's own when it is left out).
    ///
    /// # Errors
    /// Every field that does not fit.
    pub fn read(fields: &Fields) -> Answer<Self> {
        let name = text::line("name", fields.one("name"), NAME_MOST);
        let email = Email::parse(fields.one("email"));
        let role = Role::parse(fields.one("role"))
            .ok_or_else(|| Invalid::new("role", "role", "Choose a role."));
        match (name, email, role) {
            (Ok(name), Ok(email), Ok(role)) => Ok(Self {
                organisation: fields.some("organisation_id").map(str::to_owned),
                name,
                email,
                role,
            }),
            (name, email, role) => Err(Problem::fields(
                [name.err(), email.err(), role.err()]
                    .into_iter()
                    .flatten()
                    .collect(),
            )),
        }
    }
}

/// Adds the member, makes the link, and mails it to them; answers both, so that the link can be shown once.
///
/// # Errors
/// The organisation is not in the actor's scope; the role is more than the actor may give; the address is taken.
pub async fn add(
    app: &Arc<App>,
    allowed: &Allowed<ManagePeople>,
    new: AddMember,
) -> Answer<(Member, Link)> {
    let actor = &allowed.actor;
    if !actor.role.may_appoint(new.role) {
        let message = "Only an owner may make somebody an owner. Choose another role.";
        return Err(Invalid::new("role", "role-above", message).into());
    }
    let link = Link::new(app, Purpose::Password);
    let (adding, given, by) = (app.clone(), link.clone(), By::actor(actor));
    let scope = allowed.scope().clone();
    let whose = new
        .organisation
        .unwrap_or_else(|| actor.organisation.id.clone());
    let (name, email, role, inviter) = (new.name, new.email, new.role, actor.name.clone());
    let member = app
        .store
        .write_or_refuse(move |tx| {
            let Some(organisation) = organisations::find(tx, &scope, &whose)? else {
                let message = "Choose one of the organisations of the list.";
                return Ok(Err(Problem::from(Invalid::new(
                    "organisation_id",
                    "organisation",
                    message,
                ))));
            };
            let new = NewMember {
                organisation,
                email: email.clone(),
                name: name.clone(),
                role,
                password_hash: None,
            };
            let member = match create_member(tx, &adding, &by, &new) {
                Err(error) if error.is_conflict_of("members.email") => return Ok(Err(taken())),
                other => other?,
            };
            given.give(tx, &adding, Some(&member.id))?;
            match letters::invitation(&adding, &inviter, &member, &new.organisation, &given) {
                Ok(letter) => mail::enqueue(tx, &adding, &letter)?,
                Err(problem) => return Ok(Err(problem)),
            }
            Ok(Ok(member))
        })
        .await??;
    Ok((member, link))
}

fn taken() -> Problem {
    Invalid::new(
        "email",
        "email-taken",
        "Somebody has this address already. Each person has one login.",
    )
    .into()
}
