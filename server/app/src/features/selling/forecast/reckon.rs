//! Reckons a seller's forecast. What renews alike is counted by the database and reckoned once, a page of buyers at a time; what
//! the ledger holds is added up from where the last reckoning stopped.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use muster_domain::selling::calendar::Schedule;
use muster_domain::selling::collection::OpenInvoice;
use muster_domain::selling::currency::Currency;
use muster_domain::selling::forecast::{self as rules, Ageing, Running};
use muster_domain::selling::interval::Interval;
use muster_domain::selling::money::Money;
use muster_domain::selling::refusal::Refusal;
use muster_domain::selling::zone::Zone;
use muster_store::selling::accounts::Account;
use muster_store::selling::forecasts::{self as store, Alike, Mark};
use muster_store::selling::plans::{self, Plan, Price};
use muster_store::selling::sellers::Seller;
use muster_store::{Conn, StoreError, StoreResult};

use super::figures::{CHURN_DAYS, Figures, InCurrency, MONTHS, Month, Owed};
use crate::features::selling::charge::{self, Asked};
use crate::ids::first_of;

/// Buyers looked at together.
const PAGE: i64 = 200;
/// How far back the ledger is taken as settled: no transaction that wrote an id lasts so long.
const SETTLED: SignedDuration = SignedDuration::from_hours(1);

/// A seller's forecast at `now`, and the marks up to which its ledger was added up.
///
/// # Errors
/// The database does not answer, or holds what nobody of us writes.
pub fn reckon(c: &mut Conn, seller: &Seller, now: Timestamp) -> StoreResult<(Figures, Vec<Mark>)> {
    let zone = Zone::parse(&seller.zone).map_err(|error| damaged(seller, &error.message))?;
    let today = zone.date_of(now);
    let mut figures = Figures {
        today,
        currencies: BTreeMap::new(),
        unpriced: 0,
        there_before: 0,
        ended_since: 0,
    };
    renewals(c, seller, &mut figures)?;
    churn(c, seller, now, &mut figures)?;
    owed(c, seller, &mut figures)?;
    let marks = ledger(c, seller, now, &mut figures)?;
    Ok((figures, marks))
}

fn damaged(seller: &Seller, what: &str) -> StoreError {
    StoreError::Corrupt(format!("seller {}: {what}", seller.organisation_id))
}

/// The figures of a currency, with every month there from the beginning.
fn of<'a>(figures: &'a mut Figures, currency: &str) -> &'a mut InCurrency {
    let today = figures.today;
    figures
        .currencies
        .entry(currency.to_owned())
        .or_insert_with(|| InCurrency {
            months: (0..MONTHS)
                .filter_map(|month| {
                    let span = jiff::Span::new().months(month);
                    today.first_of_month().checked_add(span).ok()
                })
                .map(|first| Month {
                    first,
                    renewals: 0,
                    revenue: 0,
                })
                .collect(),
            ..InCurrency::default()
        })
}

fn renewals(c: &mut Conn, seller: &Seller, figures: &mut Figures) -> StoreResult<()> {
    let mut after = String::new();
    loop {
        let accounts = store::accounts_of(c, &seller.organisation_id, &after, PAGE)?;
        let Some(last) = accounts.last() else {
            return Ok(());
        };
        after.clone_from(&last.id);
        let ids: Vec<&str> = accounts.iter().map(|account| account.id.as_str()).collect();
        let groups = store::alike(c, &ids)?;
        let mut named: Vec<&str> = groups
            .iter()
            .flat_map(|group| [Some(group.plan_id.as_str()), group.next_plan_id.as_deref()])
            .flatten()
            .collect();
        named.sort_unstable();
        named.dedup();
        let list = Catalogue {
            plans: plans::many_for_job(c, &named)?,
            prices: plans::prices_of(c, &named)?,
        };
        for group in groups {
            let account = accounts
                .iter()
                .find(|account| account.id == group.billing_account_id);
            let Some(account) = account else {
                continue;
            };
            add(figures, account, &group, &list)
                .or_else(|refusal| unpriced(figures, account, &group, &refusal))?;
        }
    }
}

/// What is sold to some buyers.
struct Catalogue {
    plans: Vec<Plan>,
    prices: Vec<Price>,
}

impl Catalogue {
    /// What a period of a plan costs a buyer on a day, and how long it is.
    fn price(&self, id: &str, account: &Account, on: Date) -> Result<(Money, Interval), Refusal> {
        let row = self.plans.iter().find(|plan| plan.id == id);
        let row = row.ok_or_else(|| Refusal::new("plan", "There is no such plan."))?;
        let asked = Asked {
            buyer: &account.buyer_id,
            live: account.live_subscriptions,
            on,
        };
        let plan = charge::plan(row, &self.prices, &asked)?;
        Ok((plan.recurring, plan.interval))
    }
}

/// Adds what renews alike. Where a plan ends at the next boundary, the one that follows it is counted from there.
///
/// Counted from the next boundary instead of the anchor, a month that is too short would move the days of later ones, but never
/// into another month; so each month holds what it will hold.
fn add(
    figures: &mut Figures,
    account: &Account,
    group: &Alike,
    list: &Catalogue,
) -> Result<(), Refusal> {
    let today = figures.today;
    let n = u64::try_from(group.n).unwrap_or(0);
    if group.life == "active" {
        let (price, interval) = list.price(&group.plan_id, account, today)?;
        let each = rules::monthly(price, interval)?;
        let of = of(figures, price.currency().as_str());
        of.recurring = plus(of.recurring, times(each.minor(), n)?)?;
        of.running += n;
    }
    let Some(next) = group.next_start_at.filter(|_| group.cancel_at_end == 0) else {
        return Ok(());
    };
    let zone = charge::zone(account)?;
    let begins = zone.date_of(charge::instant(next)?);
    let plan = group.next_plan_id.as_ref().unwrap_or(&group.plan_id);
    let (price, interval) = list.price(plan, account, begins.max(today))?;
    let schedule = Schedule::new(begins, interval, zone);
    let one = Running {
        schedule: &schedule,
        billed: None,
        price,
        ends: None,
    };
    let months = rules::renewals([one], today, MONTHS)?;
    let of = of(figures, price.currency().as_str());
    for (sum, month) in of.months.iter_mut().zip(months) {
        let revenue = month.revenue.get(&price.currency());
        let revenue = revenue.map_or(0, |revenue| revenue.minor());
        sum.renewals += month.renewals * n;
        sum.revenue = plus(sum.revenue, times(revenue, n)?)?;
    }
    Ok(())
}

/// What cannot be reckoned is counted, so that the page says that something is left out. It is the renewal job that parks it.
fn unpriced(
    figures: &mut Figures,
    account: &Account,
    group: &Alike,
    refusal: &Refusal,
) -> StoreResult<()> {
    tracing::debug!(account = %account.id, plan = %group.plan_id, code = refusal.code, "left out of the forecast");
    figures.unpriced += u64::try_from(group.n).unwrap_or(0);
    Ok(())
}

fn times(amount: i64, n: u64) -> Result<i64, Refusal> {
    i64::try_from(n)
        .ok()
        .and_then(|n| amount.checked_mul(n))
        .ok_or_else(too_large)
}

fn plus(sum: i64, amount: i64) -> Result<i64, Refusal> {
    sum.checked_add(amount).ok_or_else(too_large)
}

fn too_large() -> Refusal {
    Refusal::new(
        "money-overflow",
        "This amount is too large to be reckoned with.",
    )
}

fn churn(c: &mut Conn, seller: &Seller, now: Timestamp, figures: &mut Figures) -> StoreResult<()> {
    let since = now - SignedDuration::from_hours(24 * CHURN_DAYS);
    let (there, ended) = store::ended_since(
        c,
        &seller.organisation_id,
        since.as_microsecond(),
        now.as_microsecond(),
    )?;
    figures.there_before = u64::try_from(there).unwrap_or(0);
    figures.ended_since = u64::try_from(ended).unwrap_or(0);
    Ok(())
}

fn owed(c: &mut Conn, seller: &Seller, figures: &mut Figures) -> StoreResult<()> {
    let mut days: BTreeMap<String, Vec<OpenInvoice>> = BTreeMap::new();
    for (code, due, open) in store::owed_by_day(c, &seller.organisation_id)? {
        let currency = currency(seller, &code)?;
        let due = due
            .parse()
            .map_err(|_| damaged(seller, "a due date that is none"))?;
        days.entry(code).or_default().push(OpenInvoice {
            due,
            open: Money::new(open, currency),
        });
    }
    let today = figures.today;
    for (code, invoices) in days {
        let ageing = Ageing::of(&invoices, currency(seller, &code)?, today)
            .map_err(|error| damaged(seller, &error.to_string()))?;
        of(figures, &code).owed = Owed::from(ageing);
    }
    Ok(())
}

fn currency(seller: &Seller, code: &str) -> StoreResult<Currency> {
    Currency::parse(code).map_err(|error| damaged(seller, &error.message))
}

/// What buyers owe by the ledger: the marks' balances, and what was written since.
fn ledger(
    c: &mut Conn,
    seller: &Seller,
    now: Timestamp,
    figures: &mut Figures,
) -> StoreResult<Vec<Mark>> {
    let id = &seller.organisation_id;
    let known = store::marks(c, id)?;
    // Every mark of a seller stands at the same transfer; a clock that went back moves none.
    let from = known
        .iter()
        .map(|mark| mark.before_id.as_str())
        .max()
        .unwrap_or_default()
        .to_owned();
    let settled = first_of(now - SETTLED).max(from.clone());
    let mut balances: BTreeMap<String, i64> = known
        .into_iter()
        .map(|mark| (mark.currency, mark.balance))
        .collect();
    for (currency, moved) in store::receivables_moved(c, id, &from, Some(&settled))? {
        *balances.entry(currency).or_default() += moved;
    }
    let marks = balances
        .iter()
        .map(|(currency, balance)| Mark {
            seller_id: id.clone(),
            currency: currency.clone(),
            before_id: settled.clone(),
            balance: *balance,
        })
        .collect();
    for (currency, moved) in store::receivables_moved(c, id, &settled, None)? {
        *balances.entry(currency).or_default() += moved;
    }
    for (currency, balance) in balances {
        of(figures, &currency).ledger = balance;
    }
    Ok(marks)
}
