//! Notices before a renewal. A walk looks at those subscriptions alone whose day came since it last ended, for each distance
//! that any plan knows; after a standstill that is all of them, and what is no longer true is put down as skipped (RULES B22).

use std::collections::BTreeSet;
use std::sync::Arc;

use muster_domain::selling::dunning::Step;
use muster_store::selling::collection as store;
use muster_store::selling::letters::{self, Letter};
use muster_store::selling::subscriptions::Subscription;
use muster_store::{Conn, StoreResult};

use super::BATCH;
use super::reminders::{self, Due};
use super::rows::{self, Around};
use crate::app::App;
use crate::features::operations::schedule::Done;

const HOUR: i64 = 3_600 * 1_000_000;
const DAY: i64 = 24 * HOUR;
/// How far the start of a day may lie from where counting back whole days puts it: clocks that change, and an account that moved
/// to another zone after its next period was reckoned.
const MARGIN: i64 = 28 * HOUR;
/// The name of the walk.
const WALK: &str = "renewal-notices";

/// Writes the notices whose day has come.
pub async fn before_renewal(app: &Arc<App>) -> Done {
    let now = app.now_micros();
    let (since, distances) = app
        .store
        .read(|c| {
            let since = store::walked_until(c, WALK)?;
            let schedules = store::schedules_for_job(c)?;
            let distances: BTreeSet<u16> = schedules
                .iter()
                .filter_map(|stored| rows::schedule(stored))
                .flat_map(|plan| plan.before().to_vec())
                .collect();
            Ok((since, distances))
        })
        .await
        .map_err(|error| error.to_string())?;
    let since = since.unwrap_or(now - DAY);
    for days in distances {
        let distance = i64::from(days) * DAY;
        let between = (since + distance - MARGIN, now + distance + MARGIN);
        walk(app, between).await?;
    }
    app.store
        .write(move |tx| store::set_walked_until(tx, WALK, now))
        .await
        .map_err(|error| error.to_string())
}

async fn walk(app: &Arc<App>, between: (i64, i64)) -> Done {
    let mut after: Option<(i64, String)> = None;
    loop {
        let (from, looking) = (after.clone(), app.clone());
        let (last, due) = app
            .store
            .read(move |c| {
                let from = from.as_ref().map(|(at, id)| (*at, id.as_str()));
                let page = store::renewing_for_job(c, between, from, BATCH)?;
                let last = page
                    .last()
                    .and_then(|one| Some((one.next_start_at?, one.id.clone())));
                Ok((last, due(c, &looking, &page)?))
            })
            .await
            .map_err(|error| error.to_string())?;
        if last.is_none() {
            return Ok(());
        }
        after = last;
        reminders::put(app, due).await?;
    }
}

fn due(c: &mut Conn, app: &App, page: &[Subscription]) -> StoreResult<Vec<Due>> {
    let around = Around::of(c, page, &[])?;
    let mut planned = Vec::new();
    for one in page {
        let (Some((zone, plan)), Some(at)) = (around.rules(one), one.next_start_at) else {
            continue;
        };
        let steps: Vec<(Step, String)> = plan
            .before()
            .iter()
            .map(|days| (Step::Before(*days), key(one, Step::Before(*days))))
            .collect();
        let renewal = zone.date_of(rows::instant(at));
        planned.push((one, plan, zone.date_of(app.now()), renewal, steps));
    }
    let keys: Vec<&str> = planned
        .iter()
        .flat_map(|(.., steps)| steps.iter().map(|(_, key)| key.as_str()))
        .collect();
    let known: BTreeSet<String> = letters::known_keys(c, &keys)?.into_iter().collect();
    let mut due = Vec::new();
    for (one, plan, today, renewal, steps) in &planned {
        let handled: Vec<Step> = steps
            .iter()
            .filter(|(_, key)| known.contains(key))
            .map(|(step, _)| *step)
            .collect();
        let Some(account) = around.accounts.get(&one.billing_account_id) else {
            continue;
        };
        let letters = plan.before_renewal(*today, *renewal, &handled);
        let make = |step: Step| Letter {
            subscription_id: Some(one.id.clone()),
            ..rows::letter(app, account, "renewal-notice", key(one, step))
        };
        due.extend(
            letters
                .skipped
                .iter()
                .map(|step| Due::PassOver(make(*step))),
        );
        due.extend(letters.send.map(|step| Due::Send(make(step))));
    }
    Ok(due)
}

/// One renewal is known by the index of the period that it begins.
fn key(of: &Subscription, step: Step) -> String {
    format!("renewal-notice:{}.{}:{step}", of.id, of.next_index)
}
