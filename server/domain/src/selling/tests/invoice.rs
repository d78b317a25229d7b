//! Totals by EN 16931, and what may not stand on one document.

use jiff::civil::date;
use proptest::prelude::*;

use super::{Allowance, Draft, Kind, Line};
use crate::selling::country::Country;
use crate::selling::currency::Currency;
use crate::selling::money::Money;
use crate::selling::tax::{Category, Reason, Treatment};
use crate::selling::tax_rates::Rate;

fn eur(minor: i64) -> Money {
    Money::new(minor, Currency::EUR)
}

fn at(rate: u16) -> Treatment {
    Treatment {
        category: Category::S,
        rate: Rate::new(rate).unwrap(),
        reason: None,
        country: Country::parse("DE").unwrap(),
    }
}

fn free(category: Category, reason: Reason) -> Treatment {
    Treatment {
        category,
        rate: Rate::ZERO,
        reason: Some(reason),
        country: Country::parse("DE").unwrap(),
    }
}

fn line(quantity: i64, price: i64, treatment: Treatment) -> Line {
    Line {
        product: "half-year".to_owned(),
        text: "Subscription, six months".to_owned(),
        quantity,
        unit_price: eur(price),
        discount: eur(0),
        treatment,
        period: Some((date(2026, 1, 31), date(2026, 7, 30))),
    }
}

fn draft(lines: Vec<Line>) -> Draft {
    Draft::invoice(Currency::EUR, lines)
}

fn code(draft: &Draft) -> &'static str {
    draft.totals().unwrap_err().code
}

#[test]
fn the_example_everyone_knows() {
    let mut handset = line(1, 100_000, at(1900));
    handset.product = "handset".to_owned();
    let totals = draft(vec![handset, line(1, 150_000, at(1900))])
        .totals()
        .unwrap();
    assert_eq!(totals.line_sum, eur(250_000));
    assert_eq!(totals.categories.len(), 1);
    assert_eq!(totals.vat, eur(47_500));
    assert_eq!(
        (totals.with_vat, totals.payable),
        (eur(297_500), eur(297_500))
    );
}

#[test]
fn vat_is_that_of_the_sum_and_not_the_sum_of_rounded_lines() {
    // Three lines of 0.03 at 19 %: each by itself rounds to 0.01, the sum of 0.09 to 0.02.
    let totals = draft(vec![
        line(1, 3, at(1900)),
        line(1, 3, at(1900)),
        line(1, 3, at(1900)),
    ])
    .totals()
    .unwrap();
    assert_eq!(totals.vat, eur(2));
}

#[test]
fn rates_are_kept_apart_and_halves_round_up() {
    let totals = draft(vec![
        line(1, 150, at(700)),
        line(2, 1_000, at(1900)),
        line(1, 50, at(700)),
    ])
    .totals()
    .unwrap();
    let rows: Vec<(u16, i64, i64)> = totals
        .categories
        .iter()
        .map(|total| {
            (
                total.treatment.rate.hundredths(),
                total.base.minor(),
                total.vat.minor(),
            )
        })
        .collect();
    assert_eq!(rows, [(1900, 2_000, 380), (700, 200, 14)]);
    // 2.50 at 19 % is 0.475.
    let totals = draft(vec![line(1, 250, at(1900))]).totals().unwrap();
    assert_eq!(totals.vat, eur(48));
}

#[test]
fn discounts_allowances_and_what_was_paid() {
    let mut discounted = line(2, 10_000, at(1900));
    discounted.discount = eur(1_000);
    let mut draft = draft(vec![discounted]);
    draft.allowances = vec![Allowance {
        product: "half-year".to_owned(),
        reason: "Loyalty".to_owned(),
        amount: eur(500),
        treatment: at(1900),
    }];
    draft.prepaid = eur(10_000);
    let totals = draft.totals().unwrap();
    assert_eq!(totals.lines, [eur(19_000)]);
    assert_eq!(
        (totals.allowances, totals.without_vat),
        (eur(500), eur(18_500))
    );
    assert_eq!((totals.vat, totals.with_vat), (eur(3_515), eur(22_015)));
    assert_eq!(totals.payable, eur(12_015));
}

#[test]
fn a_change_of_plan_takes_back_and_charges_in_one_document() {
    let totals = draft(vec![line(-1, 3_226, at(1900)), line(1, 6_452, at(1900))])
        .totals()
        .unwrap();
    assert_eq!((totals.without_vat, totals.vat), (eur(3_226), eur(613)));
    assert_eq!(
        code(&draft(vec![
            line(-1, 6_452, at(1900)),
            line(1, 3_226, at(1900))
        ])),
        "invoice-negative"
    );
}

#[test]
fn an_invoice_over_nothing_is_one() {
    let mut gift = line(1, 1_000, at(1900));
    gift.discount = eur(1_000);
    let totals = draft(vec![gift]).totals().unwrap();
    assert_eq!((totals.with_vat, totals.payable), (eur(0), eur(0)));
    assert_eq!(totals.categories.len(), 1);
}

#[test]
fn reverse_charge_has_its_row_at_zero() {
    let treatment = free(Category::AE, Reason::ReverseCharge);
    let totals = draft(vec![line(3, 150_000, treatment)]).totals().unwrap();
    assert_eq!(totals.categories[0].base, eur(450_000));
    assert_eq!((totals.vat, totals.with_vat), (eur(0), eur(450_000)));
}

#[test]
fn what_makes_no_sense_is_refused() {
    assert_eq!(code(&draft(vec![])), "invoice-empty");
    assert_eq!(code(&draft(vec![line(0, 1, at(1900))])), "line-quantity");
    assert_eq!(code(&draft(vec![line(1, -1, at(1900))])), "line-quantity");
    let mut generous = line(1, 100, at(1900));
    generous.discount = eur(101);
    assert_eq!(code(&draft(vec![generous.clone()])), "line-discount");
    generous.discount = eur(-1);
    assert_eq!(code(&draft(vec![generous])), "line-discount");
    assert_eq!(code(&draft(vec![line(1, 1, at(0))])), "vat-category");
    let mut silent = free(Category::AE, Reason::ReverseCharge);
    silent.reason = None;
    assert_eq!(code(&draft(vec![line(1, 1, silent)])), "vat-category");
    let mut taxed = free(Category::AE, Reason::ReverseCharge);
    taxed.rate = Rate::new(1900).unwrap();
    assert_eq!(code(&draft(vec![line(1, 1, taxed)])), "vat-category");
    let outside = free(Category::O, Reason::OutsideScope);
    assert_eq!(
        code(&draft(vec![line(1, 1, outside), line(1, 1, at(1900))])),
        "vat-mixed"
    );
    let mut austrian = at(1900);
    austrian.country = Country::parse("AT").unwrap();
    assert_eq!(
        code(&draft(vec![line(1, 1, austrian), line(1, 1, at(1900))])),
        "vat-mixed"
    );
    let mut swiss = line(1, 1, at(1900));
    swiss.unit_price = Money::new(1, Currency::parse("CHF").unwrap());
    assert_eq!(code(&draft(vec![swiss])), "money-currency");
    assert_eq!(
        code(&draft(vec![line(i64::MAX, 2, at(1900))])),
        "money-overflow"
    );
    let mut paid = draft(vec![line(1, 1, at(1900))]);
    paid.prepaid = eur(-1);
    assert_eq!(code(&paid), "invoice-negative");
}

#[test]
fn a_frozen_draft_is_read_again() {
    let frozen = draft(vec![
        line(3, 150_000, free(Category::AE, Reason::ReverseCharge)),
        line(1, 5, at(2550)),
    ]);
    let json = serde_json::to_string(&frozen).unwrap();
    assert_eq!(serde_json::from_str::<Draft>(&json).unwrap(), frozen);
    assert_eq!(frozen.kind.code(), 380);
    assert_eq!(
        Kind::CreditNote {
            corrects: "NM-2026-1".to_owned(),
            issued: date(2026, 1, 1)
        }
        .code(),
        381
    );
}

proptest! {
    #[test]
    fn totals_hold_whatever_the_lines(
        lines in prop::collection::vec((1_i64..50, 0_i64..100_000_000, 0_u8..=100, prop::sample::select(vec![550_u16, 700, 1000, 1900, 2550])), 1..20)
    ) {
        let draft = draft(lines.iter().map(|(quantity, price, off, rate)| {
            let mut line = line(*quantity, *price, at(*rate));
            line.discount = eur(quantity * price / 100 * i64::from(*off));
            line
        }).collect());
        let totals = draft.totals().unwrap();
        let sum = |amounts: &mut dyn Iterator<Item = Money>| amounts.map(Money::minor).sum::<i64>();
        prop_assert_eq!(sum(&mut totals.lines.iter().copied()), totals.line_sum.minor());
        prop_assert_eq!(sum(&mut totals.categories.iter().map(|c| c.base)), totals.without_vat.minor());
        prop_assert_eq!(sum(&mut totals.categories.iter().map(|c| c.vat)), totals.vat.minor());
        prop_assert_eq!(totals.without_vat.minor() + totals.vat.minor(), totals.with_vat.minor());
        for total in &totals.categories {
            // Twice the exact VAT and twice the rounded one differ by a unit at most.
            let exact = i128::from(total.base.minor()) * i128::from(total.treatment.rate.hundredths());
            prop_assert!((exact * 2 - i128::from(total.vat.minor()) * 20_000).abs() <= 10_000);
        }
    }
}
