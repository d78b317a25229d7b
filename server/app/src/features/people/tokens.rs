//! API tokens: bearer secrets for programs. Each acts as a role in the organisation it was made in, and outlives whoever
//! made it.

use std::sync::Arc;

use muster_domain::permission::Role;
use muster_domain::text::{self, Invalid};
use muster_store::api_tokens::{self, ApiToken};
use muster_store::organisations::{self, Organisation};
use muster_store::{Conn, StoreResult};
use serde_json::json;

use super::{NAME_MOST, entry};
use crate::app::App;
use crate::features::record::write::{self as record, By, Weight};
use crate::web::actor::{Allowed, ManageTokens, secret_hash};
use crate::web::fields::Fields;
use crate::web::problem::{Answer, Problem};

/// What every secret begins with, so that a scanner finds one that was published by mistake.
const PREFIX: &str = "mst_";

/// A token about to be made.
#[derive(Debug, Clone)]
pub struct NewToken {
    /// What it is for.
    pub name: String,
    /// What it may do.
    pub role: Role,
}

impl NewToken {
    /// Reads `name` and `role`.
    ///
    /// # Errors
    /// Every field that does not fit.
    pub fn read(fields: &Fields) -> Answer<Self> {
        let name = text::line("name", fields.one("name"), NAME_MOST);
        let role = Role::parse(fields.one("role"))
            .ok_or_else(|| Invalid::new("role", "role", "Choose a role."));
        match (name, role) {
            (Ok(name), Ok(role)) => Ok(Self { name, role }),
            (name, role) => Err(Problem::fields(
                [name.err(), role.err()].into_iter().flatten().collect(),
            )),
        }
    }
}

/// A new secret. It is shown once; the store keeps its hash.
#[must_use]
pub fn new_secret(app: &App) -> String {
    format!("{PREFIX}{}", app.random.secret())
}

/// The tokens of the actor's own organisation that can be used, newest first.
///
/// # Errors
/// The database does not answer.
pub async fn list(app: &App, allowed: &Allowed<ManageTokens>) -> Answer<Vec<ApiToken>> {
    let (scope, own) = (
        allowed.scope().clone(),
        allowed.actor.organisation.id.clone(),
    );
    let tokens = app
        .store
        .read(move |c| api_tokens::list(c, &scope, Some(&own)))
        .await?;
    Ok(tokens.into_iter().map(|(token, _)| token).collect())
}

/// Makes a token of the actor's own organisation; answers its secret.
///
/// # Errors
/// The role is more than the actor may give.
pub async fn make(
    app: &Arc<App>,
    allowed: &Allowed<ManageTokens>,
    new: NewToken,
) -> Answer<String> {
    let actor = &allowed.actor;
    if !actor.role.may_appoint(new.role) {
        let message = "Only an owner may make a token that acts as an owner. Choose another role.";
        return Err(Invalid::new("role", "role-above", message).into());
    }
    let (secret, making, by) = (new_secret(app), app.clone(), By::actor(actor));
    let (shown, scope, own) = (
        secret.clone(),
        actor.scope.clone(),
        actor.organisation.id.clone(),
    );
    app.store
        .write_or_refuse(move |tx| {
            let Some(organisation) = organisations::find(tx, &scope, &own)? else {
                return Ok(Err(Problem::not_found("organisation")));
            };
            make_in(tx, &making, &by, &organisation, &new, &secret)?;
            Ok(Ok(()))
        })
        .await??;
    Ok(shown)
}

/// Makes a token with this secret inside a write, on the record; answers its id.
pub fn make_in(
    tx: &mut Conn,
    app: &App,
    by: &By,
    organisation: &Organisation,
    new: &NewToken,
    secret: &str,
) -> StoreResult<String> {
    let token = ApiToken {
        id: app.new_id(),
        organisation_id: organisation.id.clone(),
        name: new.name.clone(),
        role: new.role.as_str().to_owned(),
        secret_hash: secret_hash(secret),
        created_at: app.now_micros(),
        expires_at: None,
        last_used_at: None,
        revoked_at: None,
    };
    api_tokens::insert(tx, &token)?;
    let facts = json!({ "token": token.id, "name": token.name, "role": token.role });
    record::write(
        tx,
        app,
        by,
        &entry("token.made", Weight::Major, organisation, facts),
    )?;
    Ok(token.id)
}

/// Revokes a token: its next request is refused.
///
/// # Errors
/// There is no such token in the scope that lives.
pub async fn revoke(app: &Arc<App>, allowed: &Allowed<ManageTokens>, id: String) -> Answer<()> {
    let (revoking, by, now) = (app.clone(), By::actor(&allowed.actor), app.now_micros());
    let scope = allowed.scope().clone();
    app.store
        .write_or_refuse(move |tx| {
            let Some(token) = api_tokens::revoke(tx, &scope, &id, now)? else {
                return Ok(Err(Problem::not_found("token")));
            };
            let Some(organisation) = organisations::find(tx, &scope, &token.organisation_id)?
            else {
                return Ok(Err(Problem::not_found("token")));
            };
            let facts = json!({ "token": token.id, "name": token.name });
            record::write(
                tx,
                &revoking,
                &by,
                &entry("token.revoked", Weight::Major, &organisation, facts),
            )?;
            Ok(Ok(()))
        })
        .await?
}
