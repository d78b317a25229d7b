//! `notice`: one of the agent's own sentences, so that a hacked server can choose among them and write none.

use muster_protocol::command::NoticeTemplate;
use muster_protocol::time::UnixTime;

use super::{Change, Plan};
use crate::core::journal::Task;
use crate::sentences;
use crate::state::{Origin, Shown};

pub(super) fn plan(
    task: &Task,
    template: NoticeTemplate,
    date: Option<UnixTime>,
    number: Option<u64>,
) -> Plan {
    let shown = Shown {
        command: task.digest.to_string(),
        text: sentences::notice(template, date, number),
        // Whoever signed it, these words are the service's.
        origin: Origin::Service,
    };
    Plan::of(Vec::new(), Change::Show(shown))
}
