//! One act on many subscriptions, each in its own transaction: what cannot be done to one does not hold back the others.

use std::sync::Arc;

use super::acts::{self, Mode, Outcome, Wish};
use super::order::MOST;
use crate::app::App;
use crate::web::actor::{Allowed, Sell};
use crate::web::problem::{Answer, Kind, Problem};

/// Above so many the number has to be typed in.
pub const COUNTED_ABOVE: usize = 10;

/// What became of one of them: its id, and the outcome or why there is none.
pub type One = (String, Result<Outcome, Problem>);

/// Does the act to each, or tries it.
///
/// # Errors
/// There are none or too many; `counted` is not their number where it has to be; the database does not answer.
pub async fn act(
    app: &Arc<App>,
    allowed: &Allowed<Sell>,
    ids: &[String],
    wish: &Wish,
    (mode, counted): (Mode, Option<usize>),
) -> Answer<Vec<One>> {
    let ids = distinct(ids)?;
    if mode == Mode::Do && ids.len() > COUNTED_ABOVE && counted != Some(ids.len()) {
        return Err(Problem::invalid(
            "count",
            format!(
                "This is about {} subscriptions. Type that number to go on.",
                ids.len()
            ),
        ));
    }
    let mut done = Vec::with_capacity(ids.len());
    for id in ids {
        match acts::act(app, allowed, &id, wish.clone(), mode).await {
            // The database's trouble is everybody's: the rest can be sent again, as what was done refuses to be done twice.
            Err(problem) if matches!(problem.kind, Kind::Unavailable | Kind::Internal) => {
                return Err(problem);
            }
            outcome => done.push((id, outcome)),
        }
    }
    Ok(done)
}

fn distinct(ids: &[String]) -> Answer<Vec<String>> {
    let mut distinct: Vec<String> = Vec::with_capacity(ids.len());
    for id in ids {
        if !distinct.contains(id) {
            distinct.push(id.clone());
        }
    }
    if distinct.is_empty() || distinct.len() > MOST {
        return Err(Problem::invalid(
            "ids",
            format!("Choose 1 to {MOST} subscriptions."),
        ));
    }
    Ok(distinct)
}
