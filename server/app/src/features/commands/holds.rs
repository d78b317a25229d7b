//! Legal holds that stand on a phone: who asked for each, when, why and until when. The phone enforces them and says that it is
//! held; what each of them is, is on our record.

use std::sync::Arc;

use muster_domain::hold::{self, Done};
use muster_domain::scope::Scope;
use muster_protocol::command::{Args, Command as Signed};
use muster_store::commands::{self, Command};
use muster_store::{Conn, StoreError, StoreResult};

use crate::app::App;
use crate::web::actor::{Allowed, ReadFleet};
use crate::web::problem::Answer;

/// A hold that stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    /// The command that set it.
    pub command: Command,
    /// The case it belongs to.
    pub case: String,
    /// When it ends by itself, microseconds.
    pub until: i64,
}

/// The holds that stand on a device inside the scope, oldest first.
///
/// # Errors
/// The database does not answer.
pub fn standing(c: &mut Conn, scope: &Scope, device: &str, now: i64) -> StoreResult<Vec<Hold>> {
    let rows = commands::holds_of_device(c, scope, device)?;
    let mut done = Vec::with_capacity(rows.len());
    let mut holds = Vec::new();
    for row in rows {
        let signed = Signed::decode(row.payload.as_bytes())
            .map_err(|_| StoreError::Corrupt(format!("command {} does not read", row.id)))?;
        if let Args::Hold { case, until } = &signed.args {
            done.push(Done::Hold {
                digest: row.digest.clone(),
                until: until.0,
            });
            holds.push(Hold {
                command: row,
                case: case.to_string(),
                until: i64::try_from(until.0)
                    .unwrap_or(i64::MAX)
                    .saturating_mul(1_000_000),
            });
        } else {
            done.push(Done::Release {
                lifts: signed
                    .args
                    .lifts()
                    .iter()
                    .map(ToString::to_string)
                    .collect(),
            });
        }
    }
    let stand = hold::standing(&done, u64::try_from(now / 1_000_000).unwrap_or(0));
    holds.retain(|hold| stand.contains(&hold.command.digest));
    Ok(holds)
}

/// [`standing`] for a page.
///
/// # Errors
/// The database does not answer.
pub async fn of_device(
    app: &Arc<App>,
    allowed: &Allowed<ReadFleet>,
    device: &str,
) -> Answer<Vec<Hold>> {
    let (scope, device, now) = (allowed.scope().clone(), device.to_owned(), app.now_micros());
    Ok(app
        .store
        .read(move |c| standing(c, &scope, &device, now))
        .await?)
}
