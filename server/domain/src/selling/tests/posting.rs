//! What events write, and that any history of them keeps the books: everything sums to zero, what is receivable is what
//! is open, and what is credit is what was paid ahead.

use jiff::civil::date;
use proptest::prelude::*;

use super::{
    credit_note, document, opening, paid_back, payment, prepaid, refund, taken_back, use_credit,
    write_off,
};
use crate::selling::country::Country;
use crate::selling::credit_note::{Original, whole};
use crate::selling::currency::Currency;
use crate::selling::invoice::{Allowance, Draft, Line};
use crate::selling::ledger::{Account, Balances, Transfer};
use crate::selling::money::Money;
use crate::selling::tax::{Category, Treatment};
use crate::selling::tax_rates::Rate;

fn eur(minor: i64) -> Money {
    Money::new(minor, Currency::EUR)
}

fn line(product: &str, quantity: i64, price: i64, rate: u16) -> Line {
    Line {
        product: product.to_owned(),
        text: product.to_owned(),
        quantity,
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
    Draft::invoice(
        Currency::EUR,
        vec![
            line("handset", 1, 100_000, 1900),
            line("half-year", 1, 150_000, 1900),
        ],
    )
}

fn note(draft: &Draft) -> Draft {
    whole(&Original {
        draft,
        number: "NM-2026-1",
        issued: date(2026, 1, 1),
        credited: &[],
    })
    .unwrap()
}

fn written(transfers: &[Transfer]) -> Vec<String> {
    transfers
        .iter()
        .map(|transfer| {
            format!(
                "{} < {} {}",
                transfer.debit(),
                transfer.credit(),
                transfer.amount()
            )
        })
        .collect()
}

#[test]
fn an_invoice_is_revenue_and_vat() {
    assert_eq!(
        written(&document("b", &invoice()).unwrap()),
        [
            "receivable:b < revenue:half-year 1500.00 EUR",
            "receivable:b < revenue:handset 1000.00 EUR",
            "receivable:b < vat:DE:19 475.00 EUR",
        ]
    );
    let mut lowered = invoice();
    lowered.allowances = vec![Allowance {
        product: "handset".to_owned(),
        reason: "Fair".to_owned(),
        amount: eur(100_000),
        treatment: lowered.lines[0].treatment,
    }];
    assert_eq!(
        written(&document("b", &lowered).unwrap()),
        [
            "receivable:b < revenue:half-year 1500.00 EUR",
            "receivable:b < vat:DE:19 285.00 EUR",
        ]
    );
}

#[test]
fn a_product_names_an_account_that_can_be_read_again() {
    for name in ["", "a:b"] {
        let draft = Draft::invoice(Currency::EUR, vec![line(name, 1, 5, 1900)]);
        assert_eq!(document("b", &draft).unwrap_err().code, "product-name");
    }
    for transfer in document("b", &invoice()).unwrap() {
        for account in [transfer.debit(), transfer.credit()] {
            assert_eq!(Account::parse(&account.to_string()).as_ref(), Some(account));
        }
    }
}

#[test]
fn a_change_of_plan_takes_back_from_one_product_what_it_gives_another() {
    let change = Draft::invoice(
        Currency::EUR,
        vec![
            line("small", -1, 3_226, 1900),
            line("large", 1, 6_452, 1900),
        ],
    );
    assert_eq!(
        written(&document("b", &change).unwrap()),
        [
            "receivable:b < revenue:large 64.52 EUR",
            "revenue:small < receivable:b 32.26 EUR",
            "receivable:b < vat:DE:19 6.13 EUR",
        ]
    );
}

#[test]
fn a_credit_note_of_a_paid_invoice_becomes_credit() {
    let note = note(&invoice());
    let unpaid = credit_note("b", &note, eur(297_500)).unwrap();
    assert_eq!(
        written(&unpaid),
        [
            "revenue:half-year < receivable:b 1500.00 EUR",
            "revenue:handset < receivable:b 1000.00 EUR",
            "vat:DE:19 < receivable:b 475.00 EUR",
        ]
    );
    let paid = credit_note("b", &note, eur(0)).unwrap();
    assert_eq!(written(&paid[3..]), ["receivable:b < credit:b 2975.00 EUR"]);
}

#[test]
fn payments_refunds_and_write_offs() {
    assert_eq!(
        written(&payment("b", "main", eur(100), eur(20)).unwrap()),
        [
            "bank:main < receivable:b 1.00 EUR",
            "bank:main < credit:b 0.20 EUR",
        ]
    );
    assert_eq!(
        written(&payment("b", "main", eur(0), eur(20)).unwrap()).len(),
        1
    );
    assert_eq!(
        payment("b", "main", eur(0), eur(0)).unwrap_err().code,
        "payment-nothing"
    );
    assert_eq!(
        payment("b", "main", eur(-5), eur(5)).unwrap_err().code,
        "transfer-amount"
    );
    assert_eq!(
        written(&refund("b", eur(20), eur(20)).unwrap()),
        ["credit:b < refunds 0.20 EUR"]
    );
    assert_eq!(
        written(&paid_back("main", eur(20)).unwrap()),
        ["refunds < bank:main 0.20 EUR"]
    );
    assert_eq!(
        refund("b", eur(21), eur(20)).unwrap_err().code,
        "credit-short"
    );
    assert_eq!(
        written(&write_off("b", eur(5), eur(5)).unwrap()),
        ["write-offs < receivable:b 0.05 EUR"]
    );
    assert_eq!(
        write_off("b", eur(6), eur(5)).unwrap_err().code,
        "write-off-more"
    );
    assert_eq!(
        written(&opening("b", eur(-7)).unwrap()),
        ["opening < credit:b 0.07 EUR"]
    );
    assert!(opening("b", eur(0)).unwrap().is_empty());
}

#[test]
fn b19_credit_is_used_only_as_far_as_it_reaches() {
    assert!(use_credit("b", eur(8_000), eur(10_000)).is_ok());
    assert_eq!(
        use_credit("b", eur(8_000), eur(2_000)).unwrap_err().message,
        "The credit is 20.00 EUR, and 80.00 EUR was asked for. Top it up, or use less."
    );
    let charged = prepaid("b", &invoice(), eur(297_500)).unwrap();
    let balances = Balances::of(&charged);
    assert_eq!(
        balances.balance(&Account::Receivable("b".to_owned()), Currency::EUR),
        0
    );
    assert_eq!(
        balances.balance(&Account::Credit("b".to_owned()), Currency::EUR),
        297_500
    );
    assert!(prepaid("b", &invoice(), eur(297_499)).is_err());
    let gift = Draft::invoice(Currency::EUR, vec![line("half-year", 1, 0, 1900)]);
    assert!(prepaid("b", &gift, eur(0)).unwrap().is_empty());
}

/// What a random history does; amounts and choices are cut to what is possible.
#[derive(Debug, Clone)]
enum Event {
    Invoice(i64, u16),
    Pay(usize, i64),
    Credit(usize),
    UseCredit(usize, i64),
    Refund(i64),
    WriteOff(usize, i64),
    Return(usize),
}

fn event() -> impl Strategy<Value = Event> {
    let rate = prop::sample::select(vec![700_u16, 1900, 2550]);
    prop_oneof![
        (1_i64..1_000_000, rate).prop_map(|(price, rate)| Event::Invoice(price, rate)),
        (any::<usize>(), 1_i64..1_500_000).prop_map(|(which, amount)| Event::Pay(which, amount)),
        any::<usize>().prop_map(Event::Credit),
        (any::<usize>(), 1_i64..500_000)
            .prop_map(|(which, amount)| Event::UseCredit(which, amount)),
        (1_i64..500_000).prop_map(Event::Refund),
        (any::<usize>(), 1_i64..500_000).prop_map(|(which, amount)| Event::WriteOff(which, amount)),
        any::<usize>().prop_map(Event::Return),
    ]
}

/// An invoice as a store would keep it.
struct Kept {
    draft: Draft,
    open: i64,
    credited: bool,
}

proptest! {
    #[test]
    fn any_history_keeps_the_books(events in prop::collection::vec(event(), 1..60)) {
        let mut books = Balances::default();
        let mut invoices: Vec<Kept> = Vec::new();
        let mut payments: Vec<(usize, i64, Vec<Transfer>)> = Vec::new();
        let mut credit = 0_i64;
        let (mut billed, mut noted, mut arrived, mut refunded, mut lost) = (0_i64, 0, 0, 0, 0);
        for event in events {
            let count = invoices.len();
            let transfers = match event {
                Event::Invoice(price, rate) => {
                    let draft = Draft::invoice(Currency::EUR, vec![line("half-year", 1, price, rate), line("handset", 2, price / 3, 1900)]);
                    let open = draft.totals().unwrap().with_vat.minor();
                    billed += open;
                    let transfers = document("b", &draft).unwrap();
                    invoices.push(Kept { draft, open, credited: false });
                    transfers
                }
                Event::Pay(which, amount) if count > 0 => {
                    let kept = &mut invoices[which % count];
                    let settled = amount.min(kept.open);
                    kept.open -= settled;
                    credit += amount - settled;
                    arrived += amount;
                    let transfers = payment("b", "main", eur(settled), eur(amount - settled)).unwrap();
                    if settled == amount {
                        payments.push((which % count, amount, transfers.clone()));
                    }
                    transfers
                }
                Event::Credit(which) if count > 0 && !invoices[which % count].credited => {
                    let kept = &mut invoices[which % count];
                    let note = note(&kept.draft);
                    let transfers = credit_note("b", &note, eur(kept.open)).unwrap();
                    let total = note.totals().unwrap().with_vat.minor();
                    noted += total;
                    credit += total - kept.open;
                    kept.open = 0;
                    kept.credited = true;
                    transfers
                }
                Event::UseCredit(which, amount) if count > 0 => {
                    let kept = &mut invoices[which % count];
                    let amount = amount.min(kept.open).min(credit);
                    if amount == 0 { continue; }
                    kept.open -= amount;
                    let transfers = use_credit("b", eur(amount), eur(credit)).unwrap();
                    credit -= amount;
                    transfers
                }
                Event::Refund(amount) => {
                    let amount = amount.min(credit);
                    if amount == 0 { continue; }
                    let mut transfers = refund("b", eur(amount), eur(credit)).unwrap();
                    transfers.extend(paid_back("main", eur(amount)).unwrap());
                    credit -= amount;
                    refunded += amount;
                    transfers
                }
                Event::WriteOff(which, amount) if count > 0 => {
                    let kept = &mut invoices[which % count];
                    let amount = amount.min(kept.open);
                    if amount == 0 { continue; }
                    let transfers = write_off("b", eur(amount), eur(kept.open)).unwrap();
                    kept.open -= amount;
                    lost += amount;
                    transfers
                }
                Event::Return(which) if !payments.is_empty() => {
                    let (invoice, amount, transfers) = payments.swap_remove(which % payments.len());
                    if invoices[invoice].credited { continue; }
                    invoices[invoice].open += amount;
                    arrived -= amount;
                    taken_back(&transfers)
                }
                Event::Pay(..) | Event::Credit(_) | Event::UseCredit(..) | Event::WriteOff(..) | Event::Return(_) => continue,
            };
            books.add(&transfers);
            let balance = |account: Account| books.balance(&account, Currency::EUR);
            let open: i64 = invoices.iter().map(|kept| kept.open).sum();
            prop_assert_eq!(books.sum(Currency::EUR), 0);
            prop_assert_eq!(balance(Account::Receivable("b".to_owned())), i128::from(open));
            prop_assert_eq!(balance(Account::Credit("b".to_owned())), -i128::from(credit));
            prop_assert_eq!(balance(Account::Bank("main".to_owned())), i128::from(arrived - refunded));
            prop_assert_eq!(balance(Account::WriteOffs), i128::from(lost));
            prop_assert_eq!(balance(Account::Refunds), 0);
            prop_assert_eq!(i128::from(open), i128::from(billed - noted - lost - (arrived - credit - refunded)));
        }
    }
}
