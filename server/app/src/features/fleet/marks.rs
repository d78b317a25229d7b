//! The marks of a device as every page shows them: its stage of life, then what is in force on it.

use muster_domain::device::{Contact, Lifecycle};
use muster_store::device_search::DeviceView;

use crate::web::view::DeviceMark;

/// The marks of a device when it is `now` (microseconds since 1970), most telling first.
#[must_use]
pub fn of(view: &DeviceView, now: i64) -> Vec<DeviceMark> {
    let mut marks = Vec::new();
    match Lifecycle::parse(&view.device.lifecycle) {
        Some(Lifecycle::Registered) => marks.push(DeviceMark::NotEnrolled),
        Some(Lifecycle::Killed) => marks.push(DeviceMark::Killed),
        Some(Lifecycle::Wiped) => marks.push(DeviceMark::Wiped),
        Some(Lifecycle::Retired) => marks.push(DeviceMark::Retired),
        Some(Lifecycle::Enrolled) | None => {
            let last = view.state.last_check_in_at;
            match Contact::at(last, now) {
                Contact::Fresh => {}
                Contact::Never => marks.push(DeviceMark::NeverAnswered),
                Contact::Stale | Contact::Lost => marks.push(DeviceMark::Silent(days_since(last, now))),
            }
            if view.state.locked {
                marks.push(DeviceMark::Locked);
            }
            if view.state.suspended {
                marks.push(DeviceMark::Suspended);
            }
            if marks.is_empty() {
                marks.push(DeviceMark::Active);
            }
        }
    }
    if view.state.held {
        marks.push(DeviceMark::OnHold);
    }
    marks
}

fn days_since(last: Option<i64>, now: i64) -> u64 {
    let micros = last.map_or(0, |last| now.saturating_sub(last));
    u64::try_from(micros / 86_400_000_000).unwrap_or(0)
}
