//! Who sells what to whom in tests of selling: the operator to Northwind Mobile, Northwind to The Evening Press. The rows are
//! written straight through the store, so that a test of one room needs no other; change them before [`Trade::insert`].

use jiff::Timestamp;
use jiff::civil::Date;
use muster_domain::scope::Books;
use muster_domain::selling::dunning;
use muster_domain::selling::zone::Zone;
use muster_store::selling::accounts::{self, Account};
use muster_store::selling::invoices::{self, Invoice, InvoiceLine};
use muster_store::selling::ledger::{self, Transfer};
use muster_store::selling::parties::{self, Party};
use muster_store::selling::plans::{self, Plan, Price};
use muster_store::selling::sellers::{self, Seller};
use muster_store::selling::subscriptions::{self, Period, Subscription};
use muster_store::{Conn, StoreResult};

use crate::app::TestApp;

/// Both floors of the trade.
#[derive(Debug, Clone)]
pub struct Trade {
    /// The operator sells to the reseller.
    pub wholesale: Deal,
    /// The reseller sells to its customer.
    pub retail: Deal,
}

/// One seller, one buyer, and the plan that is sold: every six months 1,500.00 EUR, the handset 1,000.00 EUR, 20 % VAT.
#[derive(Debug, Clone)]
pub struct Deal {
    /// How the seller sells.
    pub seller: Seller,
    /// The seller on documents.
    pub seller_party: Party,
    /// The buyer as the seller knows it.
    pub account: Account,
    /// The buyer on documents.
    pub buyer_party: Party,
    /// What is sold.
    pub plan: Plan,
    /// What it costs.
    pub prices: Vec<Price>,
}

/// An id of the form that ids have, told by `kind` and a number.
#[must_use]
pub fn id(kind: u16, number: u64) -> String {
    format!("0199b000-0000-7000-{:04x}-{number:012x}", 0x8000 | kind)
}

impl Trade {
    /// The trade of the world of `t`, written into its database.
    ///
    /// # Panics
    /// The database refuses.
    pub async fn make(t: &mut TestApp) -> Self {
        let trade = Self::of(t).await;
        trade.insert(t).await;
        trade
    }

    /// The same, not yet written.
    pub async fn of(t: &mut TestApp) -> Self {
        let world = t.world().await;
        Self::between(
            &world.operator.id,
            &world.northwind.id,
            &world.press.id,
            t.app().now(),
        )
    }

    /// The rows of the trade between three organisations, as they are sold since the beginning of the year before `now`.
    #[must_use]
    pub fn between(operator: &str, reseller: &str, customer: &str, now: Timestamp) -> Self {
        Self {
            wholesale: Deal::rows(
                1,
                ["Harbour Light SAS", operator],
                ["Northwind Mobile SARL", reseller],
                now,
            ),
            retail: Deal::rows(
                2,
                ["Northwind Mobile SARL", reseller],
                ["The Evening Press SAS", customer],
                now,
            ),
        }
    }

    /// Writes the rows.
    ///
    /// # Panics
    /// The database refuses.
    pub async fn insert(&self, t: &TestApp) {
        let trade = self.clone();
        t.write(move |c| trade.insert_in(c)).await;
    }

    /// Writes the rows, for those who have no node.
    ///
    /// # Errors
    /// The database's.
    pub fn insert_in(&self, c: &mut Conn) -> StoreResult<()> {
        self.wholesale.insert(c)?;
        self.retail.insert(c)
    }
}

impl Deal {
    fn rows(kind: u16, seller: [&str; 2], buyer: [&str; 2], now: Timestamp) -> Self {
        let zone = Zone::parse("Europe/Paris").expect("a zone that is compiled in");
        let since = zone.date_of(now).year() - 1;
        let created_at = now.as_microsecond() - 400 * 86_400_000_000;
        let party = |number, [name, organisation]: [&str; 2]| Party {
            id: id(kind, number),
            organisation_id: organisation.to_owned(),
            legal_name: name.to_owned(),
            street: "1 quai du Port".to_owned(),
            postcode: "44000".to_owned(),
            city: "Nantes".to_owned(),
            country: "FR".to_owned(),
            vat_id: Some(["FR19812345676", "FR46908765431"][usize::from(number != 1)].to_owned()),
            registration: Some(["812345676", "908765431"][usize::from(number != 1)].to_owned()),
            email: format!("books-{kind}-{number}@example.org"),
            iban: (number == 1).then(|| "FR7630006000011234567890189".to_owned()),
            bic: None,
            created_at,
        };
        let (seller_party, buyer_party) = (party(1, seller), party(2, buyer));
        let plan = Plan {
            id: id(kind, 4),
            seller_id: seller[1].to_owned(),
            name: "Six months".to_owned(),
            interval_unit: "months".to_owned(),
            interval_count: 6,
            currency: "EUR".to_owned(),
            trial_days: 0,
            terms_days: 14,
            rate: "standard".to_owned(),
            cancellation: "at-period-end".to_owned(),
            paused_time: "lapses".to_owned(),
            dunning: serde_json::to_string(&dunning::Plan::default())
                .expect("a schedule is written as JSON"),
            created_at,
            retired_at: None,
        };
        let price = |number, item: &str, amount| Price {
            id: id(kind, number),
            plan_id: plan.id.clone(),
            item: item.to_owned(),
            buyer_id: None,
            from_quantity: 1,
            amount,
            valid_from: format!("{since}-01-01"),
            valid_until: None,
            created_at,
        };
        Self {
            seller: Seller {
                organisation_id: seller[1].to_owned(),
                party_id: seller_party.id.clone(),
                currency: "EUR".to_owned(),
                zone: zone.name().to_owned(),
                language: "en".to_owned(),
                vat_exempt: 0,
                terms_days: 14,
                invoice_series: "INV-{year}-{number:5}".to_owned(),
                credit_note_series: "CN-{year}-{number:5}".to_owned(),
                created_at,
            },
            account: Account {
                id: id(kind, 3),
                seller_id: seller[1].to_owned(),
                buyer_id: buyer[1].to_owned(),
                party_id: buyer_party.id.clone(),
                business: 1,
                currency: "EUR".to_owned(),
                zone: zone.name().to_owned(),
                language: "en".to_owned(),
                terms_days: 14,
                payment: "invoice".to_owned(),
                credit: 0,
                credit_limit: 0,
                live_subscriptions: 0,
                created_at,
            },
            prices: vec![price(5, "recurring", 150_000), price(6, "handset", 100_000)],
            seller_party,
            buyer_party,
            plan,
        }
    }

    /// Writes the rows.
    ///
    /// # Errors
    /// The database's.
    pub fn insert(&self, c: &mut Conn) -> StoreResult<()> {
        parties::insert(c, &self.seller_party)?;
        parties::insert(c, &self.buyer_party)?;
        sellers::put(c, &self.seller)?;
        accounts::insert(c, &self.account)?;
        plans::insert(c, &self.plan)?;
        for price in &self.prices {
            plans::insert_price(c, price)?;
        }
        Ok(())
    }

    /// An active subscription whose first period begins on `anchor`, a day in the account's zone; not yet written.
    ///
    /// # Panics
    /// `anchor` is no date.
    #[must_use]
    pub fn subscription(&self, number: u64, anchor: &str) -> Subscription {
        let zone = Zone::parse(&self.account.zone).expect("a zone");
        let date: Date = anchor.parse().expect("a date");
        let start = zone.start_of(date).expect("a date in range");
        Subscription {
            id: id(0x100, number),
            seller_id: self.seller.organisation_id.clone(),
            buyer_id: self.account.buyer_id.clone(),
            billing_account_id: self.account.id.clone(),
            plan_id: self.plan.id.clone(),
            device_id: None,
            life: "active".to_owned(),
            anchor: anchor.to_owned(),
            anchor_index: 0,
            next_index: 0,
            next_start_at: Some(start.as_microsecond()),
            covered_until: None,
            cancel_at_end: 0,
            next_plan_id: None,
            reached: "current".to_owned(),
            reached_on: anchor.to_owned(),
            parked_at: None,
            parked_because: None,
            ordered: "nothing".to_owned(),
            ordered_until: None,
            created_at: self.plan.created_at,
            ended_at: None,
        }
    }

    /// Writes [`Deal::subscription`], and counts it as live.
    ///
    /// # Panics
    /// The database refuses.
    pub async fn subscribe(&self, t: &TestApp, number: u64, anchor: &str) -> Subscription {
        let new = self.subscription(number, anchor);
        add(t, &new).await;
        new
    }

    /// What the seller issued, in the order of issue.
    pub async fn documents(&self, t: &TestApp) -> Vec<Invoice> {
        let books = Books::Seller(self.seller.organisation_id.clone());
        let filter = invoices::Filter::default();
        let page = t
            .read(move |c| invoices::list(c, &books, &filter, None, 10_000))
            .await;
        page.items
            .into_iter()
            .rev()
            .map(|(invoice, _)| invoice)
            .collect()
    }

    /// What is still owed on a document.
    pub async fn open_on(&self, t: &TestApp, invoice: &str) -> i64 {
        let invoice = invoice.to_owned();
        t.read(move |c| invoices::open_on(c, &invoice)).await
    }

    /// The account as it stands now.
    ///
    /// # Panics
    /// It is not there.
    pub async fn account_now(&self, t: &TestApp) -> Account {
        let id = self.account.id.clone();
        let mut found = t.read(move |c| accounts::many_for_job(c, &[&id])).await;
        found.pop().expect("the account is there")
    }

    /// What an account of the ledger holds.
    pub async fn balance(&self, t: &TestApp, account: &str) -> i64 {
        let (seller, account) = (self.seller.organisation_id.clone(), account.to_owned());
        t.read(move |c| ledger::balance(c, &seller, &account, "EUR"))
            .await
    }
}

/// Writes a subscription, and counts it as live.
///
/// # Panics
/// The database refuses.
pub async fn add(t: &TestApp, new: &Subscription) {
    let new = new.clone();
    t.write(move |c| {
        subscriptions::insert(c, &new)?;
        accounts::count_live(c, &new.billing_account_id, 1)?;
        Ok(())
    })
    .await;
}

/// A subscription as it stands now.
///
/// # Panics
/// It is not there.
pub async fn subscription_now(t: &TestApp, row: &Subscription) -> Subscription {
    let (books, id) = (Books::Seller(row.seller_id.clone()), row.id.clone());
    let found = t.read(move |c| subscriptions::find(c, &books, &id)).await;
    found.expect("the subscription is there")
}

/// The periods that a subscription was billed for, oldest first.
pub async fn periods(t: &TestApp, subscription: &str) -> Vec<Period> {
    let id = subscription.to_owned();
    let page = t
        .read(move |c| subscriptions::periods(c, &id, None, 1_000))
        .await;
    page.items.into_iter().rev().collect()
}

/// The lines of a document.
pub async fn lines(t: &TestApp, invoice: &str) -> Vec<InvoiceLine> {
    let id = invoice.to_owned();
    t.read(move |c| invoices::lines(c, &id)).await
}

/// What a document wrote into the ledger.
pub async fn transfers(t: &TestApp, invoice: &Invoice) -> Vec<Transfer> {
    let (seller, id) = (invoice.seller_id.clone(), invoice.id.clone());
    t.read(move |c| ledger::of_document(c, &seller, &id)).await
}
