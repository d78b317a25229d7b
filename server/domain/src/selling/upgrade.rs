//! A change of plan near a renewal (B18): the renewal is replaced, and there is one charge.

use jiff::{SignedDuration, Timestamp};

/// How near to a renewal a change of plan counts as the renewal itself.
pub const WINDOW: SignedDuration = SignedDuration::from_hours(1);

/// How far the renewal at one boundary has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Renewal {
    /// Nothing was written yet.
    Unbilled,
    /// Its invoice is a draft.
    Draft,
    /// Its invoice has a number and cannot change.
    Finalised,
}

/// How a change of plan is carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// The renewal is billed at the new plan, and nothing else is.
    RenewAtNewPlan,
    /// The renewal's draft is thrown away and written again at the new plan.
    ReplaceDraft,
    /// The renewal's invoice is credited whole, and its period billed at the new plan: `proration::change` at the very
    /// boundary, where nothing of the period is used yet.
    CreditAndBillAnew,
    /// The rest of the running period is settled by the day (`proration::change`).
    Prorate,
}

/// How a change of plan at `at` is carried out; `boundary` is the nearest renewal, before or after, and `renewal` how
/// far that one has come.
#[must_use]
pub fn how(at: Timestamp, boundary: Timestamp, renewal: Renewal) -> How {
    if at.duration_until(boundary).abs() > WINDOW {
        return How::Prorate;
    }
    match renewal {
        Renewal::Unbilled => How::RenewAtNewPlan,
        Renewal::Draft => How::ReplaceDraft,
        Renewal::Finalised => How::CreditAndBillAnew,
    }
}

/// The nearer of the boundaries around `at`; the one after if both are as near.
#[must_use]
pub fn nearest(at: Timestamp, before: Timestamp, after: Timestamp) -> Timestamp {
    if before.duration_until(at) < at.duration_until(after) {
        before
    } else {
        after
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::{How, Renewal, how, nearest};

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn b18_an_upgrade_within_an_hour_replaces_the_renewal() {
        let boundary = at("2026-03-31T22:00:00Z");
        for moment in [
            "2026-03-31T21:00:00Z",
            "2026-03-31T22:00:00Z",
            "2026-03-31T23:00:00Z",
        ] {
            let how = |renewal| how(at(moment), boundary, renewal);
            assert_eq!(how(Renewal::Unbilled), How::RenewAtNewPlan);
            assert_eq!(how(Renewal::Draft), How::ReplaceDraft);
            assert_eq!(how(Renewal::Finalised), How::CreditAndBillAnew);
        }
        for moment in ["2026-03-31T20:59:59Z", "2026-03-31T23:00:01Z"] {
            assert_eq!(how(at(moment), boundary, Renewal::Draft), How::Prorate);
        }
    }

    #[test]
    fn the_nearest_boundary_is_the_one_that_counts() {
        let (before, after) = (at("2026-03-01T00:00:00Z"), at("2026-04-01T00:00:00Z"));
        assert_eq!(nearest(at("2026-03-01T00:30:00Z"), before, after), before);
        assert_eq!(nearest(at("2026-03-31T23:30:00Z"), before, after), after);
    }
}
