//! Subscriptions are paused, resumed, changed and canceled.

use muster::features::selling::subscriptions::acts::{self, Mode, When, Wish};

use crate::decade::run::Run;
use crate::decade::shapes::PLANS;

/// What is done to a subscription.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Deed {
    Pause,
    Resume,
    CancelNow,
    CancelAtEnd,
    UndoCancel,
    ChangeNow(usize),
    ChangeAtEnd(usize),
}

impl Deed {
    fn word(self) -> &'static str {
        match self {
            Self::Pause => "pause",
            Self::Resume => "resume",
            Self::CancelNow => "cancel now",
            Self::CancelAtEnd => "cancel at end",
            Self::UndoCancel => "undo cancel",
            Self::ChangeNow(_) => "change now",
            Self::ChangeAtEnd(_) => "change at end",
        }
    }
}

impl Run {
    /// Somebody does something to a subscription. Mostly what can be done, sometimes what cannot.
    pub(super) async fn change_a_life(&mut self) -> Result<(), String> {
        let Some(place) = self.somebody() else {
            return Ok(());
        };
        let node = self.chance.place(2);
        let deed = self.deed(place);
        let expected = self.predict(place, deed, self.world.nodes[node].app.now_micros());
        let one = &self.model.subscriptions[place];
        let (id, account) = (one.id.clone(), one.account);
        let plan_id = |plan: usize| self.model.plans[plan].id.clone();
        let wish = match deed {
            Deed::Pause => Wish::Pause,
            Deed::Resume => Wish::Resume,
            Deed::CancelNow => Wish::Cancel(When::Now),
            Deed::CancelAtEnd => Wish::Cancel(When::PeriodEnd),
            Deed::UndoCancel => Wish::UndoCancel,
            Deed::ChangeNow(plan) => Wish::ChangePlan {
                plan: plan_id(plan),
                when: When::Now,
            },
            Deed::ChangeAtEnd(plan) => Wish::ChangePlan {
                plan: plan_id(plan),
                when: When::PeriodEnd,
            },
        };
        let allowed = self.owner(self.model.accounts[account].seller)?;
        let endangered = self.endanger(deed.word(), node);
        let app = self.world.nodes[node].app.clone();
        let done = acts::act(&app, &allowed, &id, wish, Mode::Do).await;
        let kind = deed.word();
        let judged = self.judge((kind, node), endangered, done, expected).await;
        judged
            .map(|_| ())
            .map_err(|said| format!("{said} ({deed:?} at {})", app.now()))
    }

    /// One that has not ended, mostly.
    fn somebody(&mut self) -> Option<usize> {
        let count = self.model.subscriptions.len();
        let mut place = None;
        for _ in 0..4 {
            let drawn = self.chance.place(count);
            place = self.model.subscriptions.get(drawn).map(|_| drawn);
            let ended = place.is_some_and(|place| {
                matches!(self.model.subscriptions[place].life, "canceled" | "expired")
            });
            if !ended {
                break;
            }
        }
        place
    }

    fn deed(&mut self, place: usize) -> Deed {
        let one = &self.model.subscriptions[place];
        let (life, canceling) = (one.life, one.cancel_at_end);
        let seller = self.model.accounts[one.account].seller;
        let plan = seller * PLANS.len() + self.chance.place(PLANS.len());
        match (life, self.chance.below(20)) {
            ("paused", 0..14) => Deed::Resume,
            (_, 14..16) if canceling => Deed::UndoCancel,
            (_, 0..4) => Deed::Pause,
            (_, 4..5) => Deed::Resume,
            (_, 5..6) => Deed::CancelNow,
            (_, 6..8) => Deed::CancelAtEnd,
            (_, 8..9) => Deed::UndoCancel,
            (_, 9..14) => Deed::ChangeNow(plan),
            _ => Deed::ChangeAtEnd(plan),
        }
    }
}
