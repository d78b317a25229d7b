//! How far behind a subscription is with paying: derived from open invoices, dates and the dunning schedule (B16, B17).

use jiff::civil::Date;

use super::dunning::Plan;
use super::interval::days_between;
use super::money::Money;

/// How far behind. Of growing weight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Collection {
    /// Nothing is overdue.
    Current,
    /// Overdue; reminders go out.
    PastDue,
    /// The last reminder went out; suspension is next.
    Grace,
    /// Service is to be off.
    Suspended,
    /// The subscription is to end.
    Terminated,
}

impl Collection {
    /// Every stage, in order.
    pub const ALL: [Self; 5] = [
        Self::Current,
        Self::PastDue,
        Self::Grace,
        Self::Suspended,
        Self::Terminated,
    ];

    /// The word that is sent.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Current => "current",
            Self::PastDue => "past-due",
            Self::Grace => "grace",
            Self::Suspended => "suspended",
            Self::Terminated => "terminated",
        }
    }

    /// The stage of a sent word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|stage| stage.as_str() == word)
    }

    /// The stage that the dates say: by the oldest of these invoices that is not paid in full. Give it the invoices of
    /// one subscription only, so that nobody is suspended for another's debt (B16).
    #[must_use]
    pub fn of(invoices: &[OpenInvoice], plan: &Plan, today: Date) -> Self {
        let oldest = invoices
            .iter()
            .filter(|invoice| invoice.open.is_positive())
            .map(|invoice| invoice.due)
            .min();
        let Some(due) = oldest else {
            return Self::Current;
        };
        let late = days_between(due, today);
        if late <= 0 {
            Self::Current
        } else if late < i64::from(plan.grace()) {
            Self::PastDue
        } else if late < i64::from(plan.suspend()) {
            Self::Grace
        } else if late < i64::from(plan.end()) {
            Self::Suspended
        } else {
            Self::Terminated
        }
    }
}

/// What an invoice still asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenInvoice {
    /// The last day to pay it without being late.
    pub due: Date,
    /// What is not paid, credited or written off.
    pub open: Money,
}

/// The stage a subscription was last brought to, and on which day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reached {
    /// The stage.
    pub stage: Collection,
    /// The day it was reached, in the account's zone.
    pub since: Date,
}

impl Reached {
    /// The stage to bring the subscription to today, when the dates say `holds`.
    ///
    /// Down it goes at once, as far as the dates say: who has paid is released without another step. Up it goes as the
    /// dates say too, but never to the end past the suspension (B17): whoever was not suspended yet, because the server
    /// was down, or because an older invoice was paid and a newer is as late, is suspended first, and has the days that
    /// the plan leaves between the two from that day on.
    #[must_use]
    pub fn next(self, holds: Collection, plan: &Plan, today: Date) -> Self {
        let stage = match holds {
            Collection::Terminated => match self.stage {
                Collection::Terminated => Collection::Terminated,
                Collection::Suspended if self.has_had_its_days(plan, today) => {
                    Collection::Terminated
                }
                Collection::Current
                | Collection::PastDue
                | Collection::Grace
                | Collection::Suspended => Collection::Suspended,
            },
            Collection::Current
            | Collection::PastDue
            | Collection::Grace
            | Collection::Suspended => holds,
        };
        if stage == self.stage {
            self
        } else {
            Self {
                stage,
                since: today,
            }
        }
    }

    fn has_had_its_days(self, plan: &Plan, today: Date) -> bool {
        days_between(self.since, today) >= i64::from(plan.end().saturating_sub(plan.suspend()))
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::{Date, date};

    use super::{Collection, OpenInvoice, Reached};
    use crate::selling::currency::Currency;
    use crate::selling::dunning::Plan;
    use crate::selling::money::Money;

    const DUE: Date = date(2026, 3, 1);

    fn open(due: Date, minor: i64) -> OpenInvoice {
        OpenInvoice {
            due,
            open: Money::new(minor, Currency::EUR),
        }
    }

    fn day(late: i32) -> Date {
        DUE.checked_add(jiff::Span::new().days(late)).unwrap()
    }

    #[test]
    fn the_stage_is_a_matter_of_days() {
        let plan = Plan::default();
        for (late, stage) in [
            (-5, Collection::Current),
            (0, Collection::Current),
            (1, Collection::PastDue),
            (9, Collection::PastDue),
            (10, Collection::Grace),
            (13, Collection::Grace),
            (14, Collection::Suspended),
            (29, Collection::Suspended),
            (30, Collection::Terminated),
        ] {
            assert_eq!(
                Collection::of(&[open(DUE, 1)], &plan, day(late)),
                stage,
                "{late}"
            );
        }
        assert_eq!(Collection::of(&[], &plan, day(99)), Collection::Current);
        for stage in Collection::ALL {
            assert_eq!(Collection::parse(stage.as_str()), Some(stage));
        }
    }

    #[test]
    fn b16_an_unpaid_invoice_of_one_subscription_says_nothing_of_another() {
        let plan = Plan::default();
        let (paid, unpaid) = (open(DUE, 0), open(DUE, 150_000));
        assert_eq!(Collection::of(&[paid], &plan, day(20)), Collection::Current);
        assert_eq!(
            Collection::of(&[unpaid], &plan, day(20)),
            Collection::Suspended
        );
    }

    #[test]
    fn b17_paying_the_older_of_two_counts_from_the_newer() {
        let plan = Plan::default();
        let newer = date(2026, 3, 12);
        let both = [open(DUE, 100), open(newer, 100)];
        assert_eq!(Collection::of(&both, &plan, day(15)), Collection::Suspended);
        let rest = [open(DUE, 0), open(newer, 100)];
        assert_eq!(Collection::of(&rest, &plan, day(15)), Collection::PastDue);
        // A credit that zeroes the balance, or more, releases at once.
        let credited = [open(DUE, 0), open(newer, -1)];
        let reached = Reached {
            stage: Collection::Suspended,
            since: day(14),
        };
        let holds = Collection::of(&credited, &plan, day(15));
        assert_eq!(
            reached.next(holds, &plan, day(15)),
            Reached {
                stage: Collection::Current,
                since: day(15)
            }
        );
    }

    #[test]
    fn b17_nobody_ends_without_having_been_suspended_for_the_days_between() {
        let plan = Plan::default();
        let start = Reached {
            stage: Collection::PastDue,
            since: day(1),
        };
        let holds = Collection::of(&[open(DUE, 1)], &plan, day(45));
        assert_eq!(holds, Collection::Terminated);
        let suspended = start.next(holds, &plan, day(45));
        assert_eq!(suspended.stage, Collection::Suspended);
        assert_eq!(suspended.next(holds, &plan, day(60)), suspended);
        let ended = suspended.next(holds, &plan, day(61));
        assert_eq!(ended.stage, Collection::Terminated);
        assert_eq!(ended.next(holds, &plan, day(90)), ended);
        assert_eq!(
            ended.next(Collection::Current, &plan, day(91)).stage,
            Collection::Current
        );
    }
}
