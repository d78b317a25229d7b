//! How many renewals a second one node bills, and how much memory that takes:
//! `cargo run --release -p muster-tests --example bench-renewals -- [SUBSCRIPTIONS [ACCOUNTS [DATABASE-URL]]]`.
//!
//! Every subscription is sold by one reseller for a month at a time, the accounts are its customers'. The first sweep bills their
//! first period, the others the months after it, each with its last period to follow on. What is timed is the job itself with its
//! real batches: every renewal is seven rows and one update, and every transaction is on the disk before the next begins.

use std::error::Error;
use std::sync::Arc;
use std::time::Instant;

use jiff::Timestamp;
use muster::app::{App, Surroundings};
use muster::clock::FrozenClock;
use muster::config::Config;
use muster::features::organisations::add;
use muster::features::record::write::By;
use muster::features::selling::renewals::sweep;
use muster::random::SystemRandom;
use muster_store::organisations::Organisation;
use muster_store::selling::subscriptions::{self, Subscription};
use muster_store::selling::{accounts, parties};
use muster_tests::trade::{Deal, id};
use muster_tests::{BEGIN, Trade};

/// Rows of the set-up in one transaction.
const CHUNK: u64 = 5_000;
/// How often everything is billed.
const SWEEPS: u32 = 3;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let mut number = |otherwise: u64| match arguments.next() {
        Some(typed) => typed.parse::<u64>(),
        None => Ok(otherwise),
    };
    let (count, buyers) = (number(100_000)?, number(1_000)?);
    let folder = tempfile::tempdir()?;
    let mut config = Config::in_dir(folder.path());
    if let Some(url) = std::env::args().nth(3) {
        config.database_url = url;
    }
    let clock = Arc::new(FrozenClock::at(Timestamp::from_second(BEGIN)?));
    let surroundings = Surroundings {
        clock: clock.clone(),
        random: Arc::new(SystemRandom),
        portal_url: "http://127.0.0.1:8080".to_owned(),
        device_url: "https://127.0.0.1:8443".to_owned(),
    };
    let app = Arc::new(App::open(config, surroundings)?);
    sell(&app, count, buyers).await?;
    println!(
        "{count} subscriptions of {buyers} accounts; {} KiB in memory",
        memory()?
    );
    for sweep in 1..=SWEEPS {
        let begun = Instant::now();
        sweep::bill_all(app.clone()).await?;
        let seconds = begun.elapsed().as_secs_f64();
        let number: u32 = count.try_into()?;
        println!(
            "sweep {sweep}: {seconds:.2} s, {:.0} renewals/s; {} KiB in memory at most",
            f64::from(number) / seconds,
            memory()?
        );
        clock.advance_seconds(31 * 86_400);
    }
    Ok(())
}

/// The most memory that the process held so far, KiB.
fn memory() -> Result<u64, Box<dyn Error>> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let figure = line.and_then(|line| line.split_whitespace().next());
    Ok(figure
        .ok_or("the system does not say how much memory is in use")?
        .parse()?)
}

/// Writes who sells to whom, and everything that is due at once.
async fn sell(app: &Arc<App>, count: u64, buyers: u64) -> Result<(), Box<dyn Error>> {
    let making = app.clone();
    let trade = app.store.write(move |tx| {
        let by = By::system();
        let operator = add::operator(tx, &making, &by, "Harbour Light")?;
        let reseller = add::reseller(tx, &making, &by, &operator, "Northwind Mobile")?;
        let buyer = add::customer(tx, &making, &by, &reseller, "The Evening Press")?;
        let mut trade = Trade::between(&operator.id, &reseller.id, &buyer.id, making.now());
        trade.retail.plan.interval_count = 1;
        trade.insert_in(tx)?;
        Ok((trade.retail, reseller))
    });
    let (deal, reseller) = trade.await?;
    for from in (0..buyers).step_by(usize::try_from(CHUNK)?) {
        let (deal, reseller) = (deal.clone(), reseller.clone());
        let some = from..buyers.min(from + CHUNK);
        let written = app.store.write(move |tx| {
            some.clone()
                .try_for_each(|number| buyer(tx, &deal, &reseller, number))
        });
        written.await?;
    }
    for from in (0..count).step_by(usize::try_from(CHUNK)?) {
        let (deal, some) = (deal.clone(), from..count.min(from + CHUNK));
        let written = app.store.write(move |tx| {
            some.clone().try_for_each(|number| {
                subscriptions::insert(
                    tx,
                    &Subscription {
                        billing_account_id: id(0x300, number % buyers),
                        buyer_id: id(0x200, number % buyers),
                        ..deal.subscription(number, "2026-09-21")
                    },
                )
            })
        });
        written.await?;
    }
    Ok(())
}

fn buyer(
    tx: &mut muster_store::Conn,
    deal: &Deal,
    reseller: &Organisation,
    number: u64,
) -> muster_store::StoreResult<()> {
    let organisation = Organisation {
        id: id(0x200, number),
        kind: "customer".to_owned(),
        parent_id: Some(reseller.id.clone()),
        reseller_id: Some(reseller.id.clone()),
        name: format!("Customer {number}"),
        created_at: deal.plan.created_at,
    };
    muster_store::organisations::insert(tx, &organisation)?;
    let mut party = deal.buyer_party.clone();
    (party.id, party.organisation_id) = (id(0x400, number), organisation.id.clone());
    parties::insert(tx, &party)?;
    let mut account = deal.account.clone();
    (account.id, account.buyer_id) = (id(0x300, number), organisation.id);
    account.party_id = party.id;
    accounts::insert(tx, &account)
}
