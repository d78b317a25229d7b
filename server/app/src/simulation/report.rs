//! What a month of a simulation came to, in words for a terminal.

use std::fmt;

use jiff::Timestamp;
use muster_domain::selling::currency::Currency;
use muster_domain::selling::money::Money;
use muster_domain::selling::zone::Zone;
use muster_store::selling::summary::Summary;

/// One month, or the part of it that lies in the simulation.
#[derive(Debug, Clone)]
pub struct Month {
    /// Its first moment.
    pub from: Timestamp,
    /// The moment after its last.
    pub to: Timestamp,
    /// How many periods were billed.
    pub billed: i64,
    /// What else happened.
    pub figures: Summary,
}

impl fmt::Display for Month {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let day = |at: Timestamp| Zone::utc().date_of(at);
        let Summary {
            documents,
            letters,
            orders,
            ended,
            parked,
            periods: _,
        } = &self.figures;
        writeln!(
            out,
            "{} to {}: {} periods billed",
            day(self.from),
            day(self.to),
            self.billed
        )?;
        for (kind, currency, count, total) in documents {
            let amount = Currency::parse(currency).map_or_else(
                |_| format!("{total} {currency}"),
                |known| format!("{} {currency}", Money::new(*total, known).decimal()),
            );
            writeln!(out, "  {}  {amount}", counted(*count, kind))?;
        }
        for (kind, state, count) in letters {
            let fate = match state.as_str() {
                "written" => "mailed",
                "skipped" => "passed over",
                _ => "still to be written",
            };
            writeln!(
                out,
                "  {}  {fate}",
                counted(*count, &format!("letter {kind}"))
            )?;
        }
        for (kind, count) in orders {
            let what = if kind == "suspend" {
                "phones suspended, or suspended for longer"
            } else {
                "phones resumed"
            };
            writeln!(out, "  {}", counted(*count, what))?;
        }
        for (life, count) in ended {
            writeln!(
                out,
                "  {}",
                counted(*count, &format!("subscriptions {life}"))
            )?;
        }
        if *parked > 0 {
            writeln!(
                out,
                "  {}",
                counted(*parked, "subscriptions parked: they were not billed")
            )?;
        }
        Ok(())
    }
}

fn counted(count: i64, what: &str) -> String {
    format!("{count:>8} {what:<28}").trim_end().to_owned()
}
