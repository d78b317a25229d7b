//! A plan as somebody types it.

use jiff::civil::Date;
use muster_domain::selling::currency::Currency;
use muster_domain::selling::dunning;
use muster_domain::selling::interval::Interval;
use muster_domain::selling::money::Money;
use muster_domain::selling::price::{Cancellation, TERMS_MOST, TRIAL_MOST};
use muster_domain::selling::resume::PausedTime;
use muster_domain::selling::tax_rates::Rate;
use muster_domain::text::{Invalid, line};
use muster_store::selling::sellers::Seller;

use crate::features::selling::typed::{Amounts, Faults, date, whole, word};
use crate::web::fields::Fields;
use crate::web::problem::Answer;

/// The most characters of a plan's name.
const NAME_MOST: usize = 80;
/// The most of one unit in a period.
const COUNT_MOST: u16 = 1_200;
/// The units of a period.
pub const UNITS: [&str; 2] = ["months", "days"];
/// The choice of a rate that is typed beside it.
pub const BY_HAND: &str = "by-hand";

/// A plan that fits, with its first prices.
#[derive(Debug, Clone)]
pub struct NewPlan {
    pub(super) name: String,
    pub(super) unit: String,
    pub(super) count: u16,
    pub(super) currency: Currency,
    pub(super) trial_days: u16,
    pub(super) terms_days: u16,
    pub(super) rate: String,
    pub(super) cancellation: Cancellation,
    pub(super) paused_time: PausedTime,
    pub(super) dunning: dunning::Plan,
    pub(super) recurring: Money,
    pub(super) handset: Option<Money>,
    /// The day from which it costs this; today when it was left out.
    pub(super) valid_from: Option<Date>,
}

impl NewPlan {
    /// Reads `name`, `interval_unit`, `interval_count`, `currency`, `trial_days`, `terms_days`, `rate` (and `rate_percent`
    /// where it is [`BY_HAND`]), `cancellation`, `paused_time`, `before`, `after`, `suspend`, `end`, `recurring`, `handset`
    /// and `valid_from`. What is left out is as usual: the seller's currency and terms, no trial, the standard rate,
    /// cancellation at the end of a period, paused time lost, letters as the domain has them, no handset.
    ///
    /// # Errors
    /// Every field that does not fit.
    pub fn read(fields: &Fields, amounts: Amounts, seller: &Seller) -> Answer<Self> {
        let mut faults = Faults::default();
        let or = |name: &str, usual: &str| fields.some(name).unwrap_or(usual).to_owned();
        let name = faults.take(line("name", fields.one("name"), NAME_MOST));
        let interval = faults.take(interval(fields));
        let currency = faults.take(Currency::parse(&or("currency", &seller.currency)));
        let trial_days = faults.take(whole("trial_days", &or("trial_days", "0"), TRIAL_MOST));
        let usual = seller.terms_days.to_string();
        let terms_days = faults.take(whole("terms_days", &or("terms_days", &usual), TERMS_MOST));
        let rate = faults.take(rate(fields));
        let cancellation = or("cancellation", Cancellation::AtPeriodEnd.as_str());
        let cancellation = faults.take(
            word(
                "cancellation",
                &cancellation,
                &Cancellation::ALL.map(Cancellation::as_str),
            )
            .map(|word| Cancellation::parse(&word).unwrap_or(Cancellation::AtPeriodEnd)),
        );
        let paused_time = or("paused_time", PausedTime::Lapses.as_str());
        let paused_time = faults.take(
            word(
                "paused_time",
                &paused_time,
                &PausedTime::ALL.map(PausedTime::as_str),
            )
            .map(|word| PausedTime::parse(&word).unwrap_or(PausedTime::Lapses)),
        );
        let dunning = schedule(fields).map_err(|theirs| faults.add(theirs)).ok();
        let known = currency.unwrap_or(Currency::EUR);
        let recurring = faults.take(amounts.read("recurring", fields.one("recurring"), known));
        let handset = fields.some("handset");
        let handset = faults.take(
            handset
                .map(|typed| amounts.read("handset", typed, known))
                .transpose(),
        );
        let valid_from = fields.some("valid_from");
        let valid_from = faults.take(
            valid_from
                .map(|typed| date("valid_from", typed))
                .transpose(),
        );
        let (Some(name), Some((unit, count)), Some(currency), Some(trial_days), Some(terms_days)) =
            (name, interval, currency, trial_days, terms_days)
        else {
            return Err(faults.problem());
        };
        let (Some(rate), Some(cancellation), Some(paused_time), Some(dunning)) =
            (rate, cancellation, paused_time, dunning)
        else {
            return Err(faults.problem());
        };
        let (Some(recurring), Some(handset), Some(valid_from)) = (recurring, handset, valid_from)
        else {
            return Err(faults.problem());
        };
        Ok(Self {
            name,
            unit,
            count,
            currency,
            trial_days,
            terms_days,
            rate,
            cancellation,
            paused_time,
            dunning,
            recurring,
            handset,
            valid_from,
        })
    }
}

fn interval(fields: &Fields) -> Result<(String, u16), Invalid> {
    let unit = word("interval_unit", fields.one("interval_unit"), &UNITS)?;
    let count = whole("interval_count", fields.one("interval_count"), COUNT_MOST)?;
    let fits = match unit.as_str() {
        "months" => Interval::months(count),
        _ => Interval::days(count),
    };
    fits.map_err(|fault| Invalid {
        field: "interval_count",
        ..fault
    })?;
    Ok((unit, count))
}

/// The rate as it is stored: `standard`, `zero`, or hundredths of a percent.
fn rate(fields: &Fields) -> Result<String, Invalid> {
    match fields.some("rate").unwrap_or("standard") {
        fixed @ ("standard" | "zero") => Ok(fixed.to_owned()),
        BY_HAND => Rate::parse(fields.one("rate_percent"))
            .map(|rate| rate.hundredths().to_string())
            .map_err(|fault| Invalid {
                field: "rate_percent",
                ..fault
            }),
        typed => Rate::parse(typed).map(|rate| rate.hundredths().to_string()),
    }
}

/// The schedule of letters, suspension and end; the domain's where nothing of it was typed.
fn schedule(fields: &Fields) -> Result<dunning::Plan, Faults> {
    let names = ["before", "after", "suspend", "end"];
    if !fields.iter().any(|(name, _)| names.contains(&name)) {
        return Ok(dunning::Plan::default());
    }
    let mut faults = Faults::default();
    let before = faults.take(days("before", fields.one("before")));
    let after = faults.take(days("after", fields.one("after")));
    let suspend = faults.take(whole("suspend", fields.one("suspend"), dunning::DAYS_MOST));
    let end = faults.take(whole("end", fields.one("end"), dunning::DAYS_MOST));
    let (Some(before), Some(after), Some(suspend), Some(end)) = (before, after, suspend, end)
    else {
        return Err(faults);
    };
    let made = faults.take(dunning::Plan::new(&before, &after, suspend, end));
    made.ok_or(faults)
}

/// Days parted by spaces or commas: `30, 14, 7, 1`. None is no letter.
fn days(field: &'static str, typed: &str) -> Result<Vec<u16>, Invalid> {
    typed
        .split([',', ' '])
        .filter(|part| !part.is_empty())
        .map(|part| {
            whole(field, part, dunning::DAYS_MOST).map_err(|_| {
                let message = format!(
                    "These are days, whole numbers up to {}, with commas between. Write them like 30, 14, 7, 1.",
                    dunning::DAYS_MOST
                );
                Invalid::new(field, "dunning-days", message)
            })
        })
        .collect()
}

/// A stored rate as it is typed: `standard`, `zero`, or a percentage.
#[must_use]
pub fn rate_words(stored: &str) -> String {
    let hundredths = stored.parse().ok();
    hundredths
        .and_then(|hundredths| Rate::new(hundredths).ok())
        .map_or_else(|| stored.to_owned(), |rate| rate.to_string())
}

/// Days as they are typed: `30, 14, 7, 1`.
#[must_use]
pub fn days_words(days: &[u16]) -> String {
    let words: Vec<String> = days.iter().map(ToString::to_string).collect();
    words.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seller() -> Seller {
        Seller {
            organisation_id: "seller".to_owned(),
            party_id: "party".to_owned(),
            currency: "EUR".to_owned(),
            zone: "Europe/Paris".to_owned(),
            language: "en".to_owned(),
            vat_exempt: 0,
            terms_days: 14,
            invoice_series: "A-{year}-{number}".to_owned(),
            credit_note_series: "C-{year}-{number}".to_owned(),
            created_at: 0,
        }
    }

    fn read(form: &str) -> Answer<NewPlan> {
        let sign = muster_domain::selling::money::DecimalSign::Point;
        NewPlan::read(
            &Fields::parse(form.as_bytes()),
            Amounts::Typed(sign),
            &seller(),
        )
    }

    #[test]
    fn what_is_left_out_is_as_usual() {
        let form = "name=Six+months&interval_unit=months&interval_count=6&recurring=1500";
        let plan = read(form).unwrap();
        assert_eq!(plan.recurring, Money::new(150_000, Currency::EUR));
        assert_eq!(
            (plan.terms_days, plan.trial_days, plan.handset),
            (14, 0, None)
        );
        assert_eq!(plan.dunning, dunning::Plan::default());
        assert_eq!(plan.rate, "standard");
    }

    #[test]
    fn every_fault_is_told_at_once_and_at_its_field() {
        let form = "name=&interval_unit=weeks&interval_count=6&currency=XXX&trial_days=900&terms_days=x&rate=by-hand\
                    &rate_percent=101&cancellation=never&paused_time=kept&before=30,x&after=3&suspend=400&end=30&recurring=1,5\
                    &handset=-1&valid_from=tomorrow";
        let problem = read(form).unwrap_err();
        let fields: Vec<&str> = problem.fields.iter().map(|fault| fault.field).collect();
        assert_eq!(
            fields,
            [
                "name",
                "interval_unit",
                "currency",
                "trial_days",
                "terms_days",
                "rate_percent",
                "cancellation",
                "paused_time",
                "before",
                "suspend",
                "recurring",
                "handset",
                "valid_from",
            ]
        );
    }

    #[test]
    fn intervals_and_schedules_keep_to_their_bounds() {
        let base = "name=A&recurring=1";
        for (rest, field) in [
            ("&interval_unit=months&interval_count=0", "interval_count"),
            ("&interval_unit=months&interval_count=121", "interval_count"),
            ("&interval_unit=days&interval_count=1201", "interval_count"),
            (
                "&interval_unit=days&interval_count=30&before=1&after=9&suspend=9&end=30",
                "suspend",
            ),
            (
                "&interval_unit=days&interval_count=30&before=1,1&after=9&suspend=10&end=30",
                "before",
            ),
            (
                "&interval_unit=days&interval_count=30&before=&after=&suspend=10&end=10",
                "end",
            ),
        ] {
            let problem = read(&format!("{base}{rest}")).unwrap_err();
            assert_eq!(problem.fields[0].field, field, "{rest}");
        }
        let bare = read(&format!(
            "{base}&interval_unit=days&interval_count=30&before=&after=&suspend=10&end=20"
        ));
        assert!(bare.unwrap().dunning.before().is_empty());
    }
}
