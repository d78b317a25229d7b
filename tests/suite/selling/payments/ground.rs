//! What these tests share: Northwind sells to The Evening Press, invoices are issued, the books are looked into.

use muster::features::invoicing::issue::{self, Issuing};
use muster_domain::selling::country::Country;
use muster_domain::selling::currency::Currency;
use muster_domain::selling::invoice::{Draft, Line};
use muster_domain::selling::money::Money;
use muster_domain::selling::tax::{Category, Treatment};
use muster_domain::selling::tax_rates::Rate;
use muster_store::selling::accounts;
use muster_store::selling::invoices::Invoice;
use muster_tests::api::text;
use muster_tests::trade::Deal;
use muster_tests::{Api, TestApp, Trade};
use serde_json::{Value, json};

/// Northwind's trade with The Evening Press, and Northwind's owner as a program.
pub struct Ground {
    pub deal: Deal,
    pub api: Api,
}

impl Ground {
    pub async fn new(t: &mut TestApp) -> Self {
        let trade = Trade::make(t).await;
        let world = t.world().await;
        Self {
            deal: trade.retail,
            api: world.northwind.api,
        }
    }

    /// Issues an invoice over `gross` minor units, 20 % VAT in it.
    pub async fn bill(&self, t: &TestApp, gross: i64) -> Invoice {
        assert_eq!(gross % 6, 0, "an amount that has its VAT in it to the cent");
        self.bill_at(t, &[(gross / 6 * 5, "FR", 2_000)]).await
    }

    /// Issues an invoice of these lines: net, country, rate in hundredths of a percent.
    pub async fn bill_at(&self, t: &TestApp, lines: &[(i64, &str, u16)]) -> Invoice {
        let issued = t
            .app()
            .store
            .write_or_refuse(self.issuing(t, lines))
            .await
            .unwrap();
        issued.unwrap()
    }

    /// The write that issues an invoice.
    pub fn issuing(
        &self,
        t: &TestApp,
        lines: &[(i64, &str, u16)],
    ) -> impl Fn(
        &mut muster_store::Conn,
    ) -> muster_store::StoreResult<
        Result<Invoice, muster_domain::selling::refusal::Refusal>,
    >
    + Send
    + 'static
    + use<> {
        let (app, deal, draft) = (t.app().clone(), self.deal.clone(), draft(lines));
        move |tx| {
            let account = accounts::many_for_job(tx, &[&deal.account.id])?;
            let subscriptions = vec![None; draft.lines.len()];
            let issuing = Issuing {
                seller: &deal.seller,
                account: &account[0],
                draft: &draft,
                subscriptions: &subscriptions,
                corrects: None,
                terms_days: 14,
            };
            issue::issue(tx, &app, &issuing)
        }
    }

    /// What a payment is, for the API; received today.
    pub fn payment(&self, t: &TestApp, amount: i64, note: &str) -> Value {
        json!({
            "account_id": self.deal.account.id, "amount": amount, "currency": "EUR", "received_on": today(t), "note": note,
        })
    }

    /// Enters a payment.
    pub async fn pay(&self, t: &TestApp, amount: i64, note: &str) -> Value {
        let body = self.payment(t, amount, note);
        self.api.post("/api/v1/payments", &body).await.expect(201)
    }

    /// The credit as it stands.
    pub async fn credit(&self, t: &TestApp) -> i64 {
        self.deal.account_now(t).await.credit
    }

    /// Credits an invoice wholly; answers the note.
    pub async fn credit_note(&self, invoice: &Invoice) -> Value {
        let path = format!("/api/v1/invoices/{}/credit-notes", invoice.id);
        self.api.post(&path, &json!({})).await.expect(201)
    }

    /// Takes a payment back.
    pub async fn take_back(&self, t: &TestApp, payment: &Value) -> Value {
        let path = format!("/api/v1/payments/{}/take-back", text(&payment["id"]));
        let body = json!({ "on": today(t), "note": "no such account" });
        self.api.post(&path, &body).await.expect(200)
    }

    /// Gives the account another way of paying and a limit below zero.
    pub async fn terms(&self, t: &TestApp, payment: &str, credit_limit: i64) {
        let account = self.deal.account_now(t).await;
        let terms = accounts::Terms {
            party_id: account.party_id,
            business: account.business,
            zone: account.zone,
            language: account.language,
            terms_days: account.terms_days,
            payment: payment.to_owned(),
            credit_limit,
        };
        t.write(move |tx| accounts::change(tx, &account.seller_id, &account.id, &terms))
            .await;
    }

    /// The books add up: the audit finds nothing.
    pub async fn audited(&self, t: &TestApp) {
        t.run_job("books-audit").await;
        let audit = self.api.get("/api/v1/books/audit").await.expect(200);
        assert_eq!(audit["differences"], json!([]), "{audit}");
        assert_eq!(audit["agrees"], true);
    }
}

pub fn draft(lines: &[(i64, &str, u16)]) -> Draft {
    let line = |(net, country, rate): &(i64, &str, u16)| Line {
        product: "recurring".to_owned(),
        text: "Six months".to_owned(),
        quantity: 1,
        unit_price: Money::new(*net, Currency::EUR),
        discount: Money::zero(Currency::EUR),
        treatment: Treatment {
            category: if *rate == 0 { Category::Z } else { Category::S },
            rate: Rate::new(*rate).unwrap(),
            reason: None,
            country: Country::parse(country).unwrap(),
        },
        period: None,
    };
    Draft::invoice(Currency::EUR, lines.iter().map(line).collect())
}

/// Today in Paris.
pub fn today(t: &TestApp) -> String {
    let zone = muster_domain::selling::zone::Zone::parse("Europe/Paris").unwrap();
    zone.date_of(t.app().now()).to_string()
}

/// Whether a letter about this is waiting or was written.
pub async fn has_letter(t: &TestApp, key: &str) -> bool {
    let key = key.to_owned();
    let known = t
        .read(move |c| muster_store::selling::letters::known_keys(c, &[&key]))
        .await;
    !known.is_empty()
}
