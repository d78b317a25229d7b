//! The nightly audit of every seller's books: transfers against invoices and payments, what is owed against what settled it, credit
//! against its account, numbers against 1 to n. It repairs nothing: a difference is an alarm, and a person looks.

use std::sync::Arc;

use muster_store::selling::books::{self as store, Audit, Check, MOST};
use muster_store::selling::sellers;
use muster_store::{Conn, StoreResult};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::books;
use crate::app::App;
use crate::features::operations::schedule::Done;
use crate::features::record::write::{By, Weight};
use crate::web::actor::{Allowed, ReadBooks};
use crate::web::problem::Answer;

/// At most so many new differences of one seller are told one by one.
const MOST_TOLD: usize = 20;

/// Two figures that should be equal and are not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// What was compared ([`Check`]).
    pub check: String,
    /// Whose figures: a buyer's account, an invoice, a payment, a series with its year.
    pub subject: String,
    /// ISO 4217; empty where things are counted.
    pub currency: String,
    /// What one side says.
    pub expected: i64,
    /// What the other says.
    pub found: i64,
}

/// The last result for one seller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// When; `None` before the first audit.
    pub checked_at: Option<i64>,
    /// What differs.
    pub differences: Vec<Difference>,
}

/// Audits every seller's books.
///
/// # Errors
/// The database does not answer.
pub async fn run(app: Arc<App>) -> Done {
    let sellers = app
        .store
        .read(sellers::all_for_job)
        .await
        .map_err(|error| error.to_string())?;
    for seller in sellers {
        let id = seller.organisation_id;
        audit(&app, id.clone())
            .await
            .map_err(|error| format!("the books of {id}: {error}"))?;
    }
    Ok(())
}

async fn audit(app: &Arc<App>, seller: String) -> StoreResult<()> {
    let reading = seller.clone();
    // One read sees one moment: what is booked meanwhile is no difference.
    let found = app.store.read(move |c| differences(c, &reading)).await?;
    if !found.is_empty() {
        tracing::error!(seller, differences = found.len(), "books do not add up");
    }
    let auditing = app.clone();
    app.store
        .write(move |tx| {
            let before = last_in(tx, &seller)?;
            let new: Vec<&Difference> = found
                .iter()
                .filter(|difference| !before.differences.contains(difference))
                .collect();
            let by = By::job("books-audit");
            for difference in new.iter().take(MOST_TOLD) {
                let kind = ("books.differ", Weight::Trouble);
                let facts = json!({
                    "check": difference.check, "subject": difference.subject,
                    "expected": figure(difference.expected, &difference.currency),
                    "found": figure(difference.found, &difference.currency), "new": new.len(),
                });
                books::tell(tx, &auditing, &by, &seller, kind, None, facts)?;
            }
            if found.is_empty() && !before.differences.is_empty() {
                let kind = ("books.agree", Weight::Major);
                books::tell(tx, &auditing, &by, &seller, kind, None, json!({}))?;
            }
            let audit = Audit {
                seller_id: seller.clone(),
                checked_at: auditing.now_micros(),
                differences: serde_json::to_string(&found).unwrap_or_default(),
            };
            store::put(tx, &audit)
        })
        .await
}

fn differences(c: &mut Conn, seller: &str) -> StoreResult<Vec<Difference>> {
    let mut all = Vec::new();
    for check in Check::ALL {
        let found = store::differences(c, seller, check)?;
        if found.len() == MOST {
            tracing::warn!(
                seller,
                check = check.as_str(),
                "more differences than are told"
            );
        }
        all.extend(found.into_iter().map(|row| Difference {
            check: check.as_str().to_owned(),
            subject: row.subject,
            currency: row.currency,
            expected: row.expected,
            found: row.found,
        }));
    }
    Ok(all)
}

fn figure(value: i64, currency: &str) -> String {
    books::money(value, currency).map_or_else(|_| value.to_string(), |money| money.to_string())
}

/// What the last audit of the actor's own books found.
///
/// # Errors
/// The database does not answer.
pub async fn last(app: &App, allowed: &Allowed<ReadBooks>) -> Answer<Outcome> {
    let seller = allowed.actor.organisation.id.clone();
    Ok(app.store.read(move |c| last_in(c, &seller)).await?)
}

fn last_in(c: &mut Conn, seller: &str) -> StoreResult<Outcome> {
    let Some(row) = store::last(c, seller)? else {
        return Ok(Outcome {
            checked_at: None,
            differences: Vec::new(),
        });
    };
    let differences = serde_json::from_str(&row.differences)
        .map_err(|_| books::unreadable("audit of", seller))?;
    Ok(Outcome {
        checked_at: Some(row.checked_at),
        differences,
    })
}
