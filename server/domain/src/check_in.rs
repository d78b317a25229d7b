//! A phone's check-in: hostile input until it has passed through here. What does not fit in it is left out and named, because
//! a broken member must not cost us the rest.

use muster_protocol::command::Kind;
use muster_protocol::digest::Digest;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::compliance::{Compliance, Freshness};
use crate::report::{Cleaning, Report};

/// Restrictions that are kept of one report: 32 a kind (PROTOCOL §6) of the three kinds that restrict for long.
pub const RESTRICTIONS: usize = 96;
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

/// A restriction as a phone reports it, and as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Restriction {
    /// Kind of the command that is in force.
    pub kind: String,
    /// Its digest.
    pub command: String,
}

/// Why a body is no check-in at all. The sentences are fit for the answer to whoever sent it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotACheckIn {
    /// Not a JSON object in UTF-8.
    #[error("Send a check-in as a JSON object in UTF-8. See docs/DEVICE-API.md.")]
    Form,
    /// Of no version, or of another one.
    #[error("This server reads check-ins of version 1.")]
    Version,
}

impl CheckIn {
    /// Reads a body that came at `now`, Unix seconds. What does not fit in it is left out and named; what is no check-in at
    /// all is refused.
    ///
    /// # Errors
    /// [`NotACheckIn`].
    pub fn read(body: &[u8], now: u64) -> Result<Self, NotACheckIn> {
        let Ok(Value::Object(mut sent)) = serde_json::from_slice::<Value>(body) else {
            return Err(NotACheckIn::Form);
        };
        if sent.get("v").and_then(Value::as_u64) != Some(1) {
            return Err(NotACheckIn::Version);
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

    /// Whether its screen is closed by a lock that was sent, by its report or by what is in force.
    #[must_use]
    pub fn locked(&self) -> bool {
        let reported = self.report.as_ref().and_then(|report| report.locked) == Some(true);
        reported
            || self
                .restrictions
                .iter()
                .any(|restriction| restriction.kind.starts_with("lock"))
    }

    /// Whether a suspend is in force on it.
    #[must_use]
    pub fn suspended(&self) -> bool {
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
