//! Orders: a signed `suspend` or `resume`, drafted by this job in the phones' own fleet and sealed by the server's online key. What
//! cannot be ordered is told once on the record and tried again later, and never keeps another phone waiting.

use std::collections::BTreeSet;
use std::sync::Arc;

use muster_domain::scope::Scope;
use muster_domain::selling::entitlement::Order;
use muster_protocol::command::Kind;
use muster_protocol::time::DAY;
use muster_store::selling::service as store;
use muster_store::{Conn, StoreError, StoreResult};
use serde_json::json;

use super::NAME;
use super::service::{self, Verdict};
use crate::app::App;
use crate::features::commands::arguments::Arguments;
use crate::features::commands::deliver;
use crate::features::commands::draft::{self, Draft, Drafted};
use crate::features::commands::phones::Phones;
use crate::features::operations::schedule::Done;
use crate::features::record::write::{self, By, Entry, Place, Weight};
use crate::web::problem::{Answer, Problem};

/// Who drafts, as the commands' rows have it.
pub const DRAFTER: &str = "job:collection";
/// How long an order waits for its phones, seconds: what the server's own key may give a suspension (PROTOCOL §6). A phone that
/// did not come by then is sent another.
const WAITS: u64 = 7 * DAY;
/// The most commands that one resume names (PROTOCOL §6).
const LIFTS_MAX: usize = 64;
/// When a phone that could not be ordered anything is tried again, microseconds.
const AGAIN: i64 = 6 * 3_600 * 1_000_000;

/// An order for phones of one owner in one fleet.
#[derive(Debug, Clone)]
pub struct Task {
    order: Order,
    reseller: String,
    phones: Vec<String>,
}

fn kind(of: Order) -> Kind {
    match of {
        Order::Suspend => Kind::Suspend,
        Order::Resume => Kind::Resume,
    }
}

/// Cuts an order for these phones into parts, none of which lifts more than one command may.
pub fn parts(alike: &[&Verdict]) -> Vec<Task> {
    let mut parts: Vec<Task> = Vec::new();
    let mut lifts: BTreeSet<&str> = BTreeSet::new();
    for verdict in alike {
        let Some(order) = verdict.order else {
            continue;
        };
        let mine = verdict.lifts.iter().map(String::as_str);
        let together: BTreeSet<&str> = lifts.iter().copied().chain(mine.clone()).collect();
        let fits = order == Order::Suspend || together.len() <= LIFTS_MAX;
        match parts.last_mut() {
            Some(part) if fits => {
                lifts = together;
                part.phones.push(verdict.device.id.clone());
            }
            Some(_) | None => {
                lifts = mine.collect();
                parts.push(Task {
                    order,
                    reseller: verdict.device.reseller_id.clone(),
                    phones: vec![verdict.device.id.clone()],
                });
            }
        }
    }
    parts
}

/// Sends an order. If it is refused it is halved until the phones that cannot be ordered anything stand alone.
pub async fn send(app: &Arc<App>, task: Task) -> Done {
    let mut left = vec![task];
    while let Some(task) = left.pop() {
        let (drafting, of) = (app.clone(), task.clone());
        let sent = app
            .store
            .write_or_refuse(move |tx| order(tx, &drafting, &of))
            .await;
        let refused = match sent {
            Ok(Ok(Some(drafted))) => {
                app.crash_point("command.drafted");
                deliver::wake_sealed(app, &drafted.id)
                    .await
                    .map_err(|problem| problem.detail)?;
                continue;
            }
            Ok(Ok(None)) => continue,
            Ok(Err(problem)) => problem,
            // The database may answer the next time; what else went wrong concerns these phones alone.
            Err(error @ (StoreError::Busy(_) | StoreError::Collision(_))) => {
                return Err(error.to_string());
            }
            Err(error) => {
                tracing::error!(%error, "an order could not be drafted");
                Problem::conflict("order-failed", "The order could not be drafted.")
            }
        };
        if task.phones.len() > 1 {
            let (one, other) = task.phones.split_at(task.phones.len() / 2);
            for phones in [one, other] {
                left.push(Task {
                    phones: phones.to_vec(),
                    ..task.clone()
                });
            }
        } else {
            note(app, &task, refused.code).await?;
        }
    }
    Ok(())
}

/// Drafts it for those phones of which it is still true, and writes down that they were told.
fn order(tx: &mut Conn, app: &App, task: &Task) -> StoreResult<Answer<Option<Drafted>>> {
    let verdicts: Vec<Verdict> = service::judge(tx, app, &task.phones)?
        .into_iter()
        .filter(|verdict| verdict.order == Some(task.order))
        .collect();
    let Some(first) = verdicts.first() else {
        return Ok(Ok(None));
    };
    let phones: Vec<String> = verdicts
        .iter()
        .map(|verdict| verdict.device.id.clone())
        .collect();
    let lifts: BTreeSet<String> = verdicts
        .iter()
        .flat_map(|verdict| verdict.lifts.clone())
        .collect();
    let draft = Draft {
        kind: kind(task.order),
        phones: Phones::Named(phones.clone()),
        reason: first.reason.to_owned(),
        arguments: Arguments {
            lifts: (task.order == Order::Resume).then(|| lifts.into_iter().collect()),
            ..Arguments::default()
        },
        expires_in: Some(WAITS),
    };
    let scope = Scope::Reseller(task.reseller.clone());
    let drafted = draft::draft_in(tx, app, &scope, &draft, (DRAFTER, "Muster"), &By::job(NAME))?;
    let drafted = match drafted {
        Ok(drafted) if drafted.sealed => drafted,
        Ok(_) => {
            let detail = "The fleet's keyring does not let the server's key do this.";
            return Ok(Err(Problem::conflict("online-key", detail)));
        }
        Err(problem) => return Ok(Err(problem)),
    };
    for verdict in &verdicts {
        service::mark(tx, &verdict.marks)?;
    }
    store::clear_troubles(tx, &phones)?;
    Ok(Ok(Some(drafted)))
}

/// Tells people once that a phone's service cannot be switched, and when it is tried again.
async fn note(app: &Arc<App>, task: &Task, because: &'static str) -> Done {
    let (noting, task) = (app.clone(), task.clone());
    app.store
        .write(move |tx| {
            let now = noting.now_micros();
            let phones: Vec<&str> = task.phones.iter().map(String::as_str).collect();
            for device in store::devices_for_job(tx, &phones)? {
                if store::note_trouble(tx, &device.id, because, now, now + AGAIN)? {
                    let entry = Entry {
                        kind: "service.not-ordered",
                        weight: Weight::Trouble,
                        place: Place {
                            organisation: device.organisation_id,
                            reseller: Some(device.reseller_id),
                            fleet: None,
                        },
                        device: Some((device.id, device.serial_number)),
                        command: None,
                        facts: json!({ "order": kind(task.order).as_str(), "why": because }),
                    };
                    write::write(tx, &noting, &By::job(NAME), &entry)?;
                }
            }
            Ok(())
        })
        .await
        .map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use muster_store::devices::Device;

    use super::{LIFTS_MAX, Order, Verdict, parts};

    fn verdict(number: usize, order: Order, lifts: &[String]) -> Verdict {
        Verdict {
            device: Device {
                id: format!("device-{number}"),
                organisation_id: "press".to_owned(),
                reseller_id: "northwind".to_owned(),
                fleet_id: "fleet".to_owned(),
                serial_number: format!("NW-{number}"),
                imei: None,
                model: "Hardline X7".to_owned(),
                lifecycle: "enrolled".to_owned(),
                epoch: 1,
                enrolment_id: None,
                created_at: 0,
            },
            order: Some(order),
            reason: "",
            lifts: lifts.to_vec(),
            marks: Vec::new(),
        }
    }

    fn sizes(verdicts: &[Verdict]) -> Vec<usize> {
        let alike: Vec<&Verdict> = verdicts.iter().collect();
        parts(&alike).iter().map(|part| part.phones.len()).collect()
    }

    #[test]
    fn a_resume_names_no_more_suspensions_than_it_may() {
        let own = |number: usize| [format!("digest-{number}")];
        let each_its_own: Vec<Verdict> = (0..LIFTS_MAX + 6)
            .map(|number| verdict(number, Order::Resume, &own(number)))
            .collect();
        assert_eq!(sizes(&each_its_own), [LIFTS_MAX, 6]);
        // Suspended by one command, resumed by one.
        let together: Vec<Verdict> = (0..200)
            .map(|number| verdict(number, Order::Resume, &own(0)))
            .collect();
        assert_eq!(sizes(&together), [200]);
        let suspended: Vec<Verdict> = (0..200)
            .map(|number| verdict(number, Order::Suspend, &own(number)))
            .collect();
        assert_eq!(sizes(&suspended), [200]);
    }
}
