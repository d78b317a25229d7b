//! After every step: what is new in the database, held against the model. The model moves on by what was found right.

use std::collections::{BTreeMap, BTreeSet};

use super::calendar::{date_of, plus_days};
use super::model::{Document, Model, Running};
use super::rows::{self, Fresh};
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
pub(super) fn same<T: PartialEq + std::fmt::Debug>(what: impl Fn() -> String, found: &T, expected: &T) -> Result<(), String> {
    if found == expected {
        Ok(())
    } else {
        Err(format!("{}: found {found:?}, expected {expected:?}", what()))
    }
}

/// Takes in what is new since the last look: after a sweep, renewals; after an act everything is left in `rest` for it to explain.
///
/// # Errors
/// A sentence that says what is wrong.
pub fn renewals(world: &World, model: &mut Model, mut fresh: Fresh, swept: bool) -> Result<Found, String> {
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
        periods.entry(period.document.clone()).or_default().push(period);
    }
    numbers(world, model, &fresh.documents)?;
    for document in std::mem::take(&mut fresh.documents) {
        let lines = fresh.lines.get(&document.id).cloned().unwrap_or_default();
        totals(&document, &lines)?;
        let is_renewal = swept && lines.iter().any(|line| line.product == "recurring") && document.kind == "invoice";
        let billed = periods.remove(&document.id);
        match billed {
            Some(billed) if is_renewal => {
                renewal(world, model, (&document, &lines), &billed)?;
                found.renewals += 1;
                found.touched.extend(billed.iter().filter_map(|one| model.places.get(&one.subscription)));
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
        if rest.documents.is_empty() && rest.periods.is_empty() && rest.payments.is_empty() && rest.settlements.is_empty() && rest.transfers.is_empty() {
            return Ok(());
        }
        Err(format!("nobody asked for {rest:?}"))
    }

    /// Compares the rows that change in place.
    ///
    /// # Errors
    /// A sentence that says which differs.
    pub fn compare(&self, world: &World, model: &Model) -> Result<(), String> {
        let ids: Vec<String> = self.touched.iter().map(|place| model.subscriptions[*place].id.clone()).collect();
        if !ids.is_empty() {
            for row in world.read(|c| rows::subscriptions(c, Some(&ids)))? {
                subscription(model, &row)?;
            }
        }
        if !self.invoices.is_empty() {
            let ids: Vec<String> = self.invoices.iter().cloned().collect();
            for (id, open) in world.read(|c| rows::open(c, Some(&ids)))? {
                let expected = model.documents.get(&id).map_or(-1, |document| document.open);
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
        let fewer = i64::try_from(ending.iter().filter(|other| *other == account).count()).unwrap_or(0);
        let account = &mut model.accounts[*account];
        account.live.0 = account.live.0.min(account.count - fewer);
    }
}

/// Their numbers follow those that were there, without a gap.
fn numbers(world: &World, model: &mut Model, documents: &[rows::Document]) -> Result<(), String> {
    let mut ordered: Vec<&rows::Document> = documents.iter().collect();
    ordered.sort_by_key(|one| (&one.seller, &one.series, one.year, one.number));
    ordered.into_iter().try_for_each(|document| number(world, model, document))
}

/// Its number is the next of its series and year, and its dates are those of its seller.
fn number(world: &World, model: &mut Model, document: &rows::Document) -> Result<(), String> {
    let what = || format!("document {} {}/{}", document.series, document.year, document.number);
    let seller = *model.seller_places.get(&document.seller).ok_or_else(what)?;
    let account = *model.account_places.get(&document.account).ok_or_else(what)?;
    let kind = usize::from(document.kind == "credit-note");
    same(what, &document.series, &model.sellers[seller].series[kind])?;
    same(what, &document.currency.as_str(), &model.sellers[seller].currency)?;
    same(what, &model.accounts[account].seller, &seller)?;
    let last = model.numbers.entry((seller, document.series.clone(), document.year)).or_default();
    same(|| format!("{}, the number after {last}", what()), &document.number, &(*last + 1))?;
    *last += 1;
    let (early, late) = world.now();
    let days = [early, late].map(|at| date_of(model.sellers[seller].zone, at));
    let Some(day) = days.iter().find(|day| day.to_string() == document.issued) else {
        return Err(format!("{} was issued on {}, and it is {days:?}", what(), document.issued));
    };
    same(what, &i64::from(day.year()), &document.year)?;
    let due = plus_days(*day, model.accounts[account].terms).to_string();
    // A credit note asks for nothing: when it is due is without meaning.
    let due = if kind == 1 { document.due.clone() } else { due };
    same(|| format!("{}, due", what()), &document.due, &due)
}

/// Its sums are those of its lines, to the unit.
fn totals(document: &rows::Document, lines: &[rows::Line]) -> Result<(), String> {
    let what = || format!("document {}", document.id);
    let mut groups: BTreeMap<(&str, i64), i64> = BTreeMap::new();
    for line in lines {
        same(|| format!("{}, line {}", what(), line.position), &line.net, &(line.quantity * line.unit_price))?;
        *groups.entry((&line.category, line.rate)).or_default() += line.net;
    }
    let net: i64 = groups.values().sum();
    let vat: i64 = groups.iter().map(|((_, rate), net)| Model::vat(*net, *rate)).sum();
    same(|| format!("{}, without VAT", what()), &document.net, &net)?;
    same(|| format!("{}, VAT", what()), &document.vat, &vat)?;
    same(|| format!("{}, with VAT", what()), &document.total, &(net + vat))
}

/// A period was billed as the naive calendar has it.
fn renewal(
    world: &World,
    model: &mut Model,
    (document, lines): (&rows::Document, &[rows::Line]),
    billed: &[rows::Period],
) -> Result<(), String> {
    let [period] = billed else {
        return Err(format!("document {} bills {} periods", document.id, billed.len()));
    };
    let what = || format!("period {} of {}", period.index, period.subscription);
    let place = *model.places.get(&period.subscription).ok_or_else(what)?;
    let one = model.subscriptions[place].clone();
    let waits = matches!(one.life, "active" | "trialing" | "pending") && !one.cancel_at_end;
    if !waits || one.next_start.is_none_or(|start| start > world.now().1) {
        return Err(format!("{} was billed, and it is not due: {one:?}", what()));
    }
    let next = model.next_period(place);
    same(|| format!("{}, its account", what()), &document.account, &model.accounts[one.account].id)?;
    same(|| format!("{}, its plan", what()), &period.plan, &model.plans[next.plan].id)?;
    same(|| format!("{}, its zone", what()), &period.zone.as_str(), &next.zone)?;
    same(|| format!("{}, from", what()), &(period.start, &period.start_date), &(next.start.at, &next.start.date.to_string()))?;
    same(|| format!("{}, to", what()), &(period.end, &period.end_date), &(next.end.at, &next.end.date.to_string()))?;
    same(|| format!("{}, after", what()), &period.previous_end, &one.last.map(|last| last.at))?;
    let index = one.running.as_ref().map_or(-1, |running| running.index);
    if period.index <= index || one.running.is_none() != (period.index == 0) {
        return Err(format!("{} follows {index}", what()));
    }
    let rate = model.rate(next.plan, one.account);
    let mut handset = false;
    let mut net = None;
    for line in lines {
        same(|| format!("{}, its line", what()), &line.subscription.as_deref(), &Some(one.id.as_str()))?;
        match line.product.as_str() {
            "recurring" if net.is_none() => {
                same(|| format!("{}, VAT rate", what()), &line.rate, &rate)?;
                let dates = (line.from.clone(), line.until.clone());
                let expected = (Some(period.start_date.clone()), Some(period.end_date.clone()));
                same(|| format!("{}, what it is for", what()), &dates, &expected)?;
                net = Some(line.net);
            }
            "handset" if one.handset && !handset && one.running.is_none() => handset = true,
            other => return Err(format!("{} has a line for {other}", what())),
        }
        let item = if line.product == "handset" { "handset" } else { "recurring" };
        if line.quantity != 1 || !model.may_cost(next.plan, item, one.account, next.start.date, line.net) {
            let live = model.accounts[one.account].live;
            return Err(format!("{}: {item} cost {}, with {live:?} live", what(), line.net));
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

/// What follows from a document: its transfers, what is owed, what the credit settles, its letter.
pub(super) fn issued(model: &mut Model, document: &rows::Document, lines: &[rows::Line], fresh: &mut Fresh) -> Result<(), String> {
    let what = || format!("document {}", document.id);
    let account = *model.account_places.get(&document.account).ok_or_else(what)?;
    let seller = model.accounts[account].seller;
    if !model.letters.contains(&format!("invoice:{}", document.id)) {
        return Err(format!("{} has no letter", what()));
    }
    // A credit note turns everything round, and what was paid already goes to the credit.
    let sign = if document.kind == "credit-note" { -1 } else { 1 };
    let (receivable, credit) = (format!("receivable:{}", document.account), format!("credit:{}", document.account));
    let corrected = document.corrects.as_ref().and_then(|id| model.documents.get(id).map(|original| (id.clone(), original.open)));
    let (settles, drawn) = match &corrected {
        Some((_, open)) => (document.total.min(*open), document.total.min(*open) - document.total),
        None => {
            let drawn = draw(&model.accounts[account], document.total);
            (drawn, drawn)
        }
    };
    let mut expected: BTreeMap<String, i64> = BTreeMap::new();
    for line in lines {
        *expected.entry(format!("revenue:{}", line.product)).or_default() -= sign * line.net;
    }
    let mut vats: BTreeMap<String, i64> = BTreeMap::new();
    for transfer in fresh.transfers.get(&document.id).into_iter().flatten() {
        for (name, amount) in [(&transfer.debit, transfer.amount), (&transfer.credit, -transfer.amount)] {
            if name.starts_with("vat:") {
                *vats.entry(name.clone()).or_default() += amount;
            }
        }
    }
    same(|| format!("{}, VAT in the ledger", what()), &vats.values().sum::<i64>(), &(-sign * document.vat))?;
    expected.extend(vats);
    *expected.entry(receivable).or_default() += sign * document.total - drawn;
    *expected.entry(credit).or_default() += drawn;
    let mut found: BTreeMap<String, i64> = BTreeMap::new();
    for transfer in fresh.transfers.remove(&document.id).unwrap_or_default() {
        same(what, &(&transfer.seller, &transfer.currency), &(&document.seller, &document.currency))?;
        if transfer.amount <= 0 || transfer.debit == transfer.credit {
            return Err(format!("{transfer:?} moves nothing"));
        }
        *found.entry(transfer.debit.clone()).or_default() += transfer.amount;
        *found.entry(transfer.credit.clone()).or_default() -= transfer.amount;
        model.transfer(seller, &transfer);
    }
    found.retain(|_, amount| *amount != 0);
    expected.retain(|_, amount| *amount != 0);
    same(|| format!("{}, in the ledger", what()), &found, &expected)?;
    model.accounts[account].credit -= drawn;
    let owes = document.kind == "invoice" && document.total > 0;
    model.documents.insert(
        document.id.clone(),
        Document {
            account,
            net: document.net,
            lines: lines.len(),
            total: document.total,
            open: 0,
            due: document.due.parse().map_err(|_| what())?,
            owes,
            about: about(model, lines),
            credited: 0,
            reopened: 0,
        },
    );
    if owes {
        model.settle(&document.id, -document.total)?;
    }
    let settled = corrected.map_or_else(|| document.id.clone(), |(id, _)| id);
    if document.corrects.is_some()
        && let Some(original) = model.documents.get_mut(&settled)
    {
        original.credited += document.net;
    }
    let mut sum = 0;
    let note = document.corrects.is_some().then(|| document.id.clone());
    fresh.settlements.retain(|one| {
        let mine = one.invoice == settled && one.payment.is_none() && one.note == note;
        sum += if mine { one.amount } else { 0 };
        !mine
    });
    same(|| format!("{}, what is settled with it", what()), &sum, &settles)?;
    if settles > 0 {
        model.settle(&settled, settles)?;
    }
    Ok(())
}

/// The subscriptions that a document is about.
fn about(model: &Model, lines: &[rows::Line]) -> Vec<usize> {
    let ids = lines.iter().filter_map(|line| line.subscription.as_ref());
    let mut places: Vec<usize> = ids.filter_map(|id| model.places.get(id).copied()).collect();
    places.sort_unstable();
    places.dedup();
    places
}

/// How much of an invoice the credit settles at once.
fn draw(account: &super::model::Account, total: i64) -> i64 {
    if !account.prepaid {
        account.credit.min(total).max(0)
    } else if account.credit + account.limit >= total {
        total
    } else {
        0
    }
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
        same(|| format!("credit of account {id}"), &credit, &account.credit)?;
        if live < account.live.0 || live > account.live.1 {
            return Err(format!("account {id} has {live} live, expected {:?}", account.live));
        }
    }
    Ok(())
}

/// After a sweep that came to its end: nothing that was due is left, and who was to end has ended.
///
/// # Errors
/// A sentence that names what is left.
pub fn nothing_is_due(model: &mut Model, swept_at: i64, found: &mut Found) -> Result<(), String> {
    let due: Vec<(i64, usize)> = model.due.range(..=(swept_at, usize::MAX)).copied().collect();
    for (start, place) in due {
        let one = &model.subscriptions[place];
        found.touch(place);
        if !one.cancel_at_end {
            let begins = model.next_period(place).start.at;
            if begins <= swept_at {
                return Err(format!("{one:?} was due at {start}, and the sweep of {swept_at} left it"));
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
