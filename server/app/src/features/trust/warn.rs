//! Keyrings that end: thirty, fourteen, seven and one day before, and at the end, the record says so and the owners get a letter.
//! Once each, however often the job runs and however long it did not.

use std::sync::Arc;

use askama::Template;
use muster_domain::keyring::{days_left, marks_behind};
use muster_store::members::Member;
use muster_store::{Conn, StoreError, StoreResult, fleets, keyrings, members};
use serde_json::json;

use super::adopt::place;
use crate::app::App;
use crate::features::operations::schedule::Done;
use crate::features::record::write::{self, By, Entry, Weight};
use crate::mail::{self, Letter};
use crate::web::text::{Key, Texts};
use crate::web::time_words;

/// Warns of every keyring that is due for it.
///
/// # Errors
/// The database does not answer, or a letter does not render.
pub async fn warn_all(app: Arc<App>) -> Done {
    let all = app.store.read(fleets::ids_for_job).await;
    for fleet in all.map_err(|error| error.to_string())? {
        let app2 = app.clone();
        app.store
            .write(move |tx| warn_in(tx, &app2, &fleet))
            .await
            .map_err(|error| error.to_string())?;
    }
    Ok(())
}

fn warn_in(tx: &mut Conn, app: &App, fleet: &str) -> StoreResult<()> {
    let (Some(fleet), Some(keyring)) = (fleets::find(tx, fleet)?, keyrings::newest(tx, fleet)?)
    else {
        return Ok(());
    };
    let now = app.now_micros();
    let mut is_news = false;
    for mark in marks_behind(keyring.issued_at, keyring.expires_at, now) {
        is_news |= keyrings::warn_once(tx, &fleet.id, keyring.version, mark, now)?;
    }
    // Several marks at once are one letter: the job was down, and what counts is what is left.
    if !is_news {
        return Ok(());
    }
    let days = days_left(keyring.expires_at, now);
    let entry = Entry {
        kind: "keyring.ending",
        weight: Weight::Trouble,
        place: place(&fleet),
        device: None,
        command: None,
        facts: json!({ "version": keyring.version, "days": days }),
    };
    write::write(tx, app, &By::job("keyring-warnings"), &entry)?;
    for owner in members::owners_for_job(tx, &fleet.organisation_id)? {
        let facts = Facts {
            t: app.texts.texts(""),
            name: &owner.name,
            version: u64::try_from(keyring.version).unwrap_or(0),
            days: u64::try_from(days).unwrap_or(0),
            ends: keyring.expires_at,
            now,
        };
        let letter =
            letter(&owner, &facts).map_err(|error| StoreError::Query(error.to_string()))?;
        mail::enqueue(tx, app, &letter)?;
    }
    Ok(())
}

/// What the letter says.
struct Facts<'a> {
    t: Texts,
    name: &'a str,
    version: u64,
    days: u64,
    ends: i64,
    now: i64,
}

impl Facts<'_> {
    fn subject(&self) -> String {
        self.t.count("mail-keyring-subject", self.days)
    }

    fn words(&self) -> String {
        let ends = time_words::exact(&self.t, crate::features::fleet::shape::at(self.ends));
        let key = if self.ends <= self.now {
            Key("mail-keyring-ended")
        } else {
            Key("mail-keyring-words")
        };
        self.t.with(
            key.0,
            &[("version", self.version.into()), ("ends", ends.into())],
        )
    }
}

#[derive(Template)]
#[template(path = "mail/keyring-ending/subject.txt")]
struct Subject<'a> {
    letter: &'a Facts<'a>,
}

#[derive(Template)]
#[template(path = "mail/keyring-ending/body.txt")]
struct Text<'a> {
    letter: &'a Facts<'a>,
}

#[derive(Template)]
#[template(path = "mail/keyring-ending/body.html")]
struct Markup<'a> {
    letter: &'a Facts<'a>,
}

fn letter(owner: &Member, facts: &Facts<'_>) -> askama::Result<Letter> {
    Ok(Letter {
        to: owner.email.clone(),
        subject: Subject { letter: facts }.render()?.trim().to_owned(),
        text: Text { letter: facts }.render()?,
        html: Markup { letter: facts }.render()?,
    })
}

#[cfg(test)]
mod tests {
    use super::{Facts, Markup, Subject, Template, Text};
    use crate::web::text::Catalogue;

    #[test]
    fn the_letter_says_when_it_ends_and_what_to_do() {
        let catalogue = Catalogue::load().unwrap();
        for (days, ends, subject, words) in [
            (7, 8, "7 days", "ends on"),
            (1, 8, "tomorrow", "ends on"),
            (0, 1, "ended", "has ended"),
        ] {
            let t = catalogue.texts("");
            let facts = &Facts {
                t,
                name: "Dagny Krol",
                version: 3,
                days,
                ends: ends * 86_400_000_000,
                now: 2 * 86_400_000_000,
            };
            assert!(
                Subject { letter: facts }
                    .render()
                    .unwrap()
                    .contains(subject)
            );
            for body in [
                Text { letter: facts }.render().unwrap(),
                Markup { letter: facts }.render().unwrap(),
            ] {
                assert!(
                    body.contains(words) && body.contains("muster keyring draft"),
                    "{body}"
                );
                assert!(!body.contains('⟦'), "{body}");
            }
        }
    }
}
