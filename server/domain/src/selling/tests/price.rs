//! Plans that make sense, and which price holds for whom and when.

use jiff::civil::{Date, date};

use super::{Cancellation, Entry, Plan, PriceList, Tier, price_for};
use crate::selling::currency::Currency;
use crate::selling::dunning;
use crate::selling::interval::Interval;
use crate::selling::money::Money;
use crate::selling::resume::PausedTime;

fn eur(minor: i64) -> Money {
    Money::new(minor, Currency::EUR)
}

fn plan() -> Plan {
    Plan {
        interval: Interval::months(6).unwrap(),
        recurring: eur(150_000),
        handset: Some(eur(100_000)),
        trial_days: 0,
        terms_days: 14,
        dunning: dunning::Plan::default(),
        cancellation: Cancellation::AtPeriodEnd,
        paused_time: PausedTime::Lapses,
    }
}

fn entry(from: Date, until: Option<Date>, tiers: &[(u32, i64)]) -> Entry {
    Entry {
        plan: "half-year".to_owned(),
        valid_from: from,
        valid_until: until,
        tiers: tiers
            .iter()
            .map(|(from, price)| Tier {
                from: *from,
                price: eur(*price),
            })
            .collect(),
    }
}

#[test]
fn a_plan_that_makes_no_sense_is_refused() {
    assert!(plan().checked().is_ok());
    let code = |plan: Plan| plan.checked().unwrap_err().code;
    assert_eq!(
        code(Plan {
            recurring: eur(-1),
            ..plan()
        }),
        "price-negative"
    );
    assert_eq!(
        code(Plan {
            handset: Some(Money::new(1, Currency::parse("CHF").unwrap())),
            ..plan()
        }),
        "price-currency"
    );
    assert_eq!(
        code(Plan {
            trial_days: 366,
            ..plan()
        }),
        "trial-long"
    );
    assert_eq!(
        code(Plan {
            terms_days: 181,
            ..plan()
        }),
        "terms-long"
    );
    for rule in Cancellation::ALL {
        assert_eq!(Cancellation::parse(rule.as_str()), Some(rule));
    }
}

#[test]
fn terms_count_from_the_day_of_issue() {
    assert_eq!(
        plan().due_date(date(2026, 2, 20)).unwrap(),
        date(2026, 3, 6)
    );
    let at_once = Plan {
        terms_days: 0,
        ..plan()
    };
    let day = date(2026, 2, 20);
    assert_eq!(at_once.due_date(day).unwrap(), day);
}

#[test]
fn a_stored_list_is_looked_at_again() {
    let list = PriceList::new(vec![entry(date(2026, 1, 1), None, &[(1, 5)])]).unwrap();
    let json = serde_json::to_string(&list).unwrap();
    assert_eq!(serde_json::from_str::<PriceList>(&json).unwrap(), list);
    assert_eq!(list.entries().len(), 1);
    let wrong = json.replace("\"from\":1", "\"from\":2");
    assert!(serde_json::from_str::<PriceList>(&wrong).is_err());
}

#[test]
fn the_whole_quantity_has_the_price_of_the_step_it_reaches() {
    let tiers = [(1, 150_000), (10, 140_000), (100, 120_000)];
    let list = PriceList::new(vec![entry(date(2026, 1, 1), None, &tiers)]).unwrap();
    let plan = plan();
    let price = |quantity| {
        price_for(
            Some(&list),
            ("half-year", &plan),
            quantity,
            date(2026, 6, 1),
        )
    };
    assert_eq!(price(1), eur(150_000));
    assert_eq!(price(9), eur(150_000));
    assert_eq!(price(10), eur(140_000));
    assert_eq!(price(99), eur(140_000));
    assert_eq!(price(5_000), eur(120_000));
    assert_eq!(price(0), eur(150_000));
}

#[test]
fn a_new_price_holds_for_periods_that_start_from_then_on() {
    let change = date(2026, 7, 1);
    let list = PriceList::new(vec![
        entry(date(2026, 1, 1), Some(change), &[(1, 130_000)]),
        entry(change, None, &[(1, 135_000)]),
    ])
    .unwrap();
    let plan = plan();
    let price = |date| price_for(Some(&list), ("half-year", &plan), 1, date);
    assert_eq!(price(date(2025, 12, 31)), eur(150_000));
    assert_eq!(price(date(2026, 6, 30)), eur(130_000));
    assert_eq!(price(change), eur(135_000));
    assert_eq!(
        price_for(Some(&list), ("another", &plan), 1, change),
        eur(150_000)
    );
    assert_eq!(
        price_for(None, ("half-year", &plan), 1, change),
        eur(150_000)
    );
}

#[test]
fn a_list_in_another_currency_says_nothing() {
    let mut other = entry(date(2026, 1, 1), None, &[(1, 1)]);
    other.tiers[0].price = Money::new(1, Currency::parse("CHF").unwrap());
    let list = PriceList::new(vec![other]).unwrap();
    assert_eq!(
        price_for(Some(&list), ("half-year", &plan()), 1, date(2026, 2, 1)),
        eur(150_000)
    );
}

#[test]
fn lists_that_contradict_themselves_are_refused() {
    let start = date(2026, 1, 1);
    let code = |entries| PriceList::new(entries).unwrap_err().code;
    assert_eq!(
        code(vec![entry(start, Some(start), &[(1, 1)])]),
        "price-dates"
    );
    assert_eq!(code(vec![entry(start, None, &[])]), "price-tiers");
    assert_eq!(code(vec![entry(start, None, &[(2, 1)])]), "price-tiers");
    assert_eq!(
        code(vec![entry(start, None, &[(1, 1), (1, 2)])]),
        "price-tiers"
    );
    assert_eq!(code(vec![entry(start, None, &[(1, -1)])]), "price-negative");
    assert_eq!(
        code(vec![
            entry(start, None, &[(1, 1)]),
            entry(date(2027, 1, 1), None, &[(1, 1)])
        ]),
        "price-overlap"
    );
}
