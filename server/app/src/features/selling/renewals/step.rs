//! What becomes of one subscription at its boundary: reckoned from its row alone.

use jiff::Timestamp;
use muster_domain::selling::calendar;
use muster_domain::selling::life::{Act, AtPeriodEnd, Life, Standing};
use muster_domain::selling::refusal::Refusal;
use muster_domain::selling::zone::Zone;
use muster_store::selling::plans::Plan;
use muster_store::selling::subscriptions::{Period, Subscription};

use crate::features::selling::charge;

/// What happens to a subscription whose next period has begun.
#[derive(Debug, Clone)]
pub enum Step {
    /// The period is billed.
    Bill {
        /// The period.
        period: calendar::Period,
        /// The subscription afterwards.
        now: Subscription,
    },
    /// It ends here, because somebody wanted it to; nothing is billed.
    End {
        /// The subscription afterwards.
        now: Subscription,
    },
    /// Nothing is billed: it does not renew, or its next period begins later than was thought.
    Wait {
        /// The subscription afterwards.
        now: Subscription,
    },
}

/// What happens to `row`, whose last billed period is `last`, at `moment`. `plan` is the plan it runs on, `next` the one that was
/// chosen for the next period; both are counted in the account's `zone`.
///
/// # Errors
/// Its rows make no sense, or its dates leave the calendar.
pub fn step(
    row: &Subscription,
    last: Option<&Period>,
    (plan, next): (&Plan, Option<&Plan>),
    zone: Zone,
    moment: Timestamp,
) -> Result<Step, Refusal> {
    let life = Life::parse(&row.life).ok_or_else(|| unreadable("its life is not known"))?;
    let cancels = row.cancel_at_end == 1;
    let wish = if cancels {
        Some(AtPeriodEnd::Cancel)
    } else {
        row.next_plan_id.as_ref().map(|_| AtPeriodEnd::ChangePlan)
    };
    let standing = Standing {
        life,
        at_period_end: wish,
    };
    let ended = standing.at_end().life;
    if ended != life {
        return Ok(Step::End {
            now: Subscription {
                life: ended.as_str().to_owned(),
                next_start_at: None,
                next_plan_id: None,
                ended_at: row.next_start_at,
                ..row.clone()
            },
        });
    }
    // What was agreed begins, and a trial ends, at the first period.
    let begun = match life {
        Life::Pending | Life::Trialing => life.after(Act::Activate)?,
        Life::Active | Life::Paused | Life::Canceled | Life::Expired => life,
    };
    let renews = Standing {
        life: begun,
        ..standing
    }
    .renews();
    if !renews {
        return Ok(Step::Wait {
            now: Subscription {
                next_start_at: None,
                ..row.clone()
            },
        });
    }
    if row.covered_until.is_some() != last.is_some() {
        return Err(unreadable("its last period is not there"));
    }
    bill(row, last, (plan, next), zone, (begun, moment))
}

fn bill(
    row: &Subscription,
    last: Option<&Period>,
    (plan, next): (&Plan, Option<&Plan>),
    zone: Zone,
    (begun, moment): (Life, Timestamp),
) -> Result<Step, Refusal> {
    let last = last.map(charge::period).transpose()?;
    let takes = next.unwrap_or(plan);
    let (old, new) = (charge::interval(plan)?, charge::interval(takes)?);
    let mut now = Subscription {
        plan_id: takes.id.clone(),
        next_plan_id: None,
        life: begun.as_str().to_owned(),
        ..row.clone()
    };
    // Periods of another length are counted from the boundary at which they begin: where the last one ended, or where a pause has
    // put the next one already.
    if let Some(last) = last.as_ref().filter(|_| new != old) {
        let later = charge::date(&row.anchor)?.max(last.end_date);
        let anchored_anew = row.anchor_index == row.next_index;
        let begins = if anchored_anew { later } else { last.end_date };
        now.anchor = begins.to_string();
        now.anchor_index = row.next_index;
    }
    let period = charge::schedule(&now, new, zone)?.next(last.as_ref())?;
    if period.start > moment {
        return Ok(Step::Wait {
            now: Subscription {
                next_start_at: Some(period.start.as_microsecond()),
                ..row.clone()
            },
        });
    }
    now.next_index = i64::from(period.index) + 1;
    now.next_start_at = Some(period.end.as_microsecond());
    now.covered_until = now.next_start_at;
    Ok(Step::Bill { period, now })
}

fn unreadable(what: &str) -> Refusal {
    Refusal::new(
        "stored-row",
        format!(
            "What is stored of this subscription makes no sense: {what}. Cancel it and start it anew, or ask the operator to look."
        ),
    )
}

#[cfg(test)]
#[path = "step_tests.rs"]
mod tests;
