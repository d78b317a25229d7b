//! Letters before a renewal and after a due date (B17, B22). Which one holds today is recomputed from dates, never
//! replayed; only what was sent, or passed over, is remembered.

use std::fmt;

use jiff::civil::Date;

use super::interval::days_between;
use crate::text::Invalid;

/// The most days a step may lie from its date.
pub const DAYS_MOST: u16 = 365;
/// The most letters of one kind.
pub const LETTERS_MOST: usize = 10;

/// A dunning schedule, as a plan carries it. All numbers are days.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "Unchecked")]
pub struct Plan {
    before: Vec<u16>,
    after: Vec<u16>,
    suspend: u16,
    end: u16,
}

/// A schedule as it is stored, before it is looked at.
#[derive(serde::Deserialize)]
struct Unchecked {
    before: Vec<u16>,
    after: Vec<u16>,
    suspend: u16,
    end: u16,
}

impl TryFrom<Unchecked> for Plan {
    type Error = Invalid;

    fn try_from(plan: Unchecked) -> Result<Self, Invalid> {
        Self::new(&plan.before, &plan.after, plan.suspend, plan.end)
    }
}

/// One letter, known by its distance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Step {
    /// So many days before the renewal.
    Before(u16),
    /// So many days after the due date.
    After(u16),
}

/// What is to be done about letters today.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Letters {
    /// The one to send.
    pub send: Option<Step>,
    /// Those whose day passed while nobody looked: remembered as skipped, never sent late.
    pub skipped: Vec<Step>,
}

impl Default for Plan {
    /// Letters 30, 14, 7 and 1 days before, on the due date and 3, 7 and 10 days after; suspended after 14 days, ended
    /// after 30 (DESIGN §8).
    fn default() -> Self {
        Self {
            before: vec![30, 14, 7, 1],
            after: vec![0, 3, 7, 10],
            suspend: 14,
            end: 30,
        }
    }
}

impl Plan {
    /// A schedule: letters `before` a renewal and `after` a due date, in any order; suspension and end in days after
    /// the due date.
    ///
    /// # Errors
    /// A letter stands twice, lies too far away, or comes when service is already suspended; or the end is not after
    /// the suspension.
    pub fn new(before: &[u16], after: &[u16], suspend: u16, end: u16) -> Result<Self, Invalid> {
        let ordered = |field: &'static str, days: &[u16]| -> Result<Vec<u16>, Invalid> {
            let mut days = days.to_vec();
            days.sort_unstable();
            if days.windows(2).any(|pair| pair[0] == pair[1]) {
                let message = "Two letters stand on the same day. Leave one of them out.";
                return Err(Invalid::new(field, "dunning-twice", message));
            }
            if days.len() > LETTERS_MOST || days.last().is_some_and(|last| *last > DAYS_MOST) {
                let message = format!(
                    "There are at most {LETTERS_MOST} letters, at most {DAYS_MOST} days away. Use fewer or nearer ones."
                );
                return Err(Invalid::new(field, "dunning-far", message));
            }
            Ok(days)
        };
        let mut before = ordered("before", before)?;
        before.reverse();
        let after = ordered("after", after)?;
        if before.contains(&0) {
            let message = "A letter before the renewal needs at least one day. Use 1 or more.";
            return Err(Invalid::new("before", "dunning-zero", message));
        }
        if suspend == 0 || after.last().is_some_and(|last| *last >= suspend) {
            let message = "Service is suspended before the last letter. Suspend later, or send letters earlier.";
            return Err(Invalid::new("suspend", "dunning-suspend", message));
        }
        if end <= suspend || end > DAYS_MOST {
            let message = format!(
                "A subscription ends after it was suspended, within {DAYS_MOST} days. Use a number between."
            );
            return Err(Invalid::new("end", "dunning-end", message));
        }
        Ok(Self {
            before,
            after,
            suspend,
            end,
        })
    }

    /// Days before a renewal on which a letter goes out, the farthest first.
    #[must_use]
    pub fn before(&self) -> &[u16] {
        &self.before
    }

    /// Days after the due date on which a letter goes out, the nearest first.
    #[must_use]
    pub fn after(&self) -> &[u16] {
        &self.after
    }

    /// Days after the due date from which service is suspended.
    #[must_use]
    pub fn suspend(&self) -> u16 {
        self.suspend
    }

    /// Days after the due date from which the subscription may end.
    #[must_use]
    pub fn end(&self) -> u16 {
        self.end
    }

    /// Days after the due date from which the last warning holds: those of the last letter, 1 at least, so that the
    /// due date itself is nobody's fault.
    #[must_use]
    pub fn grace(&self) -> u16 {
        self.after.last().copied().unwrap_or(1).max(1)
    }

    /// The letter about a renewal on `renewal`; `handled` are the steps that were sent or skipped. From the day of the
    /// renewal on there is nothing to announce.
    #[must_use]
    pub fn before_renewal(&self, today: Date, renewal: Date, handled: &[Step]) -> Letters {
        let left = days_between(today, renewal);
        let reached = self
            .before
            .iter()
            .filter(|days| left <= i64::from(**days))
            .map(|days| Step::Before(*days));
        newest(reached, left > 0, handled)
    }

    /// The letter about an invoice due on `due`; `handled` are the steps that were sent or skipped. Once service is
    /// suspended reminders are no longer true, and what is left of them is skipped.
    #[must_use]
    pub fn after_due(&self, today: Date, due: Date, handled: &[Step]) -> Letters {
        let late = days_between(due, today);
        let reached = self
            .after
            .iter()
            .filter(|days| late >= i64::from(**days))
            .map(|days| Step::After(*days));
        newest(reached, late < i64::from(self.suspend), handled)
    }
}

/// Of the steps reached, in their order, the last one to send if letters are `timely`; all before it are passed over.
fn newest(reached: impl Iterator<Item = Step>, timely: bool, handled: &[Step]) -> Letters {
    let reached: Vec<Step> = reached.collect();
    let last = reached.last().copied().filter(|_| timely);
    let open = |step: &Step| !handled.contains(step);
    Letters {
        send: last.filter(open),
        skipped: reached
            .into_iter()
            .filter(|step| open(step) && Some(*step) != last)
            .collect(),
    }
}

impl fmt::Display for Step {
    /// The word that is stored: `before-30`, `after-7`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Before(days) => write!(f, "before-{days}"),
            Self::After(days) => write!(f, "after-{days}"),
        }
    }
}

impl Step {
    /// The step of a stored word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        let (side, days) = word.split_once('-')?;
        let step = match side {
            "before" => Self::Before(days.parse().ok()?),
            "after" => Self::After(days.parse().ok()?),
            _ => return None,
        };
        (step.to_string() == word).then_some(step)
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::{Date, date};
    use proptest::prelude::*;

    use super::{Letters, Plan, Step};

    const DUE: Date = date(2026, 3, 1);

    fn sent(step: Step) -> Letters {
        Letters {
            send: Some(step),
            skipped: Vec::new(),
        }
    }

    #[test]
    fn each_letter_goes_out_on_its_day_and_once() {
        let plan = Plan::default();
        assert_eq!(
            plan.after_due(date(2026, 2, 28), DUE, &[]),
            Letters::default()
        );
        assert_eq!(plan.after_due(DUE, DUE, &[]), sent(Step::After(0)));
        assert_eq!(
            plan.after_due(DUE, DUE, &[Step::After(0)]),
            Letters::default()
        );
        assert_eq!(
            plan.after_due(date(2026, 3, 5), DUE, &[Step::After(0)]),
            sent(Step::After(3))
        );
        assert_eq!(
            plan.before_renewal(date(2026, 1, 30), DUE, &[]),
            sent(Step::Before(30))
        );
        assert_eq!(
            plan.before_renewal(date(2026, 1, 29), DUE, &[]),
            Letters::default()
        );
    }

    #[test]
    fn b22_after_forty_days_of_silence_only_the_newest_letter_goes_out() {
        let plan = Plan::new(&[30, 14, 7, 1], &[0, 3, 7, 10], 60, 90).unwrap();
        let letters = plan.after_due(date(2026, 4, 10), DUE, &[Step::After(0)]);
        assert_eq!(letters.send, Some(Step::After(10)));
        assert_eq!(letters.skipped, [Step::After(3), Step::After(7)]);
        let letters = plan.before_renewal(date(2026, 2, 24), DUE, &[]);
        assert_eq!(letters.send, Some(Step::Before(7)));
        assert_eq!(letters.skipped, [Step::Before(30), Step::Before(14)]);
    }

    #[test]
    fn b22_letters_that_are_no_longer_true_are_skipped() {
        let plan = Plan::default();
        let letters = plan.after_due(date(2026, 4, 10), DUE, &[Step::After(0)]);
        assert_eq!(letters.send, None);
        assert_eq!(
            letters.skipped,
            [Step::After(3), Step::After(7), Step::After(10)]
        );
        let letters = plan.before_renewal(DUE, DUE, &[Step::Before(30)]);
        assert_eq!(letters.send, None);
        assert_eq!(letters.skipped.len(), 3);
    }

    #[test]
    fn plans_that_make_no_sense_are_refused() {
        let code = |before: &[u16], after: &[u16], suspend, end| {
            Plan::new(before, after, suspend, end).unwrap_err().code
        };
        assert_eq!(code(&[7, 7], &[], 14, 30), "dunning-twice");
        assert_eq!(code(&[0], &[], 14, 30), "dunning-zero");
        assert_eq!(code(&[366], &[], 14, 30), "dunning-far");
        assert_eq!(code(&[], &[0, 14], 14, 30), "dunning-suspend");
        assert_eq!(code(&[], &[], 0, 30), "dunning-suspend");
        assert_eq!(code(&[], &[], 14, 14), "dunning-end");
        assert_eq!(
            Plan::new(&[1, 30, 7, 14], &[10, 0, 7, 3], 14, 30).unwrap(),
            Plan::default()
        );
    }

    #[test]
    fn a_stored_plan_is_looked_at_again() {
        let json = serde_json::to_string(&Plan::default()).unwrap();
        assert_eq!(
            serde_json::from_str::<Plan>(&json).unwrap(),
            Plan::default()
        );
        let wrong = json.replace("\"end\":30", "\"end\":3");
        assert!(serde_json::from_str::<Plan>(&wrong).is_err());
    }

    #[test]
    fn words_round_trip() {
        for step in [Step::Before(30), Step::After(0), Step::After(365)] {
            assert_eq!(Step::parse(&step.to_string()), Some(step));
        }
        for wrong in [
            "",
            "after",
            "after-",
            "after-03",
            "after-+3",
            "during-3",
            "before--1",
        ] {
            assert_eq!(Step::parse(wrong), None, "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn whenever_one_looks_no_letter_goes_out_twice_or_two_on_a_day(mut days in prop::collection::vec(-40_i32..80, 1..20)) {
            days.sort_unstable();
            let plan = Plan::default();
            let mut handled: Vec<Step> = Vec::new();
            for day in days {
                let today = DUE.checked_add(jiff::Span::new().days(day)).unwrap();
                for letters in [plan.after_due(today, DUE, &handled), plan.before_renewal(today, DUE, &handled)] {
                    for step in letters.send.iter().chain(&letters.skipped) {
                        prop_assert!(!handled.contains(step));
                        handled.push(*step);
                    }
                }
                let again = plan.after_due(today, DUE, &handled);
                prop_assert_eq!(again, Letters::default());
            }
        }
    }
}
