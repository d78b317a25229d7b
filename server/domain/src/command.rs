//! The states of a command and of its targets (DESIGN §6): one way only, and a phone's receipt outranks the server's view.

use muster_protocol::receipt::ReceiptState;

/// The state of one target, and of a command as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum State {
    /// Written down, not yet complete.
    Draft,
    /// Signatures are missing.
    AwaitingApproval,
    /// Sealed, waiting for the phone.
    Queued,
    /// The phone fetched it.
    Delivered,
    /// The phone has it and a reason to wait. Of a target only; the command shows as delivered.
    Deferred,
    /// The phone wrote it in its journal and is about to act.
    Accepted,
    /// The phone did it and signed so.
    Done,
    /// The phone tried and could not.
    Failed,
    /// The phone would not, with a reason code.
    Refused,
    /// Taken back before the phone accepted it.
    Cancelled,
    /// Its time passed before the phone accepted it.
    Expired,
}

impl State {
    /// Every state, in the order of a command's life.
    pub const ALL: [Self; 11] = [
        Self::Draft,
        Self::AwaitingApproval,
        Self::Queued,
        Self::Delivered,
        Self::Deferred,
        Self::Accepted,
        Self::Done,
        Self::Failed,
        Self::Refused,
        Self::Cancelled,
        Self::Expired,
    ];

    /// The word that is stored and sent.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::AwaitingApproval => "awaiting-approval",
            Self::Queued => "queued",
            Self::Delivered => "delivered",
            Self::Deferred => "deferred",
            Self::Accepted => "accepted",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Refused => "refused",
            Self::Cancelled => "cancelled",
            Self::Expired => "expired",
        }
    }

    /// The state of a stored or sent word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }

    /// Whether nothing more is expected of the phone.
    #[must_use]
    pub fn is_terminal(self) -> bool {
        match self {
            Self::Done | Self::Failed | Self::Refused | Self::Cancelled | Self::Expired => true,
            Self::Draft
            | Self::AwaitingApproval
            | Self::Queued
            | Self::Delivered
            | Self::Deferred
            | Self::Accepted => false,
        }
    }

    /// Whether the command can still be taken back or run out: any state before `accepted`.
    #[must_use]
    pub fn is_before_accepted(self) -> bool {
        !self.is_terminal() && self != Self::Accepted
    }
}

/// What a verified receipt makes of a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// The state it has from now on.
    pub to: State,
    /// The receipt came after the target was cancelled or expired.
    pub late: bool,
}

/// The step a receipt leads to; `None` where it says nothing new.
///
/// What the phone did outranks what the server thought: `accepted`, `done` and `failed` are taken from any state that is
/// not further along, also after `refused`, because a refusal of a forged copy (class X) leaves the genuine command
/// alive (PROTOCOL §12, A033).
#[must_use]
pub fn after_receipt(from: State, receipt: ReceiptState) -> Option<Step> {
    let late = matches!(from, State::Cancelled | State::Expired);
    let to = match receipt {
        ReceiptState::Deferred => match from {
            State::Queued | State::Delivered | State::Deferred => State::Deferred,
            State::Draft
            | State::AwaitingApproval
            | State::Accepted
            | State::Done
            | State::Failed
            | State::Refused
            | State::Cancelled
            | State::Expired => return None,
        },
        ReceiptState::Refused => match from {
            State::Queued | State::Delivered | State::Deferred => State::Refused,
            // The phone saying "cancelled" or "expired" of a command we hold for that is no news.
            State::Draft
            | State::AwaitingApproval
            | State::Accepted
            | State::Done
            | State::Failed
            | State::Refused
            | State::Cancelled
            | State::Expired => return None,
        },
        ReceiptState::Accepted => match from {
            State::Accepted | State::Done | State::Failed => return None,
            State::Draft
            | State::AwaitingApproval
            | State::Queued
            | State::Delivered
            | State::Deferred
            | State::Refused
            | State::Cancelled
            | State::Expired => State::Accepted,
        },
        ReceiptState::Done | ReceiptState::Failed => match from {
            State::Done | State::Failed => return None,
            State::Draft
            | State::AwaitingApproval
            | State::Queued
            | State::Delivered
            | State::Deferred
            | State::Accepted
            | State::Refused
            | State::Cancelled
            | State::Expired => {
                if receipt == ReceiptState::Done {
                    State::Done
                } else {
                    State::Failed
                }
            }
        },
    };
    Some(Step { to, late })
}

/// The state of a sealed command from how many targets stand in which state; `None` without targets.
///
/// While anything is open the furthest open stage is shown; once all have ended, trouble outranks success.
#[must_use]
pub fn of_targets(counts: &[(State, i64)]) -> Option<State> {
    let any = |state: State| counts.iter().any(|(s, n)| *s == state && *n > 0);
    if any(State::Accepted) {
        return Some(State::Accepted);
    }
    if any(State::Delivered) || any(State::Deferred) {
        return Some(State::Delivered);
    }
    [
        State::Queued,
        State::AwaitingApproval,
        State::Draft,
        State::Failed,
        State::Refused,
        State::Done,
        State::Expired,
        State::Cancelled,
    ]
    .into_iter()
    .find(|state| any(*state))
}

#[cfg(test)]
mod tests {
    use super::{ReceiptState, State, after_receipt, of_targets};

    #[test]
    fn f7_nothing_overwrites_a_terminal_answer() {
        for receipt in [
            ReceiptState::Accepted,
            ReceiptState::Deferred,
            ReceiptState::Refused,
            ReceiptState::Done,
        ] {
            assert_eq!(after_receipt(State::Done, receipt), None);
            assert_eq!(after_receipt(State::Failed, receipt), None);
        }
        assert_eq!(after_receipt(State::Accepted, ReceiptState::Deferred), None);
    }

    #[test]
    fn a_receipt_outranks_cancelled_and_expired_and_is_late() {
        for from in [State::Cancelled, State::Expired] {
            let step = after_receipt(from, ReceiptState::Done).unwrap();
            assert!(step.late && step.to == State::Done);
            assert_eq!(after_receipt(from, ReceiptState::Refused), None);
        }
        assert!(
            !after_receipt(State::Queued, ReceiptState::Done)
                .unwrap()
                .late
        );
    }

    #[test]
    fn a033_a_refused_forgery_does_not_stop_the_genuine_command() {
        assert_eq!(
            after_receipt(State::Refused, ReceiptState::Done)
                .unwrap()
                .to,
            State::Done
        );
    }

    #[test]
    fn a_command_is_what_its_targets_are() {
        assert_eq!(
            of_targets(&[(State::Done, 3), (State::Queued, 1)]),
            Some(State::Queued)
        );
        assert_eq!(
            of_targets(&[(State::Done, 3), (State::Deferred, 1)]),
            Some(State::Delivered)
        );
        assert_eq!(
            of_targets(&[(State::Done, 3), (State::Failed, 1)]),
            Some(State::Failed)
        );
        assert_eq!(
            of_targets(&[(State::Done, 1), (State::Cancelled, 9)]),
            Some(State::Done)
        );
        assert_eq!(
            of_targets(&[(State::Cancelled, 1), (State::Expired, 1)]),
            Some(State::Expired)
        );
        assert_eq!(of_targets(&[]), None);
    }

    #[test]
    fn words_round_trip() {
        for state in State::ALL {
            assert_eq!(State::parse(state.as_str()), Some(state));
        }
    }
}
