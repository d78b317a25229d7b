//! The newest forecast of the reader's own organisation.

use jiff::Timestamp;
use muster_store::StoreError;
use muster_store::selling::forecasts;

use super::figures::Figures;
use crate::app::App;
use crate::web::actor::{Allowed, ReadBooks};
use crate::web::problem::Answer;

/// When it was reckoned, and its figures; `None` before the first reckoning, and for who does not sell.
///
/// # Errors
/// The database does not answer, or holds what nobody of us writes.
pub async fn newest(
    app: &App,
    allowed: &Allowed<ReadBooks>,
) -> Answer<Option<(Timestamp, Figures)>> {
    let seller = allowed.actor.organisation.id.clone();
    let found = app.store.read(move |c| {
        let Some(row) = forecasts::find(c, &seller)? else {
            return Ok(None);
        };
        let damaged = || StoreError::Corrupt(format!("the forecast of {seller}"));
        let figures = serde_json::from_str(&row.figures).map_err(|_| damaged())?;
        let taken_at = Timestamp::from_microsecond(row.taken_at).map_err(|_| damaged())?;
        Ok(Some((taken_at, figures)))
    });
    Ok(found.await?)
}
