//! From rows to rules: what a plan costs a buyer on a day, which VAT a line bears, what it says, and the calendar of a
//! subscription. Everything here is reckoned from rows that the caller has read; nothing is asked or written.

use jiff::Timestamp;
use jiff::civil::Date;
use muster_domain::selling::calendar::{self, Schedule};
use muster_domain::selling::country::Country;
use muster_domain::selling::currency::Currency;
use muster_domain::selling::interval::Interval;
use muster_domain::selling::money::Money;
use muster_domain::selling::price::{self, Cancellation, Entry, PriceList, Tier, price_for};
use muster_domain::selling::refusal::Refusal;
use muster_domain::selling::resume::PausedTime;
use muster_domain::selling::tax::{self, Nature, RateChoice, Treatment};
use muster_domain::selling::tax_rates::{Rate, reduced};
use muster_domain::selling::vat_id::VatId;
use muster_domain::selling::zone::Zone;
use muster_domain::text::Invalid;
use muster_store::selling::accounts::Account;
use muster_store::selling::parties::Party;
use muster_store::selling::plans::{Plan, Price};
use muster_store::selling::sellers::Seller;
use muster_store::selling::subscriptions::{Period, Subscription};

/// What a line of an invoice is for; also the account of revenue that it goes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Item {
    /// A period of a subscription.
    Recurring,
    /// A handset, once.
    Handset,
    /// The rest of a period, charged or taken back to the day.
    Proration,
    /// Something else.
    Other,
}

impl Item {
    /// The word that is stored.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Recurring => "recurring",
            Self::Handset => "handset",
            Self::Proration => "proration",
            Self::Other => "other",
        }
    }
}

/// For whom, when and at which volume a price is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Asked<'a> {
    /// The buyer's organisation.
    pub buyer: &'a str,
    /// How many live subscriptions its billing account has.
    pub live: i64,
    /// The day that the price is for: the first of the period.
    pub on: Date,
}

/// A plan as the rules know it, with what it costs whoever asks: `recurring` and `handset` are the buyer's own prices of the
/// day. `prices` may hold those of other plans.
///
/// # Errors
/// The plan has no price on that day, or its rows make no sense.
pub fn plan(row: &Plan, prices: &[Price], asked: &Asked<'_>) -> Result<price::Plan, Refusal> {
    let currency = Currency::parse(&row.currency).map_err(unreadable)?;
    let Some(recurring) = steps(row, prices, Item::Recurring, asked, currency)? else {
        return Err(Refusal::new(
            "plan-price",
            format!(
                "The plan {} has no price on {}. Give it one that begins on that day or before.",
                row.name, asked.on
            ),
        ));
    };
    let mut plan = price::Plan {
        interval: interval(row)?,
        recurring: Money::zero(currency),
        handset: None,
        trial_days: days(row.trial_days)?,
        terms_days: days(row.terms_days)?,
        dunning: serde_json::from_str(&row.dunning)
            .map_err(|_| broken("its dunning schedule cannot be read"))?,
        cancellation: Cancellation::parse(&row.cancellation)
            .ok_or_else(|| broken("what a cancellation does is not known"))?,
        paused_time: PausedTime::parse(&row.paused_time)
            .ok_or_else(|| broken("what becomes of paused time is not known"))?,
    };
    let live = u32::try_from(asked.live).unwrap_or(0);
    let of = |list: &PriceList| price_for(Some(list), (&row.id, &plan), live, asked.on);
    let handset = steps(row, prices, Item::Handset, asked, currency)?;
    let (recurring, handset) = (of(&recurring), handset.as_ref().map(of));
    (plan.recurring, plan.handset) = (recurring, handset);
    plan.checked().map_err(unreadable)
}

/// The length of a plan's periods.
///
/// # Errors
/// The row makes no sense.
pub fn interval(row: &Plan) -> Result<Interval, Refusal> {
    let count = u16::try_from(row.interval_count).unwrap_or(u16::MAX);
    match row.interval_unit.as_str() {
        "months" => Interval::months(count),
        "days" => Interval::days(count),
        _ => return Err(broken("the length of its periods is not known")),
    }
    .map_err(unreadable)
}

/// Which VAT rate a plan's recurring price takes, for a seller in `country`. A rate in figures that was a reduced one of that
/// country when the plan was made has to be one on the day of the supply as well; any other was given by hand.
///
/// # Errors
/// The row makes no sense.
pub fn rate_choice(row: &Plan, country: Country) -> Result<RateChoice, Refusal> {
    match row.rate.as_str() {
        "standard" => Ok(RateChoice::Standard),
        "zero" => Ok(RateChoice::Zero),
        hundredths => {
            let hundredths = hundredths.parse().unwrap_or(u16::MAX);
            let rate = Rate::new(hundredths).map_err(unreadable)?;
            let made = Zone::utc().date_of(instant(row.created_at)?);
            let known = reduced(country, made).is_ok_and(|rates| rates.contains(&rate));
            Ok(if known {
                RateChoice::Reduced(rate)
            } else {
                RateChoice::Fixed(rate)
            })
        }
    }
}

/// Who sells and who buys, as tax law looks at them.
#[derive(Debug, Clone)]
pub struct Trade {
    seller: tax::Seller,
    buyer: tax::Buyer,
}

impl Trade {
    /// The two of a billing account: each organisation's row with the party that stands on its documents.
    ///
    /// # Errors
    /// A country or a VAT id cannot be read.
    pub fn of(
        (seller, seller_party): (&Seller, &Party),
        (account, buyer_party): (&Account, &Party),
    ) -> Result<Self, Refusal> {
        let country = |party: &Party| Country::parse(&party.country).map_err(unreadable);
        let vat_id = |party: &Party| {
            let parsed = party.vat_id.as_deref().map(VatId::parse);
            parsed.transpose().map_err(unreadable)
        };
        Ok(Self {
            seller: tax::Seller {
                country: country(seller_party)?,
                vat_id: vat_id(seller_party)?,
                small_enterprise: seller.vat_exempt == 1,
                one_stop_shop: false,
            },
            buyer: tax::Buyer {
                country: country(buyer_party)?,
                is_business: account.business == 1,
                vat_id: vat_id(buyer_party)?,
            },
        })
    }

    /// The VAT of a line of a plan on `day`: a handset is goods at the standard rate, everything else the service at the
    /// plan's.
    ///
    /// # Errors
    /// The rate is not known, or a VAT id is missing or of another country.
    pub fn treatment(&self, row: &Plan, item: Item, day: Date) -> Result<Treatment, Refusal> {
        let (nature, choice) = match item {
            Item::Handset => (Nature::Goods, RateChoice::Standard),
            Item::Recurring | Item::Proration | Item::Other => {
                (Nature::Services, rate_choice(row, self.seller.country)?)
            }
        };
        tax::treatment(&self.seller, &self.buyer, nature, choice, day)
    }
}

/// What a line says, in the account's language: what it is, of which plan, and for which phone.
#[must_use]
pub fn line_text(language: &str, item: Item, plan: &str, serial_number: Option<&str>) -> String {
    let (what, phone) = match (language, item) {
        ("fr", Item::Recurring) => ("Abonnement", "téléphone"),
        ("fr", Item::Handset) => ("Téléphone", "numéro de série"),
        ("fr", Item::Proration) => ("Changement de formule", "téléphone"),
        ("fr", Item::Other) => ("Formule", "téléphone"),
        (_, Item::Recurring) => ("Subscription", "phone"),
        (_, Item::Handset) => ("Handset", "serial number"),
        (_, Item::Proration) => ("Change of plan", "phone"),
        (_, Item::Other) => ("Plan", "phone"),
    };
    match serial_number {
        Some(serial_number) => format!("{what} {plan}, {phone} {serial_number}"),
        None => format!("{what} {plan}"),
    }
}

/// The zone in which an account's periods are counted.
///
/// # Errors
/// The row makes no sense.
pub fn zone(account: &Account) -> Result<Zone, Refusal> {
    Zone::parse(&account.zone).map_err(unreadable)
}

/// When a subscription renews under a plan of `interval`, in the account's `zone`.
///
/// # Errors
/// The row makes no sense.
pub fn schedule(row: &Subscription, interval: Interval, zone: Zone) -> Result<Schedule, Refusal> {
    Ok(Schedule {
        anchor: date(&row.anchor)?,
        first: index(row.anchor_index)?,
        interval,
        zone,
    })
}

/// A billed period as the rules know it.
///
/// # Errors
/// The row makes no sense.
pub fn period(row: &Period) -> Result<calendar::Period, Refusal> {
    Ok(calendar::Period {
        index: index(row.period_index)?,
        start: instant(row.start_at)?,
        end: instant(row.end_at)?,
        start_date: date(&row.start_date)?,
        end_date: date(&row.end_date)?,
        zone: Zone::parse(&row.zone).map_err(unreadable)?,
    })
}

/// The row of a period that is billed now; `previous_end_at` is the end of the one before, as it is stored.
#[must_use]
pub fn period_row(
    period: &calendar::Period,
    previous_end_at: Option<i64>,
    (subscription, plan, invoice): (&str, &str, &str),
) -> Period {
    Period {
        subscription_id: subscription.to_owned(),
        period_index: i64::from(period.index),
        previous_end_at,
        start_at: period.start.as_microsecond(),
        end_at: period.end.as_microsecond(),
        start_date: period.start_date.to_string(),
        end_date: period.end_date.to_string(),
        zone: period.zone.name().to_owned(),
        plan_id: plan.to_owned(),
        invoice_id: invoice.to_owned(),
    }
}

/// A stored civil date.
///
/// # Errors
/// It is none.
pub fn date(stored: &str) -> Result<Date, Refusal> {
    stored.parse().map_err(|_| broken("a date cannot be read"))
}

/// A stored instant.
///
/// # Errors
/// It lies outside the calendar.
pub fn instant(micros: i64) -> Result<Timestamp, Refusal> {
    Timestamp::from_microsecond(micros).map_err(|_| calendar::OutOfRange.into())
}

/// A refusal of what somebody typed, met again in a row.
#[must_use]
pub fn unreadable(invalid: Invalid) -> Refusal {
    Refusal::new(invalid.code, invalid.message)
}

/// The steps of one price on the day asked for. A buyer's own replace everybody's from the quantity on at which they begin;
/// where two rows hold for one quantity, the one that began later counts.
fn steps(
    row: &Plan,
    prices: &[Price],
    item: Item,
    asked: &Asked<'_>,
    currency: Currency,
) -> Result<Option<PriceList>, Refusal> {
    let day = asked.on.to_string();
    let holding = |buyer: Option<&str>| {
        let mut found: Vec<&Price> = prices
            .iter()
            .filter(|price| price.plan_id == row.id && price.item == item.as_str())
            .filter(|price| price.buyer_id.as_deref() == buyer && price.valid_from <= day)
            .filter(|price| price.valid_until.as_ref().is_none_or(|until| *until > day))
            .collect();
        found.sort_by(|a, b| {
            let newest_first = (&b.valid_from, &b.id).cmp(&(&a.valid_from, &a.id));
            a.from_quantity.cmp(&b.from_quantity).then(newest_first)
        });
        found.dedup_by_key(|price| price.from_quantity);
        found
    };
    let own = holding(Some(asked.buyer));
    let begins = own.first().map_or(i64::MAX, |price| price.from_quantity);
    let below = holding(None)
        .into_iter()
        .filter(|price| price.from_quantity < begins);
    let tiers: Vec<Tier> = below
        .chain(own.iter().copied())
        .map(|price| Tier {
            from: u32::try_from(price.from_quantity).unwrap_or(u32::MAX),
            price: Money::new(price.amount, currency),
        })
        .collect();
    if tiers.is_empty() {
        return Ok(None);
    }
    let entry = Entry {
        plan: row.id.clone(),
        valid_from: asked.on,
        valid_until: None,
        tiers,
    };
    PriceList::new(vec![entry]).map(Some).map_err(unreadable)
}

fn days(stored: i64) -> Result<u16, Refusal> {
    u16::try_from(stored).map_err(|_| broken("a number of days is out of bounds"))
}

fn index(stored: i64) -> Result<u32, Refusal> {
    u32::try_from(stored).map_err(|_| calendar::OutOfRange.into())
}

/// A row that the program did not write so.
fn broken(what: &str) -> Refusal {
    Refusal::new(
        "stored-row",
        format!(
            "What is stored makes no sense: {what}. Save it anew, or ask the operator to look."
        ),
    )
}

#[cfg(test)]
#[path = "charge_tests.rs"]
mod tests;
