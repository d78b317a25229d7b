//! What a batch of renewals looks up: the accounts, sellers, parties, plans and prices of its subscriptions and no others, so that
//! a sweep over any number of them holds a few hundred rows at a time.

use std::collections::{BTreeSet, HashMap};
use std::hash::Hash;

use jiff::Timestamp;
use jiff::civil::Date;
use muster_domain::selling::calendar;
use muster_domain::selling::invoice::{Draft, Line};
use muster_domain::selling::money::Money;
use muster_domain::selling::refusal::Refusal;
use muster_domain::selling::tax::Treatment;
use muster_domain::selling::zone::Zone;
use muster_store::selling::accounts::{self, Account};
use muster_store::selling::parties::{self, Party};
use muster_store::selling::plans::{self, Plan, Price};
use muster_store::selling::sellers::{self, Seller};
use muster_store::selling::subscriptions::{Period, Subscription};
use muster_store::{Conn, StoreResult, devices};

use super::step::{self, Step};
use crate::features::selling::charge::{self, Asked, Item, Trade};

/// The rows, by id, and what was reckoned from them already.
#[derive(Default)]
pub struct Rows {
    accounts: HashMap<String, Account>,
    sellers: HashMap<String, Seller>,
    parties: HashMap<String, Party>,
    plans: HashMap<String, Plan>,
    prices: Vec<Price>,
    serial_numbers: HashMap<String, String>,
    zones: HashMap<String, Result<Zone, Refusal>>,
    terms: HashMap<(String, String, Date), Result<Terms, Refusal>>,
}

/// What a period of a plan costs an account when it begins on a day, and which VAT it bears.
#[derive(Debug, Clone, Copy)]
struct Terms {
    price: Money,
    treatment: Treatment,
}

impl Rows {
    /// Reads what these subscriptions need.
    ///
    /// # Errors
    /// The database's.
    pub fn load(c: &mut Conn, due: &[(Subscription, Option<Period>)]) -> StoreResult<Self> {
        let each = || due.iter().map(|(row, _)| row);
        let account_ids = distinct(each().map(|row| row.billing_account_id.as_str()));
        let seller_ids = distinct(each().map(|row| row.seller_id.as_str()));
        let buyer_ids = distinct(each().map(|row| row.buyer_id.as_str()));
        let next_plans = each().filter_map(|row| row.next_plan_id.as_deref());
        let plan_ids = distinct(each().map(|row| row.plan_id.as_str()).chain(next_plans));
        let device_ids = distinct(each().filter_map(|row| row.device_id.as_deref()));
        let accounts = by_id(accounts::many_for_job(c, &account_ids)?, |row| {
            row.id.clone()
        });
        let sellers = by_id(sellers::many_for_job(c, &seller_ids)?, |row| {
            row.organisation_id.clone()
        });
        let party_ids = distinct(
            (accounts.values().map(|row| row.party_id.as_str()))
                .chain(sellers.values().map(|row| row.party_id.as_str())),
        );
        Ok(Self {
            parties: by_id(parties::many_for_job(c, &party_ids)?, |row| row.id.clone()),
            plans: by_id(plans::many_for_job(c, &plan_ids)?, |row| row.id.clone()),
            prices: plans::prices_for_job(c, &plan_ids, &buyer_ids)?,
            serial_numbers: devices::serial_numbers_for_job(c, &device_ids)?
                .into_iter()
                .collect(),
            accounts,
            sellers,
            ..Self::default()
        })
    }

    /// What becomes of one of them at `moment`.
    ///
    /// # Errors
    /// Why it cannot be billed.
    pub fn step(
        &mut self,
        (row, last): (&Subscription, Option<&Period>),
        moment: Timestamp,
    ) -> Result<Step, Refusal> {
        let zone = self.zone(row)?;
        let plans = (
            self.plan(&row.plan_id)?,
            match &row.next_plan_id {
                Some(next) => Some(self.plan(next)?),
                None => None,
            },
        );
        step::step(row, last, plans, zone, moment)
    }

    /// The invoice over a period of one of them, which runs on the plan `now` names.
    ///
    /// # Errors
    /// There is no price, no VAT rate, or something else that a document needs.
    pub fn draft(
        &mut self,
        now: &Subscription,
        period: &calendar::Period,
    ) -> Result<Draft, Refusal> {
        let terms = self.terms(now, period.start_date)?;
        let account = self.account(now)?;
        let plan = self.plan(&now.plan_id)?;
        let currency = terms.price.currency();
        let last_day = period
            .end_date
            .yesterday()
            .map_err(|_| calendar::OutOfRange)?;
        let line = Line {
            product: Item::Recurring.as_str().to_owned(),
            text: charge::line_text(
                &account.language,
                Item::Recurring,
                &plan.name,
                self.serial_number(now),
            ),
            quantity: 1,
            unit_price: terms.price,
            discount: Money::zero(currency),
            treatment: terms.treatment,
            period: Some((period.start_date, last_day)),
        };
        Ok(Draft::invoice(currency, vec![line]))
    }

    /// Its account.
    ///
    /// # Errors
    /// It is not there.
    pub fn account(&self, row: &Subscription) -> Result<&Account, Refusal> {
        let found = self.accounts.get(&row.billing_account_id);
        found.ok_or_else(|| {
            missing(
                "The buyer's account is not there. Add it, then take the subscription up again.",
            )
        })
    }

    /// Who sells it.
    ///
    /// # Errors
    /// How the seller sells is not written down.
    pub fn seller(&self, row: &Subscription) -> Result<&Seller, Refusal> {
        let found = self.sellers.get(&row.seller_id);
        found.ok_or_else(|| missing("How the seller sells is not known. Fill in its details, then take the subscription up again."))
    }

    /// The name of its plan, as far as it is known.
    #[must_use]
    pub fn plan_name(&self, row: &Subscription) -> &str {
        self.plans.get(&row.plan_id).map_or("", |plan| &plan.name)
    }

    /// The name of its buyer, as far as it is known.
    #[must_use]
    pub fn buyer_name(&self, row: &Subscription) -> &str {
        let account = self.accounts.get(&row.billing_account_id);
        account
            .and_then(|account| self.parties.get(&account.party_id))
            .map_or("", |party| &party.legal_name)
    }

    /// The serial number of its phone, if it is on one.
    #[must_use]
    pub fn serial_number(&self, row: &Subscription) -> Option<&str> {
        let device = row.device_id.as_ref()?;
        self.serial_numbers.get(device).map(String::as_str)
    }

    fn plan(&self, id: &str) -> Result<&Plan, Refusal> {
        let found = self.plans.get(id);
        found.ok_or_else(|| {
            missing(
                "Its plan is not there. Choose another plan, then take the subscription up again.",
            )
        })
    }

    fn zone(&mut self, row: &Subscription) -> Result<Zone, Refusal> {
        if let Some(known) = self.zones.get(&row.billing_account_id) {
            return known.clone();
        }
        let zone = self.account(row).and_then(charge::zone);
        self.zones
            .insert(row.billing_account_id.clone(), zone.clone());
        zone
    }

    fn terms(&mut self, now: &Subscription, on: Date) -> Result<Terms, Refusal> {
        let key = (now.plan_id.clone(), now.billing_account_id.clone(), on);
        if let Some(known) = self.terms.get(&key) {
            return known.clone();
        }
        let terms = self.reckon_terms(now, on);
        self.terms.insert(key, terms.clone());
        terms
    }

    fn reckon_terms(&self, now: &Subscription, on: Date) -> Result<Terms, Refusal> {
        let (seller, account) = (self.seller(now)?, self.account(now)?);
        let party = |id: &str| {
            let found = self.parties.get(id);
            found.ok_or_else(|| missing("Who stands on the invoice is not known. Fill in the address, then take the subscription up again."))
        };
        let row = self.plan(&now.plan_id)?;
        let asked = Asked {
            buyer: &account.buyer_id,
            live: account.live_subscriptions,
            on,
        };
        let plan = charge::plan(row, &self.prices, &asked)?;
        let trade = Trade::of(
            (seller, party(&seller.party_id)?),
            (account, party(&account.party_id)?),
        )?;
        Ok(Terms {
            price: plan.recurring,
            treatment: trade.treatment(row, Item::Recurring, on)?,
        })
    }
}

fn missing(message: &str) -> Refusal {
    Refusal::new("row-missing", message)
}

fn distinct<'a>(ids: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let set: BTreeSet<&str> = ids.collect();
    set.into_iter().collect()
}

fn by_id<K: Eq + Hash, T>(rows: Vec<T>, id: impl Fn(&T) -> K) -> HashMap<K, T> {
    rows.into_iter().map(|row| (id(&row), row)).collect()
}
