//! The job that reckons every seller's forecast anew.

use std::sync::Arc;

use muster_store::selling::forecasts::{self as store, Forecast};
use muster_store::selling::sellers::{self, Seller};

use super::reckon::reckon;
use crate::app::App;
use crate::features::operations::schedule::Done;

/// Reckons them all. One that fails does not keep the others; its page goes on showing the last one, and says of when it is.
///
/// # Errors
/// Whose could not be reckoned.
pub async fn reckon_all(app: Arc<App>) -> Done {
    let all = app.store.read(sellers::all_for_job).await;
    let mut failed = Vec::new();
    for seller in all.map_err(|error| error.to_string())? {
        let id = seller.organisation_id.clone();
        if let Err(error) = reckon_one(&app, seller).await {
            tracing::error!(seller = %id, error, "a forecast could not be reckoned");
            failed.push(id);
        }
    }
    if failed.is_empty() {
        Ok(())
    } else {
        Err(format!("no forecast for {}", failed.join(", ")))
    }
}

/// Everything is read at one moment, outside of the transaction that keeps the result: no renewal waits for it.
async fn reckon_one(app: &Arc<App>, seller: Seller) -> Done {
    let now = app.now();
    let id = seller.organisation_id.clone();
    let read = app.store.read(move |c| reckon(c, &seller, now)).await;
    let (figures, marks) = read.map_err(|error| error.to_string())?;
    let forecast = Forecast {
        seller_id: id,
        taken_at: now.as_microsecond(),
        figures: serde_json::to_string(&figures).map_err(|error| error.to_string())?,
    };
    let kept = app.store.write(move |tx| {
        for mark in &marks {
            store::put_mark(tx, mark)?;
        }
        store::put(tx, &forecast)
    });
    kept.await.map_err(|error| error.to_string())
}
