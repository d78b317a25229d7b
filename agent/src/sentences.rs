//! Every sentence that a phone shows to its owner, in one catalogue. English now; a language is one more file like this.

use muster_protocol::command::NoticeTemplate;
use muster_protocol::time::UnixTime;

use crate::core::freshness::Freshness;
use crate::state::{Fault, Origin};

/// One of the agent's own sentences for `notice`. A date or number that the template has no place for is left out.
#[must_use]
pub fn notice(template: NoticeTemplate, date: Option<UnixTime>, number: Option<u64>) -> String {
    let on = date
        .map(|date| format!(" on {}", day(date.0)))
        .unwrap_or_default();
    let by = date
        .map(|date| format!(" by {}", day(date.0)))
        .unwrap_or_default();
    let days = match number {
        Some(1) => " One day is left.".to_owned(),
        Some(number) => format!(" {number} days are left."),
        None => String::new(),
    };
    match template {
        NoticeTemplate::PaymentDue => {
            format!("A payment for this phone's service is due{on}.{days}")
        }
        NoticeTemplate::ServiceEnding => format!("This phone's service ends{on}.{days}"),
        NoticeTemplate::UpdateAvailable => {
            format!("A system update is available. Please install it{by}.")
        }
        NoticeTemplate::ContactReseller => {
            "Please contact the company you have this phone from.".to_owned()
        }
        NoticeTemplate::RestartNeeded => format!("Please restart this phone{by}."),
        NoticeTemplate::ReturnPhone => format!("Please return this phone{by}."),
    }
}

/// Where a notice or message comes from.
#[must_use]
pub fn origin(origin: &Origin) -> String {
    match origin {
        Origin::Service => "from the service".to_owned(),
        Origin::People(people) => format!("signed by {}", people.join(" and ")),
    }
}

/// A day in UTC, as 2026-11-23.
#[must_use]
pub fn day(seconds: u64) -> String {
    i64::try_from(seconds)
        .ok()
        .and_then(|seconds| jiff::Timestamp::from_second(seconds).ok())
        .map_or_else(
            || "an unknown day".to_owned(),
            |time| time.strftime("%Y-%m-%d").to_string(),
        )
}

/// A moment in UTC, as 2026-11-23 15:04 UTC.
#[must_use]
pub fn moment(seconds: u64) -> String {
    i64::try_from(seconds)
        .ok()
        .and_then(|seconds| jiff::Timestamp::from_second(seconds).ok())
        .map_or_else(
            || "an unknown time".to_owned(),
            |time| time.strftime("%Y-%m-%d %H:%M UTC").to_string(),
        )
}

/// The screen is open.
pub const UNLOCKED: &str = "Unlocked";
/// The owner's lock holds.
pub const LOCKED: &str = "Locked. Enter your passcode to open.";
/// The service is on.
pub const SERVICE_ON: &str = "Service: on";
/// The phone switched the service off by itself.
pub const SERVICE_OFF_BY_POLICY: &str =
    "Service: off, because this phone does not meet its fleet's rules. It comes back by itself.";
/// The log has shown two faces (PROTOCOL §14).
pub const FORKED: &str = "Warning: this phone was shown two different records of its fleet's orders. Tell the company you have it from.";
/// The state was damaged (PROTOCOL §11).
pub const DAMAGED: &str = "Warning: this phone's management data is damaged and it obeys nobody. It must be enrolled again.";

/// The fleet's lock holds until `until`, for `reason`.
#[must_use]
pub fn locked_by_fleet(until: u64, reason: &str) -> String {
    format!("Locked by the fleet until {}: {reason}", day(until))
}

/// The service is off until `until`, for the `reason` that people signed; the server's own key gives none.
#[must_use]
pub fn service_off(until: u64, reason: Option<&str>) -> String {
    match reason {
        Some(reason) => format!("Service: off until {}: {reason}", day(until)),
        None => format!("Service: off until {}", day(until)),
    }
}

/// A legal hold is in force.
#[must_use]
pub fn held(case: &str, until: u64) -> String {
    format!(
        "Legal hold {case} until {}: this phone cannot be erased remotely.",
        day(until)
    )
}

/// No server has answered for long.
#[must_use]
pub fn contact_lost(since: u64) -> String {
    format!(
        "No contact with the service since {}. Everything on this phone keeps working.",
        moment(since)
    )
}

/// The phone will close with the owner's own lock at this time, unless a server answers.
#[must_use]
pub fn closes(at: u64) -> String {
    format!(
        "Without contact this phone locks itself on {}. Your own passcode opens it.",
        day(at)
    )
}

/// Servers answer and show nothing that witnesses saw lately; `witnessed` is the newest such time.
#[must_use]
pub fn stale(witnessed: Option<u64>) -> String {
    let since = witnessed
        .map(|time| format!(" since {}", moment(time)))
        .unwrap_or_default();
    format!(
        "Warning: nobody independent has confirmed this fleet's record of orders{since}. Everything on this phone keeps \
         working."
    )
}

/// How fresh the record is, in a word or two.
#[must_use]
pub const fn freshness(freshness: Freshness) -> &'static str {
    match freshness {
        Freshness::Fresh => "fresh",
        Freshness::Stale => "stale",
        Freshness::ContactLost => "contact lost",
        Freshness::Forked => "two versions",
        Freshness::Unwitnessed => "unwitnessed",
    }
}

/// What the phone does not meet, and when the service is switched off for it.
#[must_use]
pub fn noncompliant(faults: &[Fault], until: Option<u64>) -> String {
    let what: Vec<&str> = faults
        .iter()
        .map(|fault| match fault {
            Fault::OsPatch => "a system update is missing",
            Fault::Encryption => "its storage is not encrypted",
            Fault::Agent => "its management program is too old",
        })
        .collect();
    let then = until
        .map(|until| format!(" Otherwise its service is switched off on {}.", day(until)))
        .unwrap_or_default();
    format!(
        "Warning: this phone does not meet its fleet's rules: {}. Please put that right.{then}",
        what.join(", ")
    )
}

/// The phone was handed on to another fleet. Both as five words and digits, for comparing with the card.
#[must_use]
pub fn transferred([from, to]: [String; 2]) -> [String; 3] {
    [
        "This phone has left its fleet and may join another. Your own data is still here."
            .to_owned(),
        format!("It left: {from}"),
        format!("It may join: {to}, with an enrolment code from there."),
    ]
}

/// The phone left its fleet by a kill.
pub const KILLED: &str = "This phone has left its fleet. Your own data is still here.";
/// The phone was wiped.
pub const WIPED: &str = "This phone was erased and has left its fleet.";
