//! Documents that are incomplete or do not add up.

use super::super::{Allowance, Category, Invoice, Kind, cii, pdf, ubl};
use super::*;
use crate::samples;

/// What `check` finds after a change.
fn faults(mut invoice: Invoice, change: impl FnOnce(&mut Invoice)) -> Vec<String> {
    assert_eq!(invoice.check(), Ok(()));
    change(&mut invoice);
    let Err(Faults(faults)) = invoice.check() else {
        panic!("nothing was found");
    };
    assert!(cii::write(&invoice).is_err() && ubl::write(&invoice).is_err());
    assert!(matches!(
        pdf::write(&invoice),
        Err(pdf::PrintError::Faults(_))
    ));
    faults
}

fn assert_names(faults: &[String], rule: &str) {
    assert!(
        faults.iter().any(|fault| fault.contains(rule)),
        "{rule} is not among {faults:?}"
    );
}

#[test]
fn the_ten_samples_are_complete_and_add_up() {
    for (name, invoice) in samples::all().into_iter().chain(samples::further()) {
        assert_eq!(invoice.check(), Ok(()), "{name}");
    }
}

#[test]
fn a_cent_too_much_is_found_wherever_it_is() {
    type Change = fn(&mut Invoice);
    let cases: [(&str, Change); 8] = [
        ("Line 1: quantity times price", |invoice| {
            invoice.lines[0].net += 1;
        }),
        ("BR-CO-10", |invoice| invoice.totals.lines += 1),
        ("BR-CO-11", |invoice| invoice.totals.allowances += 1),
        ("BR-CO-13", |invoice| invoice.totals.without_vat += 1),
        ("BR-CO-14", |invoice| invoice.totals.vat += 1),
        ("BR-CO-15", |invoice| invoice.totals.with_vat += 1),
        ("BR-CO-16", |invoice| invoice.totals.due += 1),
        ("BR-CO-17", |invoice| invoice.taxes[0].amount += 1),
    ];
    for (rule, change) in cases {
        assert_names(&faults(samples::two_rates(), change), rule);
    }
}

#[test]
fn who_sells_is_told_where_no_vat_id_may_stand() {
    let found = faults(samples::not_subject(), |invoice| {
        invoice.seller.registration = None;
    });
    assert_names(&found, "BR-CO-26");
}

#[test]
fn what_must_be_there_is_asked_for() {
    type Change = fn(&mut Invoice);
    let cases: [(&str, Change); 12] = [
        ("BR-02", |invoice| invoice.number = " ".to_owned()),
        ("BR-06", |invoice| invoice.seller.name.clear()),
        ("BR-07", |invoice| invoice.buyer.name.clear()),
        ("BR-09", |invoice| {
            invoice.buyer.address.country = "Germany".to_owned();
        }),
        ("BR-16", |invoice| invoice.lines.clear()),
        ("BR-25", |invoice| invoice.lines[0].text.clear()),
        ("BR-27", |invoice| invoice.lines[0].unit_price = -1),
        ("BR-DEC", |invoice| invoice.currency.decimals = 3),
        ("BR-S-02", |invoice| invoice.seller.vat_id = None),
        ("BR-CO-25", |invoice| {
            invoice.due = None;
            invoice.payment.terms = None;
        }),
        ("when the supply was made", |invoice| {
            invoice.supplied = None;
        }),
        ("BR-55", |invoice| {
            invoice.kind = Kind::CreditNote {
                corrects: String::new(),
                issued: invoice.issued,
            };
        }),
    ];
    for (rule, change) in cases {
        assert_names(&faults(samples::domestic(), change), rule);
    }
}

#[test]
fn categories_and_rates_go_together() {
    let rate = |invoice: &mut Invoice| {
        invoice.lines[0].vat.rate = 0;
        invoice.taxes[0].vat.rate = 0;
    };
    assert_names(&faults(samples::zero(), rate), "do not go together");
    let reason = |invoice: &mut Invoice| invoice.taxes[0].exemption = None;
    assert_names(
        &faults(samples::reverse_charge(), reason),
        "needs a reason (BR-AE-10)",
    );
    let buyer = |invoice: &mut Invoice| invoice.buyer.vat_id = None;
    assert_names(&faults(samples::reverse_charge(), buyer), "BR-AE-02");
    let row = |invoice: &mut Invoice| invoice.lines[0].vat.category = Category::Z;
    assert_names(&faults(samples::reverse_charge(), row), "BR-CO-18");
    let goods = |invoice: &mut Invoice| invoice.taxes[0].vat.category = Category::K;
    assert_names(&faults(samples::reverse_charge(), goods), "BR-IC-12");
}

#[test]
fn an_allowance_lowers_the_base_of_its_own_rate() {
    let moved = |invoice: &mut Invoice| invoice.allowances[0].vat = invoice.lines[1].vat;
    assert_names(&faults(samples::two_rates(), moved), "BR-S-08");
    let negative = |invoice: &mut Invoice| {
        invoice.allowances.push(Allowance {
            reason: "Surcharge".to_owned(),
            amount: -100,
            vat: invoice.lines[0].vat,
        });
    };
    assert_names(&faults(samples::two_rates(), negative), "less than nothing");
}

#[test]
fn a_french_seller_has_a_siren() {
    let siret = |invoice: &mut Invoice| {
        if let Some(entry) = &mut invoice.seller.registration {
            entry.id = "12345678200017".to_owned();
        }
    };
    assert_names(&faults(samples::french(), siret), "BR-FR-10");
}

#[test]
fn what_does_not_fit_on_paper_is_refused_before_it_is_printed() {
    let name = |invoice: &mut Invoice| invoice.buyer.name = "x".repeat(201);
    assert_names(
        &faults(samples::domestic(), name),
        "The buyer's name is longer",
    );
    let street = |invoice: &mut Invoice| invoice.seller.address.lines[0].push_str("\nsecond");
    assert_names(
        &faults(samples::domestic(), street),
        "A line of the seller's address",
    );
    let text = |invoice: &mut Invoice| invoice.lines[1].description = Some("\n".repeat(41));
    assert_names(&faults(samples::domestic(), text), "The text of line 2");
}

#[test]
fn vat_is_stated_in_euro_where_french_law_wants_it() {
    let yen = samples::yen_credit_note();
    assert_names(
        &faults(yen.clone(), |invoice| invoice.home_vat = None),
        "BR-FR-CO-12",
    );
    let nothing = |invoice: &mut Invoice| {
        if let Some(home) = &mut invoice.home_vat {
            home.amount = 0;
        }
    };
    assert_names(&faults(yen.clone(), nothing), "Reckon it anew");
    let same = |invoice: &mut Invoice| {
        if let Some(home) = &mut invoice.home_vat {
            home.currency = invoice.currency.clone();
        }
    };
    assert_names(&faults(yen, same), "BR-53");
}

#[test]
fn halves_are_rounded_away_from_zero_once() {
    assert_eq!(half_up(761_250, 1_900), Some(144_638));
    assert_eq!(half_up(-761_250, 1_900), Some(-144_638));
    assert_eq!(half_up(1, 500), Some(0));
    assert_eq!(half_up(10, 500), Some(1));
    assert_eq!(half_up(i64::MAX, 10_000), Some(i64::MAX));
    assert_eq!(half_up(i64::MAX, 10_001), None);
}

#[test]
fn amounts_beyond_every_amount_are_faults_and_no_panic() {
    let huge = |invoice: &mut Invoice| {
        for line in &mut invoice.lines {
            line.unit_price = i64::MAX;
            line.net = i64::MAX;
        }
        invoice.totals.lines = i64::MAX;
        invoice.totals.allowances = i64::MIN;
    };
    assert_names(&faults(samples::domestic(), huge), "BR-CO-10");
}

#[test]
fn a_document_survives_being_frozen_as_json() {
    for (name, invoice) in samples::all().into_iter().chain(samples::further()) {
        let frozen = serde_json::to_string(&invoice).unwrap();
        let thawed: Invoice = serde_json::from_str(&frozen).unwrap();
        assert_eq!(thawed, invoice, "{name}");
    }
}
