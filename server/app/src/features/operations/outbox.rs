//! Sends what the outbox holds, in its order, each mail until it is sent or known to be refused.
//!
//! While the mail server is not reached nothing overtakes: the first mail that met its silence is held, and the others wait behind
//! it, for days if need be. A mail that is refused by itself keeps nobody waiting.

use std::sync::Arc;

use muster_store::mail_outbox::{self, Mail};

use super::schedule::Done;
use crate::app::App;
use crate::features::invoicing::letters::attachments;
use crate::mail::NotSent;

/// Mails claimed at once.
const BATCH: i64 = 50;
/// How long a claimed mail belongs to the node that claimed it, microseconds.
const CLAIM: i64 = 5 * 60 * 1_000_000;
/// Tries before a mail that is refused for now is put aside for somebody to look at: over about two days.
const TRIES: i64 = 12;

/// Sends all that is due.
///
/// # Errors
/// The database does not answer.
pub async fn send_due(app: Arc<App>) -> Done {
    loop {
        let now = app.now_micros();
        let claimed = app
            .store
            .write(move |tx| mail_outbox::claim_due(tx, now, now + CLAIM, BATCH))
            .await;
        let claimed = claimed.map_err(|error| error.to_string())?;
        if claimed.is_empty() {
            return Ok(());
        }
        app.crash_point("mail.claimed");
        for (place, mail) in claimed.iter().enumerate() {
            if deliver(&app, mail).await? == Server::Silent {
                let behind = claimed[place + 1..].to_vec();
                return app
                    .store
                    .write(move |tx| mail_outbox::give_back(tx, &behind))
                    .await
                    .map_err(|error| error.to_string());
            }
        }
    }
}

/// Whether the mail server answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Server {
    Answered,
    Silent,
}

async fn deliver(app: &Arc<App>, mail: &Mail) -> Result<Server, String> {
    let outcome = match attachments::of(app, mail).await {
        Ok(attached) => app.mailer.send(mail, &attached).await,
        Err(error) => Err(NotSent::Later(error)),
    };
    app.crash_point("mail.sent");
    let (id, now, tries) = (mail.id.clone(), app.now_micros(), mail.attempts);
    let mut server = Server::Answered;
    let written = match outcome {
        Ok(()) => {
            app.store
                .write(move |tx| mail_outbox::mark_sent(tx, &id, now))
                .await
        }
        Err(NotSent::Unreached(error)) => {
            tracing::warn!(mail = %mail.id, error, tries, "the mail server was not reached; mail waits");
            server = Server::Silent;
            let (held, until) = (
                mail.clone(),
                now.saturating_add(pause(tries.min(SILENCE_DOUBLES))),
            );
            app.store
                .write(move |tx| mail_outbox::hold_back(tx, &held, &error, until))
                .await
        }
        Err(NotSent::Later(error)) if tries < TRIES => {
            tracing::warn!(mail = %mail.id, error, tries, "a mail did not leave; it is tried again");
            let at = now.saturating_add(pause(tries));
            app.store
                .write(move |tx| mail_outbox::reschedule(tx, &id, &error, at))
                .await
        }
        Err(NotSent::Later(error) | NotSent::Never(error)) => {
            tracing::error!(mail = %mail.id, error, "a mail cannot be delivered and was put aside");
            app.store
                .write(move |tx| mail_outbox::park(tx, &id, &error))
                .await
        }
    };
    written.map(|_| server).map_err(|error| error.to_string())
}

/// A server that is silent is asked every quarter of an hour at least.
const SILENCE_DOUBLES: i64 = 4;

/// 30 seconds, doubled with every try, eight hours at most; microseconds.
fn pause(tries: i64) -> i64 {
    let doubled = 30_i64.saturating_mul(1 << tries.clamp(0, 12));
    doubled.min(8 * 3600) * 1_000_000
}
