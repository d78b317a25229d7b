//! After every step: what is new in the database, held against the model. The model moves on by what was found right.

use std::collections::{BTreeMap, BTreeSet};

use super::model::{Model, Running};
use super::papers::{issued, numbers, totals};
use super::rows;
use super::seen::Fresh;
use super::world::World;

/// What a look found.
#[derive(Debug, Default)]
pub struct Found {
    /// Periods billed by renewal.
    pub renewals: usize,
    /// Documents.
    pub documents: usize,
    /// Rows that were looked at.
    pub rows: usize,
    /// Letters.
    pub letters: usize,
    /// Documents that no renewal explains, and what else is new.
    pub rest: Fresh,
    touched: BTreeSet<usize>,
    invoices: BTreeSet<String>,
}

/// Refuses with a sentence unless two things are the same.
pub(super) fn same<T: PartialEq + std::fmt::Debug>(
    what: impl Fn() -> String,
    found: &T,
    expected: &T,
) -> Result<(), String> {
    if found == expected {
        Ok(())
    } else {
        Err(format!(
            "{}: found {found:?}, expected {expected:?}",
            what()
        ))
    }
}

/// Takes in what is new since the last look: after a sweep, renewals; after an act everything is left in `rest` for it to explain.
///
/// # Errors
/// A sentence that says what is wrong.
pub fn renewals(
    world: &World,
    model: &mut Model,
    mut fresh: Fresh,
    swept: bool,
) -> Result<Found, String> {
    let mut found = Found {
        rows: fresh.count(),
        ..Found::default()
    };
    expect_cancellations(model, world.now().1);
    for letter in std::mem::take(&mut fresh.letters) {
        found.letters += 1;
        if !model.letters.insert(letter.key.clone()) {
            return Err(format!("two letters {}", letter.key));
        }
    }
    let mut periods: BTreeMap<String, Vec<rows::Period>> = BTreeMap::new();
    for period in std::mem::take(&mut fresh.periods) {
        periods
            .entry(period.document.clone())
            .or_default()
            .push(period);
    }
    numbers(world, model, &fresh.documents)?;
    for document in std::mem::take(&mut fresh.documents) {
        let lines = fresh.lines.get(&document.id).cloned().unwrap_or_default();
        totals(&document, &lines)?;
        let is_renewal = swept
            && lines.iter().any(|line| line.product == "recurring")
            && document.kind == "invoice";
        let billed = periods.remove(&document.id);
        match billed {
            Some(billed) if is_renewal => {
                renewal(world, model, (&document, &lines), &billed)?;
                found.renewals += 1;
                found.touched.extend(
                    billed
                        .iter()
                        .filter_map(|one| model.places.get(&one.subscription)),
                );
                issued(model, &document, &lines, &mut fresh)?;
            }
            other => {
                found.rest.periods.extend(other.unwrap_or_default());
                found.rest.lines.insert(document.id.clone(), lines);
                found.rest.documents.push(document.clone());
            }
        }
        found.documents += 1;
        found.invoices.insert(document.id);
    }
    if let Some((document, _)) = periods.into_iter().next() {
        return Err(format!("a period names {document}, which is not new"));
    }
    found.rest.transfers = fresh.transfers;
    found.rest.settlements = fresh.settlements;
    found.rest.payments = fresh.payments;
    Ok(found)
}

impl Found {
    /// Something that an act changed, to be compared as well.
    pub fn touch(&mut self, place: usize) {
        self.touched.insert(place);
    }

    /// The same of an invoice.
    pub fn touch_invoice(&mut self, id: &str) {
        self.invoices.insert(id.to_owned());
    }

    /// Whether something is left that nobody has explained.
    ///
    /// # Errors
    /// A sentence that names it.
    pub fn explained(&self) -> Result<(), String> {
        let rest = &self.rest;
        if rest.documents.is_empty()
            && rest.periods.is_empty()
            && rest.payments.is_empty()
            && rest.settlements.is_empty()
            && rest.transfers.is_empty()
        {
            return Ok(());
        }
        Err(format!("nobody asked for {rest:?}"))
    }

    /// Compares the rows that change in place.
    ///
    /// # Errors
    /// A sentence that says which differs.
    pub fn compare(&self, world: &World, model: &Model) -> Result<(), String> {
        let ids: Vec<String> = self
            .touched
            .iter()
            .map(|place| model.subscriptions[*place].id.clone())
            .collect();
        if !ids.is_empty() {
            for row in world.read(|c| rows::subscriptions(c, Some(&ids)))? {
                subscription(model, &row)?;
            }
        }
        if !self.invoices.is_empty() {
            let ids: Vec<String> = self.invoices.iter().cloned().collect();
            for (id, open) in world.read(|c| rows::open(c, Some(&ids)))? {
                let expected = model
                    .documents
                    .get(&id)
                    .map_or(-1, |document| document.open);
                same(|| format!("what is open on {id}"), &open, &expected)?;
            }
        }
        accounts(world, model)
    }
}

/// Those that are to end with their period may end at any moment of this step, and the volume with them.
fn expect_cancellations(model: &mut Model, now: i64) {
    let ending: Vec<usize> = model
        .due
        .range(..=(now, usize::MAX))
        .map(|(_, place)| *place)
        .filter(|place| model.subscriptions[*place].cancel_at_end)
        .map(|place| model.subscriptions[place].account)
        .collect();
    for account in &ending {
        let fewer =
            i64::try_from(ending.iter().filter(|other| *other == account).count()).unwrap_or(0);
        let account = &mut model.accounts[*account];
        account.live.0 = account.live.0.min(account.count - fewer);
    }
}

/// A period was billed as the naive calendar has it.
fn renewal(
    world: &World,
    model: &mut Model,
    (document, lines): (&rows::Document, &[rows::Line]),
    billed: &[rows::Period],
) -> Result<(), String> {
    let [period] = billed else {
        return Err(format!(
            "document {} bills {} periods",
            document.id,
            billed.len()
        ));
    };
    let what = || format!("period {} of {}", period.index, period.subscription);
    let place = *model.places.get(&period.subscription).ok_or_else(what)?;
    let one = model.subscriptions[place].clone();
    let waits = matches!(one.life, "active" | "trialing" | "pending") && !one.cancel_at_end;
    if !waits || one.next_start.is_none_or(|start| start > world.now().1) {
        return Err(format!("{} was billed, and it is not due: {one:?}", what()));
    }
    let next = model.next_period(place);
    same(
        || format!("{}, its account", what()),
        &document.account,
        &model.accounts[one.account].id,
    )?;
    same(
        || format!("{}, its plan", what()),
        &period.plan,
        &model.plans[next.plan].id,
    )?;
    same(
        || format!("{}, its zone", what()),
        &period.zone.as_str(),
        &next.zone,
    )?;
    same(
        || format!("{}, from", what()),
        &(period.start, &period.start_date),
        &(next.start.at, &next.start.date.to_string()),
    )?;
    same(
        || format!("{}, to", what()),
        &(period.end, &period.end_date),
        &(next.end.at, &next.end.date.to_string()),
    )?;
    same(
        || format!("{}, after", what()),
        &period.previous_end,
        &one.last.map(|last| last.at),
    )?;
    let index = one.running.as_ref().map_or(-1, |running| running.index);
    if period.index <= index || one.running.is_none() != (period.index == 0) {
        return Err(format!("{} follows {index}", what()));
    }
    let rate = model.rate(next.plan, one.account);
    let mut handset = false;
    let mut net = None;
    for line in lines {
        same(
            || format!("{}, its line", what()),
            &line.subscription.as_deref(),
            &Some(one.id.as_str()),
        )?;
        match line.product.as_str() {
            "recurring" if net.is_none() => {
                same(|| format!("{}, VAT rate", what()), &line.rate, &rate)?;
                let dates = (line.from.clone(), line.until.clone());
                let expected = (
                    Some(period.start_date.clone()),
                    Some(period.end_date.clone()),
                );
                same(|| format!("{}, what it is for", what()), &dates, &expected)?;
                net = Some(line.net);
            }
            "handset" if one.handset && !handset && one.running.is_none() => handset = true,
            other => return Err(format!("{} has a line for {other}", what())),
        }
        let item = if line.product == "handset" {
            "handset"
        } else {
            "recurring"
        };
        if line.quantity != 1
            || !model.may_cost(next.plan, item, one.account, next.start.date, line.net)
        {
            let live = model.accounts[one.account].live;
            return Err(format!(
                "{}: {item} cost {}, with {live:?} live",
                what(),
                line.net
            ));
        }
    }
    let running = Running {
        index: period.index,
        start: next.start,
        zone: next.zone,
        net: net.unwrap_or(0),
        document: document.id.clone(),
    };
    model.periods.push(period.clone());
    model.billed(place, &next, running);
    Ok(())
}

/// A subscription's row says what the model says.
pub(super) fn subscription(model: &Model, row: &rows::Subscription) -> Result<(), String> {
    let what = || format!("subscription {}", row.id);
    let place = *model.places.get(&row.id).ok_or_else(what)?;
    let one = &model.subscriptions[place];
    let expected = rows::Subscription {
        id: one.id.clone(),
        plan: model.plans[one.plan].id.clone(),
        life: one.life.to_owned(),
        next_start: one.next_start,
        covered_until: one.last.map(|last| last.at),
        cancel_at_end: one.cancel_at_end,
        next_plan: one.next_plan.map(|plan| model.plans[plan].id.clone()),
        parked: None,
        ended: matches!(one.life, "canceled" | "expired"),
    };
    same(what, row, &expected)
}

/// Credit and live subscriptions of every account.
fn accounts(world: &World, model: &Model) -> Result<(), String> {
    for (id, credit, live) in world.read(rows::accounts)? {
        let Some(place) = model.account_places.get(&id) else {
            return Err(format!("nobody made account {id}"));
        };
        let account = &model.accounts[*place];
        same(
            || format!("credit of account {id}"),
            &credit,
            &account.credit,
        )?;
        if live < account.live.0 || live > account.live.1 {
            return Err(format!(
                "account {id} has {live} live, expected {:?}",
                account.live
            ));
        }
    }
    Ok(())
}

/// After a sweep that came to its end: nothing that was due is left, and who was to end has ended.
///
/// # Errors
/// A sentence that names what is left.
pub fn nothing_is_due(
    world: &World,
    model: &mut Model,
    swept_at: i64,
    found: &mut Found,
) -> Result<(), String> {
    let due: Vec<(i64, usize)> = model
        .due
        .range(..=(world.now().1, usize::MAX))
        .copied()
        .collect();
    for (start, place) in due {
        let one = &model.subscriptions[place];
        if start > swept_at {
            // Due by the clock of one node and not of the other: it may have been looked at, or not.
            let ids = [one.id.clone()];
            let rows = world.read(|c| rows::subscriptions(c, Some(&ids)))?;
            if rows.iter().all(|row| subscription(model, row).is_ok()) {
                continue;
            }
        }
        found.touch(place);
        if !one.cancel_at_end {
            let begins = model.next_period(place).start.at;
            if begins <= swept_at || begins == start {
                return Err(format!(
                    "{one:?} was due at {start}, and the sweep of {swept_at} left it"
                ));
            }
            // Its account has moved to a zone in which its first day begins later.
            let mut waits = one.clone();
            waits.next_start = Some(begins);
            model.replace(place, waits);
            continue;
        }
        let mut ended = one.clone();
        (ended.life, ended.next_start, ended.next_plan) = ("canceled", None, None);
        let account = ended.account;
        model.replace(place, ended);
        model.live(account, -1);
    }
    Ok(())
}

/// The step is over: the number of live subscriptions is certain again.
pub fn settle_live(model: &mut Model) {
    for account in &mut model.accounts {
        account.live = (account.count, account.count);
    }
}
