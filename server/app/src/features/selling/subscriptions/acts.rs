//! One act on one subscription: found in the seller's books, judged by the rules, written with its documents, and told to the
//! record, all in one transaction. Or only tried: everything is done and then undone, so that a page can say what it will cost.

use std::sync::Arc;

use muster_domain::scope::Books;
use muster_store::selling::accounts;
use muster_store::selling::invoices::Invoice;
use muster_store::selling::subscriptions::{self, Subscription};
use muster_store::{Conn, StoreError};
use serde_json::Value;

use super::scene::Scene;
use super::stop::{Step, Stop, settle};
use super::{cancel, change_plan, move_to, next, pause, resume, undo_cancel};
use crate::app::App;
use crate::features::record::write::{self as record, By, Entry, Weight};
use crate::features::selling::books;
use crate::web::actor::{Allowed, Sell};
use crate::web::problem::{Answer, Problem};

/// When something takes effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// At once.
    Now,
    /// When the period ends that was paid for.
    PeriodEnd,
}

impl When {
    /// The moment of a sent word.
    ///
    /// # Errors
    /// It is none of the two.
    pub fn parse(word: &str) -> Answer<Self> {
        match word {
            "now" => Ok(Self::Now),
            "period-end" => Ok(Self::PeriodEnd),
            _ => Err(Problem::invalid("when", "when must be now or period-end.")),
        }
    }

    /// The word that is sent.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Now => "now",
            Self::PeriodEnd => "period-end",
        }
    }
}

/// What is to be done to a subscription.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wish {
    /// No renewal until it is resumed.
    Pause,
    /// Renew again.
    Resume,
    /// End it.
    Cancel(When),
    /// Do not end it with its period.
    UndoCancel,
    /// Go on with another plan.
    ChangePlan {
        /// The plan's id.
        plan: String,
        /// From when on.
        when: When,
    },
    /// Go on with another phone, or with a first one.
    Move {
        /// The phone's id.
        device: String,
    },
}

/// Whether it is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Do it.
    Do,
    /// Say what it would come to, and leave everything as it is.
    Try,
}

/// What an act makes of a subscription, before it is written.
#[derive(Debug)]
pub struct Acted {
    /// The subscription afterwards.
    pub subscription: Subscription,
    /// What was issued for it.
    pub documents: Vec<Invoice>,
    /// What the record says, and what its sentence needs.
    pub event: (&'static str, Value),
    /// Whether it counts no longer as live.
    pub ends: bool,
}

/// What an act came to, or would.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The subscription afterwards.
    pub subscription: Subscription,
    /// What was issued for it.
    pub documents: Vec<Invoice>,
    /// What will be billed next, and when.
    pub next: Option<next::Next>,
}

/// How a transaction ends that is not to be kept.
enum End {
    Refused(Problem),
    Tried(Box<Outcome>),
}

/// Does it, or tries it.
///
/// # Errors
/// There is no such subscription in the actor's books, or a rule says no.
pub async fn act(
    app: &Arc<App>,
    allowed: &Allowed<Sell>,
    id: &str,
    wish: Wish,
    mode: Mode,
) -> Answer<Outcome> {
    let (acting, by) = (app.clone(), By::actor(&allowed.actor));
    let (books, id) = (books::sold(&allowed.actor), id.to_owned());
    let ended = app.store.write_or_refuse(move |tx| {
        let done = settle(act_in(tx, &acting, &by, (&books, &id), &wish))?;
        Ok(match done {
            Err(problem) => Err(End::Refused(problem)),
            Ok(outcome) if mode == Mode::Try => Err(End::Tried(Box::new(outcome))),
            Ok(outcome) => Ok(outcome),
        })
    });
    match ended.await? {
        Ok(outcome) => {
            ring(app, &outcome);
            Ok(outcome)
        }
        Err(End::Tried(outcome)) => Ok(*outcome),
        Err(End::Refused(problem)) => Err(problem),
    }
}

fn act_in(
    tx: &mut Conn,
    app: &App,
    by: &By,
    (books, id): (&Books, &str),
    wish: &Wish,
) -> Step<Outcome> {
    let scene = Scene::load(tx, app, books, id)?;
    let acted = match wish {
        Wish::Pause => pause::act(tx, &scene),
        Wish::Resume => resume::act(tx, &scene),
        Wish::Cancel(When::PeriodEnd) => cancel::at_period_end(&scene),
        Wish::Cancel(When::Now) => cancel::now(tx, app, &scene),
        Wish::UndoCancel => undo_cancel::act(&scene),
        Wish::ChangePlan { plan, when } => change_plan::act(tx, app, &scene, plan, *when),
        Wish::Move { device } => move_to::act(tx, &scene, device),
    }?;
    keep(tx, app, by, &scene, acted)
}

/// Writes what an act came to. A renewal that came between has moved the index; then the door tries all of it anew.
pub fn keep(tx: &mut Conn, app: &App, by: &By, scene: &Scene, acted: Acted) -> Step<Outcome> {
    let seen = scene.subscription.next_index;
    let written = match subscriptions::update(tx, seen, &acted.subscription) {
        Err(error) if error.is_conflict_of("subscriptions.device_id,seller_id") => {
            return Err(move_to::taken().into());
        }
        other => other?,
    };
    if !written {
        let why = "a renewal came between".to_owned();
        return Err(Stop::Store(StoreError::Collision(why)));
    }
    if acted.ends {
        accounts::count_live(tx, &acted.subscription.billing_account_id, -1)?;
    }
    let (kind, facts) = acted.event;
    let entry = Entry {
        kind,
        weight: Weight::Ordinary,
        place: scene.between.place(),
        device: scene.device.clone(),
        command: None,
        facts,
    };
    record::write(tx, app, by, &entry)?;
    let after = Scene::of(tx, app, acted.subscription)?;
    Ok(Outcome {
        next: next::of(tx, &after)?,
        subscription: after.subscription,
        documents: acted.documents,
    })
}

/// Rings for what follows: a period to bill, a letter to write, service to stop or to give back.
fn ring(app: &App, outcome: &Outcome) {
    let due = outcome.subscription.next_start_at;
    if due.is_some_and(|start| start <= app.now_micros()) {
        app.due.renewals.notify_one();
    }
    if !outcome.documents.is_empty() {
        app.due.letters.notify_one();
    }
    app.due.collection.notify_one();
}
