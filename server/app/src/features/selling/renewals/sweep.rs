//! The sweep: batch after batch until nothing is due. A batch that fails is halved until what spoils it stands alone; that one is
//! set aside with the reason, and the rest goes on.

use std::sync::Arc;

use muster_store::StoreError;

use super::batch::{self, Outcome};
use crate::app::App;
use crate::features::operations::schedule::Done;

/// The job's name.
pub const JOB: &str = "renewals";
/// Renewals in one transaction.
const BATCH: i64 = 500;
/// What a seller reads of a renewal that the database refused. What the database said is for the operator's log.
const REFUSED: &str = "The database refused this renewal, and nothing of it was written. The operator's log says why; take it up again when that is mended.";

/// Bills everything that is due.
///
/// # Errors
/// The database does not answer, or something is due that cannot be moved.
pub async fn bill_all(app: Arc<App>) -> Done {
    let mut total = Outcome::default();
    let swept = sweep(&app, &mut total).await;
    if total != Outcome::default() {
        tracing::info!(
            billed = total.billed,
            ended = total.ended,
            parked = total.parked,
            "renewals were billed"
        );
    }
    if total.billed > 0 {
        app.due.letters.notify_one();
        app.due.collection.notify_one();
    }
    swept
}

async fn sweep(app: &Arc<App>, total: &mut Outcome) -> Done {
    let mut before: Vec<String> = Vec::new();
    loop {
        let now = app.now_micros();
        let due = app
            .store
            .read(move |c| muster_store::selling::renewals::due_ids(c, now, BATCH))
            .await
            .map_err(|error| error.to_string())?;
        if due.is_empty() {
            return Ok(());
        }
        let outcome = halving(app, due.clone()).await?;
        *total = total.and(outcome);
        let idle = outcome == Outcome::default();
        if idle && due == before {
            return Err(format!(
                "the renewal of subscription {} is due and cannot be moved",
                due[0]
            ));
        }
        // Once is no fault: another node may have billed them since they were read.
        before = if idle { due } else { Vec::new() };
        app.crash_point("renewals.batch-written");
    }
}

/// Bills these, in halves where the whole fails.
async fn halving(app: &Arc<App>, ids: Vec<String>) -> Result<Outcome, String> {
    let mut total = Outcome::default();
    let mut waiting = vec![ids];
    while let Some(mut some) = waiting.pop() {
        let (billing, these) = (app.clone(), some.clone());
        let written = app
            .store
            .write(move |tx| batch::bill(tx, &billing, &these))
            .await;
        match written {
            Ok(outcome) => total = total.and(outcome),
            Err(error) if !is_of_the_rows(&error) => return Err(error.to_string()),
            Err(error) if some.len() == 1 => {
                tracing::error!(subscription = some[0], %error, "the database refuses a renewal");
                app.crash_point("renewals.poison-found");
                set_aside(app, some.remove(0)).await?;
                total.parked += 1;
            }
            Err(_) => {
                let later = some.split_off(some.len() / 2);
                waiting.extend([later, some]);
            }
        }
    }
    Ok(total)
}

async fn set_aside(app: &Arc<App>, id: String) -> Done {
    let parking = app.clone();
    app.store
        .write(move |tx| batch::park(tx, &parking, &id, REFUSED))
        .await
        .map_err(|error| error.to_string())
}

/// Whether a failure is about what was to be written, and not about the database's own state, which passes or needs the operator.
fn is_of_the_rows(error: &StoreError) -> bool {
    match error {
        StoreError::Conflict(_) | StoreError::Query(_) | StoreError::Nul => true,
        StoreError::Collision(_)
        | StoreError::Busy(_)
        | StoreError::Corrupt(_)
        | StoreError::Migration(_)
        | StoreError::Cursor => false,
    }
}
