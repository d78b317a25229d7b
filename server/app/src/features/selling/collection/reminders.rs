//! Letters about invoices that nobody paid: on the due date, and after it as the plan's schedule says. Which one is due today is
//! recomputed; those whose day passed while nobody looked are put down as skipped and never come late (RULES B22).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use muster_domain::selling::dunning::{self, Step};
use muster_store::selling::collection as store;
use muster_store::selling::invoices::{self, Receivable};
use muster_store::selling::letters::{self, Letter};
use muster_store::{Conn, StoreResult};

use super::BATCH;
use super::rows::{self, Around};
use crate::app::App;
use crate::features::operations::schedule::Done;

/// Writes the letters that are due for every seller.
pub async fn after_due(app: &Arc<App>) -> Done {
    for seller in rows::sellers(app).await? {
        walk(app, &seller).await?;
    }
    Ok(())
}

async fn walk(app: &Arc<App>, seller: &str) -> Done {
    let until = rows::latest_day(app.now());
    let mut after: Option<(String, String)> = None;
    loop {
        let (seller, until, from, looking) =
            (seller.to_owned(), until.clone(), after.clone(), app.clone());
        let (last, due) = app
            .store
            .read(move |c| {
                let from = from.as_ref().map(|(due, id)| (due.as_str(), id.as_str()));
                let owed = invoices::owed_for_job(c, &seller, &until, from, BATCH)?;
                let due = due(c, &looking, &owed)?;
                Ok((
                    owed.last()
                        .map(|one| (one.due_date.clone(), one.invoice_id.clone())),
                    due,
                ))
            })
            .await
            .map_err(|error| error.to_string())?;
        if last.is_none() {
            return Ok(());
        }
        after = last;
        put(app, due).await?;
    }
}

/// Puts letters on the pile, those that are only remembered too.
pub async fn put(app: &Arc<App>, due: Vec<Due>) -> Done {
    if due.is_empty() {
        return Ok(());
    }
    let written = app.store.write(move |tx| {
        for one in &due {
            match one {
                Due::Send(letter) => letters::insert(tx, letter)?,
                Due::PassOver(letter) => letters::insert_skipped(tx, letter)?,
            };
        }
        Ok(())
    });
    written.await.map_err(|error| error.to_string())?;
    app.due.letters.notify_one();
    Ok(())
}

/// What becomes of a step.
#[derive(Clone)]
pub enum Due {
    /// A letter.
    Send(Letter),
    /// The memory of one.
    PassOver(Letter),
}

fn due(c: &mut Conn, app: &App, owed: &[Receivable]) -> StoreResult<Vec<Due>> {
    let invoices: Vec<&str> = owed.iter().map(|one| one.invoice_id.as_str()).collect();
    // An invoice is dunned by the schedule of the first subscription on it.
    let mut first: BTreeMap<String, String> = BTreeMap::new();
    for (invoice, subscription) in store::on_invoices_for_job(c, &invoices)? {
        first.entry(invoice).or_insert(subscription);
    }
    let ids: Vec<&str> = first.values().map(String::as_str).collect();
    let subscriptions = store::many_for_job(c, &ids)?;
    let accounts: Vec<&str> = owed
        .iter()
        .map(|one| one.billing_account_id.as_str())
        .collect();
    let around = Around::of(c, &subscriptions, &accounts)?;
    let plan_of = |invoice: &str| -> Option<dunning::Plan> {
        let Some(id) = first.get(invoice) else {
            return Some(dunning::Plan::default());
        };
        let subscription = subscriptions.iter().find(|one| one.id == *id)?;
        around.rules(subscription).map(|(_, plan)| plan)
    };
    let plans: Vec<Option<dunning::Plan>> =
        owed.iter().map(|one| plan_of(&one.invoice_id)).collect();
    let keys: Vec<String> = owed
        .iter()
        .zip(&plans)
        .flat_map(|(one, plan)| {
            let days = plan.as_ref().map(|plan| plan.after().to_vec());
            days.unwrap_or_default()
                .into_iter()
                .map(|days| key(&one.invoice_id, Step::After(days)))
        })
        .collect();
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    let known: BTreeSet<String> = letters::known_keys(c, &keys)?.into_iter().collect();
    let mut due = Vec::new();
    for (one, plan) in owed.iter().zip(plans) {
        let (Some(plan), Some(zone), Some(date), Some(account)) = (
            plan,
            around.zone(&one.billing_account_id),
            rows::day(&one.due_date),
            around.accounts.get(&one.billing_account_id),
        ) else {
            continue;
        };
        let handled: Vec<Step> = plan
            .after()
            .iter()
            .map(|days| Step::After(*days))
            .filter(|step| known.contains(&key(&one.invoice_id, *step)))
            .collect();
        let letters = plan.after_due(zone.date_of(app.now()), date, &handled);
        let make = |step: Step| Letter {
            invoice_id: Some(one.invoice_id.clone()),
            subscription_id: first.get(&one.invoice_id).cloned(),
            ..rows::letter(app, account, kind(step), key(&one.invoice_id, step))
        };
        due.extend(
            letters
                .skipped
                .iter()
                .map(|step| Due::PassOver(make(*step))),
        );
        due.extend(letters.send.map(|step| Due::Send(make(step))));
    }
    Ok(due)
}

/// Until it is late a letter reminds; afterwards it says so.
fn kind(step: Step) -> &'static str {
    match step {
        Step::Before(_) | Step::After(0) => "reminder",
        Step::After(_) => "past-due",
    }
}

fn key(invoice: &str, step: Step) -> String {
    format!("{}:{invoice}:{step}", kind(step))
}
