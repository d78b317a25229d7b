//! Subscriptions are ordered: one or several alike, with a trial or without, today or later, with handsets or without.

use std::collections::HashSet;

use diesel::RunQueryDsl;
use diesel::dsl::sql;
use diesel::sql_types::Text;
use jiff::civil::Date;
use muster::features::selling::subscriptions::acts::Mode;
use muster::features::selling::subscriptions::order::Order;
use muster::features::selling::subscriptions::start;
use muster_store::{Conn, StoreResult};

use crate::decade::calendar::{date_of, plus_days, start_of};
use crate::decade::effect::Effect;
use crate::decade::model::Subscription;
use crate::decade::rows::load;
use crate::decade::run::Run;
use crate::decade::shapes::PLANS;

impl Run {
    /// Somebody orders so many. Where the node dies the order is given again, unless it was carried out.
    pub(in crate::decade) async fn order(&mut self, count: usize) -> Result<(), String> {
        self.figures.orders += 1;
        let account = self.chance.place(self.model.accounts.len());
        let seller = self.model.accounts[account].seller;
        let shape = self.chance.weighted(PLANS.iter().map(|plan| plan.weight));
        let plan = seller * PLANS.len() + shape;
        let trial = PLANS[shape].trial > 0 && self.chance.one_in(2);
        let handset = PLANS[shape].handset.is_some() && self.chance.one_in(2);
        let ahead = if trial || self.chance.one_in(2) {
            0
        } else {
            self.chance.between(1, 40)
        };
        for attempt in 0..3 {
            let node = self.chance.place(2);
            let app = self.world.nodes[node].app.clone();
            let now = app.now_micros();
            let zone = self.model.accounts[account].zone;
            let today = date_of(zone, now);
            let day = plus_days(today, ahead);
            let anchor = plus_days(day, if trial { PLANS[shape].trial } else { 0 });
            let many = i64::try_from(count).unwrap_or(1);
            let price = if handset {
                let live = self.model.accounts[account].count + many;
                let buyer = self.model.accounts[account].buyer.clone();
                self.model
                    .price(plan, "handset", &buyer, live, day)
                    .unwrap_or(0)
                    * many
            } else {
                0
            };
            let order = Order {
                account: self.model.accounts[account].id.clone(),
                plan: self.model.plans[plan].id.clone(),
                devices: vec![None; count],
                start: (ahead > 0).then_some(day),
                trial,
                handset,
            };
            let life = match (ahead, trial) {
                (0, true) => "trialing",
                (0, false) => "active",
                _ => "pending",
            };
            let begun = (anchor, start_of(zone, anchor), life, today);
            let allowed = self.owner(seller)?;
            let endangered = attempt < 2 && self.endanger("order", node);
            let done = start::start(&app, &allowed, order, Mode::Do).await;
            // Whoever died may have written them: they are looked for.
            let new = self.unknown()?;
            let place = self.model.subscriptions.len();
            for id in &new {
                self.model.add(ordered(id.clone(), (account, plan), begun));
            }
            let happened = !new.is_empty();
            if happened && new.len() != count {
                return Err(format!(
                    "{} of {count} ordered subscriptions are there",
                    new.len()
                ));
            }
            if done.is_ok() != happened && !endangered {
                return Err(format!(
                    "an order was answered {:?}, and {new:?} is there",
                    done.map(|_| ())
                ));
            }
            let expected = Effect {
                account,
                net: (price, price),
                ..Effect::default()
            };
            let unheard = happened && done.is_err();
            self.judge(("order", node), endangered, done, Some(expected.clone()))
                .await
                .map_err(|said| {
                    format!(
                        "{said} (order of {count} from {place} on, heard: {})",
                        !unheard
                    )
                })?;
            if happened {
                return Ok(());
            }
        }
        Ok(())
    }

    fn unknown(&self) -> Result<Vec<String>, String> {
        let known: HashSet<&str> = self
            .model
            .subscriptions
            .iter()
            .map(|one| one.id.as_str())
            .collect();
        let all = self.world.read(ids)?;
        Ok(all
            .into_iter()
            .filter(|id| !known.contains(id.as_str()))
            .collect())
    }
}

fn ids(c: &mut Conn) -> StoreResult<Vec<String>> {
    Ok(load!(
        c,
        Text,
        "SELECT id FROM subscriptions ORDER BY id".to_owned()
    ))
}

fn ordered(
    id: String,
    (account, plan): (usize, usize),
    (anchor, next_start, life, today): (Date, i64, &'static str, Date),
) -> Subscription {
    Subscription {
        id,
        account,
        plan,
        life,
        anchor,
        times: 0,
        next_start: Some(next_start),
        cancel_at_end: false,
        next_plan: None,
        last: None,
        running: None,
        paused_at: None,
        handset: false,
        reached: ("current", today),
    }
}
