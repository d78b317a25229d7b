//! Issuing: what follows from a document follows once, in one transaction.

use jiff::civil::date;
use muster::features::invoicing::issue::{self, Issuing};
use muster::features::selling::charge::Trade as Parties;
use muster_domain::scope::Books;
use muster_domain::selling::country::Country;
use muster_domain::selling::currency::Currency;
use muster_domain::selling::invoice::{Draft, Kind, Line};
use muster_domain::selling::money::Money;
use muster_domain::selling::refusal::Refusal;
use muster_domain::selling::tax::{Category, Treatment};
use muster_domain::selling::tax_rates::Rate;
use muster_store::StoreError;
use muster_store::selling::invoices::{self, Invoice};
use muster_store::selling::{accounts, letters, sellers};
use muster_tests::trade::{self, Deal};
use muster_tests::{TestApp, Trade, on_both_databases};

use super::{go_to, renew};

on_both_databases![
    a_prepaid_account_is_charged_whole_or_not_at_all,
    what_stands_in_the_credit_is_drawn,
    an_invoice_over_nothing_owes_nothing,
    a_credit_note_settles_what_is_open_and_gives_back_what_was_paid,
    what_cannot_be_issued_takes_no_number,
];

fn line(net: i64) -> Line {
    Line {
        product: "other".to_owned(),
        text: "Setting up".to_owned(),
        quantity: 1,
        unit_price: Money::new(net, Currency::EUR),
        discount: Money::zero(Currency::EUR),
        treatment: Treatment {
            category: Category::S,
            rate: Rate::new(2_000).unwrap(),
            reason: None,
            country: Country::parse("FR").unwrap(),
        },
        period: Some((date(2026, 9, 1), date(2026, 9, 30))),
    }
}

/// Issues a draft with one line; a refusal leaves the transaction as it was and is committed with it.
async fn issue(
    t: &TestApp,
    deal: &Deal,
    draft: Draft,
    corrects: Option<&Invoice>,
) -> Result<Invoice, Refusal> {
    let (app, deal, corrects) = (t.app().clone(), deal.clone(), corrects.cloned());
    t.write(move |tx| {
        let account = accounts::many_for_job(tx, &[&deal.account.id])?.remove(0);
        let it = Issuing {
            seller: &deal.seller,
            account: &account,
            draft: &draft,
            subscriptions: &vec![None; draft.lines.len()],
            corrects: corrects.as_ref(),
            terms_days: account.terms_days,
        };
        issue::issue(tx, &app, &it)
    })
    .await
}

fn over(net: i64) -> Draft {
    Draft::invoice(Currency::EUR, vec![line(net)])
}

async fn fill(t: &TestApp, deal: &Deal, amount: i64) {
    let id = deal.account.id.clone();
    assert!(t.write(move |c| accounts::put_in(c, &id, amount)).await);
}

async fn a_prepaid_account_is_charged_whole_or_not_at_all(t: &mut TestApp) {
    let mut trade = Trade::of(t).await;
    trade.retail.account.payment = "prepaid".to_owned();
    trade.retail.account.credit = 400_000;
    trade.retail.account.credit_limit = 100_000;
    trade.insert(t).await;
    let deal = trade.retail;
    let rows = [
        deal.subscribe(t, 1, "2026-10-01").await,
        deal.subscribe(t, 2, "2026-10-01").await,
        deal.subscribe(t, 3, "2026-10-01").await,
    ];
    go_to(t, "2026-10-02T00:00:00Z");
    renew(t).await;
    // 4,000.00 and the limit of 1,000.00 reach for two of 1,800.00 and not for a third.
    let account = deal.account_now(t).await;
    assert_eq!(account.credit, 40_000);
    let issued = deal.documents(t).await;
    let mut open = Vec::new();
    for invoice in &issued {
        open.push(deal.open_on(t, &invoice.id).await);
    }
    assert_eq!(open, [0, 0, 180_000]);
    assert_eq!(issued.len(), rows.len());
    assert_eq!(
        deal.balance(t, &format!("credit:{}", account.id)).await,
        360_000
    );
    assert_eq!(
        deal.balance(t, &format!("receivable:{}", account.id)).await,
        180_000
    );
    let id = issued[0].id.clone();
    let settled = t.read(move |c| invoices::settlements(c, &id)).await;
    assert_eq!(settled.len(), 1);
    assert_eq!(
        (
            settled[0].amount,
            &settled[0].payment_id,
            &settled[0].credit_note_id
        ),
        (180_000, &None, &None)
    );
    // The same by hand: 1,200.00 are more than the 1,400.00 that are left would be of 2,000.00, and fit.
    let fits = issue(t, &deal, over(100_000), None).await.unwrap();
    let does_not = issue(t, &deal, over(100_000), None).await.unwrap();
    assert_eq!(deal.open_on(t, &fits.id).await, 0);
    assert_eq!(deal.open_on(t, &does_not.id).await, 120_000);
    assert_eq!(deal.account_now(t).await.credit, -80_000);
}

async fn what_stands_in_the_credit_is_drawn(t: &mut TestApp) {
    let trade = Trade::make(t).await;
    let deal = trade.retail;
    fill(t, &deal, 250_000).await;
    deal.subscribe(t, 1, "2026-10-01").await;
    deal.subscribe(t, 2, "2026-10-01").await;
    deal.subscribe(t, 3, "2026-10-01").await;
    go_to(t, "2026-10-02T00:00:00Z");
    renew(t).await;
    let mut open = Vec::new();
    for invoice in deal.documents(t).await {
        open.push(deal.open_on(t, &invoice.id).await);
    }
    assert_eq!(open, [0, 110_000, 180_000]);
    assert_eq!(deal.account_now(t).await.credit, 0, "never below nothing");
    fill(t, &deal, 5_000).await;
    let by_hand = issue(t, &deal, over(100_000), None).await.unwrap();
    assert_eq!(deal.open_on(t, &by_hand.id).await, 115_000);
}

async fn an_invoice_over_nothing_owes_nothing(t: &mut TestApp) {
    let mut trade = Trade::of(t).await;
    trade.retail.prices[0].amount = 0;
    trade.insert(t).await;
    let deal = trade.retail;
    deal.subscribe(t, 1, "2026-10-01").await;
    go_to(t, "2026-10-02T00:00:00Z");
    renew(t).await;
    let issued = deal.documents(t).await;
    assert_eq!((issued.len(), issued[0].total), (1, 0));
    assert_eq!(trade::transfers(t, &issued[0]).await, []);
    let account = deal.account.id.clone();
    assert_eq!(
        t.read(move |c| invoices::open_of_account(c, &account))
            .await,
        []
    );
    let letters = letters_of(t, &deal).await;
    assert_eq!(
        letters,
        [("invoice".to_owned(), format!("invoice:{}", issued[0].id))]
    );
}

async fn a_credit_note_settles_what_is_open_and_gives_back_what_was_paid(t: &mut TestApp) {
    let trade = Trade::make(t).await;
    let deal = trade.retail;
    fill(t, &deal, 50_000).await;
    let invoice = issue(t, &deal, over(100_000), None).await.unwrap();
    assert_eq!(deal.open_on(t, &invoice.id).await, 70_000);
    assert_eq!(invoice.series, "INV-{year}-{number:5}");
    assert_eq!(issue::number(&invoice).unwrap(), "INV-2026-00001");
    let note = |net: i64| Draft {
        kind: Kind::CreditNote {
            corrects: "INV-2026-00001".to_owned(),
            issued: date(2026, 9, 21),
        },
        ..over(net)
    };
    let part = issue(t, &deal, note(50_000), Some(&invoice)).await.unwrap();
    assert_eq!((part.kind.as_str(), part.total), ("credit-note", 60_000));
    assert_eq!(
        (
            deal.open_on(t, &invoice.id).await,
            deal.open_on(t, &part.id).await
        ),
        (10_000, 0)
    );
    let rest = issue(t, &deal, note(50_000), Some(&invoice)).await.unwrap();
    assert_eq!(issue::number(&rest).unwrap(), "CN-2026-00002");
    assert_eq!(deal.open_on(t, &invoice.id).await, 0);
    // 500.00 were paid from the credit, and are the buyer's again; the books agree.
    assert_eq!(deal.account_now(t).await.credit, 50_000);
    let account = &deal.account.id;
    for (name, held) in [
        (format!("receivable:{account}"), 0),
        (format!("credit:{account}"), 0),
        ("revenue:other".to_owned(), 0),
        ("vat:FR:20".to_owned(), 0),
    ] {
        assert_eq!(deal.balance(t, &name).await, held, "{name}");
    }
    let books = Books::Buyer(deal.account.buyer_id.clone());
    let id = invoice.id.clone();
    let found = t
        .read(move |c| invoices::find(c, &books, &id))
        .await
        .unwrap();
    assert_eq!(found, invoice, "the invoice itself did not change");
    let kinds: Vec<String> = letters_of(t, &deal)
        .await
        .into_iter()
        .map(|one| one.0)
        .collect();
    assert_eq!(kinds, ["credit-note", "credit-note", "invoice"]);
}

async fn what_cannot_be_issued_takes_no_number(t: &mut TestApp) {
    let trade = Trade::make(t).await;
    let deal = trade.retail;
    let refused = async |draft: Draft, corrects: Option<&Invoice>| {
        issue(t, &deal, draft, corrects).await.unwrap_err().code
    };
    let note = Draft {
        kind: Kind::CreditNote {
            corrects: "INV-2026-00001".to_owned(),
            issued: date(2026, 9, 21),
        },
        ..over(1)
    };
    assert_eq!(
        refused(Draft::invoice(Currency::EUR, Vec::new()), None).await,
        "invoice-empty"
    );
    assert_eq!(refused(note.clone(), None).await, "credit-original");
    assert_eq!(refused(over(i64::MAX), None).await, "money-overflow");
    let foreign = Draft::invoice(Currency::parse("CHF").unwrap(), vec![line(1)]);
    assert_eq!(refused(foreign, None).await, "invoice-currency");
    let prepaid = Draft {
        prepaid: Money::new(1, Currency::EUR),
        ..over(1)
    };
    assert_eq!(refused(prepaid, None).await, "invoice-parts");
    let seller = deal.seller.organisation_id.clone();
    assert_eq!(t.read(move |c| sellers::series(c, &seller)).await, []);
    let first = issue(t, &deal, over(1), None).await.unwrap();
    assert_eq!(first.number, 1);
    assert_eq!(refused(over(1), Some(&first)).await, "credit-original");
    // A document of an undone transaction takes its number back with it.
    let (app, undone) = (t.app().clone(), deal.clone());
    let lost = t.app().store.write(move |tx| {
        let it = Issuing {
            seller: &undone.seller,
            account: &undone.account,
            draft: &over(1),
            subscriptions: &[None],
            corrects: None,
            terms_days: 14,
        };
        issue::issue(tx, &app, &it)?.map_err(|refusal| StoreError::Query(refusal.message))?;
        Err::<(), _>(StoreError::Query("undone".to_owned()))
    });
    assert!(lost.await.is_err());
    assert_eq!(issue(t, &deal, over(1), None).await.unwrap().number, 2);
    let parties = (
        (&deal.seller, &deal.seller_party),
        (&deal.account, &deal.buyer_party),
    );
    assert!(Parties::of(parties.0, parties.1).is_ok());
}

/// Kind and key of the letters to a buyer, by kind.
async fn letters_of(t: &TestApp, deal: &Deal) -> Vec<(String, String)> {
    let id = deal.account.id.clone();
    let page = t
        .read(move |c| letters::of_account(c, &id, None, 100))
        .await;
    let mut found: Vec<(String, String)> = page
        .items
        .into_iter()
        .map(|letter| (letter.kind, letter.letter_key))
        .collect();
    found.sort();
    found
}
