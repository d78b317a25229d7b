//! Documents: their numbers, dates and sums, and what follows from each of them in the books.

use std::collections::BTreeMap;

use super::calendar::{date_of, plus_days};
use super::check::same;
use super::model::{Document, Model};
use super::rows;
use super::seen::Fresh;
use super::world::World;

/// Their numbers follow those that were there, without a gap.
pub(super) fn numbers(
    world: &World,
    model: &mut Model,
    documents: &[rows::Document],
) -> Result<(), String> {
    let mut ordered: Vec<&rows::Document> = documents.iter().collect();
    ordered.sort_by_key(|one| (&one.seller, &one.series, one.year, one.number));
    ordered
        .into_iter()
        .try_for_each(|document| number(world, model, document))
}

/// Its number is the next of its series and year, and its dates are those of its seller.
fn number(world: &World, model: &mut Model, document: &rows::Document) -> Result<(), String> {
    let what = || {
        format!(
            "document {} {}/{}",
            document.series, document.year, document.number
        )
    };
    let seller = *model.seller_places.get(&document.seller).ok_or_else(what)?;
    let account = *model
        .account_places
        .get(&document.account)
        .ok_or_else(what)?;
    let kind = usize::from(document.kind == "credit-note");
    same(what, &document.series, &model.sellers[seller].series[kind])?;
    same(
        what,
        &document.currency.as_str(),
        &model.sellers[seller].currency,
    )?;
    same(what, &model.accounts[account].seller, &seller)?;
    let last = model
        .numbers
        .entry((seller, document.series.clone(), document.year))
        .or_default();
    same(
        || format!("{}, the number after {last}", what()),
        &document.number,
        &(*last + 1),
    )?;
    *last += 1;
    let (early, late) = world.now();
    let days = [early, late].map(|at| date_of(model.sellers[seller].zone, at));
    let Some(day) = days.iter().find(|day| day.to_string() == document.issued) else {
        return Err(format!(
            "{} was issued on {}, and it is {days:?}",
            what(),
            document.issued
        ));
    };
    same(what, &i64::from(day.year()), &document.year)?;
    let due = plus_days(*day, model.accounts[account].terms).to_string();
    // A credit note asks for nothing: when it is due is without meaning.
    let due = if kind == 1 { document.due.clone() } else { due };
    same(|| format!("{}, due", what()), &document.due, &due)
}

/// Its sums are those of its lines, to the unit.
pub(super) fn totals(document: &rows::Document, lines: &[rows::Line]) -> Result<(), String> {
    let what = || format!("document {}", document.id);
    let mut groups: BTreeMap<(&str, i64), i64> = BTreeMap::new();
    for line in lines {
        same(
            || format!("{}, line {}", what(), line.position),
            &line.net,
            &(line.quantity * line.unit_price),
        )?;
        *groups.entry((&line.category, line.rate)).or_default() += line.net;
    }
    let net: i64 = groups.values().sum();
    let vat: i64 = groups
        .iter()
        .map(|((_, rate), net)| Model::vat(*net, *rate))
        .sum();
    same(|| format!("{}, without VAT", what()), &document.net, &net)?;
    same(|| format!("{}, VAT", what()), &document.vat, &vat)?;
    same(
        || format!("{}, with VAT", what()),
        &document.total,
        &(net + vat),
    )
}

/// What follows from a document: its transfers, what is owed, what the credit settles, its letter.
pub(super) fn issued(
    model: &mut Model,
    document: &rows::Document,
    lines: &[rows::Line],
    fresh: &mut Fresh,
) -> Result<(), String> {
    let what = || format!("document {}", document.id);
    let account = *model
        .account_places
        .get(&document.account)
        .ok_or_else(what)?;
    let seller = model.accounts[account].seller;
    if !model.letters.contains(&format!("invoice:{}", document.id)) {
        return Err(format!("{} has no letter", what()));
    }
    // A credit note turns everything round, and what was paid already goes to the credit.
    let sign = if document.kind == "credit-note" {
        -1
    } else {
        1
    };
    let (receivable, credit) = (
        format!("receivable:{}", document.account),
        format!("credit:{}", document.account),
    );
    let corrected = document.corrects.as_ref().and_then(|id| {
        model
            .documents
            .get(id)
            .map(|original| (id.clone(), original.open))
    });
    let (settles, drawn) = match &corrected {
        Some((_, open)) => (
            document.total.min(*open),
            document.total.min(*open) - document.total,
        ),
        None => {
            let drawn = draw(&model.accounts[account], document.total);
            (drawn, drawn)
        }
    };
    let mut expected: BTreeMap<String, i64> = BTreeMap::new();
    for line in lines {
        *expected
            .entry(format!("revenue:{}", line.product))
            .or_default() -= sign * line.net;
    }
    let mut vats: BTreeMap<String, i64> = BTreeMap::new();
    for transfer in fresh.transfers.get(&document.id).into_iter().flatten() {
        for (name, amount) in [
            (&transfer.debit, transfer.amount),
            (&transfer.credit, -transfer.amount),
        ] {
            if name.starts_with("vat:") {
                *vats.entry(name.clone()).or_default() += amount;
            }
        }
    }
    same(
        || format!("{}, VAT in the ledger", what()),
        &vats.values().sum::<i64>(),
        &(-sign * document.vat),
    )?;
    expected.extend(vats);
    *expected.entry(receivable).or_default() += sign * document.total - drawn;
    *expected.entry(credit).or_default() += drawn;
    let mut found: BTreeMap<String, i64> = BTreeMap::new();
    for transfer in fresh.transfers.remove(&document.id).unwrap_or_default() {
        same(
            what,
            &(&transfer.seller, &transfer.currency),
            &(&document.seller, &document.currency),
        )?;
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
    same(
        || format!("{}, what is settled with it", what()),
        &sum,
        &settles,
    )?;
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
