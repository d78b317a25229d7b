//! Renewals: RULES B1–B14 by name through the job and real rows, what is set aside, and how documents are issued.

mod calendar;
mod issue;
mod parked;
mod sweep;

use jiff::Timestamp;
use muster_store::selling::invoices::Invoice;
use muster_store::selling::subscriptions::{Period, Subscription};
use muster_tests::trade::{self, Deal};
use muster_tests::{TestApp, Trade};

/// Moves the time to `instant`, which lies ahead.
fn go_to(t: &TestApp, instant: &str) {
    let to: Timestamp = instant.parse().unwrap();
    let seconds = to.as_second() - t.app().now().as_second();
    assert!(seconds >= 0, "{instant} is over");
    t.clock.advance_seconds(seconds);
}

/// The retail trade with a plan of this length, in an account of this zone.
async fn retail(t: &mut TestApp, zone: &str, (unit, count): (&str, i64)) -> Deal {
    let mut trade = Trade::of(t).await;
    trade.retail.account.zone = zone.to_owned();
    trade.retail.plan.interval_unit = unit.to_owned();
    trade.retail.plan.interval_count = count;
    trade.insert(t).await;
    trade.retail
}

async fn renew(t: &TestApp) {
    t.run_job("renewals").await;
}

/// First day and day after the last of each billed period.
async fn spans(t: &TestApp, row: &Subscription) -> Vec<(String, String)> {
    let periods = trade::periods(t, &row.id).await;
    let dates = |period: Period| (period.start_date, period.end_date);
    periods.into_iter().map(dates).collect()
}

fn days(spans: &[(&str, &str)]) -> Vec<(String, String)> {
    let owned = |(from, until): &(&str, &str)| ((*from).to_owned(), (*until).to_owned());
    spans.iter().map(owned).collect()
}

/// Everything that was issued hangs together: numbers run from 1 without a gap; each period has an invoice of its own, over its
/// days and no others; each begins where the one before ended; what is owed and what was transferred are the invoice's total.
async fn all_fits(t: &TestApp, deal: &Deal, rows: &[&Subscription]) -> Vec<Invoice> {
    let documents = deal.documents(t).await;
    let numbers: Vec<i64> = documents.iter().map(|invoice| invoice.number).collect();
    let mut wanted = Vec::new();
    let mut year = 0;
    for invoice in &documents {
        let follows = wanted.last().copied().filter(|_| invoice.year == year);
        year = invoice.year;
        wanted.push(follows.unwrap_or(0) + 1);
        assert_eq!(invoice.issue_date[..4], year.to_string());
    }
    assert_eq!(numbers, wanted, "numbers run from 1 in each year");
    let mut billed = Vec::new();
    for row in rows {
        let periods = trade::periods(t, &row.id).await;
        for pair in periods.windows(2) {
            assert_eq!(pair[0].end_at, pair[1].start_at, "no hole and no overlap");
            assert_eq!(pair[0].end_date, pair[1].start_date);
        }
        billed.extend(periods);
    }
    assert_eq!(billed.len(), documents.len());
    for invoice in &documents {
        let mut own = billed
            .iter()
            .filter(|period| period.invoice_id == invoice.id);
        let (period, second) = (own.next().unwrap(), own.next());
        assert_eq!(second, None, "one period, one invoice");
        assert_eq!(invoice.zone, period.zone, "the zone is frozen in both");
        let lines = trade::lines(t, &invoice.id).await;
        assert_eq!(lines.len(), 1);
        assert_eq!(lines[0].from_date.as_ref(), Some(&period.start_date));
        assert_eq!(lines[0].until_date.as_ref(), Some(&period.end_date));
        assert_eq!(
            lines[0].subscription_id.as_ref(),
            Some(&period.subscription_id)
        );
        assert_eq!(
            (invoice.net, invoice.vat, invoice.total),
            (150_000, 30_000, 180_000)
        );
        assert_eq!(deal.open_on(t, &invoice.id).await, 180_000);
        let transfers = trade::transfers(t, invoice).await;
        let written: Vec<(&str, i64)> = transfers
            .iter()
            .map(|row| (row.credit.as_str(), row.amount))
            .collect();
        assert_eq!(
            written,
            [("revenue:recurring", 150_000), ("vat:FR:20", 30_000)]
        );
    }
    documents
}
