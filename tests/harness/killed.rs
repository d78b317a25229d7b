//! A server that is killed (SIGKILL) again and again at random moments while it renews, and what must be left when it is at last
//! let be: every period once, every number once, every amount where it belongs.

use std::time::Duration;

use diesel::RunQueryDsl as _;
use diesel::sql_types::{BigInt, Text};
use jiff::civil::Date;
use jiff::{Span, Timestamp};
use muster::clock::{Clock as _, SystemClock};
use muster_domain::selling::zone::Zone;
use muster_store::organisations::{self, Organisation};
use muster_store::selling::{accounts, subscriptions};
use muster_store::{Conn, StoreResult};

use crate::database::Database;
use crate::installation::{Installation, until};
use crate::programs::Running;
use crate::trade::{Deal, Trade, id};

/// Months of one period of the plan.
const MONTHS: i64 = 6;

/// What a run came to.
#[derive(Debug, Clone, Copy)]
pub struct Outcome {
    /// How often it was killed while something was still due.
    pub kills: u32,
    /// Invoices at the end.
    pub invoices: i64,
}

#[derive(diesel::QueryableByName)]
struct Figure {
    #[diesel(sql_type = BigInt)]
    figure: i64,
}

#[derive(diesel::QueryableByName)]
struct Billed {
    #[diesel(sql_type = Text)]
    subscription_id: String,
    #[diesel(sql_type = BigInt)]
    period_index: i64,
    #[diesel(sql_type = Text)]
    start_date: String,
    #[diesel(sql_type = Text)]
    end_date: String,
}

/// Lets a server renew `count` subscriptions, each due several times, and kills it at `kills` moments that `seed` draws.
///
/// # Panics
/// Anything is missing, doubled or wrong at the end.
pub async fn live_through(database: Database, count: u64, kills: u32, seed: u64) -> Outcome {
    let mut installation = Installation::new(database);
    // The first start makes the CA; nothing is due yet.
    installation.start();
    installation.stop();
    let now = SystemClock.now();
    let deal = set_up(&installation, now, count).await;
    let mut random = Random(seed);
    let mut killed = 0;
    while killed < kills {
        let mut server = Running::start(&mut installation.muster(&["serve"]));
        // As far as the first line it opens the database and its CA; what is killed before is not killed while it renews.
        server.wait_for("Portal");
        tokio::time::sleep(Duration::from_micros(random.below(250_000))).await;
        server.kill();
        forget_leases(&installation).await;
        assert!(
            figure(&installation, DUE, now).await > 0,
            "seed {seed}: all was billed after {killed} of {kills} kills; take more subscriptions"
        );
        killed += 1;
    }
    installation.start();
    until("nothing is due", async || {
        (figure(&installation, DUE, now).await == 0).then_some(())
    })
    .await;
    installation.stop();
    let invoices = check(&installation, &deal, now, count, seed).await;
    Outcome {
        kills: killed,
        invoices,
    }
}

async fn set_up(installation: &Installation, now: Timestamp, count: u64) -> Deal {
    let (operator, reseller, customer) = (id(0x200, 1), id(0x200, 2), id(0x200, 3));
    let trade = Trade::between(&operator, &reseller, &customer, now);
    let deal = trade.retail.clone();
    let store = installation.store();
    let selling = deal.clone();
    let rows = store.write(move |c| {
        let floors = [
            (&operator, "operator", None, None),
            (&reseller, "reseller", Some(&operator), Some(&reseller)),
            (&customer, "customer", Some(&reseller), Some(&reseller)),
        ];
        for (id, kind, parent, above) in floors {
            organisations::insert(
                c,
                &Organisation {
                    id: id.clone(),
                    kind: kind.to_owned(),
                    parent_id: parent.cloned(),
                    reseller_id: above.cloned(),
                    name: format!("The {kind}"),
                    created_at: 1,
                },
            )?;
        }
        selling.insert(c)
    });
    rows.await.expect("the rows are new");
    for first in (0..count).step_by(1000) {
        let (selling, last) = (deal.clone(), (first + 1000).min(count));
        let written = store.write(move |c| {
            for number in first..last {
                let anchor = anchor(now, number).to_string();
                subscriptions::insert(c, &selling.subscription(number, &anchor))?;
            }
            accounts::count_live(
                c,
                &selling.account.id,
                i64::try_from(last - first).unwrap_or(0),
            )?;
            Ok(())
        });
        written.await.expect("the rows are new");
    }
    deal
}

/// Days from a year and ten months ago on: each has three periods due, or four.
fn anchor(now: Timestamp, number: u64) -> Date {
    let zone = Zone::parse("Europe/Paris").expect("a zone that is compiled in");
    let today = zone.date_of(now);
    let begun = Date::new(today.year() - 1, 1, 1).expect("a date");
    begun.saturating_add(Span::new().days(i64::try_from(number % 90).unwrap_or(0)))
}

/// What a naive calendar says: the boundaries of a subscription up to now.
fn boundaries(now: Timestamp, number: u64) -> Vec<(String, String)> {
    let zone = Zone::parse("Europe/Paris").expect("a zone that is compiled in");
    let (begun, today) = (anchor(now, number), zone.date_of(now));
    let at = |k: i64| begun.saturating_add(Span::new().months(MONTHS * k));
    (0..)
        .take_while(|k| at(*k) <= today)
        .map(|k| (at(k).to_string(), at(k + 1).to_string()))
        .collect()
}

const DUE: &str = "SELECT COUNT(*) AS figure FROM subscriptions WHERE next_start_at <= {now} AND parked_at IS NULL";

async fn figure(installation: &Installation, sql: &str, now: Timestamp) -> i64 {
    let sql = sql.replace("{now}", &now.as_microsecond().to_string());
    let store = installation.store();
    let read = store.read(move |c| one(c, &sql));
    read.await.expect("the database answers")
}

fn one(c: &mut Conn, sql: &str) -> StoreResult<i64> {
    let found: Figure = diesel::sql_query(sql).get_result(c)?;
    Ok(found.figure)
}

/// What a dead node holds runs out by itself in half a minute; nobody waits for that here.
async fn forget_leases(installation: &Installation) {
    let store = installation.store();
    if store.is_embedded() {
        return;
    }
    let freed = store.write(|c| {
        diesel::sql_query("UPDATE job_leases SET held_until = 0").execute(c)?;
        Ok(())
    });
    freed.await.expect("the database answers");
}

async fn check(
    installation: &Installation,
    deal: &Deal,
    now: Timestamp,
    count: u64,
    seed: u64,
) -> i64 {
    let store = installation.store();
    let read = store.read(|c| {
        let all: Vec<Billed> = diesel::sql_query(
            "SELECT subscription_id, period_index, start_date, end_date FROM subscription_periods ORDER BY 1, 2",
        )
        .load(c)?;
        Ok(all)
    });
    let billed: Vec<(String, i64, String, String)> = read
        .await
        .expect("the database answers")
        .into_iter()
        .map(|one| {
            (
                one.subscription_id,
                one.period_index,
                one.start_date,
                one.end_date,
            )
        })
        .collect();
    let expected: Vec<(String, i64, String, String)> = (0..count)
        .flat_map(|number| {
            let row = deal.subscription(number, "2026-01-01").id;
            (0..)
                .zip(boundaries(now, number))
                .map(move |(index, (start, end))| (row.clone(), index, start, end))
        })
        .collect();
    let total = i64::try_from(expected.len()).expect("a number that fits");
    for (one, other) in billed.iter().zip(&expected) {
        assert_eq!(one, other, "seed {seed}");
    }
    assert_eq!(billed.len(), expected.len(), "seed {seed}");
    // 1,500.00 EUR and 20 % VAT on each.
    for (what, sql, wanted) in [
        ("invoices", "SELECT COUNT(*) AS figure FROM invoices", total),
        (
            "numbers",
            "SELECT COUNT(DISTINCT number) AS figure FROM invoices",
            total,
        ),
        (
            "the last number",
            "SELECT MAX(number) AS figure FROM invoices",
            total,
        ),
        (
            "the counter",
            "SELECT next_number AS figure FROM invoice_series",
            total + 1,
        ),
        (
            "lines",
            "SELECT COUNT(*) AS figure FROM invoice_lines",
            total,
        ),
        (
            "letters",
            "SELECT COUNT(*) AS figure FROM letters WHERE kind = 'invoice'",
            total,
        ),
        (
            "owed",
            "SELECT CAST(SUM(open) AS BIGINT) AS figure FROM receivables",
            180_000 * total,
        ),
        (
            "transfers",
            "SELECT COUNT(*) AS figure FROM transfers",
            2 * total,
        ),
        (
            "the journal",
            "SELECT CAST(SUM(amount) AS BIGINT) AS figure FROM transfers",
            180_000 * total,
        ),
        (
            "parked",
            "SELECT COUNT(*) AS figure FROM subscriptions WHERE parked_at IS NOT NULL",
            0,
        ),
    ] {
        assert_eq!(
            figure(installation, sql, now).await,
            wanted,
            "seed {seed}: {what}"
        );
    }
    total
}

/// splitmix64: the same moments for the same seed.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (x ^ (x >> 31)) % bound
    }
}
