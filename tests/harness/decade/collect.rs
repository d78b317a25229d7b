//! What follows when nobody pays: the job that looks after it runs, and every stage that it brought a subscription to is one that
//! the days say, reckoned anew.

use std::collections::HashMap;

use diesel::RunQueryDsl;
use diesel::dsl::sql;
use diesel::sql_types::Text;
use jiff::civil::Date;
use muster_store::{Conn, StoreResult};

use super::calendar::{date_of, days_between};
use super::check::{self, same};
use super::model::Model;
use super::rows::load;
use super::run::{Ended, Run};

/// Days after the due date from which service is suspended, and from which a subscription may end.
const SUSPEND: i64 = 14;
const END: i64 = 30;

/// A subscription's stage, since when, and its life.
type Stage = (String, String, String);

impl Run {
    /// The job of collection runs until it came to its end.
    pub(super) async fn collect(&mut self) -> Result<(), String> {
        for attempt in 0..12 {
            let node = self.chance.place(2);
            let crash = attempt < 2 && self.chance.one_in(5);
            if crash {
                self.arm("collection", node);
            }
            let now = self.world.nodes[node].app.now_micros();
            let done = self.run_job(node, self.collection).await;
            let died = crash && self.recover("collection", node).await?;
            let found = self.look_after_act()?;
            found.explained()?;
            let complete = !died && done == Ended::Done;
            self.stages(now, complete)?;
            found.compare(&self.world, &self.model)?;
            check::settle_live(&mut self.model);
            if complete {
                return Ok(());
            }
            if let (Ended::Failed(error), false) = (&done, died) {
                return Err(format!("collection failed by itself: {error}"));
            }
            self.world.write(muster_store::job_leases::release_all)?;
        }
        Err("twelve runs of collection did not come to an end".to_owned())
    }

    /// Each stage is the one before, or the one that follows from what is owed; after a run that came to its end, the latter.
    fn stages(&mut self, now: i64, complete: bool) -> Result<(), String> {
        let mut found: HashMap<String, Stage> = self.world.read(behind)?.into_iter().collect();
        for place in 0..self.model.subscriptions.len() {
            let one = &self.model.subscriptions[place];
            let before = (
                one.reached.0.to_owned(),
                one.reached.1.to_string(),
                one.life.to_owned(),
            );
            if matches!(one.life, "canceled" | "expired") {
                continue;
            }
            let id = one.id.clone();
            let stage = found.remove(&id);
            if stage.is_none()
                && one.reached.0 == "current"
                && !self.model.debts.contains_key(&place)
            {
                continue;
            }
            let (expected, since) = next(&self.model, place, now);
            let life = if expected == "terminated" {
                "expired"
            } else {
                one.life
            };
            let after = (expected.to_owned(), since.to_string(), life.to_owned());
            // Who is current is not among those found; since when matters to nobody then.
            let is = stage.clone().unwrap_or_else(|| {
                if expected == "current" {
                    after.clone()
                } else {
                    before.clone()
                }
            });
            if is == before && !complete {
                continue;
            }
            same(
                || format!("the stage of {id}, which was {before:?}"),
                &is,
                &after,
            )?;
            if is != before {
                self.figures.stages += 1;
            }
            let one = &mut self.model.subscriptions[place];
            one.reached = (expected, since);
            if life == "expired" {
                self.figures.expired += 1;
                let account = one.account;
                let mut ended = one.clone();
                (ended.life, ended.next_start, ended.next_plan) = ("expired", None, None);
                ended.cancel_at_end = false;
                self.model.replace(place, ended);
                self.model.live(account, -1);
            }
        }
        Ok(())
    }
}

/// The stage of a subscription on the day that it is now for its account: by the oldest invoice of its own that is open. Nobody
/// ends who was not suspended for as long as the plan has between the two.
fn next(model: &Model, place: usize, now: i64) -> (&'static str, Date) {
    let one = &model.subscriptions[place];
    let today = date_of(model.accounts[one.account].zone, now);
    let oldest = model.debts.get(&place).and_then(|debts| debts.first());
    let late = oldest.map_or(0, |(due, _)| days_between(*due, today));
    let (reached, since) = one.reached;
    let stage = match late {
        ..=0 => "current",
        1..10 => "past-due",
        10..SUSPEND => "grace",
        SUSPEND..END => "suspended",
        _ if one.life == "pending" => "suspended",
        _ if reached == "suspended" && days_between(since, today) >= END - SUSPEND => "terminated",
        _ => "suspended",
    };
    if stage == reached {
        (reached, since)
    } else {
        (stage, today)
    }
}

fn behind(c: &mut Conn) -> StoreResult<Vec<(String, Stage)>> {
    let found: Vec<(String, String, String, String)> = load!(
        c,
        (Text, Text, Text, Text),
        "SELECT id, reached, reached_on, life FROM subscriptions WHERE reached <> 'current'"
            .to_owned()
    );
    Ok(found
        .into_iter()
        .map(|(id, reached, since, life)| (id, (reached, since, life)))
        .collect())
}
