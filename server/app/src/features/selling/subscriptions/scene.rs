//! A subscription with everything that an act on it looks at, read in the act's own transaction.

use jiff::Timestamp;
use jiff::civil::Date;
use muster_domain::scope::{Books, Scope};
use muster_domain::selling::calendar::{Period, Schedule};
use muster_domain::selling::interval::days_between;
use muster_domain::selling::life::{AtPeriodEnd, Life, Standing};
use muster_domain::selling::price;
use muster_domain::selling::refusal::Refusal;
use muster_domain::selling::resume::PausedTime;
use muster_domain::selling::zone::Zone;
use muster_store::organisations::{self, Organisation};
use muster_store::selling::accounts::{self, Account};
use muster_store::selling::parties;
use muster_store::selling::plans::{self, Plan};
use muster_store::selling::sellers::{self, Seller};
use muster_store::selling::subscriptions::{self, Subscription};
use muster_store::selling::waits;
use muster_store::{Conn, StoreError, StoreResult, devices};

use super::stop::{Step, refuse};
use crate::app::App;
use crate::features::people::place;
use crate::features::record::write::Place;
use crate::features::selling::charge::{self, Asked, Trade};
use crate::web::problem::Problem;

/// The two of a trade, and the account between them.
#[derive(Debug, Clone)]
pub struct Between {
    /// Who sells.
    pub seller: Seller,
    /// Who buys.
    pub buyer: Organisation,
    /// The buyer as the seller knows it.
    pub account: Account,
    /// Where the account's days begin.
    pub zone: Zone,
}

impl Between {
    /// Reads them. The account lies in the books of the caller.
    pub fn load(tx: &mut Conn, account: Account) -> Step<Self> {
        let missing = || StoreError::Query(format!("account {} lacks its ends", account.id));
        let seller = sellers::find(tx, &account.seller_id)?.ok_or_else(missing)?;
        // Whoever has the account in its books may see the two ends of it.
        let buyer =
            organisations::find(tx, &Scope::Platform, &account.buyer_id)?.ok_or_else(missing)?;
        Ok(Self {
            zone: charge::zone(&account)?,
            seller,
            buyer,
            account,
        })
    }

    /// What tax law asks about the two.
    pub fn trade(&self, tx: &mut Conn) -> Step<Trade> {
        let mut party = |id: &str| -> StoreResult<_> {
            parties::find(tx, id)?.ok_or_else(|| StoreError::Query(format!("no party {id}")))
        };
        let (seller, buyer) = (
            party(&self.seller.party_id)?,
            party(&self.account.party_id)?,
        );
        Ok(Trade::of((&self.seller, &seller), (&self.account, &buyer))?)
    }

    /// A plan with what it costs this buyer on a day.
    pub fn priced(&self, tx: &mut Conn, plan: &Plan, on: Date) -> Step<price::Plan> {
        let prices = plans::prices_of(tx, &[&plan.id])?;
        let asked = Asked {
            buyer: &self.account.buyer_id,
            live: self.account.live_subscriptions,
            on,
        };
        Ok(charge::plan(plan, &prices, &asked)?)
    }

    /// A plan that this buyer can be sold from now on.
    pub fn sellable(&self, tx: &mut Conn, plan: &str) -> Step<Plan> {
        let Some(found) = plans::find(tx, &self.seller.organisation_id, plan)? else {
            return Err(Problem::not_found("plan").into());
        };
        if found.retired_at.is_some() {
            let message = format!("The plan {} is sold no more. Choose another.", found.name);
            return refuse("plan-retired", message);
        }
        if found.currency != self.account.currency {
            let message = format!(
                "The plan {} is sold in {}, and this buyer's account is kept in {}. Choose a plan in that currency.",
                found.name, found.currency, self.account.currency
            );
            return refuse("plan-currency", message);
        }
        Ok(found)
    }

    /// What the buyer may see: where a phone has to be to be sold something for.
    #[must_use]
    pub fn beneath_buyer(&self) -> Scope {
        match self.buyer.kind.as_str() {
            "reseller" => Scope::Reseller(self.buyer.id.clone()),
            _ => Scope::Customer {
                reseller: self.buyer.reseller_id.clone().unwrap_or_default(),
                customer: self.buyer.id.clone(),
            },
        }
    }

    /// Whose matter it is on the record: the buyer's, so that both sides see it.
    #[must_use]
    pub fn place(&self) -> Place {
        place(&self.buyer)
    }
}

/// A subscription and what is around it.
#[derive(Debug, Clone)]
pub struct Scene {
    /// The moment of the act.
    pub now: Timestamp,
    /// Seller, buyer, account.
    pub between: Between,
    /// The plan that it has.
    pub plan: Plan,
    /// The subscription as it stands.
    pub subscription: Subscription,
    /// The last period that was billed.
    pub last: Option<subscriptions::Period>,
    /// Since when it is paused.
    pub paused_at: Option<i64>,
    /// Its phone: id and serial number.
    pub device: Option<(String, String)>,
}

impl Scene {
    /// Reads it; a subscription that is not in these books is not there.
    pub fn load(tx: &mut Conn, app: &App, books: &Books, id: &str) -> Step<Self> {
        let Some(subscription) = subscriptions::find(tx, books, id)? else {
            return Err(Problem::not_found("subscription").into());
        };
        Self::of(tx, app, subscription)
    }

    /// The same for one that was read already.
    pub fn of(tx: &mut Conn, app: &App, subscription: Subscription) -> Step<Self> {
        Self::at(tx, app.now(), subscription)
    }

    /// The same at a moment.
    pub fn at(tx: &mut Conn, now: Timestamp, subscription: Subscription) -> Step<Self> {
        let account = accounts::many_for_job(tx, &[&subscription.billing_account_id])?.pop();
        let plan = plans::many_for_job(tx, &[&subscription.plan_id])?.pop();
        let (Some(account), Some(plan)) = (account, plan) else {
            let why = format!("subscription {} lacks account or plan", subscription.id);
            return Err(StoreError::Query(why).into());
        };
        let device = match &subscription.device_id {
            // It was in the buyer's part of the tree when it was sold for; its serial number stands on the record.
            Some(device) => devices::find(tx, &Scope::Platform, device)?
                .map(|device| (device.id, device.serial_number)),
            None => None,
        };
        Ok(Self {
            now,
            between: Between::load(tx, account)?,
            plan,
            last: subscriptions::last_period(tx, &subscription.id)?,
            paused_at: waits::pause(tx, &subscription.id)?,
            device,
            subscription,
        })
    }

    /// Its life, and what is wished for the end of its period.
    pub fn standing(&self) -> Step<Standing> {
        let row = &self.subscription;
        let life = Life::parse(&row.life)
            .ok_or_else(|| StoreError::Query(format!("{} is no life", row.life)))?;
        let at_period_end = if row.cancel_at_end == 1 {
            Some(AtPeriodEnd::Cancel)
        } else {
            row.next_plan_id.as_ref().map(|_| AtPeriodEnd::ChangePlan)
        };
        Ok(Standing {
            life,
            at_period_end,
        })
    }

    /// Whether a period has begun and was not billed yet.
    #[must_use]
    pub fn is_due(&self) -> bool {
        self.subscription
            .next_start_at
            .is_some_and(|start| start <= self.now.as_microsecond())
    }

    /// Refuses while a period that has begun waits to be billed: it is billed first, as if the act had come after it.
    pub fn settled(&self) -> Step<()> {
        if let Some(because) = &self.subscription.parked_because {
            let message = format!(
                "Billing this subscription failed, and it was set aside: {because} Take it up again first, or cancel it."
            );
            return refuse("subscription-parked", message);
        }
        if self.is_due() {
            return refuse(
                "subscription-renewing",
                "The next period of this subscription has begun and is being billed. Try again in a minute.",
            );
        }
        Ok(())
    }

    /// The calendar that it renews by, in the account's present zone.
    pub fn schedule(&self) -> Step<Schedule> {
        let interval = charge::interval(&self.plan)?;
        let zone = self.between.zone.clone();
        Ok(charge::schedule(&self.subscription, interval, zone)?)
    }

    /// What becomes of its paused time.
    pub fn paused_time(&self) -> Step<PausedTime> {
        PausedTime::parse(&self.plan.paused_time).ok_or_else(|| {
            Refusal::new(
                "plan-paused-time",
                "The plan does not say what becomes of paused time. Save it anew.",
            )
            .into()
        })
    }

    /// The last billed period, as it was billed.
    pub fn billed(&self) -> Step<Option<Period>> {
        Ok(self.last.as_ref().map(charge::period).transpose()?)
    }

    /// The last billed period with the days that a pause has given back: it then ends where the next one begins.
    pub fn served(&self) -> Step<Option<Period>> {
        let Some(billed) = self.billed()? else {
            return Ok(None);
        };
        let (row, anchor) = (&self.subscription, charge::date(&self.subscription.anchor)?);
        let given_back = row.anchor_index == row.next_index && anchor > billed.end_date;
        if !given_back || self.paused_time()? == PausedTime::Lapses {
            return Ok(Some(billed));
        }
        let end = self.between.zone.start_of(anchor)?.max(billed.end);
        Ok(Some(Period {
            end,
            end_date: anchor,
            ..billed
        }))
    }

    /// How many paid days are left, the present day among them. Of a paused subscription whose days are given back those that were
    /// left when it was paused.
    pub fn days_left(&self) -> Step<i64> {
        let (Some(billed), Some(served)) = (self.billed()?, self.served()?) else {
            return Ok(0);
        };
        let paused = match self.paused_at {
            Some(at) if self.paused_time()? == PausedTime::Extends => Some(charge::instant(at)?),
            Some(_) | None => None,
        };
        let at = paused.unwrap_or(self.now);
        if at >= served.end {
            return Ok(0);
        }
        let left = days_between(served.zone.date_of(at), served.end_date);
        Ok(left.clamp(0, billed.days()))
    }

    /// The civil date of an instant in the account's zone.
    pub fn date_of(&self, micros: i64) -> Step<Date> {
        Ok(self.between.zone.date_of(charge::instant(micros)?))
    }

    /// Today, in the account's zone.
    #[must_use]
    pub fn today(&self) -> Date {
        self.between.zone.date_of(self.now)
    }
}
