//! A year of a seller's journal as CSV, for its accountant: one line a transfer, in the order of writing. It is read and sent a
//! page at a time, however long it is.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use actix_web::web::Bytes;
use futures_core::Stream;
use jiff::civil::Date;
use jiff::{Timestamp, civil};
use muster_domain::selling::money::Money;
use muster_domain::selling::zone::Zone;
use muster_store::selling::documents::{self as store, Documents};
use muster_store::selling::ledger::Transfer;
use muster_store::selling::sellers;
use muster_store::{StoreError, StoreResult};
use tokio::sync::mpsc;

use super::frozen;
use crate::app::App;
use crate::ids::first_of;
use crate::web::actor::{Allowed, ReadBooks};
use crate::web::csv::Row;
use crate::web::fields::Fields;
use crate::web::problem::{Answer, Problem};

/// Transfers read at once.
const PAGE: i64 = 1_000;
/// How far an id may lie from the time of its row: those that are made at once run ahead of the clock.
const NEAR: jiff::SignedDuration = jiff::SignedDuration::from_hours(24);
/// What the columns are called.
const HEAD: [&str; 9] = [
    "date", "number", "debit", "credit", "amount", "currency", "document", "buyer", "transfer",
];

/// The journal of one year.
#[derive(Debug, Clone)]
pub struct Journal {
    seller: String,
    zone: Zone,
    /// The year.
    pub year: i16,
    between: (Timestamp, Timestamp),
}

impl Journal {
    /// Reads `year`; this year's when it is left out. A year begins where the seller's first day does.
    ///
    /// # Errors
    /// It is no year; the organisation does not sell.
    pub async fn asked(app: &App, allowed: &Allowed<ReadBooks>, query: &Fields) -> Answer<Self> {
        let organisation = allowed.actor.organisation.id.clone();
        let found = app.store.read(move |c| sellers::find(c, &organisation));
        let seller = found.await?.ok_or_else(|| {
            Problem::conflict(
                "not-selling",
                "Your organisation does not sell yet, so it keeps no journal. Set up how you sell first.",
            )
        })?;
        let zone = Zone::parse(&seller.zone)?;
        let year = match query.some("year") {
            None => zone.date_of(app.now()).year(),
            Some(text) => text
                .parse()
                .ok()
                .filter(|year| (2000..=9998).contains(year))
                .ok_or_else(|| {
                    Problem::invalid(
                        "year",
                        "year must be a number of four digits, such as 2026.",
                    )
                })?,
        };
        let start = |year| zone.start_of(civil::date(year, 1, 1));
        let out_of_range = |_| Problem::invalid("year", "This year lies outside the calendar.");
        Ok(Self {
            between: (
                start(year).map_err(out_of_range)?,
                start(year + 1).map_err(out_of_range)?,
            ),
            seller: seller.organisation_id,
            zone,
            year,
        })
    }

    /// Its lines, as they are read. A failure in the middle breaks the answer off, so that nobody takes a part for the whole.
    #[must_use]
    pub fn stream(self, app: Arc<App>) -> Lines {
        let (send, lines) = mpsc::channel(2);
        tokio::spawn(async move {
            if let Err(error) = self.write(&app, &send).await {
                tracing::error!(%error, "an export of the journal broke off");
                drop(
                    send.send(Err(std::io::Error::other("the journal broke off")))
                        .await,
                );
            }
        });
        Lines(lines)
    }

    async fn write(self, app: &App, to: &mpsc::Sender<std::io::Result<Bytes>>) -> StoreResult<()> {
        let mut page = Row::of(HEAD).to_string();
        let mut after: Option<String> = None;
        loop {
            let (journal, behind) = (self.clone(), after.clone());
            let (last, lines) = app
                .store
                .read(move |c| {
                    let near = (
                        first_of(journal.between.0 - NEAR),
                        first_of(journal.between.1 + NEAR),
                    );
                    let time = (
                        journal.between.0.as_microsecond(),
                        journal.between.1.as_microsecond(),
                    );
                    let (near, behind) = ((near.0.as_str(), near.1.as_str()), behind.as_deref());
                    let some =
                        store::journal_between(c, &journal.seller, time, near, behind, PAGE)?;
                    let documents = store::of_transfers(c, &journal.seller, &some)?;
                    let accounts: Vec<&str> = some.iter().filter_map(billing_account).collect();
                    let buyers = store::account_names(c, &accounts)?;
                    let lines: StoreResult<Vec<String>> = some
                        .iter()
                        .map(|row| journal.line(row, &documents, &buyers))
                        .collect();
                    Ok((some.last().map(|row| row.id.clone()), lines?.concat()))
                })
                .await?;
            page.push_str(&lines);
            // Whoever asked may have gone: then there is nothing more to do.
            if to
                .send(Ok(Bytes::from(std::mem::take(&mut page))))
                .await
                .is_err()
            {
                return Ok(());
            }
            match last {
                Some(last) => after = Some(last),
                None => return Ok(()),
            }
        }
    }

    fn line(
        &self,
        row: &Transfer,
        documents: &Documents,
        buyers: &BTreeMap<String, String>,
    ) -> StoreResult<String> {
        let currency = frozen::currency(&row.currency)?;
        let money = Money::new(row.amount, currency);
        let (document, number) = named(row, documents);
        let buyer = billing_account(row).and_then(|account| buyers.get(account));
        Ok(Row::of([
            &self.day(row.at)?.to_string(),
            &number,
            &row.debit,
            &row.credit,
            &money.decimal(),
            currency.as_str(),
            document,
            buyer.map(String::as_str).unwrap_or_default(),
            &row.id,
        ])
        .to_string())
    }

    fn day(&self, at: i64) -> StoreResult<Date> {
        let at = Timestamp::from_microsecond(at)
            .map_err(|_| StoreError::Corrupt(format!("a transfer at {at}")))?;
        Ok(self.zone.date_of(at))
    }
}

/// What kind of document a transfer belongs to, and its number or the source's word for it.
fn named<'a>(row: &Transfer, documents: &'a Documents) -> (&'a str, String) {
    if let Some(invoice) = documents.invoices.get(&row.document_id) {
        return (&invoice.kind, frozen::number(invoice));
    }
    match documents.payments.get(&row.document_id) {
        Some(payment) => (&payment.kind, payment.source_key.clone()),
        None => ("", row.document_id.clone()),
    }
}

/// The billing account that a transfer is about, if it is about one.
fn billing_account(row: &Transfer) -> Option<&str> {
    [&row.debit, &row.credit].into_iter().find_map(|account| {
        account
            .strip_prefix("receivable:")
            .or_else(|| account.strip_prefix("credit:"))
    })
}

/// The lines of a journal while they are read.
#[derive(Debug)]
pub struct Lines(mpsc::Receiver<std::io::Result<Bytes>>);

impl Stream for Lines {
    type Item = std::io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_recv(context)
    }
}
