//! `message`: a text that people signed, shown with who they are.

use super::{Change, Plan};
use crate::core::journal::Task;
use crate::state::Shown;

pub(super) fn plan(task: &Task, text: &str) -> Plan {
    let shown = Shown {
        command: task.digest.to_string(),
        text: text.to_owned(),
        origin: task.origin.clone(),
    };
    Plan::of(Vec::new(), Change::Show(shown))
}
