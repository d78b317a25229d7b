use jiff::civil::{Date, date};
use muster_domain::selling::country::Country;
use muster_domain::selling::dunning;
use muster_domain::selling::tax::RateChoice;
use muster_domain::selling::tax_rates::Rate;
use muster_store::selling::plans::{Plan, Price};

use super::{Asked, Item, line_text, plan, rate_choice};

fn row() -> Plan {
    Plan {
        id: "six".to_owned(),
        seller_id: "north".to_owned(),
        name: "Six months".to_owned(),
        interval_unit: "months".to_owned(),
        interval_count: 6,
        currency: "EUR".to_owned(),
        trial_days: 14,
        terms_days: 30,
        rate: "standard".to_owned(),
        cancellation: "at-period-end".to_owned(),
        paused_time: "lapses".to_owned(),
        dunning: serde_json::to_string(&dunning::Plan::default()).unwrap(),
        // 1 March 2026.
        created_at: 1_772_323_200_000_000,
        retired_at: None,
    }
}

fn price(id: &str, item: Item, buyer: Option<&str>, from: i64, amount: i64) -> Price {
    Price {
        id: id.to_owned(),
        plan_id: "six".to_owned(),
        item: item.as_str().to_owned(),
        buyer_id: buyer.map(str::to_owned),
        from_quantity: from,
        amount,
        valid_from: "2026-03-01".to_owned(),
        valid_until: None,
        created_at: 1,
    }
}

fn costs(prices: &[Price], buyer: &str, live: i64, on: Date) -> Result<i64, &'static str> {
    plan(&row(), prices, &Asked { buyer, live, on })
        .map(|plan| plan.recurring.minor())
        .map_err(|refusal| refusal.code)
}

#[test]
fn a_buyers_own_steps_replace_everybodys_from_where_they_begin() {
    let prices = [
        price("a", Item::Recurring, None, 1, 150_000),
        price("b", Item::Recurring, None, 10, 140_000),
        price("c", Item::Recurring, Some("press"), 20, 120_000),
        price("d", Item::Handset, None, 1, 100_000),
        Price {
            plan_id: "another".to_owned(),
            ..price("e", Item::Recurring, None, 1, 1)
        },
    ];
    let on = date(2026, 9, 21);
    for (buyer, live, expected) in [
        ("press", 0, 150_000),
        ("press", 9, 150_000),
        ("press", 10, 140_000),
        ("press", 20, 120_000),
        ("chambers", 20, 140_000),
    ] {
        assert_eq!(
            costs(&prices, buyer, live, on),
            Ok(expected),
            "{buyer} {live}"
        );
    }
    let asked = Asked {
        buyer: "press",
        live: 20,
        on,
    };
    let known = plan(&row(), &prices, &asked).unwrap();
    assert_eq!(known.handset.unwrap().minor(), 100_000);
    assert_eq!((known.trial_days, known.terms_days), (14, 30));
    // A promise to one buyer alone, that begins at a quantity it has not reached, is no price.
    assert_eq!(costs(&prices[2..], "press", 5, on), Err("price-tiers"));
}

#[test]
fn a_price_holds_from_its_first_day_until_the_day_of_the_next() {
    let prices = [
        Price {
            valid_until: Some("2026-10-01".to_owned()),
            ..price("a", Item::Recurring, None, 1, 150_000)
        },
        Price {
            valid_from: "2026-10-01".to_owned(),
            ..price("b", Item::Recurring, None, 1, 160_000)
        },
    ];
    let on = |on| costs(&prices, "press", 1, on);
    assert_eq!(on(date(2026, 2, 28)), Err("plan-price"));
    assert_eq!(on(date(2026, 3, 1)), Ok(150_000));
    assert_eq!(on(date(2026, 9, 30)), Ok(150_000));
    assert_eq!(on(date(2026, 10, 1)), Ok(160_000));
}

#[test]
fn a_rate_in_figures_is_a_reduced_one_or_one_given_by_hand() {
    let france = Country::parse("FR").unwrap();
    let of = |rate: &str| {
        let row = Plan {
            rate: rate.to_owned(),
            ..row()
        };
        rate_choice(&row, france).map_err(|refusal| refusal.code)
    };
    let rate = |hundredths| Rate::new(hundredths).unwrap();
    assert_eq!(of("standard"), Ok(RateChoice::Standard));
    assert_eq!(of("zero"), Ok(RateChoice::Zero));
    assert_eq!(of("550"), Ok(RateChoice::Reduced(rate(550))));
    assert_eq!(of("875"), Ok(RateChoice::Fixed(rate(875))));
    assert_eq!(of("10001"), Err("rate"));
    assert_eq!(of("half"), Err("rate"));
}

#[test]
fn a_line_speaks_the_accounts_language() {
    let text = |language, serial| line_text(language, Item::Recurring, "Six", serial);
    assert_eq!(text("en", None), "Subscription Six");
    assert_eq!(text("fr", Some("NW-1")), "Abonnement Six, téléphone NW-1");
}
