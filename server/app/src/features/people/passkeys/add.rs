//! Add a passkey to one's own account. The password, or another passkey, was typed within the last five minutes.

use std::sync::Arc;

use muster_domain::text::{self, Invalid};
use muster_store::members;
use muster_store::passkeys::{self, Passkey};
use serde_json::json;
use webauthn_rs::prelude::{PasskeyRegistration, RegisterPublicKeyCredential, WebauthnError};

use super::assertion::{Given, failed, name_of};
use super::ceremony::{self, Begun, Purpose};
use super::confirm::who;
use super::list::ids;
use super::party::{handle, party};
use super::{LABEL_MOST, MOST};
use crate::app::App;
use crate::features::people::entry;
use crate::features::record::write::{self as record, By, Weight};
use crate::web::actor::Actor;
use crate::web::problem::{Answer, Problem};

/// Reads what somebody calls their passkey.
///
/// # Errors
/// It is empty, too long, or holds what cannot be seen (the field `label`).
pub fn label(typed: &str) -> Result<String, Invalid> {
    text::line("label", typed, LABEL_MOST)
}

/// The first half: what the authenticator is to make. `typed` is judged here, because afterwards the authenticator holds a
/// passkey that nobody can take back.
///
/// # Errors
/// The label does not fit; the password is to be typed first; there are ten already; the portal cannot have passkeys.
pub async fn begin(app: &Arc<App>, actor: &Actor, typed: &str) -> Answer<Begun> {
    label(typed)?;
    let (id, session) = who(actor)?;
    actor.confirm_first(app)?;
    let scope = actor.scope.clone();
    let (own, found) = app
        .store
        .read(move |c| {
            Ok((
                passkeys::list_of_member(c, &id)?,
                members::find(c, &scope, &id)?,
            ))
        })
        .await?;
    let (member, _) = found.ok_or_else(|| Problem::not_found("member"))?;
    if own.len() >= MOST {
        return Err(too_many());
    }
    let (mut challenge, state) = party(app)?
        .start_passkey_registration(
            handle(&member.id),
            &member.email,
            &member.name,
            Some(ids(&own)),
        )
        .map_err(|error| failed(&error))?;
    // The sign-in page asks for no address, so the authenticator must be able to tell whose passkey it is. The library
    // leaves that open, and judges the answer alike.
    let mut options = json!(challenge.public_key.authenticator_selection.take());
    options["residentKey"] = json!("required");
    options["requireResidentKey"] = json!(true);
    let mut asked = json!(challenge.public_key);
    asked["authenticatorSelection"] = options;
    ceremony::begin(app, &Purpose::Add(session), &asked, &state).await
}

/// The second half: the passkey is the actor's.
///
/// # Errors
/// The answer does not fit; the ceremony is over; there are ten already; somebody has this passkey.
pub async fn add(app: &Arc<App>, actor: &Actor, typed: &str, given: &Given) -> Answer<()> {
    let label = label(typed)?;
    let (member, session) = who(actor)?;
    actor.confirm_first(app)?;
    let party = party(app)?;
    let answer: RegisterPublicKeyCredential =
        serde_json::from_str(&given.answer).map_err(|_| unfit())?;
    let state: PasskeyRegistration =
        ceremony::spend(app, &Purpose::Add(session), &given.ceremony).await?;
    let made = party
        .finish_passkey_registration(&answer, &state)
        .map_err(|error| refused(&error))?;
    let credential = serde_json::to_value(&made).map_err(|_| unfit())?;
    let row = Passkey {
        id: app.new_id(),
        member_id: member,
        credential_id: name_of(made.cred_id()),
        // The library opens these two to no one who does not take its internals apart; its own JSON names them.
        counter: credential["cred"]["counter"].as_i64().unwrap_or(0),
        synced: credential["cred"]["backup_state"]
            .as_bool()
            .unwrap_or(false),
        credential: credential.to_string(),
        label,
        created_at: app.now_micros(),
        last_used_at: None,
    };
    keep(app, actor, row).await
}

async fn keep(app: &Arc<App>, actor: &Actor, row: Passkey) -> Answer<()> {
    let (adding, by, scope) = (app.clone(), By::actor(actor), actor.scope.clone());
    app.store
        .write_or_refuse(move |tx| {
            let Some((_, organisation)) = members::find(tx, &scope, &row.member_id)? else {
                return Ok(Err(Problem::not_found("member")));
            };
            if passkeys::list_of_member(tx, &row.member_id)?.len() >= MOST {
                return Ok(Err(too_many()));
            }
            if passkeys::find_by_credential(tx, &row.credential_id)?.is_some() {
                return Ok(Err(unfit()));
            }
            passkeys::insert(tx, &row)?;
            let facts =
                json!({ "passkey": row.id, "label": row.label, "synced": i64::from(row.synced) });
            record::write(
                tx,
                &adding,
                &by,
                &entry("passkey.added", Weight::Major, &organisation, facts),
            )?;
            Ok(Ok(()))
        })
        .await?
}

fn too_many() -> Problem {
    Problem::conflict(
        "passkeys-many",
        format!("You have {MOST} passkeys, and more are not kept. Remove one first."),
    )
}

fn refused(error: &WebauthnError) -> Problem {
    tracing::info!(%error, "a new passkey was refused");
    unfit()
}

fn unfit() -> Problem {
    Problem::invalid(
        "passkey-unfit",
        "This passkey was not taken. Try again, or make it with another device.",
    )
}
