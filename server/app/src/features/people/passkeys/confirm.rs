//! A passkey instead of the password, before something that cannot be undone.

use std::sync::Arc;

use muster_store::{passkeys, sessions};

use super::assertion::{self, Given, Refused};
use super::ceremony::{Begun, Purpose};
use super::list::ids;
use crate::app::App;
use crate::features::people::tries::{self, Bucket};
use crate::web::actor::{Actor, Who};
use crate::web::problem::{Answer, Problem};

/// The first half: one of the actor's own passkeys will do.
///
/// # Errors
/// They have none; the portal cannot have passkeys.
pub async fn begin(app: &Arc<App>, actor: &Actor) -> Answer<Begun> {
    let (member, session) = who(actor)?;
    let own = app
        .store
        .read(move |c| passkeys::list_of_member(c, &member))
        .await?;
    if own.is_empty() {
        return Err(Problem::conflict(
            "passkeys-none",
            "You have no passkey here. Type your password.",
        ));
    }
    assertion::ask(app, &Purpose::Confirm(session), &ids(&own)).await
}

/// The second half: destructive acts are open for five minutes.
///
/// # Errors
/// It does not prove that this is the actor; the ceremony is over; there were too many tries.
pub async fn confirm(app: &Arc<App>, actor: &Actor, given: &Given) -> Answer<()> {
    let (member, session) = who(actor)?;
    let bucket = Bucket::of_member(&member);
    tries::within(app, vec![bucket.clone()]).await?;
    let answer = assertion::read(given)?;
    let purpose = Purpose::Confirm(session.clone());
    let proof = match assertion::judge(app, &purpose, &given.ceremony, &answer).await {
        Ok(proof) if proof.member.id == member => proof,
        Ok(_) | Err(Refused::Unproved(_)) => return Err(assertion::unproved()),
        Err(Refused::Otherwise(problem)) => return Err(problem),
    };
    let now = app.now_micros();
    app.store
        .write_or_refuse(move |tx| {
            if !proof.take(tx, now)? {
                return Ok(Err(assertion::unproved()));
            }
            tries::forgive(tx, &bucket)?;
            sessions::confirm(tx, &session, now)?;
            Ok(Ok(()))
        })
        .await?
}

/// The member who asks, and their session. A program has no passkeys.
///
/// # Errors
/// It is a program.
pub fn who(actor: &Actor) -> Answer<(String, String)> {
    match &actor.who {
        Who::Member { id, session, .. } => Ok((id.clone(), session.clone())),
        Who::Token { .. } => Err(Problem::not_found("member")),
    }
}
