//! Why an act on a subscription stops in the middle of its transaction: the database, or a rule that says no.

use muster_domain::selling::calendar::OutOfRange;
use muster_domain::selling::money::MoneyError;
use muster_domain::selling::refusal::Refusal;
use muster_store::{StoreError, StoreResult};

use crate::web::problem::Problem;

/// Why it stops. Either way nothing is written.
#[derive(Debug)]
pub enum Stop {
    /// The database.
    Store(StoreError),
    /// A rule.
    Refused(Problem),
}

/// A step of an act.
pub type Step<T> = Result<T, Stop>;

/// What the door of the store wants: the database's failures outside, refusals inside.
pub fn settle<T>(step: Step<T>) -> StoreResult<Result<T, Problem>> {
    match step {
        Ok(done) => Ok(Ok(done)),
        Err(Stop::Refused(problem)) => Ok(Err(problem)),
        Err(Stop::Store(error)) => Err(error),
    }
}

/// A rule of selling said no: what is there contradicts what is asked.
pub fn refused(refusal: Refusal) -> Problem {
    Problem::conflict(refusal.code, refusal.message)
}

/// A refusal of this room's own.
pub fn refuse<T>(code: &'static str, message: impl Into<String>) -> Step<T> {
    Err(Stop::Refused(Problem::conflict(code, message)))
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<Problem> for Stop {
    fn from(problem: Problem) -> Self {
        Self::Refused(problem)
    }
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refused(refusal))
    }
}

impl From<OutOfRange> for Stop {
    fn from(error: OutOfRange) -> Self {
        Refusal::from(error).into()
    }
}

impl From<MoneyError> for Stop {
    fn from(error: MoneyError) -> Self {
        Refusal::from(error).into()
    }
}
