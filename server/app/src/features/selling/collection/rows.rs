//! Rows as the rules want them: schedules, days, stages.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::Date;
use muster_domain::selling::dunning;
use muster_domain::selling::zone::Zone;
use muster_store::selling::accounts::{self, Account};
use muster_store::selling::letters::Letter;
use muster_store::selling::plans::{self, Plan};
use muster_store::selling::sellers;
use muster_store::selling::subscriptions::Subscription;
use muster_store::{Conn, StoreResult};

use crate::app::App;

/// Accounts and plans of some subscriptions, by id.
pub struct Around {
    pub accounts: BTreeMap<String, Account>,
    pub plans: BTreeMap<String, Plan>,
}

impl Around {
    /// Those of `subscriptions`, and these accounts beside.
    pub fn of(
        c: &mut Conn,
        subscriptions: &[Subscription],
        more_accounts: &[&str],
    ) -> StoreResult<Self> {
        let mut ids: BTreeSet<&str> = more_accounts.iter().copied().collect();
        ids.extend(
            subscriptions
                .iter()
                .map(|one| one.billing_account_id.as_str()),
        );
        let plan_ids: BTreeSet<&str> = subscriptions
            .iter()
            .map(|one| one.plan_id.as_str())
            .collect();
        let ids: Vec<&str> = ids.into_iter().collect();
        let plan_ids: Vec<&str> = plan_ids.into_iter().collect();
        Ok(Self {
            accounts: accounts::many_for_job(c, &ids)?
                .into_iter()
                .map(|row| (row.id.clone(), row))
                .collect(),
            plans: plans::many_for_job(c, &plan_ids)?
                .into_iter()
                .map(|row| (row.id.clone(), row))
                .collect(),
        })
    }

    /// The zone and schedule that hold for a subscription. One whose rows do not read is left out and told in the program's
    /// log, so that it holds nobody else up.
    pub fn rules(&self, of: &Subscription) -> Option<(Zone, dunning::Plan)> {
        let zone = self.zone(&of.billing_account_id)?;
        let plan = self.plans.get(&of.plan_id)?;
        match schedule(&plan.dunning) {
            Some(schedule) => Some((zone, schedule)),
            None => {
                tracing::error!(plan = plan.id, "a dunning schedule does not read");
                None
            }
        }
    }

    /// The zone in which an account's days begin.
    pub fn zone(&self, account: &str) -> Option<Zone> {
        let account = self.accounts.get(account)?;
        match Zone::parse(&account.zone) {
            Ok(zone) => Some(zone),
            Err(_) => {
                tracing::error!(account = account.id, "a time zone does not read");
                None
            }
        }
    }
}

/// A stored schedule.
pub fn schedule(stored: &str) -> Option<dunning::Plan> {
    serde_json::from_str(stored).ok()
}

/// A stored day.
pub fn day(stored: &str) -> Option<Date> {
    stored.parse().ok()
}

/// A stored moment.
pub fn instant(micros: i64) -> Timestamp {
    Timestamp::from_microsecond(micros).unwrap_or_default()
}

/// The last date that has begun anywhere on earth: nothing that is due later needs to be looked at.
pub fn latest_day(now: Timestamp) -> String {
    let ahead = now
        .checked_add(jiff::SignedDuration::from_hours(14))
        .unwrap_or(now);
    Zone::utc().date_of(ahead).to_string()
}

/// Every organisation that sells.
pub async fn sellers(app: &App) -> Result<Vec<String>, String> {
    let all = app.store.read(sellers::all_for_job).await;
    let all = all.map_err(|error| error.to_string())?;
    Ok(all.into_iter().map(|row| row.organisation_id).collect())
}

/// A letter that waits to be written, about `of` (`kind:thing:step`).
pub fn letter(app: &App, account: &Account, kind: &str, key: String) -> Letter {
    Letter {
        id: app.new_id(),
        seller_id: account.seller_id.clone(),
        billing_account_id: account.id.clone(),
        kind: kind.to_owned(),
        letter_key: key,
        invoice_id: None,
        subscription_id: None,
        state: "waiting".to_owned(),
        created_at: app.now_micros(),
        mail_id: None,
    }
}
