//! Times in words: relative ones for the eye, exact ones for `datetime` and `title`.
//!
//! Pure: the present moment is an argument. Everything is shown in UTC, and says so where a clock time stands alone.

use fluent_bundle::FluentValue;
use jiff::{Timestamp, civil::Date, tz::TimeZone};

use super::text::{Html, Texts};

/// “just now”, “9 minutes ago”, “in 3 h 52 min”, “12 days ago”.
#[must_use]
pub fn relative(t: &Texts, at: Timestamp, now: Timestamp) -> String {
    let seconds = now.as_second() - at.as_second();
    if seconds.abs() < 45 {
        return t.get("time-just-now");
    }
    let words = span(t, seconds.unsigned_abs());
    if seconds > 0 {
        t.put("time-ago", "span", &words)
    } else {
        t.put("time-in", "span", &words)
    }
}

/// A length of time, rounded to what a person wants to know: minutes, hours and minutes, or days.
#[must_use]
pub fn span(t: &Texts, seconds: u64) -> String {
    let minutes = seconds.div_ceil(60).max(1);
    let hours = minutes / 60;
    if minutes < 60 {
        t.count("time-minutes", minutes)
    } else if hours < 6 {
        t.with(
            "time-hours-minutes",
            &[
                ("h", FluentValue::from(hours)),
                ("m", FluentValue::from(minutes % 60)),
            ],
        )
    } else if hours < 48 {
        t.count("time-hours", hours)
    } else {
        t.count("time-days", hours / 24)
    }
}

/// “23 November 2026, 14:06:12 UTC”.
#[must_use]
pub fn exact(t: &Texts, at: Timestamp) -> String {
    let z = at.to_zoned_datetime(TimeZone::UTC);
    t.with(
        "time-exact",
        &[
            ("date", date(t, z.date()).into()),
            ("time", z.strftime("%H:%M:%S").to_string().into()),
        ],
    )
}

/// “14:06”.
#[must_use]
pub fn clock(at: Timestamp) -> String {
    at.to_zoned_datetime(TimeZone::UTC)
        .strftime("%H:%M")
        .to_string()
}

/// “2 June 2026”.
#[must_use]
pub fn date(t: &Texts, day: Date) -> String {
    t.with(
        "time-date",
        &[
            ("day", day.day().to_string().into()),
            ("month", t.count("time-month", month(day)).into()),
            ("year", day.year().to_string().into()),
        ],
    )
}

/// “23 Nov”, for axes and narrow columns.
#[must_use]
pub fn short_date(t: &Texts, day: Date) -> String {
    t.with(
        "time-short-date",
        &[
            ("day", day.day().to_string().into()),
            ("month", t.count("time-month-short", month(day)).into()),
        ],
    )
}

/// “Today”, “Yesterday”, “Friday 20 November”, and with its year when that is another one: the head of a day's entries.
#[must_use]
pub fn day_head(t: &Texts, at: Timestamp, now: Timestamp) -> String {
    let (day, today) = (utc_date(at), utc_date(now));
    if day == today {
        return t.get("time-today");
    }
    if today.yesterday().is_ok_and(|yesterday| yesterday == day) {
        return t.get("time-yesterday");
    }
    if day.year() != today.year() {
        return date(t, day);
    }
    t.with(
        "time-weekday-date",
        &[
            (
                "weekday",
                t.count(
                    "time-weekday",
                    u64::from(day.weekday().to_monday_one_offset().unsigned_abs()),
                )
                .into(),
            ),
            ("day", day.day().to_string().into()),
            ("month", t.count("time-month", month(day)).into()),
        ],
    )
}

/// “14:06” today, “23 Nov, 14:06” this year, “2 June 2026” before: a moment in a list.
#[must_use]
pub fn moment(t: &Texts, at: Timestamp, now: Timestamp) -> String {
    let (day, today) = (utc_date(at), utc_date(now));
    if day == today {
        clock(at)
    } else if day.year() == today.year() {
        t.with(
            "time-moment",
            &[
                ("date", short_date(t, day).into()),
                ("time", clock(at).into()),
            ],
        )
    } else {
        date(t, day)
    }
}

/// The calendar day of a moment.
#[must_use]
pub fn utc_date(at: Timestamp) -> Date {
    at.to_zoned_datetime(TimeZone::UTC).date()
}

/// `<time>` with these words, the exact moment behind them, and a mark for the script that keeps relative ones true.
#[must_use]
pub fn element(t: &Texts, at: Timestamp, words: &str, relative: bool) -> Html {
    let mark = if relative { " data-relative" } else { "" };
    Html::trusted(format!(
        "<time datetime=\"{}\" title=\"{}\"{mark}>{}</time>",
        at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        Html::escape(&exact(t, at)),
        Html::escape(words)
    ))
}

fn month(day: Date) -> u64 {
    u64::from(day.month().unsigned_abs())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::text::Catalogue;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn times_read_as_a_person_would_say_them() {
        let t = Catalogue::load().unwrap().texts("");
        let now = at("2026-11-23T14:06:12Z");
        let said = |text: &str| relative(&t, at(text), now);
        assert_eq!(said("2026-11-23T14:06:00Z"), "just now");
        assert_eq!(said("2026-11-23T13:57:12Z"), "9 minutes ago");
        assert_eq!(said("2026-11-23T17:58:00Z"), "in 3 h 52 min");
        assert_eq!(said("2026-11-22T14:06:00Z"), "24 hours ago");
        assert_eq!(said("2026-11-14T14:00:00Z"), "9 days ago");
        assert_eq!(exact(&t, now), "23 November 2026, 14:06:12 UTC");
        assert_eq!(day_head(&t, now, now), "Today");
        assert_eq!(
            day_head(&t, at("2026-11-20T01:00:00Z"), now),
            "Friday 20 November"
        );
        assert_eq!(day_head(&t, at("2025-06-02T01:00:00Z"), now), "2 June 2025");
        assert_eq!(moment(&t, at("2026-11-17T09:05:00Z"), now), "17 Nov, 09:05");
    }
}
