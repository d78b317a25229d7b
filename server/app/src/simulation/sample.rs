//! Subscriptions to simulate where there are none: a seller with four plans, and a buyer for every hundred phones.

use std::sync::Arc;

use muster_domain::selling::dunning;
use muster_domain::selling::zone::Zone;
use muster_store::organisations::{self, Organisation};
use muster_store::selling::accounts::{self, Account};
use muster_store::selling::parties::{self, Party};
use muster_store::selling::plans::{self, Plan, Price};
use muster_store::selling::sellers::{self, Seller};
use muster_store::selling::subscriptions::{self, Subscription};
use muster_store::{Conn, StoreError, StoreResult};

use super::Simulation;
use crate::app::App;

/// Phones of one buyer.
const PHONES: u32 = 100;
/// Subscriptions written at once.
const AT_ONCE: u32 = 1000;
/// The plans: unit, how many, price in cents.
const PLANS: [(&str, i64, i64); 4] = [
    ("months", 1, 29_900),
    ("months", 6, 150_000),
    ("months", 12, 270_000),
    ("days", 30, 28_900),
];
/// Where buyers are: country, zone, language, VAT id.
const BUYERS: [(&str, &str, &str, Option<&str>); 4] = [
    ("FR", "Europe/Paris", "fr", Some("FR83404833048")),
    ("DE", "Europe/Berlin", "en", Some("DE136695976")),
    ("US", "America/Los_Angeles", "en", None),
    ("FR", "Europe/Paris", "fr", None),
];

impl Simulation {
    /// [`add`] to the copy; they begin on as many days as a month has, one after the other.
    ///
    /// # Errors
    /// As [`add`].
    pub async fn add_samples(&self, count: u32) -> Result<(), String> {
        add(self.app(), count, 31).await
    }
}

/// Adds so many subscriptions to a database. Their first periods begin tomorrow and on the days after, `days` in all.
///
/// # Errors
/// A sentence: the database cannot be written.
pub async fn add(app: &Arc<App>, count: u32, days: u32) -> Result<(), String> {
    let seller = app.store.write({
        let app = app.clone();
        move |tx| seller(tx, &app)
    });
    let failed = |error: StoreError| format!("The samples cannot be written: {error}.");
    let shop = seller.await.map_err(failed)?;
    for first in (0..count).step_by(AT_ONCE as usize) {
        let (making, shop) = (app.clone(), shop.clone());
        let last = first.saturating_add(AT_ONCE).min(count);
        let written = app.store.write(move |tx| {
            let mut buyer = None;
            for number in first..last {
                if number % PHONES == 0 || buyer.is_none() {
                    buyer = Some(account(tx, &making, &shop, number / PHONES)?);
                }
                if let Some(buyer) = &buyer {
                    subscribe(tx, &making, &shop, buyer, (number, days.max(1)))?;
                }
            }
            Ok(())
        });
        written.await.map_err(failed)?;
    }
    Ok(())
}

#[derive(Clone)]
struct Shop {
    id: String,
    plans: Vec<String>,
}

fn seller(tx: &mut Conn, app: &App) -> StoreResult<Shop> {
    let above = match organisations::operator(tx)? {
        Some(operator) => operator,
        None => organisation(tx, app, "operator", None, "Sample operator")?,
    };
    let name = format!("Sample reseller {}", &app.new_id()[..13]);
    let shop = organisation(tx, app, "reseller", Some(&above), &name)?;
    let party = party(tx, app, &shop, "FR", Some("FR40303265045"))?;
    let new = Seller {
        organisation_id: shop.id.clone(),
        party_id: party,
        currency: "EUR".to_owned(),
        zone: "Europe/Paris".to_owned(),
        language: "fr".to_owned(),
        vat_exempt: 0,
        terms_days: 14,
        invoice_series: "S-{year}-{number:6}".to_owned(),
        credit_note_series: "SC-{year}-{number:6}".to_owned(),
        created_at: app.now_micros(),
    };
    sellers::put(tx, &new)?;
    let mut ids = Vec::new();
    for (unit, count, amount) in PLANS {
        ids.push(plan(tx, app, &shop.id, unit, count, amount)?);
    }
    Ok(Shop {
        id: shop.id,
        plans: ids,
    })
}

fn plan(
    tx: &mut Conn,
    app: &App,
    seller: &str,
    unit: &str,
    count: i64,
    amount: i64,
) -> StoreResult<String> {
    let dunning = serde_json::to_string(&dunning::Plan::default())
        .map_err(|error| StoreError::Query(error.to_string()))?;
    let new = Plan {
        id: app.new_id(),
        seller_id: seller.to_owned(),
        name: format!("Sample, {count} {unit}"),
        interval_unit: unit.to_owned(),
        interval_count: count,
        currency: "EUR".to_owned(),
        trial_days: 0,
        terms_days: 14,
        rate: "standard".to_owned(),
        cancellation: "at-period-end".to_owned(),
        paused_time: "lapses".to_owned(),
        dunning,
        created_at: app.now_micros(),
        retired_at: None,
    };
    plans::insert(tx, &new)?;
    let price = Price {
        id: app.new_id(),
        plan_id: new.id.clone(),
        item: "recurring".to_owned(),
        buyer_id: None,
        from_quantity: 1,
        amount,
        valid_from: "2000-01-01".to_owned(),
        valid_until: None,
        created_at: app.now_micros(),
    };
    plans::insert_price(tx, &price)?;
    Ok(new.id)
}

fn account(tx: &mut Conn, app: &App, shop: &Shop, number: u32) -> StoreResult<Account> {
    let (country, zone, language, vat_id) = BUYERS[number as usize % BUYERS.len()];
    let seller = Organisation {
        id: shop.id.clone(),
        kind: String::new(),
        parent_id: None,
        reseller_id: Some(shop.id.clone()),
        name: String::new(),
        created_at: 0,
    };
    let name = format!("Sample buyer {number} {}", &app.new_id()[..13]);
    let buyer = organisation(tx, app, "customer", Some(&seller), &name)?;
    let party = party(tx, app, &buyer, country, vat_id)?;
    let new = Account {
        id: app.new_id(),
        seller_id: shop.id.clone(),
        buyer_id: buyer.id,
        party_id: party,
        business: i64::from(vat_id.is_some() || country == "US"),
        currency: "EUR".to_owned(),
        zone: zone.to_owned(),
        language: language.to_owned(),
        terms_days: 14,
        payment: "invoice".to_owned(),
        credit: 0,
        credit_limit: 0,
        live_subscriptions: i64::from(PHONES),
        created_at: app.now_micros(),
    };
    accounts::insert(tx, &new)?;
    Ok(new)
}

fn subscribe(
    tx: &mut Conn,
    app: &App,
    shop: &Shop,
    buyer: &Account,
    (number, days): (u32, u32),
) -> StoreResult<()> {
    let zone = Zone::parse(&buyer.zone).map_err(|fault| StoreError::Query(fault.message))?;
    let anchor = zone
        .date_of(app.now())
        .saturating_add(jiff::Span::new().days(1 + number % days));
    let start = zone
        .start_of(anchor)
        .map_err(|error| StoreError::Query(error.to_string()))?;
    let new = Subscription {
        id: app.new_id(),
        seller_id: shop.id.clone(),
        buyer_id: buyer.buyer_id.clone(),
        billing_account_id: buyer.id.clone(),
        plan_id: shop.plans[number as usize % shop.plans.len()].clone(),
        device_id: None,
        life: "active".to_owned(),
        anchor: anchor.to_string(),
        anchor_index: 0,
        next_index: 0,
        next_start_at: Some(start.as_microsecond()),
        covered_until: None,
        cancel_at_end: 0,
        next_plan_id: None,
        reached: "current".to_owned(),
        reached_on: anchor.to_string(),
        parked_at: None,
        parked_because: None,
        ordered: "nothing".to_owned(),
        ordered_until: None,
        created_at: app.now_micros(),
        ended_at: None,
    };
    subscriptions::insert(tx, &new)
}

fn party(
    tx: &mut Conn,
    app: &App,
    of: &Organisation,
    country: &str,
    vat_id: Option<&str>,
) -> StoreResult<String> {
    let new = Party {
        id: app.new_id(),
        organisation_id: of.id.clone(),
        legal_name: of.name.clone(),
        street: "1 Sample Street".to_owned(),
        postcode: "75001".to_owned(),
        city: "Sample".to_owned(),
        country: country.to_owned(),
        vat_id: vat_id.map(str::to_owned),
        registration: None,
        email: "sample@example.org".to_owned(),
        iban: None,
        bic: None,
        created_at: app.now_micros(),
    };
    parties::insert(tx, &new)?;
    Ok(new.id)
}

fn organisation(
    tx: &mut Conn,
    app: &App,
    kind: &str,
    parent: Option<&Organisation>,
    name: &str,
) -> StoreResult<Organisation> {
    let id = app.new_id();
    let reseller_id = match kind {
        "operator" => None,
        "reseller" => Some(id.clone()),
        _ => parent.map(|parent| parent.id.clone()),
    };
    let new = Organisation {
        id,
        kind: kind.to_owned(),
        parent_id: parent.map(|parent| parent.id.clone()),
        reseller_id,
        name: name.to_owned(),
        created_at: app.now_micros(),
    };
    organisations::insert(tx, &new)?;
    Ok(new)
}
