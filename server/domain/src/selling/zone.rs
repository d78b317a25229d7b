//! Time zones by their IANA name. Their rules are those compiled into the program.

use std::fmt;
use std::sync::LazyLock;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::{TimeZone, TimeZoneDatabase};

use super::calendar::OutOfRange;
use crate::text::Invalid;

/// The rules compiled in, never those of the machine: two nodes of one fleet must agree on when a day begins.
static RULES: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

/// A time zone, such as Europe/Paris.
#[derive(Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Zone(TimeZone);

impl Zone {
    /// The zone of an IANA name, in any case.
    ///
    /// # Errors
    /// The name is not in the time zone database.
    pub fn parse(typed: &str) -> Result<Self, Invalid> {
        RULES
            .get(typed.trim())
            .ok()
            .filter(|zone| !zone.is_unknown() && zone.iana_name().is_some())
            .map(Self)
            .ok_or_else(|| {
                Invalid::new(
                    "zone",
                    "zone",
                    "This is no time zone. Choose one by its name, such as Europe/Paris.",
                )
            })
    }

    /// Universal time.
    #[must_use]
    pub fn utc() -> Self {
        Self(TimeZone::UTC)
    }

    /// The IANA name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.iana_name().unwrap_or("UTC")
    }

    /// Every name there is, in order.
    #[must_use]
    pub fn names() -> Vec<String> {
        let mut names: Vec<String> = RULES
            .available()
            .map(|name| name.as_str().to_owned())
            .collect();
        names.sort_unstable();
        names
    }

    /// The civil date here at `instant`.
    #[must_use]
    pub fn date_of(&self, instant: Timestamp) -> Date {
        self.0.to_datetime(instant).date()
    }

    /// The first instant of `date` here. Where clocks skip midnight that is the first time there is; where midnight
    /// comes twice it is the first; where the whole day was skipped (Samoa, 30 December 2011) it is the start of the
    /// next.
    ///
    /// # Errors
    /// The date lies at the edge of time.
    pub fn start_of(&self, date: Date) -> Result<Timestamp, OutOfRange> {
        self.0
            .to_timestamp(date.at(0, 0, 0, 0))
            .map_err(|_| OutOfRange)
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Debug for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl TryFrom<String> for Zone {
    type Error = Invalid;

    fn try_from(name: String) -> Result<Self, Invalid> {
        Self::parse(&name)
    }
}

impl From<Zone> for String {
    fn from(zone: Zone) -> Self {
        zone.name().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::Zone;

    #[test]
    fn names_are_known_without_the_machines_help() {
        assert_eq!(Zone::parse("europe/paris").unwrap().name(), "Europe/Paris");
        assert_eq!(Zone::parse("UTC").unwrap().name(), "UTC");
        assert_eq!(Zone::utc().name(), "UTC");
        for wrong in ["", "Paris", "Etc/Unknown", "+02:00", "../etc/passwd"] {
            assert!(Zone::parse(wrong).is_err(), "{wrong}");
        }
        let names = Zone::names();
        assert!(names.len() > 500, "{}", names.len());
        for name in names {
            assert!(Zone::parse(&name).is_ok(), "{name}");
        }
    }

    #[test]
    fn a_day_starts_even_where_midnight_is_missing_or_doubled() {
        let start = |zone: &str, year, month, day| {
            Zone::parse(zone)
                .unwrap()
                .start_of(date(year, month, day))
                .unwrap()
                .to_string()
        };
        assert_eq!(start("Europe/Paris", 2026, 7, 1), "2026-06-30T22:00:00Z");
        // Chile's clocks go from 24:00 to 01:00.
        assert_eq!(
            start("America/Santiago", 2025, 9, 7),
            "2025-09-07T04:00:00Z"
        );
        // Cuba's go from 01:00 back to 00:00.
        assert_eq!(start("America/Havana", 2025, 11, 2), "2025-11-02T04:00:00Z");
        assert_eq!(
            start("Pacific/Apia", 2011, 12, 30),
            start("Pacific/Apia", 2011, 12, 31)
        );
    }
}
