//! Trials that were agreed on for a later day begin by themselves.

use std::sync::Arc;

use muster_domain::selling::life::{Act, Life};
use muster_store::selling::subscriptions::Subscription;
use muster_store::selling::waits;
use muster_store::{Conn, StoreError};
use serde_json::json;

use super::acts::{self, Acted};
use super::scene::Scene;
use super::stop::{Step, settle};
use crate::app::App;
use crate::features::operations::schedule::{Done, Job};
use crate::features::record::write::By;

/// Each minute.
pub const BEGIN: Job = Job {
    name: "subscriptions.trials",
    when: "10 * * * * *",
    bell: None,
    work: |app| Box::pin(begin_all(app)),
};

/// How many begin in one transaction.
const AT_ONCE: i64 = 100;

async fn begin_all(app: Arc<App>) -> Done {
    loop {
        let beginning = app.clone();
        let begun = app
            .store
            .write(move |tx| begin_some(tx, &beginning))
            .await
            .map_err(|error| error.to_string())?;
        if begun == 0 {
            return Ok(());
        }
        tracing::info!(begun, "trials began");
        app.due.collection.notify_one();
    }
}

/// Begins some; answers how many it looked at.
fn begin_some(tx: &mut Conn, app: &App) -> Result<usize, StoreError> {
    let waiting = waits::begun_for_job(tx, app.now_micros(), AT_ONCE)?;
    for row in &waiting {
        if let Err(problem) = settle(begin(tx, app, row))? {
            // It waits for nothing any more: it was canceled, or its trial ended before it was begun.
            tracing::info!(subscription = row.id, %problem, "a trial did not begin");
        }
        waits::end_trial(tx, &row.id)?;
    }
    Ok(waiting.len())
}

fn begin(tx: &mut Conn, app: &App, row: &Subscription) -> Step<()> {
    let life = Life::parse(&row.life)
        .ok_or_else(|| StoreError::Query(format!("{} is no life", row.life)))?
        .after(Act::StartTrial)?;
    let scene = Scene::of(tx, app, row.clone())?;
    let acted = Acted {
        subscription: Subscription {
            life: life.as_str().to_owned(),
            ..row.clone()
        },
        documents: Vec::new(),
        event: (
            "subscription.trial-began",
            json!({ "plan": scene.plan.name, "until": row.anchor }),
        ),
        ends: false,
    };
    acts::keep(tx, app, &By::job(BEGIN.name), &scene, acted)?;
    Ok(())
}
