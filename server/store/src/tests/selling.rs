//! What the database itself promises about what is sold: no period twice, no number missing, no credit overdrawn.

use crate::selling::accounts::{self, Account};
use crate::selling::invoices::{self, Allocation, Invoice, InvoiceLine, Receivable};
use crate::selling::ledger::{self, Transfer};
use crate::selling::letters::Letter;
use crate::selling::parties::{self, Party};
use crate::selling::plans::{self, Plan};
use crate::selling::renewals::{self, Batch, Moved};
use crate::selling::sellers::{self, Seller};
use crate::selling::subscriptions::{self, Period, Subscription};
use crate::testing::{migrated, seed_tree};
use crate::{Conn, Store, StoreError, StoreResult};
use muster_domain::scope::Books;

fn seed(store: &Store) {
    seed_tree(store);
    store
        .write_blocking(|c| {
            for (id, organisation) in [("pn", "north"), ("ph", "harbour")] {
                parties::insert(c, &party(id, organisation))?;
            }
            sellers::put(c, &seller())?;
            plans::insert(c, &plan())?;
            accounts::insert(c, &account("acc", 10_000))?;
            Ok(())
        })
        .unwrap();
}

fn party(id: &str, organisation: &str) -> Party {
    Party {
        id: id.to_owned(),
        organisation_id: organisation.to_owned(),
        legal_name: "Northwind Mobile SARL".to_owned(),
        street: "1 rue du Port".to_owned(),
        postcode: "44000".to_owned(),
        city: "Nantes".to_owned(),
        country: "FR".to_owned(),
        vat_id: None,
        registration: None,
        email: "books@example.org".to_owned(),
        iban: None,
        bic: None,
        created_at: 1,
    }
}

fn seller() -> Seller {
    Seller {
        organisation_id: "north".to_owned(),
        party_id: "pn".to_owned(),
        currency: "EUR".to_owned(),
        zone: "Europe/Paris".to_owned(),
        language: "fr".to_owned(),
        vat_exempt: 0,
        terms_days: 14,
        invoice_series: "INV".to_owned(),
        credit_note_series: "CN".to_owned(),
        created_at: 1,
    }
}

fn plan() -> Plan {
    Plan {
        id: "plan".to_owned(),
        seller_id: "north".to_owned(),
        name: "Six months".to_owned(),
        interval_unit: "months".to_owned(),
        interval_count: 6,
        currency: "EUR".to_owned(),
        trial_days: 0,
        terms_days: 14,
        rate: "standard".to_owned(),
        cancellation: "at-period-end".to_owned(),
        paused_time: "lapses".to_owned(),
        dunning: "{}".to_owned(),
        created_at: 1,
        retired_at: None,
    }
}

fn account(id: &str, credit: i64) -> Account {
    Account {
        id: id.to_owned(),
        seller_id: "north".to_owned(),
        buyer_id: "harbour".to_owned(),
        party_id: "ph".to_owned(),
        business: 1,
        currency: "EUR".to_owned(),
        zone: "Europe/Paris".to_owned(),
        language: "fr".to_owned(),
        terms_days: 14,
        payment: "prepaid".to_owned(),
        credit,
        credit_limit: 0,
        live_subscriptions: 0,
        created_at: 1,
    }
}

fn subscription(id: &str, index: i64) -> Subscription {
    Subscription {
        id: id.to_owned(),
        seller_id: "north".to_owned(),
        buyer_id: "harbour".to_owned(),
        billing_account_id: "acc".to_owned(),
        plan_id: "plan".to_owned(),
        device_id: None,
        life: "active".to_owned(),
        anchor: "2026-01-31".to_owned(),
        anchor_index: 0,
        next_index: index,
        next_start_at: Some(100 * (index + 1)),
        covered_until: (index > 0).then_some(100 * (index + 1)),
        cancel_at_end: 0,
        next_plan_id: None,
        reached: "current".to_owned(),
        reached_on: "2026-01-31".to_owned(),
        parked_at: None,
        parked_because: None,
        ordered: "nothing".to_owned(),
        ordered_until: None,
        created_at: 1,
        ended_at: None,
    }
}

fn period(subscription: &str, index: i64, invoice: &str) -> Period {
    Period {
        subscription_id: subscription.to_owned(),
        period_index: index,
        previous_end_at: (index > 0).then_some(100 * (index + 1)),
        start_at: 100 * (index + 1),
        end_at: 100 * (index + 2),
        start_date: "2026-01-31".to_owned(),
        end_date: "2026-07-31".to_owned(),
        zone: "Europe/Paris".to_owned(),
        plan_id: "plan".to_owned(),
        invoice_id: invoice.to_owned(),
    }
}

fn invoice(id: &str, number: i64) -> Invoice {
    Invoice {
        id: id.to_owned(),
        seller_id: "north".to_owned(),
        buyer_id: "harbour".to_owned(),
        billing_account_id: "acc".to_owned(),
        kind: "invoice".to_owned(),
        series: "INV".to_owned(),
        year: 2026,
        number,
        issue_date: "2026-01-31".to_owned(),
        due_date: "2026-02-14".to_owned(),
        zone: "Europe/Paris".to_owned(),
        language: "fr".to_owned(),
        currency: "EUR".to_owned(),
        net: 150_000,
        vat: 30_000,
        total: 180_000,
        seller_party_id: "pn".to_owned(),
        buyer_party_id: "ph".to_owned(),
        corrects_id: None,
        created_at: 1,
    }
}

/// One renewal of `subscription` from its period `index`.
fn renewal(c: &mut Conn, id: &str, index: i64) -> StoreResult<Batch> {
    let number = sellers::take_numbers(c, "north", "INV", 2026, 1)?;
    let invoice_id = format!("{id}-{index}");
    Ok(Batch {
        subscriptions: vec![Moved {
            seen_index: index,
            now: subscription(id, index + 1),
        }],
        periods: vec![period(id, index, &invoice_id)],
        invoices: vec![invoice(&invoice_id, number)],
        lines: vec![InvoiceLine {
            invoice_id: invoice_id.clone(),
            position: 1,
            subscription_id: Some(id.to_owned()),
            product: "recurring".to_owned(),
            description: "Six months".to_owned(),
            quantity: 1,
            unit_price: 150_000,
            net: 150_000,
            vat_category: "S".to_owned(),
            vat_rate: 2_000,
            from_date: Some("2026-01-31".to_owned()),
            until_date: Some("2026-07-31".to_owned()),
        }],
        receivables: vec![Receivable {
            invoice_id: invoice_id.clone(),
            seller_id: "north".to_owned(),
            billing_account_id: "acc".to_owned(),
            currency: "EUR".to_owned(),
            due_date: "2026-02-14".to_owned(),
            open: 180_000,
        }],
        transfers: [("revenue:recurring", 150_000), ("vat:FR:2000", 30_000)]
            .into_iter()
            .map(|(credit, amount)| Transfer {
                id: format!("{invoice_id}-{credit}"),
                seller_id: "north".to_owned(),
                debit: "receivable:acc".to_owned(),
                credit: credit.to_owned(),
                currency: "EUR".to_owned(),
                amount,
                document_id: invoice_id.clone(),
                at: 1,
            })
            .collect(),
        letters: vec![Letter {
            id: format!("{invoice_id}-letter"),
            seller_id: "north".to_owned(),
            billing_account_id: "acc".to_owned(),
            kind: "invoice".to_owned(),
            letter_key: format!("invoice:{invoice_id}"),
            invoice_id: Some(invoice_id),
            subscription_id: Some(id.to_owned()),
            state: "waiting".to_owned(),
            created_at: 1,
            mail_id: None,
        }],
        ..Batch::default()
    })
}

#[test]
fn a_renewal_is_written_once_and_the_second_try_leaves_nothing() {
    for fresh in migrated("selling_once") {
        let store = &fresh.store;
        seed(store);
        store
            .write_blocking(|c| subscriptions::insert(c, &subscription("s", 0)))
            .unwrap();
        let due = |now| store.read_blocking(|c| renewals::due(c, now, 10)).unwrap();
        assert_eq!((due(99).len(), due(100).len()), (0, 1));
        let renew = |index| {
            store.write_blocking(move |c| {
                let batch = renewal(c, "s", index)?;
                renewals::write(c, &batch)
            })
        };
        renew(0).unwrap();
        assert_eq!(due(100).len(), 0, "the next one begins later");
        // A second node that read the same subscription before.
        assert!(matches!(renew(0), Err(StoreError::Conflict(_))));
        renew(1).unwrap();
        store
            .read_blocking(|c| {
                let books = Books::Seller("north".to_owned());
                let documents = invoices::list(c, &books, &invoices::Filter::default(), None, 9)?;
                let numbers: Vec<i64> = documents.items.iter().map(|row| row.0.number).collect();
                assert_eq!(numbers, [2, 1], "the failed one took no number with it");
                let found = subscriptions::find(c, &books, "s")?.unwrap();
                assert_eq!(found, subscription("s", 2));
                assert_eq!(
                    subscriptions::find(c, &Books::Seller("lyre".to_owned()), "s")?,
                    None
                );
                assert_eq!(
                    ledger::balance(c, "north", "receivable:acc", "EUR")?,
                    360_000
                );
                let all = ledger::trial_balance(c, "north")?;
                assert_eq!(all.iter().map(|row| row.debit - row.credit).sum::<i64>(), 0);
                assert_eq!(all.len(), 3);
                Ok(())
            })
            .unwrap();
    }
}

#[test]
fn periods_that_overlap_or_leave_their_chain_are_refused_by_the_database() {
    for fresh in migrated("selling_chain") {
        let store = &fresh.store;
        seed(store);
        store
            .write_blocking(|c| {
                subscriptions::insert(c, &subscription("s", 0))?;
                let batch = renewal(c, "s", 0)?;
                renewals::write(c, &batch)
            })
            .unwrap();
        let write = |period: Period| {
            store.write_blocking(move |c| {
                renewals::write(
                    c,
                    &Batch {
                        periods: vec![period.clone()],
                        ..Batch::default()
                    },
                )
            })
        };
        let next = period("s", 1, "s-0");
        let overlapping = Period {
            start_at: next.start_at - 1,
            ..next.clone()
        };
        let unchained = Period {
            previous_end_at: Some(150),
            ..next.clone()
        };
        let second_first = Period {
            previous_end_at: None,
            ..next.clone()
        };
        let backwards = Period {
            end_at: next.start_at,
            ..next.clone()
        };
        for wrong in [overlapping, unchained, second_first, backwards] {
            assert!(write(wrong.clone()).is_err(), "{wrong:?}");
        }
        let after_a_pause = Period {
            start_at: next.start_at + 40,
            ..next.clone()
        };
        write(after_a_pause).unwrap();
        let beside = Period {
            period_index: 2,
            end_at: 999,
            ..next
        };
        assert!(
            write(beside).is_err(),
            "two periods name the same predecessor"
        );
        let cut = |end| {
            store.write_blocking(move |c| subscriptions::cut_period(c, "s", 0, end, "2026-03-01"))
        };
        assert!(cut(150).is_err(), "a period that is followed is not cut");
    }
}

#[test]
fn b19_two_charges_at_once_never_overdraw_the_credit() {
    for fresh in migrated("selling_credit") {
        seed(&fresh.store);
        let taken: usize = std::thread::scope(|scope| {
            let charges: Vec<_> = (0..2)
                .map(|_| {
                    let store = fresh.store.clone();
                    scope.spawn(move || {
                        store
                            .write_blocking(|c| accounts::charge(c, "acc", 8_000))
                            .unwrap()
                    })
                })
                .collect();
            charges
                .into_iter()
                .map(|charge| usize::from(charge.join().unwrap()))
                .sum()
        });
        assert_eq!(taken, 1);
        let books = Books::Buyer("harbour".to_owned());
        let left = fresh
            .store
            .read_blocking(|c| accounts::find(c, &books, "acc"))
            .unwrap()
            .unwrap();
        assert_eq!(left.credit, 2_000);
    }
}

#[test]
fn an_invoice_is_settled_up_to_what_is_open_and_no_further() {
    for fresh in migrated("selling_settle") {
        let store = &fresh.store;
        seed(store);
        store
            .write_blocking(|c| {
                subscriptions::insert(c, &subscription("s", 0))?;
                let batch = renewal(c, "s", 0)?;
                renewals::write(c, &batch)
            })
            .unwrap();
        let settle = |id: &'static str, amount| {
            store
                .write_blocking(move |c| {
                    invoices::settle(
                        c,
                        &Allocation {
                            id: id.to_owned(),
                            invoice_id: "s-0".to_owned(),
                            payment_id: None,
                            credit_note_id: None,
                            amount,
                            created_at: 1,
                        },
                    )
                })
                .unwrap()
        };
        assert!(settle("a", 100_000));
        assert!(!settle("b", 80_001), "more than is open");
        assert!(settle("c", 80_000));
        let open = store
            .read_blocking(|c| invoices::open_of_account(c, "acc"))
            .unwrap();
        assert_eq!(open, []);
        let settled = store
            .read_blocking(|c| invoices::settlements(c, "s-0"))
            .unwrap();
        assert_eq!(settled.iter().map(|row| row.amount).sum::<i64>(), 180_000);
    }
}

#[test]
fn what_failed_is_parked_and_holds_nobody_back() {
    for fresh in migrated("selling_park") {
        let store = &fresh.store;
        seed(store);
        store
            .write_blocking(|c| {
                subscriptions::insert(c, &subscription("s", 0))?;
                subscriptions::insert(c, &subscription("t", 0))?;
                assert!(renewals::park(c, "s", "its plan has no price", 7)?);
                Ok(())
            })
            .unwrap();
        store
            .write_blocking(|c| {
                let due = renewals::due(c, 100, 10)?;
                assert_eq!(due.len(), 1);
                assert_eq!(due[0].id, "t");
                assert_eq!(renewals::longest_due(c, 101)?, Some(100));
                assert!(renewals::unpark(c, "north", "s")?);
                assert!(!renewals::unpark(c, "lyre", "s")?);
                assert_eq!(renewals::due(c, 100, 10)?.len(), 2);
                Ok(())
            })
            .unwrap();
    }
}
