//! What a plan costs from a day on. A price is never changed: a new one begins and ends the one before, and what was billed keeps
//! what it cost.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::civil::Date;
use muster_domain::selling::currency::Currency;
use muster_domain::selling::money::Money;
use muster_domain::selling::price::{Entry, PriceList, Tier};
use muster_domain::text::Invalid;
use muster_store::selling::catalogue::{self, Line};
use muster_store::selling::plans::{self, Plan, Price};
use muster_store::selling::{accounts, sellers::Seller};
use muster_store::{Conn, StoreResult};
use serde_json::json;

use super::today;
use crate::app::App;
use crate::features::record::write::{self as record, By, Entry as Noted, Place, Weight};
use crate::features::selling::sellers::of;
use crate::features::selling::typed::{Amounts, Faults, date, whole, word};
use crate::web::actor::{Actor, Allowed, SetPrices};
use crate::web::fields::Fields;
use crate::web::problem::{Answer, Problem};

/// What has a price: a period, or the handset once.
pub const ITEMS: [&str; 2] = ["recurring", "handset"];
/// The record's words for a price that was set, for everybody and for one buyer alone.
const SET: &str = "price.set";
const SET_FOR_ONE: &str = "price.set-for-one";
/// The most units that a step may begin with.
const QUANTITY_MOST: u16 = 50_000;

/// Which prices: of an item, for one buyer alone or for everybody.
#[derive(Debug, Clone)]
pub struct Whose {
    item: String,
    buyer: Option<String>,
}

impl Whose {
    /// Reads `item` and `buyer_id`.
    ///
    /// # Errors
    /// The item is another word.
    pub fn read(fields: &Fields) -> Result<Self, Invalid> {
        Ok(Self {
            item: word("item", fields.one("item"), &ITEMS)?,
            buyer: fields.some("buyer_id").map(str::to_owned),
        })
    }

    fn line<'a>(&'a self, plan: &'a str) -> Line<'a> {
        Line {
            plan,
            item: &self.item,
            buyer: self.buyer.as_deref(),
        }
    }
}

/// A price that is to begin.
#[derive(Debug, Clone)]
pub struct NewPrice {
    whose: Whose,
    tiers: Vec<Tier>,
    from: Option<Date>,
    until: Option<Date>,
}

impl NewPrice {
    /// Reads `item`, `buyer_id`, `valid_from` (today when it is left out) and `valid_until`; and the steps, each as the least
    /// quantity and the amount, written as people or programs write them.
    ///
    /// # Errors
    /// Every field that does not fit.
    pub fn read(
        fields: &Fields,
        steps: &[(String, String)],
        amounts: Amounts,
        currency: Currency,
    ) -> Answer<Self> {
        let mut faults = Faults::default();
        let whose = faults.take(Whose::read(fields));
        let day = |name: &'static str| fields.some(name).map(|typed| date(name, typed)).transpose();
        let (from, until) = (
            faults.take(day("valid_from")),
            faults.take(day("valid_until")),
        );
        let mut tiers = Vec::new();
        for (quantity, amount) in steps {
            let field = if tiers.is_empty() { "amount" } else { "steps" };
            let quantity = faults.take(whole("steps", quantity, QUANTITY_MOST));
            let price = faults.take(amounts.read(field, amount, currency));
            if let (Some(quantity), Some(price)) = (quantity, price) {
                tiers.push(Tier {
                    from: quantity.into(),
                    price,
                });
            }
        }
        match (whose, from, until) {
            (Some(whose), Some(from), Some(until)) if faults.is_empty() => Ok(Self {
                whose,
                tiers,
                from,
                until,
            }),
            _ => Err(faults.problem()),
        }
    }
}

/// Lets the price begin.
///
/// # Errors
/// There is no such plan or buyer; a period that the price would reach was billed already; another price begins or holds then.
pub async fn set(
    app: &Arc<App>,
    allowed: &Allowed<SetPrices>,
    plan: String,
    new: NewPrice,
) -> Answer<Vec<Price>> {
    let (setting, actor) = (app.clone(), allowed.actor.clone());
    app.store
        .write_or_refuse(move |tx| {
            let (seller, plan, today) = match known(tx, &setting, &actor, &plan)? {
                Ok(known) => known,
                Err(problem) => return Ok(Err(problem)),
            };
            if let Err(fault) = whose_price(tx, &seller, &plan, &new)? {
                return Ok(Err(fault.into()));
            }
            let from = new.from.unwrap_or(today);
            if from < today {
                let buyer = new.whose.buyer.as_deref();
                let day = from.to_string();
                if catalogue::was_billed_after(tx, &seller.organisation_id, &plan.id, buyer, &day)?
                {
                    return Ok(Err(billed(from, today)));
                }
            }
            let line = new.whose.line(&plan.id);
            let placed = match placed(&catalogue::line(tx, line)?, &plan, &new, from) {
                Ok(placed) => placed,
                Err(fault) => return Ok(Err(fault.into())),
            };
            if let Some(before) = placed.ends {
                let day = from.to_string();
                catalogue::hold_until(tx, line, &before.to_string(), Some(&day))?;
            }
            let mut rows = Vec::new();
            for tier in &new.tiers {
                let row = Price {
                    id: setting.new_id(),
                    plan_id: plan.id.clone(),
                    item: new.whose.item.clone(),
                    buyer_id: new.whose.buyer.clone(),
                    from_quantity: i64::from(tier.from),
                    amount: tier.price.minor(),
                    valid_from: from.to_string(),
                    valid_until: placed.until.map(|day| day.to_string()),
                    created_at: setting.now_micros(),
                };
                plans::insert_price(tx, &row)?;
                rows.push(row);
            }
            noted(
                tx,
                &setting,
                &actor,
                SET,
                &plan,
                &new.whose,
                from,
                new.tiers.first(),
            )?;
            Ok(Ok(rows))
        })
        .await?
}

/// Takes back a price that has not begun. The one before it holds on.
///
/// # Errors
/// There is no such plan; no such price begins on that day, or it has begun; it is the only one for everybody.
pub async fn take_back(
    app: &Arc<App>,
    allowed: &Allowed<SetPrices>,
    plan: String,
    whose: Whose,
    from: Date,
) -> Answer<()> {
    let (taking, actor) = (app.clone(), allowed.actor.clone());
    app.store
        .write_or_refuse(move |tx| {
            let (_, plan, today) = match known(tx, &taking, &actor, &plan)? {
                Ok(known) => known,
                Err(problem) => return Ok(Err(problem)),
            };
            let line = whose.line(&plan.id);
            let days: Vec<String> = {
                let mut days: Vec<String> = catalogue::line(tx, line)?
                    .into_iter()
                    .map(|price| price.valid_from)
                    .collect();
                days.dedup();
                days
            };
            let day = from.to_string();
            let Some(place) = days.iter().position(|begins| *begins == day) else {
                let detail = format!(
                    "No price of this plan begins on {day}. It may have been taken back already; look at the plan again."
                );
                return Ok(Err(Problem::conflict("price-none", detail)));
            };
            if from <= today {
                let detail = "This price holds already. Set another one: it ends this one on the day that it begins.";
                return Ok(Err(Problem::conflict("price-begun", detail)));
            }
            if days.len() == 1 && whose.buyer.is_none() && whose.item == ITEMS[0] {
                let detail = "This is the only price of the plan. Set another one first.";
                return Ok(Err(Problem::conflict("price-only", detail)));
            }
            catalogue::take_back(tx, line, &day, &today.to_string())?;
            if let Some(before) = place.checked_sub(1).and_then(|before| days.get(before)) {
                let next = days.get(place + 1).map(String::as_str);
                let was_ended = catalogue::line(tx, line)?.iter().any(|price| {
                    price.valid_from == *before && price.valid_until.as_deref() == Some(&day)
                });
                if was_ended {
                    catalogue::hold_until(tx, line, before, next)?;
                }
            }
            noted(tx, &taking, &actor, "price.taken-back", &plan, &whose, from, None)?;
            Ok(Ok(()))
        })
        .await?
}

/// Where a price comes to stand among those in line.
struct Placed {
    /// The first day of the one that it ends.
    ends: Option<Date>,
    /// The day on which the next one begins, or which was asked for.
    until: Option<Date>,
}

fn placed(line: &[Price], plan: &Plan, new: &NewPrice, from: Date) -> Result<Placed, Invalid> {
    let mut entries = entries(line, &plan.id, &plan.currency)?;
    let next = entries.keys().find(|begins| **begins > from).copied();
    let until = new.until.or(next);
    let before = entries.range_mut(..from).next_back();
    // A price that was ended by the next one, or by none yet, gives way; one that somebody gave an end of its own does not.
    let ends = before
        .filter(|(_, entry)| match entry.valid_until {
            None => true,
            Some(until) => until > from && Some(until) == next,
        })
        .map(|(begins, entry)| {
            entry.valid_until = Some(from);
            *begins
        });
    let mut all: Vec<Entry> = entries.into_values().collect();
    all.push(Entry {
        plan: plan.id.clone(),
        valid_from: from,
        valid_until: until,
        tiers: new.tiers.clone(),
    });
    PriceList::new(all)?;
    Ok(Placed { ends, until })
}

/// Rows as the rules know them: those that begin on one day are the steps of one price.
fn entries(line: &[Price], plan: &str, currency: &str) -> Result<BTreeMap<Date, Entry>, Invalid> {
    let currency = Currency::parse(currency)?;
    let mut entries: BTreeMap<Date, Entry> = BTreeMap::new();
    for price in line {
        let valid_from = date("valid_from", &price.valid_from)?;
        let until = price.valid_until.as_deref();
        let valid_until = until.map(|day| date("valid_until", day)).transpose()?;
        let entry = entries.entry(valid_from).or_insert_with(|| Entry {
            plan: plan.to_owned(),
            valid_from,
            valid_until,
            tiers: Vec::new(),
        });
        entry.tiers.push(Tier {
            from: u32::try_from(price.from_quantity).unwrap_or(u32::MAX),
            price: Money::new(price.amount, currency),
        });
    }
    Ok(entries)
}

/// The seller, the plan and the seller's day.
fn known(
    tx: &mut Conn,
    app: &App,
    actor: &Actor,
    plan: &str,
) -> StoreResult<Answer<(Seller, Plan, Date)>> {
    // What is not there is told before what the organisation lacks, so that both are told alike everywhere.
    let Some(plan) = plans::find(tx, &actor.organisation.id, plan)? else {
        return Ok(Err(Problem::not_found("plan")));
    };
    let seller = match of(tx, &actor.organisation)? {
        Ok(seller) => seller,
        Err(problem) => return Ok(Err(problem)),
    };
    Ok(today(&seller, app.now()).map(|today| (seller, plan, today)))
}

/// Whether the price can be for whom it is meant.
fn whose_price(
    tx: &mut Conn,
    seller: &Seller,
    plan: &Plan,
    new: &NewPrice,
) -> StoreResult<Result<(), Invalid>> {
    match &new.whose.buyer {
        Some(buyer) => {
            let known = accounts::of_buyer(tx, &seller.organisation_id, buyer)?;
            if known
                .iter()
                .any(|account| account.currency == plan.currency)
            {
                return Ok(Ok(()));
            }
            let message = format!(
                "Choose a buyer that buys in {}. Take it on first under Buyers.",
                plan.currency
            );
            Ok(Err(Invalid::new("buyer_id", "price-buyer", message)))
        }
        None if new.until.is_some() && new.whose.item == ITEMS[0] => {
            let message = "A price for everybody holds until the next one begins, so that no renewal is without one. Leave the end empty.";
            Ok(Err(Invalid::new("valid_until", "price-gap", message)))
        }
        None => Ok(Ok(())),
    }
}

fn billed(from: Date, today: Date) -> Problem {
    let message = format!(
        "Periods after {from} were billed already, and keep what they cost. Let the price begin on {today} or later."
    );
    Invalid::new("valid_from", "price-billed", message).into()
}

#[expect(
    clippy::too_many_arguments,
    reason = "one line of the record: who, what, of which plan, for whom, from when, how much"
)]
fn noted(
    tx: &mut Conn,
    app: &App,
    actor: &Actor,
    kind: &'static str,
    plan: &Plan,
    whose: &Whose,
    from: Date,
    amount: Option<&Tier>,
) -> StoreResult<()> {
    let amount = amount
        .map(|tier| tier.price.to_string())
        .unwrap_or_default();
    let buyer = match &whose.buyer {
        Some(buyer) => muster_store::selling::buyers::name_beneath(tx, &plan.seller_id, buyer)?,
        None => None,
    };
    let kind = if kind == SET && buyer.is_some() {
        SET_FOR_ONE
    } else {
        kind
    };
    let entry = Noted {
        kind,
        weight: Weight::Ordinary,
        place: Place::of_actor(actor),
        device: None,
        command: None,
        facts: json!({
            "plan": plan.name, "item": whose.item, "from": from.to_string(), "amount": amount, "buyer": buyer.unwrap_or_default(),
        }),
    };
    record::write(tx, app, &By::actor(actor), &entry)
}
