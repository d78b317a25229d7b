//! Sign out: one session ends, one's own or another of one's own.

use std::sync::Arc;

use muster_store::sessions;
use serde_json::json;

use crate::app::App;
use crate::features::record::write::{self as record, By, Entry, Place, Weight};
use crate::web::actor::{Actor, Who};
use crate::web::problem::{Answer, Problem};

/// Ends a session of the actor's own; `None` ends the one that asks.
///
/// # Errors
/// There is no such session of theirs that lives.
pub async fn end(app: &Arc<App>, actor: &Actor, session: Option<String>) -> Answer<()> {
    let Who::Member {
        id, session: this, ..
    } = actor.who.clone()
    else {
        return Err(Problem::not_found("session"));
    };
    let which = session.unwrap_or_else(|| this.clone());
    let (ending, by, place, now) = (
        app.clone(),
        By::actor(actor),
        Place::of_actor(actor),
        app.now_micros(),
    );
    let other = which != this;
    let ended = app
        .store
        .write(move |tx| {
            if !sessions::end(tx, &id, &which, now)? {
                return Ok(false);
            }
            let facts = json!({});
            let kind = if other {
                "session.ended"
            } else {
                "member.signed-out"
            };
            let entry = Entry {
                kind,
                weight: Weight::Ordinary,
                place: place.clone(),
                device: None,
                command: None,
                facts,
            };
            record::write(tx, &ending, &by, &entry)?;
            Ok(true)
        })
        .await?;
    if ended {
        Ok(())
    } else {
        Err(Problem::not_found("session"))
    }
}
