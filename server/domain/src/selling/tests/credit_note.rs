//! Credit notes: positive, of type 381, and never more than was charged.

use jiff::civil::{Date, date};
use proptest::prelude::*;

use super::{Original, Part, left, of_parts, whole};
use crate::selling::country::Country;
use crate::selling::currency::Currency;
use crate::selling::invoice::{Draft, Kind, Line};
use crate::selling::money::Money;
use crate::selling::tax::{Category, Treatment};
use crate::selling::tax_rates::Rate;

const ISSUED: Date = date(2026, 3, 1);

fn eur(minor: i64) -> Money {
    Money::new(minor, Currency::EUR)
}

fn line(price: i64, rate: u16) -> Line {
    Line {
        product: "half-year".to_owned(),
        text: "Subscription".to_owned(),
        quantity: 1,
        unit_price: eur(price),
        discount: eur(0),
        treatment: Treatment {
            category: Category::S,
            rate: Rate::new(rate).unwrap(),
            reason: None,
            country: Country::parse("DE").unwrap(),
        },
        period: None,
    }
}

fn invoice() -> Draft {
    Draft::invoice(Currency::EUR, vec![line(761_250, 1900), line(10_000, 700)])
}

fn original<'a>(draft: &'a Draft, credited: &'a [Draft]) -> Original<'a> {
    Original {
        draft,
        number: "NM-2026-00042",
        issued: ISSUED,
        credited,
    }
}

fn part(line: usize, minor: i64) -> Part {
    Part {
        line,
        net: eur(minor),
        text: String::new(),
    }
}

#[test]
fn b21_a_credit_note_is_positive_and_names_what_it_corrects() {
    let invoice = Draft::invoice(Currency::EUR, vec![line(761_250, 1900)]);
    let note = whole(&original(&invoice, &[])).unwrap();
    assert_eq!(
        note.kind,
        Kind::CreditNote {
            corrects: "NM-2026-00042".to_owned(),
            issued: ISSUED
        }
    );
    assert_eq!(note.kind.code(), 381);
    let totals = note.totals().unwrap();
    // 19 % of 7612.50 is 1446.375.
    assert_eq!(totals.without_vat, eur(761_250));
    assert_eq!((totals.vat, totals.with_vat), (eur(144_638), eur(905_888)));
    assert_eq!(totals, invoice.totals().unwrap());
}

#[test]
fn what_was_paid_before_is_no_part_of_a_credit_note() {
    let mut invoice = invoice();
    invoice.prepaid = eur(100);
    let note = whole(&original(&invoice, &[])).unwrap();
    assert_eq!(
        note.totals().unwrap().payable,
        invoice.totals().unwrap().with_vat
    );
}

#[test]
fn parts_are_credited_up_to_what_was_charged_at_that_vat() {
    let invoice = invoice();
    let first = of_parts(&original(&invoice, &[]), &[part(0, 700_000)]).unwrap();
    assert_eq!(first.totals().unwrap().without_vat, eur(700_000));
    let before = [first];
    let now = original(&invoice, &before);
    assert_eq!(left(&now, 0).unwrap(), eur(61_250));
    assert_eq!(left(&now, 1).unwrap(), eur(10_000));
    assert_eq!(
        of_parts(&now, &[part(0, 61_251)]).unwrap_err().message,
        "Only 612.50 EUR of invoice NM-2026-00042 is left to credit at 19 % VAT. Credit that much or less."
    );
    let second = of_parts(&now, &[part(0, 61_250), part(1, 10_000)]).unwrap();
    assert_eq!(second.lines.len(), 2);
    assert_eq!(whole(&now).unwrap_err().code, "credit-again");
}

#[test]
fn what_cannot_be_credited_is_refused() {
    let invoice = invoice();
    let original = original(&invoice, &[]);
    let code = |parts: &[Part]| of_parts(&original, parts).unwrap_err().code;
    assert_eq!(code(&[part(2, 1)]), "credit-line");
    assert_eq!(code(&[part(0, 0)]), "credit-nothing");
    assert_eq!(code(&[part(0, -5)]), "credit-nothing");
    assert_eq!(code(&[]), "invoice-empty");
    assert_eq!(code(&[part(0, 761_250), part(0, 1)]), "credit-more");
    let note = whole(&original).unwrap();
    let again = Original {
        draft: &note,
        ..original
    };
    assert_eq!(whole(&again).unwrap_err().code, "credit-of-credit");
}

proptest! {
    #[test]
    fn parts_come_to_the_whole_but_for_a_cent_of_vat_each(cuts in prop::collection::vec(1_i64..200_000, 1..6)) {
        let invoice = invoice();
        let mut notes: Vec<Draft> = Vec::new();
        for cut in cuts {
            let rest = left(&original(&invoice, &notes), 0).unwrap();
            if !rest.is_positive() { break; }
            let net = rest.min(eur(cut)).unwrap();
            let note = of_parts(&original(&invoice, &notes), &[Part { line: 0, net, text: "Part".to_owned() }]).unwrap();
            notes.push(note);
        }
        let rest = left(&original(&invoice, &notes), 0).unwrap();
        if rest.is_positive() {
            notes.push(of_parts(&original(&invoice, &notes), &[part(0, rest.minor())]).unwrap());
        }
        let credited: i64 = notes.iter().map(|note| note.totals().unwrap().with_vat.minor()).sum();
        prop_assert!((credited - 905_888).abs() <= i64::try_from(notes.len()).unwrap());
        prop_assert!(of_parts(&original(&invoice, &notes), &[part(0, 1)]).is_err());
    }
}
