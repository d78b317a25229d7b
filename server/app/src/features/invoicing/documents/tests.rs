//! From rows to the document: what is carried over, what follows, what is refused.

use jiff::civil::date;
use muster_store::selling::invoices::Invoice;

use super::*;

fn party(country: &str) -> Party {
    Party {
        id: "p".to_owned(),
        organisation_id: "o".to_owned(),
        legal_name: "Northwind Mobile SARL".to_owned(),
        street: "1 quai du Port\nBâtiment B".to_owned(),
        postcode: "44000".to_owned(),
        city: "Nantes".to_owned(),
        country: country.to_owned(),
        vat_id: Some("FR19812345676".to_owned()),
        registration: Some("812 345 676 00017".to_owned()),
        email: "books@example.org".to_owned(),
        iban: Some("FR7630006000011234567890189".to_owned()),
        bic: None,
        created_at: 0,
    }
}

fn line(position: i64, quantity: i64, price: i64, net: i64) -> InvoiceLine {
    InvoiceLine {
        invoice_id: "i".to_owned(),
        position,
        subscription_id: None,
        product: "recurring".to_owned(),
        description: "Subscription Field".to_owned(),
        quantity,
        unit_price: price,
        net,
        vat_category: "S".to_owned(),
        vat_rate: 2_000,
        from_date: Some("2026-11-01".to_owned()),
        until_date: Some("2026-12-01".to_owned()),
    }
}

fn rows(lines: Vec<InvoiceLine>, net: i64, vat: i64) -> Frozen {
    Frozen {
        invoice: Invoice {
            id: "i".to_owned(),
            seller_id: "s".to_owned(),
            buyer_id: "b".to_owned(),
            billing_account_id: "a".to_owned(),
            kind: "invoice".to_owned(),
            series: "NM-{year}-{number:5}".to_owned(),
            year: 2026,
            number: 42,
            issue_date: "2026-11-23".to_owned(),
            due_date: "2026-12-07".to_owned(),
            zone: "Europe/Paris".to_owned(),
            language: "fr".to_owned(),
            currency: "EUR".to_owned(),
            net,
            vat,
            total: net + vat,
            seller_party_id: "p".to_owned(),
            buyer_party_id: "p".to_owned(),
            corrects_id: None,
            created_at: 0,
        },
        lines,
        seller: party("FR"),
        buyer: party("FR"),
        corrects: None,
        prepaid: 0,
    }
}

#[test]
fn a_french_invoice_carries_what_french_law_wants() {
    let mut of = rows(vec![line(1, 3, 10_000, 29_000)], 29_000, 5_800);
    of.prepaid = 4_800;
    let made = document(&of).unwrap();
    assert_eq!(made.check(), Ok(()));
    assert_eq!(made.number, "NM-2026-00042");
    assert_eq!(
        made.lines[0].discount, 1_000,
        "what the net lacks was taken off"
    );
    // Half-open in the row, the last day inclusive on paper.
    let november = Some((date(2026, 11, 1), date(2026, 11, 30)));
    assert_eq!((made.lines[0].period, made.period), (november, november));
    assert_eq!(made.supplied, None);
    assert_eq!(
        (made.totals.with_vat, made.totals.prepaid, made.totals.due),
        (34_800, 4_800, 30_000)
    );
    let siren = made.seller.registration.as_ref().unwrap();
    assert_eq!(
        (siren.scheme.as_deref(), siren.id.as_str()),
        (Some("0002"), "812345676"),
        "a SIRET begins with its SIREN"
    );
    assert_eq!(made.seller.address.lines, ["1 quai du Port", "Bâtiment B"]);
    assert!(made.french.is_some());
    assert_eq!(
        made.payment.reference.as_deref(),
        Some("RF68NM202600042"),
        "the creditor reference of the number"
    );
    assert_eq!(
        document(&of).unwrap(),
        made,
        "the same rows, the same document"
    );
}

#[test]
fn goods_have_a_day_of_supply_and_no_period_of_the_whole() {
    let handset = InvoiceLine {
        product: "handset".to_owned(),
        from_date: None,
        until_date: None,
        ..line(2, 1, 10_000, 10_000)
    };
    let made = document(&rows(
        vec![line(1, 1, 10_000, 10_000), handset],
        20_000,
        4_000,
    ))
    .unwrap();
    assert_eq!(made.supplied, Some(date(2026, 11, 23)));
    assert_eq!(made.period, None);
    assert_eq!(made.french.unwrap().nature, paper::Nature::Mixed);
}

#[test]
fn a_credit_note_is_not_asked_to_be_paid() {
    let mut of = rows(vec![line(1, 1, 10_000, 10_000)], 10_000, 2_000);
    let original = of.invoice.clone();
    of.invoice.kind = "credit-note".to_owned();
    of.corrects = Some(original);
    let made = document(&of).unwrap();
    assert_eq!(made.check(), Ok(()));
    assert_eq!(
        made.kind,
        paper::Kind::CreditNote {
            corrects: "NM-2026-00042".to_owned(),
            issued: date(2026, 11, 23)
        }
    );
    assert_eq!((made.due, made.payment.reference), (None, None));
    assert_eq!((made.payment.account, made.payment.terms), (None, None));
}

#[test]
fn a_consumer_is_not_told_what_only_professionals_owe() {
    let mut of = rows(vec![line(1, 1, 10_000, 10_000)], 10_000, 2_000);
    let said = |of: &Frozen| document(of).unwrap().french.unwrap();
    assert!(said(&of).penalties.contains("trois fois"));
    (of.buyer.vat_id, of.buyer.registration) = (None, None);
    assert!(said(&of).recovery.contains("professionnels seulement"));
    assert!(!said(&of).penalties.contains("trois fois"));
}

#[test]
fn french_vat_in_another_currency_is_told_as_missing_and_nothing_of_it_is_nothing() {
    let mut of = rows(vec![line(1, 1, 10_000, 10_000)], 10_000, 2_000);
    of.invoice.currency = "CHF".to_owned();
    let faults = document(&of).unwrap().check().unwrap_err();
    assert!(faults.to_string().contains("BR-FR-CO-12"), "{faults}");
    of.buyer = party("DE");
    of.lines[0].vat_category = "AE".to_owned();
    of.lines[0].vat_rate = 0;
    (of.invoice.vat, of.invoice.total) = (0, 10_000);
    assert_eq!(document(&of).unwrap().check(), Ok(()));
}

#[test]
fn rows_that_do_not_add_up_are_told_and_not_printed() {
    let sound = rows(vec![line(1, 1, 10_000, 10_000)], 10_000, 2_000);
    assert!(document(&sound).is_ok());
    let tampered: [fn(&mut Frozen); 5] = [
        |of| of.invoice.total += 1,
        |of| of.invoice.vat -= 1,
        |of| of.lines[0].net += 100,
        |of| of.lines[0].vat_category = "XX".to_owned(),
        |of| of.lines[0].until_date = Some("soon".to_owned()),
    ];
    for change in tampered {
        let mut of = sound.clone();
        change(&mut of);
        assert!(
            matches!(document(&of), Err(StoreError::Corrupt(_))),
            "{of:?}"
        );
    }
}
