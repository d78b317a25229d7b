//! What an act on a subscription should come to, reckoned the naive way: whole days, plain integers. Nothing where a rule says no.

use super::lives::Deed;
use crate::decade::calendar::{Edge, date_of, days_between, plus_days, start_of};
use crate::decade::effect::{Begun, Effect};
use crate::decade::model::{Next, Running, Subscription};
use crate::decade::run::Run;

/// An hour, microseconds: as near to a renewal a change of plan is the renewal itself.
const HOUR: i64 = 3_600_000_000;

/// `amount * part / whole`, half a unit rounded up.
fn share(amount: i64, part: i64, whole: i64) -> i64 {
    (2 * amount * part + whole).div_euclid(2 * whole)
}

impl Run {
    pub(super) fn predict(&self, place: usize, deed: Deed, now: i64) -> Option<Effect> {
        let one = &self.model.subscriptions[place];
        let ended = matches!(one.life, "canceled" | "expired");
        let due = one.next_start.is_some_and(|start| start <= now);
        let changed = |change: &dyn Fn(&mut Subscription)| {
            let mut after = one.clone();
            change(&mut after);
            Some(Effect {
                account: one.account,
                after: Some((place, after)),
                ..Effect::default()
            })
        };
        if ended {
            return None;
        }
        match deed {
            Deed::Pause if one.life != "active" || one.cancel_at_end || due => None,
            Deed::Pause => changed(&|after| {
                (after.life, after.next_start, after.paused_at) = ("paused", None, Some(now));
            }),
            Deed::Resume if one.life != "paused" || one.cancel_at_end => None,
            Deed::Resume => {
                let resumed = self.resumed(one, now);
                changed(&|after| *after = resumed.clone())
            }
            Deed::CancelAtEnd if one.life == "pending" || one.cancel_at_end || due => None,
            Deed::CancelAtEnd if one.life == "paused" => {
                let until = one.last.map(|last| last.at).filter(|until| *until > now)?;
                if self.model.plans[one.plan].paused == "extends" {
                    return None;
                }
                changed(&|after| {
                    (after.cancel_at_end, after.next_plan, after.next_start) =
                        (true, None, Some(until));
                })
            }
            Deed::CancelAtEnd => {
                changed(&|after| (after.cancel_at_end, after.next_plan) = (true, None))
            }
            Deed::UndoCancel if !one.cancel_at_end || due || one.life == "pending" => None,
            Deed::UndoCancel => changed(&|after| {
                after.cancel_at_end = false;
                after.next_start = after.next_start.filter(|_| after.life != "paused");
            }),
            Deed::CancelNow => self.canceled(place, now, due),
            Deed::ChangeNow(plan) | Deed::ChangeAtEnd(plan) if plan == one.plan => {
                if one.next_plan.is_none() || due {
                    return None;
                }
                changed(&|after| after.next_plan = None)
            }
            Deed::ChangeNow(_) | Deed::ChangeAtEnd(_) if one.cancel_at_end => None,
            Deed::ChangeNow(plan) | Deed::ChangeAtEnd(plan)
                if matches!(one.life, "pending" | "trialing") =>
            {
                let chosen = changed(&|after| (after.plan, after.next_plan) = (plan, None));
                chosen.filter(|_| !due)
            }
            Deed::ChangeNow(plan) | Deed::ChangeAtEnd(plan) if one.life == "paused" => {
                changed(&|after| after.next_plan = Some(plan))
            }
            Deed::ChangeAtEnd(plan) => {
                changed(&|after| after.next_plan = Some(plan)).filter(|_| !due)
            }
            Deed::ChangeNow(plan) => {
                let Some(running) = &one.running else {
                    return changed(&|after| after.next_plan = Some(plan)).filter(|_| !due);
                };
                let next = one.next_start.unwrap_or(now);
                let nearer_to_next = now - running.start.at >= next - now;
                if (due || nearer_to_next) && (next - now).abs() <= HOUR {
                    return changed(&|after| after.next_plan = Some(plan));
                }
                // Where a pause has given days back, what was billed may have ended before the next period begins.
                let over = one.last.is_some_and(|last| now >= last.at);
                if due || over || self.given_back(one).is_some() {
                    return None;
                }
                let anew = !nearer_to_next && now - running.start.at <= HOUR;
                self.prorated(place, plan, if anew { running.start.at } else { now })
            }
        }
    }

    /// The day until which a pause has given days back, where the next period begins later for it.
    fn given_back(&self, one: &Subscription) -> Option<Edge> {
        let last = one.last?;
        let extends = self.model.plans[one.plan].paused == "extends";
        let given = extends && one.times == 0 && one.anchor > last.date;
        given.then(|| Edge {
            at: start_of(self.model.accounts[one.account].zone, one.anchor).max(last.at),
            date: one.anchor,
        })
    }

    fn resumed(&self, one: &Subscription, now: i64) -> Subscription {
        let zone = self.model.accounts[one.account].zone;
        let today = date_of(zone, now);
        let mut after = one.clone();
        let paused_at = one.paused_at.unwrap_or(now);
        (after.life, after.paused_at) = ("active", None);
        if let Some(last) = one.last {
            let served = self.given_back(one).unwrap_or(last);
            let anchor = if self.model.plans[one.plan].paused == "lapses" {
                (now >= served.at).then_some(today)
            } else {
                let left = days_between(date_of(zone, paused_at), served.date).max(0);
                Some(plus_days(today, left)).filter(|anchor| *anchor > served.date)
            };
            if let Some(anchor) = anchor {
                (after.anchor, after.times) = (anchor.max(served.date), 0);
            }
            let start = if after.times == 0 && after.anchor > last.date {
                start_of(zone, after.anchor).max(last.at)
            } else {
                last.at
            };
            after.next_start = Some(start);
            // A plan that was chosen meanwhile holds from the new anchor on.
            if let Some(plan) = after.next_plan.filter(|_| start > last.at) {
                (after.plan, after.next_plan) = (plan, None);
            }
        } else {
            after.next_start = Some(start_of(zone, one.anchor));
        }
        after
    }

    fn canceled(&self, place: usize, now: i64, due: bool) -> Option<Effect> {
        let one = &self.model.subscriptions[place];
        if due {
            return None;
        }
        let plan = &self.model.plans[one.plan];
        let mut effect = Effect {
            account: one.account,
            ends: true,
            ..Effect::default()
        };
        if let (Some(running), Some(last)) = (&one.running, one.last) {
            let days = days_between(running.start.date, last.date);
            let served = self.given_back(one).unwrap_or(last);
            let at = if plan.paused == "extends" {
                one.paused_at.unwrap_or(now)
            } else {
                now
            };
            let left = if at >= served.at {
                0
            } else {
                days_between(date_of(running.zone, at), served.date).clamp(0, days)
            };
            if plan.cancellation == "at-period-end" && left > 0 {
                return None;
            }
            if plan.cancellation == "now-with-credit" && left > 0 {
                effect.net = self.given(place, share(running.net, left, days), 0);
                let date = date_of(running.zone, now);
                let cut = Edge {
                    at: start_of(running.zone, date),
                    date,
                };
                effect.cut = Some(cut).filter(|cut| cut.at > running.start.at && cut.at < last.at);
            }
        }
        let mut after = one.clone();
        (after.life, after.cancel_at_end) = ("canceled", false);
        (after.next_plan, after.next_start, after.paused_at) = (None, None, None);
        effect.after = Some((place, after));
        Some(effect)
    }

    /// What documents come to that charge something and give something back: the less is given back, the more was credited by hand.
    fn given(&self, place: usize, back: i64, charge: i64) -> (i64, i64) {
        let least = charge - back;
        let by_hand = self.model.credited_by_hand.contains(&place);
        (least, if by_hand { charge } else { least })
    }

    /// The rest of the running period is settled to the day.
    fn prorated(&self, place: usize, plan: usize, at: i64) -> Option<Effect> {
        let one = &self.model.subscriptions[place];
        let (running, last): (&Running, Edge) = (one.running.as_ref()?, one.last?);
        let account = &self.model.accounts[one.account];
        let days = days_between(running.start.date, last.date);
        let date = date_of(running.zone, at).max(running.start.date);
        let left = days_between(date, last.date).clamp(0, days);
        let cut = if date == running.start.date {
            running.start
        } else {
            Edge {
                at: start_of(running.zone, date),
                date,
            }
        };
        let on = date_of(running.zone, at);
        let price = self
            .model
            .price(plan, "recurring", &account.buyer, account.count, on)?;
        let (old, new) = (
            self.model.plans[one.plan].every,
            self.model.plans[plan].every,
        );
        let (charge, period) = if old == new {
            // The price is for a whole period, of which this may be a rest already.
            let whole = old.boundary(one.anchor, one.times - 1);
            let is_rest =
                old.boundary(one.anchor, one.times) == last.date && whole < running.start.date;
            let whole = if is_rest {
                days_between(whole, last.date)
            } else {
                days
            };
            let next = Next {
                plan,
                zone: running.zone,
                anchor: one.anchor,
                start: cut,
                end: last,
                ends: one.times,
            };
            (share(price, left, whole), next)
        } else {
            let (end, ends) = new.end((cut.date, 0), cut, account.zone);
            let next = Next {
                plan,
                zone: account.zone,
                anchor: cut.date,
                start: cut,
                end,
                ends,
            };
            (price, next)
        };
        let credit = share(running.net, left, days);
        let mut after = one.clone();
        (after.plan, after.next_plan) = (plan, None);
        (after.anchor, after.times) = (period.anchor, period.ends);
        Some(Effect {
            account: one.account,
            after: Some((place, after)),
            cut: (cut.at > running.start.at).then_some(cut),
            begun: Some(Begun {
                replaces: cut.at == running.start.at,
                net: charge,
                period,
            }),
            net: self.given(place, credit, charge),
            ..Effect::default()
        })
    }
}
