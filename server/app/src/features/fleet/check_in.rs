//! `POST /v1/check-in`: the phone says how it is, the answer is its bundle. Everything it says is hostile input: bounded,
//! cleaned, and believed only as far as a page shows it.

use std::sync::Arc;

use muster_domain::compliance::{Compliance, Freshness};
use muster_domain::device::Contact;
use muster_domain::report::{Cleaning, Report};
use muster_protocol::command::Kind;
use muster_protocol::digest::Digest;
use muster_store::{Conn, StoreResult, check_ins, devices, rate_limits};
use serde_json::{Map, Value, json};

use super::shape::{Restriction, days_since};
use crate::app::App;
use crate::features::commands::deliver;
use crate::features::enrolment::renew;
use crate::features::log::gossip;
use crate::features::record::write::{self, By, Entry, Place, Weight};
use crate::features::trust::renew_keys;
use crate::web::device_listener::Phone;
use crate::web::problem::{Answer, Problem};
use crate::web::route::{DeviceRequest, DeviceResponse};

/// Restrictions that are kept of one report: 32 a kind (PROTOCOL §6) of the three kinds that restrict for long.
const RESTRICTIONS: usize = 96;
/// A day, microseconds.
const DAY: i64 = 86_400_000_000;
/// The members of a check-in; others are ignored and counted.
const MEMBERS: [&str; 11] = [
    "v",
    "report",
    "keyring",
    "checkpoint",
    "nonce",
    "restrictions",
    "held",
    "fork",
    "policy",
    "compliance",
    "freshness",
];

/// What a phone said, cleaned.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CheckIn {
    /// Its status report; `None` when it sent none.
    pub report: Option<Report>,
    /// What had to be changed or left out.
    pub cleaning: Cleaning,
    /// The keyring version it holds; 0 for none.
    pub keyring_version: u64,
    /// The digest of that keyring's payload.
    pub keyring_digest: Option<Digest>,
    /// The size of its newest checkpoint.
    pub checkpoint_size: Option<u64>,
    /// The root of that checkpoint.
    pub checkpoint_root: Option<Digest>,
    /// Its current nonce.
    pub nonce: Option<Digest>,
    /// What is in force on it.
    pub restrictions: Vec<Restriction>,
    /// Whether it holds a legal hold.
    pub held: bool,
    /// The policy version it holds; 0 for none.
    pub policy_version: u64,
    /// Its judgement of itself under that policy.
    pub compliance: Option<Compliance>,
    /// How fresh its view of the record is.
    pub freshness: Option<Freshness>,
    /// It was shown two logs that cannot both be true (PROTOCOL §14).
    pub forked: bool,
}

/// Writes a check-in down and answers the phone's bundle.
///
/// # Errors
/// The body is no check-in, or the database does not answer; then nothing was written down.
pub async fn check_in(app: Arc<App>, request: DeviceRequest) -> Answer<DeviceResponse> {
    let phone = request.phone()?.clone();
    let now = app.now_micros();
    let said = CheckIn::read(&request.body, u64::try_from(now / 1_000_000).unwrap_or(0))?;
    let (app2, phone2, said2) = (app.clone(), phone.clone(), said.clone());
    let superseded = app
        .store
        .write(move |tx| record(tx, &app2, &phone2, &said2, now))
        .await?;
    app.crash_point("check-in.recorded");
    if superseded {
        app.due.sequencer.notify_one();
        app.due.crl.notify_one();
    }
    Ok(DeviceResponse::body(
        "application/json",
        deliver::bundle(&app, &phone, &said).await?,
    ))
}

impl CheckIn {
    /// Reads a body that came at `now`, Unix seconds. What does not fit in it is left out and named; what is no check-in at
    /// all is refused.
    ///
    /// # Errors
    /// It is not a JSON object in UTF-8, or of another version.
    pub fn read(body: &[u8], now: u64) -> Answer<Self> {
        let Ok(Value::Object(mut sent)) = serde_json::from_slice::<Value>(body) else {
            return Err(Problem::invalid(
                "check-in",
                "Send a check-in as a JSON object in UTF-8. See docs/DEVICE-API.md.",
            ));
        };
        if sent.get("v").and_then(Value::as_u64) != Some(1) {
            return Err(Problem::invalid(
                "version",
                "This server reads check-ins of version 1.",
            ));
        }
        let mut said = Self::default();
        if let Some(report) = sent.remove("report") {
            let (report, cleaning) = Report::read(&report, now);
            (said.report, said.cleaning) = (Some(report), cleaning);
        }
        said.cleaning.unknown += sent
            .keys()
            .filter(|name| !MEMBERS.contains(&name.as_str()))
            .count();
        said.read_held(&sent);
        said.read_policy(&sent, now);
        Ok(said)
    }

    fn read_held(&mut self, sent: &Map<String, Value>) {
        let digest = |value: Option<&Value>| {
            value
                .and_then(Value::as_str)
                .and_then(|text| Digest::parse(text).ok())
        };
        let mut mend = |name: &'static str| self.cleaning.mended.push(name);
        if let Some(keyring) = sent.get("keyring") {
            match keyring.get("version").and_then(Value::as_u64) {
                Some(version) => self.keyring_version = version,
                None => mend("keyring"),
            }
            self.keyring_digest = digest(keyring.get("digest"));
        }
        if let Some(checkpoint) = sent.get("checkpoint") {
            match (
                checkpoint.get("size").and_then(Value::as_u64),
                digest(checkpoint.get("root")),
            ) {
                (Some(size), Some(root)) => {
                    (self.checkpoint_size, self.checkpoint_root) = (Some(size), Some(root));
                }
                _ => mend("checkpoint"),
            }
        }
        if let Some(nonce) = sent.get("nonce") {
            self.nonce = digest(Some(nonce));
            if self.nonce.is_none() {
                mend("nonce");
            }
        }
        if let Some(restrictions) = sent.get("restrictions") {
            let all = restrictions
                .as_array()
                .map(Vec::as_slice)
                .unwrap_or_default();
            self.restrictions = all
                .iter()
                .take(RESTRICTIONS)
                .filter_map(restriction)
                .collect();
            if !restrictions.is_array() || self.restrictions.len() < all.len() {
                mend("restrictions");
            }
        }
        if let Some(held) = sent.get("held") {
            match held.as_bool() {
                Some(held) => self.held = held,
                None => mend("held"),
            }
        }
        self.forked = sent.get("fork").is_some_and(|fork| !fork.is_null());
    }

    fn read_policy(&mut self, sent: &Map<String, Value>, now: u64) {
        let mut mend = |name: &'static str| self.cleaning.mended.push(name);
        if let Some(policy) = sent.get("policy") {
            match policy.get("version").and_then(Value::as_u64) {
                Some(version) => self.policy_version = version,
                None => mend("policy"),
            }
        }
        if let Some(compliance) = sent.get("compliance") {
            self.compliance = Compliance::read(compliance, now);
            if self.compliance.is_none() {
                mend("compliance");
            }
        }
        if let Some(freshness) = sent.get("freshness") {
            self.freshness = freshness.as_str().and_then(Freshness::parse);
            if self.freshness.is_none() {
                mend("freshness");
            }
        }
    }

    fn locked(&self) -> bool {
        let reported = self.report.as_ref().and_then(|report| report.locked) == Some(true);
        reported
            || self
                .restrictions
                .iter()
                .any(|restriction| restriction.kind.starts_with("lock"))
    }

    fn suspended(&self) -> bool {
        self.restrictions
            .iter()
            .any(|restriction| restriction.kind == Kind::Suspend.as_str())
    }
}

/// One restriction, if it is of a kind that stays in force and names its command.
fn restriction(sent: &Value) -> Option<Restriction> {
    let kind: Kind = sent.get("kind")?.as_str()?.parse().ok()?;
    if !matches!(kind, Kind::Lock | Kind::LockFleet | Kind::Suspend) {
        return None;
    }
    let command = Digest::parse(sent.get("command")?.as_str()?).ok()?;
    Some(Restriction {
        kind: kind.as_str().to_owned(),
        command: command.to_hex(),
    })
}

/// Writes it down, with whatever it is a sign of; whether certificates were superseded.
fn record(tx: &mut Conn, app: &App, phone: &Phone, said: &CheckIn, now: i64) -> StoreResult<bool> {
    let held = devices::state_for_phone(tx, &phone.device)?;
    let before = held.as_ref().and_then(|state| state.last_check_in_at);
    check_ins::record_for_phone(tx, &row(phone, said, now))?;
    let superseded = renew::supersede_older(tx, app, phone, now)?;
    if let (Contact::Stale | Contact::Lost, Some(then)) = (Contact::at(before, now), before) {
        let facts = json!({ "hours": (now - then) / 3_600_000_000, "days": days_since(then, now) });
        event(tx, app, phone, "device.back", Weight::Ordinary, facts)?;
    }
    if said.cleaning != Cleaning::default() && first_today(tx, "report-mended", phone, now)? {
        event(
            tx,
            app,
            phone,
            "report.mended",
            Weight::Trouble,
            cleaning(&said.cleaning),
        )?;
    }
    // Looked up when the phone's checkpoint is another than last time: the same one was compared then.
    let moved = held.as_ref().is_none_or(|held| {
        Some(held.checkpoint_size)
            != said
                .checkpoint_size
                .and_then(|size| i64::try_from(size).ok())
            || held.checkpoint_root != said.checkpoint_root.map(|root| root.to_hex())
    });
    let version = i64::try_from(said.keyring_version).unwrap_or(i64::MAX);
    let other_log = moved
        && renew_keys::names_this_log(tx, &phone.fleet, version)?
        && gossip::is_of_another_log(tx, &phone.fleet, said.checkpoint_size, said.checkpoint_root)?;
    if (said.forked || other_log) && first_today(tx, "log-forked", phone, now)? {
        let facts = json!({ "size": said.checkpoint_size.unwrap_or(0) });
        event(tx, app, phone, "log.forked", Weight::Trouble, facts)?;
    }
    Ok(superseded)
}

fn row(phone: &Phone, said: &CheckIn, now: i64) -> check_ins::CheckIn {
    let bounded = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    check_ins::CheckIn {
        device_id: phone.device.clone(),
        reseller_id: phone.reseller.clone(),
        organisation_id: phone.organisation.clone(),
        at: now,
        report: said
            .report
            .as_ref()
            .and_then(|report| serde_json::to_string(report).ok()),
        restrictions: serde_json::to_string(&said.restrictions).unwrap_or_else(|_| "[]".to_owned()),
        locked: said.locked(),
        suspended: said.suspended(),
        held: said.held,
        keyring_version: bounded(said.keyring_version),
        checkpoint_size: said.checkpoint_size.map_or(0, bounded),
        checkpoint_root: said.checkpoint_root.map(|root| root.to_hex()),
        nonce: said.nonce.map(|nonce| nonce.to_hex()),
        policy_version: bounded(said.policy_version),
        compliance: said
            .compliance
            .as_ref()
            .and_then(|compliance| serde_json::to_string(compliance).ok()),
        freshness: said
            .freshness
            .map(|freshness| freshness.as_str().to_owned()),
    }
}

/// A phone that sends nonsense at every check-in gets one line a day on the record.
pub(crate) fn first_today(tx: &mut Conn, what: &str, phone: &Phone, now: i64) -> StoreResult<bool> {
    Ok(rate_limits::hit(
        tx,
        &format!("{what}:{}", phone.device),
        now - now.rem_euclid(DAY),
    )? == 1)
}

/// What the record says of it: the members that were changed or left out, and how many nobody knows.
fn cleaning(cleaning: &Cleaning) -> Value {
    let mut fields: Vec<String> = cleaning
        .mended
        .iter()
        .map(|&name| name.to_owned())
        .collect();
    if cleaning.from_the_future {
        fields.push("at".to_owned());
    }
    if cleaning.unknown > 0 {
        fields.push(format!("+{}", cleaning.unknown));
    }
    json!({
        "fields": fields.join(", "),
        "unknown": cleaning.unknown,
        "future": u8::from(cleaning.from_the_future),
    })
}

fn event(
    tx: &mut Conn,
    app: &App,
    phone: &Phone,
    kind: &'static str,
    weight: Weight,
    facts: Value,
) -> StoreResult<()> {
    let device = Some((phone.device.clone(), phone.serial.clone()));
    let entry = Entry {
        kind,
        weight,
        place: Place::of_phone(phone),
        device,
        command: None,
        facts,
    };
    write::write(tx, app, &By::phone(phone), &entry)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::CheckIn;

    fn read(sent: &serde_json::Value) -> CheckIn {
        CheckIn::read(sent.to_string().as_bytes(), 1_790_000_000).unwrap()
    }

    #[test]
    fn a_check_in_is_read_whole() {
        let digest = "ab".repeat(32);
        let said = read(&json!({
            "v": 1, "report": { "locked": false, "battery_percent": 64 },
            "keyring": { "version": 7, "digest": digest }, "checkpoint": { "size": 9, "root": digest }, "nonce": digest,
            "restrictions": [{ "kind": "suspend", "command": digest }], "held": true
        }));
        assert_eq!(
            (said.keyring_version, said.checkpoint_size, said.held),
            (7, Some(9), true)
        );
        assert!(said.suspended() && !said.locked());
        assert_eq!(said.cleaning, super::Cleaning::default());
    }

    #[test]
    fn what_does_not_fit_is_named_and_costs_nothing_else() {
        let said = read(&json!({
            "v": 1, "report": [], "keyring": { "version": "7" }, "checkpoint": { "size": 9 }, "nonce": "short",
            "restrictions": [{ "kind": "wipe", "command": "ab".repeat(32) }, 7], "held": "yes", "surprise": 1
        }));
        assert_eq!(
            said.cleaning.mended,
            [
                "report",
                "keyring",
                "checkpoint",
                "nonce",
                "restrictions",
                "held"
            ]
        );
        assert_eq!(
            (
                said.cleaning.unknown,
                said.keyring_version,
                said.restrictions.len()
            ),
            (1, 0, 0)
        );
    }

    #[test]
    fn a_phone_says_how_it_stands_to_its_policy() {
        let said = read(&json!({
            "v": 1, "policy": { "version": 4 }, "freshness": "stale",
            "compliance": { "compliant": false, "faults": ["os_patch"], "since": 1_789_000_000, "suspended": false }
        }));
        assert_eq!(
            (said.policy_version, said.freshness),
            (4, Some(super::Freshness::Stale))
        );
        assert_eq!(said.compliance.unwrap().faults, ["os_patch"]);
        assert_eq!(said.cleaning, super::Cleaning::default());
        let said = read(&json!({ "v": 1, "policy": 4, "freshness": "ripe", "compliance": [] }));
        assert_eq!(said.cleaning.mended, ["policy", "compliance", "freshness"]);
    }

    #[test]
    fn what_is_no_check_in_is_refused() {
        for body in [
            &b""[..],
            b"[]",
            b"{\"v\":2}",
            b"{}",
            b"\xff\xfe",
            b"{\"v\":1",
        ] {
            assert!(CheckIn::read(body, 0).is_err());
        }
    }

    #[test]
    fn a_phone_cannot_fill_the_record() {
        let all: Vec<_> = (0..1000)
            .map(|_| json!({ "kind": "lock", "command": "ab".repeat(32) }))
            .collect();
        let said = read(&json!({ "v": 1, "restrictions": all }));
        assert_eq!(said.restrictions.len(), 96);
        assert!(said.locked() && said.cleaning.mended == ["restrictions"]);
    }
}
