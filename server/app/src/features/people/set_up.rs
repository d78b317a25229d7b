//! Set-up: the first owner and the operator's organisation, by a one-time link that the first start prints.

use std::sync::Arc;

use muster_domain::people::{self, Email};
use muster_domain::permission::Role;
use muster_domain::text::{self, Invalid};
use muster_store::{members, one_time_links, organisations};

use super::links::{self, Link, Purpose};
use super::sign_in::{self, Browser};
use super::{NAME_MOST, NewMember, create_member};
use crate::app::App;
use crate::features::organisations::add;
use crate::features::record::write::By;
use crate::web::actor::secret_hash;
use crate::web::fields::Fields;
use crate::web::problem::{Answer, Problem};

/// Makes the set-up link while nobody owns the installation; `None` once somebody does. A link made before ends.
///
/// # Errors
/// The database does not answer.
pub async fn link(app: &Arc<App>) -> Answer<Option<String>> {
    let link = Link::new(app, Purpose::SetUp);
    let (giving, given) = (app.clone(), link.clone());
    let needed = app
        .store
        .write(move |tx| {
            if members::exists_any_owner(tx)? {
                return Ok(false);
            }
            given.give(tx, &giving, None)?;
            Ok(true)
        })
        .await?;
    Ok(needed.then_some(link.url))
}

/// The first owner, as they describe themselves.
#[derive(Debug, Clone)]
pub struct SetUp {
    organisation: String,
    name: String,
    email: Email,
    password: String,
}

impl SetUp {
    /// Reads `organisation`, `name`, `email` and `password`.
    ///
    /// # Errors
    /// Every field that does not fit.
    pub fn read(fields: &Fields) -> Answer<Self> {
        let mut faults: Vec<Invalid> = Vec::new();
        let organisation = note(
            text::line("organisation", fields.one("organisation"), NAME_MOST),
            &mut faults,
        );
        let name = note(
            text::line("name", fields.one("name"), NAME_MOST),
            &mut faults,
        );
        let email = note(Email::parse(fields.one("email")), &mut faults);
        // Without an address there is none that the password could contain; every text contains the empty one.
        let address = email.as_ref().map_or("\0", Email::as_str);
        let fits = note(
            people::check_password(fields.one("password"), address),
            &mut faults,
        );
        match (organisation, name, email, fits) {
            (Some(organisation), Some(name), Some(email), Some(())) => Ok(Self {
                organisation,
                name,
                email,
                password: fields.one("password").to_owned(),
            }),
            _ => Err(Problem::fields(faults)),
        }
    }
}

fn note<T>(read: Result<T, Invalid>, faults: &mut Vec<Invalid>) -> Option<T> {
    read.map_err(|fault| faults.push(fault)).ok()
}

/// Makes the operator and its owner, and signs the owner in; answers the session's id.
///
/// # Errors
/// The link cannot be used, or somebody owns the installation by now.
pub async fn set_up(
    app: &Arc<App>,
    secret: &str,
    owner: SetUp,
    browser: Browser,
) -> Answer<String> {
    links::look(app, Purpose::SetUp, secret).await?;
    let password_hash = app
        .passwords
        .hash(&owner.password, app.random.bytes())
        .await?;
    let (hash, now, session, making) = (
        secret_hash(secret),
        app.now_micros(),
        app.new_id(),
        app.clone(),
    );
    app.store
        .write_or_refuse(move |tx| {
            let spent = one_time_links::spend(tx, &hash, now)?;
            let is_ours = spent.is_some_and(|(purpose, _)| purpose == Purpose::SetUp.as_str());
            if !is_ours || members::exists_any_owner(tx)? {
                return Ok(Err(links::ended()));
            }
            let by = By::stranger(&owner.name);
            let organisation = match organisations::operator(tx)? {
                Some(operator) => operator,
                None => add::operator(tx, &making, &by, &owner.organisation)?,
            };
            let new = NewMember {
                organisation: organisation.clone(),
                email: owner.email.clone(),
                name: owner.name.clone(),
                role: Role::Owner,
                password_hash: Some(password_hash.clone()),
            };
            let member = create_member(tx, &making, &by, &new)?;
            sign_in::begin(tx, &making, &session, &member, &organisation, &browser)?;
            Ok(Ok(session.clone()))
        })
        .await?
}
