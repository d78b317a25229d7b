//! What a phone says of its policy and of its view of the record (PROTOCOL §9, §15). It is the phone's own word and hostile
//! input: what does not fit is left out.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Faults that are kept of one report.
const FAULTS: usize = 8;

/// A phone's judgement of itself, cleaned; also the form in which it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Compliance {
    /// Whether it meets its policy.
    pub compliant: bool,
    /// What it does not meet, in its own short words: `os_patch`, `encryption`, `agent`.
    pub faults: Vec<String>,
    /// Since when, Unix seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<u64>,
    /// Whether it has switched its own service off for it.
    #[serde(default)]
    pub suspended: bool,
}

impl Compliance {
    /// Reads the member of a check-in that came at `now`, Unix seconds; `None` when it is none.
    #[must_use]
    pub fn read(sent: &Value, now: u64) -> Option<Self> {
        let words = sent.get("faults").and_then(Value::as_array);
        Some(Self {
            compliant: sent.get("compliant")?.as_bool()?,
            faults: words
                .into_iter()
                .flatten()
                .filter_map(Value::as_str)
                .filter(|word| is_word(word))
                .take(FAULTS)
                .map(str::to_owned)
                .collect(),
            since: sent
                .get("since")
                .and_then(Value::as_u64)
                .filter(|since| *since <= now),
            suspended: sent.get("suspended").and_then(Value::as_bool) == Some(true),
        })
    }
}

fn is_word(text: &str) -> bool {
    (1..=32).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte == b'_')
}

/// How fresh a phone's view of the record is, by its own word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Freshness {
    /// Witnessed within the policy's hours.
    Fresh,
    /// It gets answers, and no fresh checkpoint.
    Stale,
    /// It got no valid answer for the policy's days.
    ContactLost,
    /// It was shown two logs that cannot both be true.
    Forked,
    /// No witness is required, so nobody but the server vouches.
    Unwitnessed,
}

impl Freshness {
    /// Every state.
    pub const ALL: [Self; 5] = [
        Self::Fresh,
        Self::Stale,
        Self::ContactLost,
        Self::Forked,
        Self::Unwitnessed,
    ];

    /// The word that is sent and stored.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Fresh => "fresh",
            Self::Stale => "stale",
            Self::ContactLost => "contact_lost",
            Self::Forked => "forked",
            Self::Unwitnessed => "unwitnessed",
        }
    }

    /// The state of a sent or stored word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Compliance, Freshness};

    #[test]
    fn a_phone_says_what_it_lacks_and_nothing_else() {
        let sent = json!({ "compliant": false, "faults": ["os_patch", "<b>", 7, "x".repeat(33)], "since": 90, "more": 1 });
        let read = Compliance::read(&sent, 100).unwrap();
        assert_eq!(
            (read.compliant, read.faults, read.since),
            (false, vec!["os_patch".to_owned()], Some(90))
        );
        assert_eq!(
            Compliance::read(&sent, 80).unwrap().since,
            None,
            "from the future"
        );
        for wrong in [json!(null), json!([]), json!({ "compliant": "yes" })] {
            assert_eq!(Compliance::read(&wrong, 100), None);
        }
    }

    #[test]
    fn words_round_trip() {
        for state in Freshness::ALL {
            assert_eq!(Freshness::parse(state.as_str()), Some(state));
        }
    }
}
