use jiff::Timestamp;
use muster_domain::selling::zone::Zone;
use muster_store::selling::plans::Plan;
use muster_store::selling::subscriptions::{Period, Subscription};

use super::{Step, step};

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn plan(id: &str, months: i64) -> Plan {
    Plan {
        id: id.to_owned(),
        seller_id: "north".to_owned(),
        name: id.to_owned(),
        interval_unit: "months".to_owned(),
        interval_count: months,
        currency: "EUR".to_owned(),
        trial_days: 0,
        terms_days: 14,
        rate: "standard".to_owned(),
        cancellation: "at-period-end".to_owned(),
        paused_time: "lapses".to_owned(),
        dunning: "{}".to_owned(),
        created_at: 0,
        retired_at: None,
    }
}

/// Due on 31 January 2026 in Paris, one month at a time, not billed yet.
fn row(life: &str) -> Subscription {
    Subscription {
        id: "s".to_owned(),
        seller_id: "north".to_owned(),
        buyer_id: "press".to_owned(),
        billing_account_id: "acc".to_owned(),
        plan_id: "month".to_owned(),
        device_id: None,
        life: life.to_owned(),
        anchor: "2026-01-31".to_owned(),
        anchor_index: 0,
        next_index: 0,
        next_start_at: Some(at("2026-01-30T23:00:00Z").as_microsecond()),
        covered_until: None,
        cancel_at_end: 0,
        next_plan_id: None,
        reached: "current".to_owned(),
        reached_on: "2026-01-31".to_owned(),
        parked_at: None,
        parked_because: None,
        ordered: "nothing".to_owned(),
        ordered_until: None,
        created_at: 0,
        ended_at: None,
    }
}

fn paris() -> Zone {
    Zone::parse("Europe/Paris").unwrap()
}

fn of(row: &Subscription, moment: &str) -> Step {
    step(row, None, (&plan("month", 1), None), paris(), at(moment)).unwrap()
}

#[test]
fn what_was_agreed_and_what_was_tried_becomes_active_with_its_first_period() {
    for life in ["pending", "trialing", "active"] {
        let Step::Bill { period, now } = of(&row(life), "2026-02-01T00:00:00Z") else {
            unreachable!("{life} is billed");
        };
        assert_eq!(now.life, "active");
        assert_eq!((period.index, now.next_index), (0, 1));
        assert_eq!(period.end_date.to_string(), "2026-02-28");
        assert_eq!(now.next_start_at, now.covered_until);
    }
}

#[test]
fn what_is_to_end_ends_at_its_boundary_and_not_when_the_sweep_came() {
    for life in ["pending", "trialing", "active", "paused"] {
        let row = Subscription {
            cancel_at_end: 1,
            next_plan_id: Some("year".to_owned()),
            ..row(life)
        };
        let Step::End { now } = of(&row, "2026-03-15T00:00:00Z") else {
            unreachable!("{life} ends");
        };
        assert_eq!((now.life.as_str(), now.next_start_at), ("canceled", None));
        assert_eq!(now.ended_at, row.next_start_at);
    }
}

#[test]
fn what_is_paused_or_over_waits_for_nothing() {
    for life in ["paused", "canceled", "expired"] {
        let Step::Wait { now } = of(&row(life), "2026-03-15T00:00:00Z") else {
            unreachable!("{life} is not billed");
        };
        assert_eq!((now.life.as_str(), now.next_start_at), (life, None));
    }
}

#[test]
fn a_start_that_moved_later_with_the_accounts_zone_is_waited_for() {
    let moment = at("2026-01-31T00:00:00Z");
    let (month, west) = (
        plan("month", 1),
        Zone::parse("America/Los_Angeles").unwrap(),
    );
    let Step::Wait { now } = step(&row("active"), None, (&month, None), west, moment).unwrap()
    else {
        unreachable!("it is still the day before in Los Angeles");
    };
    let begins = at("2026-01-31T08:00:00Z").as_microsecond();
    assert_eq!(now.next_start_at, Some(begins));
}

#[test]
fn a_plan_with_another_interval_is_counted_from_the_boundary_at_which_it_begins() {
    let Step::Bill { period, now } = of(&row("active"), "2026-02-01T00:00:00Z") else {
        unreachable!("the first month is billed");
    };
    let last = Period {
        subscription_id: "s".to_owned(),
        period_index: 0,
        previous_end_at: None,
        start_at: period.start.as_microsecond(),
        end_at: period.end.as_microsecond(),
        start_date: "2026-01-31".to_owned(),
        end_date: "2026-02-28".to_owned(),
        zone: "Europe/Paris".to_owned(),
        plan_id: "month".to_owned(),
        invoice_id: "i".to_owned(),
    };
    let change = |to: &Plan| {
        let row = Subscription {
            next_plan_id: Some(to.id.clone()),
            ..now.clone()
        };
        let plans = (&plan("month", 1), Some(to));
        let stepped = step(
            &row,
            Some(&last),
            plans,
            paris(),
            at("2026-03-01T00:00:00Z"),
        );
        let Step::Bill { period, now } = stepped.unwrap() else {
            unreachable!("the next period is billed");
        };
        (now, period.end_date.to_string())
    };
    let (six, ends) = change(&plan("six", 6));
    assert_eq!((six.anchor.as_str(), six.anchor_index), ("2026-02-28", 1));
    assert_eq!(ends, "2026-08-28");
    assert_eq!((six.plan_id.as_str(), six.next_plan_id), ("six", None));
    // With the same length the boundaries stay where they were: on the 31st.
    let (same, ends) = change(&plan("better", 1));
    assert_eq!(
        (same.anchor.as_str(), ends.as_str()),
        ("2026-01-31", "2026-03-31")
    );
}

#[test]
fn the_time_of_a_pause_is_not_billed_where_the_plan_was_changed_in_it() {
    // One month from 31 January was billed; paused since, resumed on 10 June, to go on with six months at a time.
    let last = Period {
        subscription_id: "s".to_owned(),
        period_index: 0,
        previous_end_at: None,
        start_at: at("2026-01-30T23:00:00Z").as_microsecond(),
        end_at: at("2026-02-27T23:00:00Z").as_microsecond(),
        start_date: "2026-01-31".to_owned(),
        end_date: "2026-02-28".to_owned(),
        zone: "Europe/Paris".to_owned(),
        plan_id: "month".to_owned(),
        invoice_id: "i".to_owned(),
    };
    let resumed = Subscription {
        anchor: "2026-06-10".to_owned(),
        anchor_index: 1,
        next_index: 1,
        next_start_at: Some(at("2026-06-09T22:00:00Z").as_microsecond()),
        covered_until: Some(last.end_at),
        next_plan_id: Some("six".to_owned()),
        ..row("active")
    };
    let (month, six) = (plan("month", 1), plan("six", 6));
    let moment = at("2026-06-10T09:00:00Z");
    let stepped = step(&resumed, Some(&last), (&month, Some(&six)), paris(), moment);
    let Step::Bill { period, now } = stepped.unwrap() else {
        unreachable!("the next period is billed");
    };
    assert_eq!(period.start, at("2026-06-09T22:00:00Z"));
    assert_eq!(
        (period.start_date.to_string(), period.end_date.to_string()),
        ("2026-06-10".to_owned(), "2026-12-10".to_owned())
    );
    assert_eq!((now.anchor.as_str(), now.anchor_index), ("2026-06-10", 1));
}
