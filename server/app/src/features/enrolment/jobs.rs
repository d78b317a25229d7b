//! What happens to certificates by itself, besides the list of revoked ones.

use std::sync::Arc;

use muster_store::{certificates, organisations};
use serde_json::json;

use crate::app::App;
use crate::features::operations::schedule::Done;
use crate::features::record::write::{self, By, Entry, Place, Weight};

/// An intent that is older than this was left by a crash, microseconds.
const INTENT: i64 = 3_600 * 1_000_000;

/// Gives up intents that nothing came of.
///
/// # Errors
/// The database does not answer.
pub async fn abandon_intents(app: Arc<App>) -> Done {
    let before = app.now_micros() - INTENT;
    let given_up = app
        .store
        .write(move |tx| certificates::abandon_intents_for_job(tx, before))
        .await;
    let given_up = given_up.map_err(|error| error.to_string())?;
    if given_up > 0 {
        tracing::info!(
            given_up,
            "gave up certificates that were planned and never signed"
        );
    }
    Ok(())
}

/// Renews the device listener's own certificate when it is due.
///
/// # Errors
/// It could not be signed or stored; the old one stays in use, and an alarm is on the record.
pub async fn renew_server_certificate(app: Arc<App>) -> Done {
    let renewed = app.authority.renew_server_if_due(app.now(), &*app.random);
    let (kind, weight, why) = match &renewed {
        Ok(false) => return Ok(()),
        Ok(true) => ("certificate.server-issued", Weight::Ordinary, String::new()),
        Err(error) => ("certificate.alarm", Weight::Trouble, error.clone()),
    };
    let ends = app
        .authority
        .server_certificate_ends()
        .map_or_else(String::new, |ends| ends.to_string());
    let app2 = app.clone();
    let written = app.store.write(move |tx| {
        // Before the set-up there is nobody to tell.
        let Some(operator) = organisations::operator(tx)? else {
            return Ok(());
        };
        let entry = Entry {
            kind,
            weight,
            place: Place {
                organisation: operator.id,
                reseller: None,
                fleet: None,
            },
            device: None,
            command: None,
            facts: json!({ "ends": ends, "why": why }),
        };
        write::write(tx, &app2, &By::job("server-certificate"), &entry)
    });
    written.await.map_err(|error| error.to_string())?;
    renewed.map(drop)
}
