//! Why a rule of selling said no.

use super::calendar::OutOfRange;
use super::money::MoneyError;

/// A refusal: a stable word for programs, a sentence for people that says what was wrong and what to do next.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Refusal {
    /// Stable word for the fault; pages look it up in their catalogue.
    pub code: &'static str,
    /// What was wrong and what to do, in English.
    pub message: String,
}

impl Refusal {
    /// A refusal named by a stable `code` and told by `message`.
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
        }
    }
}

impl From<MoneyError> for Refusal {
    fn from(error: MoneyError) -> Self {
        Self::new(error.code(), error.to_string())
    }
}

impl From<OutOfRange> for Refusal {
    fn from(error: OutOfRange) -> Self {
        Self::new("date-range", error.to_string())
    }
}
