//! The life of a subscription: what it can be, what can be done to it, and what each act does to billing.
//!
//! One of three axes (DESIGN §8). Whether it is paid is `collection`, whether the phone has service is `entitlement`;
//! neither changes the life, but for the end of dunning, which ends a subscription by [`Act::Expire`].

use super::refusal::Refusal;

/// What a subscription is. Only this is stored of the three axes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Life {
    /// Agreed, not begun.
    Pending,
    /// In its trial: service, and nothing to pay.
    Trialing,
    /// Renews.
    Active,
    /// Does not renew until it is resumed. What was paid for stays.
    Paused,
    /// Ended because somebody wanted it to.
    Canceled,
    /// Ended by itself: a trial that nobody took up, a term that was not to renew, or the end of dunning.
    Expired,
}

impl Life {
    /// Every state, in the order of a life.
    pub const ALL: [Self; 6] = [
        Self::Pending,
        Self::Trialing,
        Self::Active,
        Self::Paused,
        Self::Canceled,
        Self::Expired,
    ];

    /// The word that is stored and sent.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Trialing => "trialing",
            Self::Active => "active",
            Self::Paused => "paused",
            Self::Canceled => "canceled",
            Self::Expired => "expired",
        }
    }

    /// The state of a stored or sent word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|life| life.as_str() == word)
    }

    /// Whether it is over, for good: who wants it again subscribes anew.
    #[must_use]
    pub fn has_ended(self) -> bool {
        match self {
            Self::Canceled | Self::Expired => true,
            Self::Pending | Self::Trialing | Self::Active | Self::Paused => false,
        }
    }

    /// The table: what `act` makes of a subscription that is `self`.
    ///
    /// # Errors
    /// The act does not fit; the sentence says what does.
    pub fn after(self, act: Act) -> Result<Self, Refusal> {
        use Life::{Active, Canceled, Expired, Paused, Pending, Trialing};
        let stays = self;
        let (from, to): (&[Self], Self) = match act {
            Act::StartTrial => (&[Pending], Trialing),
            Act::Activate => (&[Pending, Trialing], Active),
            Act::Pause => (&[Active], Paused),
            Act::Resume => (&[Paused], Active),
            Act::CancelNow => (&[Pending, Trialing, Active, Paused], Canceled),
            Act::Expire => (&[Trialing, Active, Paused], Expired),
            // What is only wished for the end of the period leaves the life as it is until then.
            Act::CancelAtPeriodEnd | Act::UndoCancel => (&[Trialing, Active, Paused], stays),
            Act::ChangePlanAtPeriodEnd => (&[Active], stays),
            Act::Transfer | Act::ChangePlanNow => (&[Pending, Trialing, Active, Paused], stays),
        };
        if from.contains(&self) {
            Ok(to)
        } else {
            Err(self.refuse(act))
        }
    }

    fn refuse(self, act: Act) -> Refusal {
        let why = match self {
            Self::Canceled | Self::Expired => "It has ended. Start a new subscription instead.",
            Self::Pending => "It has not begun yet. Start it first, or cancel it now.",
            Self::Trialing => "It is in its trial. Activate it first, or cancel it.",
            Self::Paused => "It is paused. Resume it first.",
            Self::Active => "It is active already, and this is for one that is not.",
        };
        Refusal::new(
            "subscription-act",
            format!("This subscription cannot be {} now. {why}", act.done()),
        )
    }
}

/// What can be done to a subscription.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Act {
    /// Its trial begins.
    StartTrial,
    /// Its first paid period begins: at once, or when the trial ends.
    Activate,
    /// No renewal until it is resumed.
    Pause,
    /// It renews again.
    Resume,
    /// It ends at this moment.
    CancelNow,
    /// It ends when what was paid for does.
    CancelAtPeriodEnd,
    /// The wish to cancel at the end of the period is taken back.
    UndoCancel,
    /// It ends by itself.
    Expire,
    /// It goes on with another device.
    Transfer,
    /// Another plan from this moment.
    ChangePlanNow,
    /// Another plan from the next renewal.
    ChangePlanAtPeriodEnd,
}

impl Act {
    /// Every act.
    pub const ALL: [Self; 11] = [
        Self::StartTrial,
        Self::Activate,
        Self::Pause,
        Self::Resume,
        Self::CancelNow,
        Self::CancelAtPeriodEnd,
        Self::UndoCancel,
        Self::Expire,
        Self::Transfer,
        Self::ChangePlanNow,
        Self::ChangePlanAtPeriodEnd,
    ];

    /// What the act does to billing.
    #[must_use]
    pub fn billing(self) -> Billing {
        match self {
            Self::StartTrial => Billing::WaitsForTrial,
            Self::Activate => Billing::Starts,
            Self::Pause | Self::CancelAtPeriodEnd => Billing::StopsAtPeriodEnd,
            Self::Resume => Billing::Resumes,
            Self::CancelNow | Self::Expire => Billing::StopsNow,
            Self::UndoCancel => Billing::GoesOn,
            Self::Transfer => Billing::Unchanged,
            Self::ChangePlanNow => Billing::ChangesNow,
            Self::ChangePlanAtPeriodEnd => Billing::ChangesAtPeriodEnd,
        }
    }

    /// The act in "cannot be … now".
    fn done(self) -> &'static str {
        match self {
            Self::StartTrial => "given a trial",
            Self::Activate => "activated",
            Self::Pause => "paused",
            Self::Resume => "resumed",
            Self::CancelNow => "canceled",
            Self::CancelAtPeriodEnd => "canceled at the end of the period",
            Self::UndoCancel => "kept from being canceled",
            Self::Expire => "ended",
            Self::Transfer => "moved to another device",
            Self::ChangePlanNow => "changed to another plan",
            Self::ChangePlanAtPeriodEnd => "changed to another plan at the end of the period",
        }
    }
}

/// What an act does to the billing of a subscription. Periods that were billed stay as they are under each of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Billing {
    /// Nothing.
    Unchanged,
    /// The first period begins when the trial ends (`Schedule::after_trial`).
    WaitsForTrial,
    /// The first period begins at the anchor.
    Starts,
    /// What was billed is served; nothing is billed after it.
    StopsAtPeriodEnd,
    /// Nothing is billed from now on; unused days may be credited (`proration::unused`).
    StopsNow,
    /// A stop at the end of the period is lifted.
    GoesOn,
    /// It renews again, from a date that `resume` says.
    Resumes,
    /// The rest of the period is settled (`proration::change`, `upgrade`).
    ChangesNow,
    /// The next period is billed at the new plan.
    ChangesAtPeriodEnd,
}

/// What is to happen when the period ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AtPeriodEnd {
    /// It ends.
    Cancel,
    /// It goes on with the plan that was chosen.
    ChangePlan,
}

/// A subscription's life together with what is wished for the end of its period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// What it is.
    pub life: Life,
    /// What it becomes.
    pub at_period_end: Option<AtPeriodEnd>,
}

impl Standing {
    /// What `act` makes of it. A wish to cancel shuts out the acts that presume that it goes on, until it is undone.
    ///
    /// # Errors
    /// The act does not fit the life, or the wish.
    pub fn after(self, act: Act) -> Result<Self, Refusal> {
        let life = self.life.after(act)?;
        let canceling = self.at_period_end == Some(AtPeriodEnd::Cancel);
        let at_period_end = match act {
            Act::CancelAtPeriodEnd if canceling => {
                return Err(Refusal::new(
                    "subscription-canceling",
                    "This subscription already ends with its period. There is nothing left to do.",
                ));
            }
            Act::Pause | Act::Resume | Act::ChangePlanNow | Act::ChangePlanAtPeriodEnd
                if canceling =>
            {
                return Err(Refusal::new(
                    "subscription-canceling",
                    "This subscription ends with its period. Undo the cancellation first.",
                ));
            }
            Act::UndoCancel if !canceling => {
                return Err(Refusal::new(
                    "subscription-not-canceling",
                    "This subscription is not about to end. There is no cancellation to undo.",
                ));
            }
            Act::CancelAtPeriodEnd => Some(AtPeriodEnd::Cancel),
            Act::ChangePlanAtPeriodEnd => Some(AtPeriodEnd::ChangePlan),
            Act::CancelNow | Act::Expire | Act::UndoCancel | Act::ChangePlanNow => None,
            Act::StartTrial | Act::Activate | Act::Pause | Act::Resume | Act::Transfer => {
                self.at_period_end
            }
        };
        Ok(Self {
            life,
            at_period_end,
        })
    }

    /// What it is once its period, or its trial, has ended.
    #[must_use]
    pub fn at_end(self) -> Self {
        let life = match self.at_period_end {
            Some(AtPeriodEnd::Cancel) if !self.life.has_ended() => Life::Canceled,
            Some(AtPeriodEnd::Cancel | AtPeriodEnd::ChangePlan) | None => self.life,
        };
        Self {
            life,
            at_period_end: None,
        }
    }

    /// Whether the period that follows is to be billed.
    #[must_use]
    pub fn renews(self) -> bool {
        self.life == Life::Active && self.at_period_end != Some(AtPeriodEnd::Cancel)
    }
}

#[cfg(test)]
#[path = "tests/life.rs"]
mod tests;
