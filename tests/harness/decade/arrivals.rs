//! Who subscribes to what, and when: most in the first year, the rest later, on the days that are hard.

use jiff::civil::Date;
use muster_store::selling::subscriptions::Subscription as Row;
use muster_store::selling::{accounts, subscriptions};

use super::Decade;
use super::calendar::{date_of, plus_days, start_of};
use super::chance::Chance;
use super::model::Subscription;
use super::run::Run;
use super::shapes::PLANS;

/// When subscriptions arrive, the latest first.
pub struct Arrivals(Vec<i64>);

const DAY: i64 = 86_400_000_000;

impl Arrivals {
    /// Draws them.
    #[must_use]
    pub fn draw(decade: &Decade, begin: i64, chance: &mut Chance) -> Self {
        let days = i64::from(decade.years) * 365;
        let mut at: Vec<i64> = (0..decade.subscriptions)
            .map(|_| {
                let within = if chance.one_in(2) {
                    365.min(days)
                } else {
                    days * 8 / 10
                };
                begin + chance.between(0, within) * DAY
            })
            .collect();
        at.sort_unstable_by(|a, b| b.cmp(a));
        Self(at)
    }

    fn by(&mut self, now: i64) -> usize {
        let before = self.0.len();
        while self.0.last().is_some_and(|at| *at <= now) {
            self.0.pop();
        }
        before - self.0.len()
    }
}

impl Run {
    /// Those whose time has come subscribe.
    pub(super) async fn arrive(&mut self) -> Result<(), String> {
        let now = self.world.now().0;
        let count = self.arrivals.by(now);
        let mut new = Vec::new();
        let mut left = count;
        while left > 0 {
            if self.chance.one_in(3) {
                let several = left.min(1 + self.chance.place(4));
                self.order(several).await?;
                left -= several;
            } else {
                new.push(self.subscribe(now));
                left -= 1;
            }
        }
        if new.is_empty() {
            return Ok(());
        }
        self.world.write(|tx| {
            for (row, _) in &new {
                subscriptions::insert(tx, row)?;
                accounts::count_live(tx, &row.billing_account_id, 1)?;
            }
            Ok(())
        })?;
        for (_, one) in new {
            self.model.add(one);
        }
        Ok(())
    }

    fn subscribe(&mut self, now: i64) -> (Row, Subscription) {
        let account = self.chance.place(self.model.accounts.len());
        let buyer = &self.model.accounts[account];
        let shape = self.chance.weighted(PLANS.iter().map(|plan| plan.weight));
        let plan = buyer.seller * PLANS.len() + shape;
        let trial = PLANS[shape].trial;
        let today = date_of(buyer.zone, now);
        let begins = self.first_day(today);
        let anchor = plus_days(begins, trial);
        let life = if trial > 0 { "trialing" } else { "active" };
        let next_start = start_of(self.model.accounts[account].zone, anchor);
        let app = &self.world.nodes[0].app;
        let buyer = &self.model.accounts[account];
        let row = Row {
            id: app.new_id(),
            seller_id: self.model.sellers[buyer.seller].id.clone(),
            buyer_id: buyer.buyer.clone(),
            billing_account_id: buyer.id.clone(),
            plan_id: self.model.plans[plan].id.clone(),
            device_id: None,
            life: life.to_owned(),
            anchor: anchor.to_string(),
            anchor_index: 0,
            next_index: 0,
            next_start_at: Some(next_start),
            covered_until: None,
            cancel_at_end: 0,
            next_plan_id: None,
            reached: "current".to_owned(),
            reached_on: today.to_string(),
            parked_at: None,
            parked_because: None,
            ordered: "nothing".to_owned(),
            ordered_until: None,
            created_at: now,
            ended_at: None,
        };
        let one = Subscription {
            id: row.id.clone(),
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
        };
        (row, one)
    }

    /// Today, or the end of a month, or 29 February.
    fn first_day(&mut self, today: Date) -> Date {
        match self.chance.below(6) {
            0 => today.last_of_month(),
            1 => plus_days(today.last_of_month(), -1),
            2 if !today.in_leap_year() || today.month() > 2 => today,
            2 => jiff::civil::date(today.year(), 2, 29).max(today),
            _ => plus_days(today, self.chance.between(0, 30)),
        }
    }
}
