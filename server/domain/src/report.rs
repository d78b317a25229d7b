//! A phone's status report: hostile input until it has passed through here.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::text::reported;

/// A status report as stored: every member bounded, every text cleaned. What a phone did not say is absent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Report {
    /// Version of the agent.
    pub agent_version: Option<String>,
    /// Name of the operating system.
    pub os_name: Option<String>,
    /// Version of the operating system.
    pub os_version: Option<String>,
    /// Security patch level, usually a date.
    pub patch_level: Option<String>,
    /// Model as the phone names itself.
    pub model: Option<String>,
    /// Charge, 0 to 100.
    pub battery_percent: Option<u64>,
    /// Whether it is plugged in.
    pub charging: Option<bool>,
    /// Size of the user storage, bytes.
    pub storage_total_bytes: Option<u64>,
    /// Free part of it, bytes.
    pub storage_free_bytes: Option<u64>,
    /// Whether user data is encrypted at rest.
    pub encrypted: Option<bool>,
    /// Whether the screen is closed by a lock that was sent: the owner's own, or the fleet's.
    pub locked: Option<bool>,
    /// Whether the fleet's service is on.
    pub service_on: Option<bool>,
    /// Seconds since the phone started.
    pub uptime_seconds: Option<u64>,
    /// The phone's own clock, Unix seconds; absent when it was more than a day ahead of ours.
    pub at: Option<u64>,
}

/// What had to be changed or left out of a report, for the record.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cleaning {
    /// Members that were of the wrong type, out of range, or held text that had to be changed.
    pub mended: Vec<&'static str>,
    /// How many members nobody knows.
    pub unknown: usize,
    /// The phone's clock was more than a day ahead.
    pub from_the_future: bool,
}

/// The greatest number that every JSON reader agrees on.
const MOST: u64 = (1 << 53) - 1;
const DAY: u64 = 86_400;

impl Report {
    /// Reads a report from what the phone sent at `now` (Unix seconds). Never fails: what does not fit is left out and
    /// named, because a broken field must not cost us the check-in.
    #[must_use]
    pub fn read(sent: &Value, now: u64) -> (Self, Cleaning) {
        let mut report = Self::default();
        let mut cleaning = Cleaning::default();
        let Value::Object(members) = sent else {
            cleaning.mended.push("report");
            return (report, cleaning);
        };
        for (name, value) in members {
            match name.as_str() {
                "agent_version" => {
                    report.agent_version = text("agent_version", value, &mut cleaning);
                }
                "os_name" => report.os_name = text("os_name", value, &mut cleaning),
                "os_version" => report.os_version = text("os_version", value, &mut cleaning),
                "patch_level" => report.patch_level = text("patch_level", value, &mut cleaning),
                "model" => report.model = text("model", value, &mut cleaning),
                "battery_percent" => {
                    report.battery_percent = number("battery_percent", value, 100, &mut cleaning);
                }
                "charging" => report.charging = flag("charging", value, &mut cleaning),
                "storage_total_bytes" => {
                    report.storage_total_bytes =
                        number("storage_total_bytes", value, MOST, &mut cleaning);
                }
                "storage_free_bytes" => {
                    report.storage_free_bytes =
                        number("storage_free_bytes", value, MOST, &mut cleaning);
                }
                "encrypted" => report.encrypted = flag("encrypted", value, &mut cleaning),
                "locked" => report.locked = flag("locked", value, &mut cleaning),
                "service_on" => report.service_on = flag("service_on", value, &mut cleaning),
                "uptime_seconds" => {
                    report.uptime_seconds = number("uptime_seconds", value, MOST, &mut cleaning);
                }
                "at" => report.at = number("at", value, MOST, &mut cleaning),
                _ => cleaning.unknown += 1,
            }
        }
        if report.at.is_some_and(|at| at > now.saturating_add(DAY)) {
            report.at = None;
            cleaning.from_the_future = true;
        }
        (report, cleaning)
    }
}

fn text(name: &'static str, value: &Value, cleaning: &mut Cleaning) -> Option<String> {
    let Some(sent) = value.as_str() else {
        cleaning.mended.push(name);
        return None;
    };
    let (clean, changed) = reported(sent);
    if changed {
        cleaning.mended.push(name);
    }
    (!clean.is_empty()).then_some(clean)
}

fn number(name: &'static str, value: &Value, most: u64, cleaning: &mut Cleaning) -> Option<u64> {
    let number = value.as_u64().filter(|number| *number <= most);
    if number.is_none() {
        cleaning.mended.push(name);
    }
    number
}

fn flag(name: &'static str, value: &Value, cleaning: &mut Cleaning) -> Option<bool> {
    let flag = value.as_bool();
    if flag.is_none() {
        cleaning.mended.push(name);
    }
    flag
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Report;

    #[test]
    fn hostile_fields_are_mended_and_named_and_the_rest_is_kept() {
        let sent = json!({
            "model": "<script>alert(1)</script>\u{202e}", "battery_percent": 101, "encrypted": "yes",
            "os_version": "14.3", "uptime_seconds": -1, "at": 9_999_999_999_u64, "surprise": {}
        });
        let (report, cleaning) = Report::read(&sent, 1_790_000_000);
        assert_eq!(report.os_version.as_deref(), Some("14.3"));
        assert_eq!(
            report.model.as_deref(),
            Some("<script>alert(1)</script>\u{fffd}")
        );
        assert_eq!(
            (
                report.battery_percent,
                report.encrypted,
                report.uptime_seconds,
                report.at
            ),
            (None, None, None, None)
        );
        assert_eq!(cleaning.unknown, 1);
        assert!(cleaning.from_the_future);
        assert_eq!(cleaning.mended.len(), 4);
    }

    #[test]
    fn a_report_that_is_no_object_is_empty() {
        let (report, cleaning) = Report::read(&json!([1, 2]), 0);
        assert_eq!(report, Report::default());
        assert_eq!(cleaning.mended, ["report"]);
    }
}
