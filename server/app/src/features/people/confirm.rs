//! The password once more, before something that cannot be undone. By passkey: [`super::passkeys::confirm`].

use std::sync::Arc;

use muster_domain::text::Invalid;
use muster_store::members::{self, Member};
use muster_store::sessions;

use super::tries::{self, Bucket, Counted};
use crate::app::App;
use crate::web::actor::{Actor, Who};
use crate::web::problem::{Answer, Problem};

/// Notes that the actor typed their password now: destructive acts are open for five minutes.
///
/// # Errors
/// The password is wrong (the field `password`), or there were too many tries.
pub async fn confirm(app: &Arc<App>, actor: &Actor, password: &str) -> Answer<()> {
    let (_, session) = check(app, actor, "password", password).await?;
    let now = app.now_micros();
    app.store
        .write(move |tx| sessions::confirm(tx, &session, now))
        .await?;
    Ok(())
}

/// Checks an actor's own password, typed into `field`; answers the member and the session that asks.
///
/// # Errors
/// As [`confirm`].
pub async fn check(
    app: &Arc<App>,
    actor: &Actor,
    field: &'static str,
    password: &str,
) -> Answer<(Member, String)> {
    let Who::Member { id, session, .. } = actor.who.clone() else {
        return Err(Problem::not_found("member"));
    };
    let (scope, bucket, now) = (
        actor.scope.clone(),
        Bucket::of_member(&id),
        app.now_micros(),
    );
    let counting = bucket.clone();
    let counted = app
        .store
        .write(move |tx| {
            let counted = tries::count(tx, std::slice::from_ref(&counting), now)?;
            Ok(members::find(tx, &scope, &id)?.map(|(member, _)| (member, counted)))
        })
        .await?;
    let Some((member, counted)) = counted else {
        return Err(Problem::not_found("member"));
    };
    if let Counted::TooMany { wait, .. } = counted {
        return Err(Problem::too_many(wait));
    }
    if !app
        .passwords
        .is(password, member.password_hash.as_deref())
        .await
    {
        return Err(Invalid::new(
            field,
            "password-wrong",
            "This is not your password. Type it again.",
        )
        .into());
    }
    app.store
        .write(move |tx| tries::forgive(tx, &bucket))
        .await?;
    Ok((member, session))
}
