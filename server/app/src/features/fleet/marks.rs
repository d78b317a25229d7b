//! What pages say of a device: its marks, from the same row as everything else about it.

use muster_domain::device::Contact;
use muster_store::device_search::DeviceView;
use muster_store::devices::DeviceState;

use super::shape::days_since;
use crate::web::view::DeviceMark;

/// What pages say of a device's state at `now`: the one that matters most first.
#[must_use]
pub fn of(view: &DeviceView, now: i64) -> Vec<DeviceMark> {
    let (device, state) = (&view.device, &view.state);
    let mut marks = match device.lifecycle.as_str() {
        "registered" => vec![DeviceMark::NotEnrolled],
        "killed" => vec![DeviceMark::Killed],
        "wiped" => vec![DeviceMark::Wiped],
        "retired" => vec![DeviceMark::Retired],
        _ => living(state, now),
    };
    if state.held {
        marks.push(DeviceMark::OnHold);
    }
    marks
}

fn living(state: &DeviceState, now: i64) -> Vec<DeviceMark> {
    let mut marks = Vec::new();
    if state.locked {
        marks.push(DeviceMark::Locked);
    }
    if state.suspended {
        marks.push(DeviceMark::Suspended);
    }
    match (
        Contact::at(state.last_check_in_at, now),
        state.last_check_in_at,
    ) {
        (Contact::Stale | Contact::Lost, Some(last)) => {
            marks.push(DeviceMark::Silent(days_since(last, now)));
        }
        (Contact::Never, _) | (Contact::Stale | Contact::Lost, None) => {
            marks.push(DeviceMark::NeverAnswered);
        }
        (Contact::Fresh, _) => {}
    }
    if marks.is_empty() {
        marks.push(DeviceMark::Active);
    }
    marks
}
