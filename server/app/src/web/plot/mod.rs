//! Plots as SVG, made here: ticks, lines, sparklines. One mark runs through them all (a tick is a phone, four hours,
//! a day), colours are classes of the stylesheet, and each plot says in a sentence what it shows.
//!
//! Wide and narrow screens get a drawing each (`roll-l`, `roll-s`), so that strokes keep their weight.

use std::fmt::Write as _;

use fluent_bundle::FluentValue;

use super::text::{Html, Texts};

mod bars;
mod lines;

pub use bars::{Bar, bars};
pub use lines::{Day, check_ins, spark};

/// The fleet at a glance: how many phones stand where. A phone is counted once.
#[derive(Clone, Debug, Default)]
pub struct RollCall {
    /// Answered within the last hour, drawn tallest.
    pub answered_hour: u64,
    /// Answered within six hours, not within one.
    pub answered_six_hours: u64,
    /// Answered within 24 hours, not within six.
    pub answered_day: u64,
    /// Enrolled, and silent for longer than 24 hours.
    pub silent: u64,
    /// Locked, by either kind of lock.
    pub locked: u64,
    /// Service is off.
    pub suspended: u64,
    /// Registered and not yet enrolled.
    pub waiting: u64,
}

impl RollCall {
    /// Phones that answered within 24 hours.
    #[must_use]
    pub fn answering(&self) -> u64 {
        self.answered_hour + self.answered_six_hours + self.answered_day
    }

    /// All phones in the roll call. Killed, wiped and retired ones are not called.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.answering() + self.silent + self.locked + self.suspended + self.waiting
    }

    /// How many phones one tick stands for: 1 up to six hundred phones.
    #[must_use]
    pub fn phones_per_tick(&self) -> u64 {
        self.total().div_ceil(600).max(1)
    }
}

/// One mark of the roll call: class, height in twentieths, and whether a bar closes it on top.
type Mark = (&'static str, u64, bool);

/// The roll call, in both widths.
#[must_use]
pub fn roll_call(t: &Texts, roll: &RollCall) -> Html {
    let each = roll.phones_per_tick();
    let groups: [(u64, Mark); 7] = [
        (roll.answered_hour, ("", 20, false)),
        (roll.answered_six_hours, ("", 17, false)),
        (roll.answered_day, ("", 13, false)),
        (roll.silent, ("t-warn", 7, false)),
        (roll.locked, ("t-off", 13, true)),
        (roll.suspended, ("t-off", 11, false)),
        (roll.waiting, ("t-off", 4, false)),
    ];
    let marks: Vec<Mark> = groups
        .iter()
        .flat_map(|(count, mark)| {
            std::iter::repeat_n(
                *mark,
                usize::try_from(count.div_ceil(each)).unwrap_or(usize::MAX),
            )
        })
        .take(640)
        .collect();
    let label = t.with(
        "plot-roll-call",
        &[
            ("total", FluentValue::from(roll.total())),
            ("answering", FluentValue::from(roll.answering())),
            ("silent", FluentValue::from(roll.silent)),
            ("locked", FluentValue::from(roll.locked)),
            ("suspended", FluentValue::from(roll.suspended)),
            ("waiting", FluentValue::from(roll.waiting)),
        ],
    );
    let mut out = String::new();
    for (width, class) in [(1136_u32, "roll-l"), (328, "roll-s")] {
        roll_drawing(&mut out, &marks, width, class, &label);
    }
    Html::trusted(out)
}

fn roll_drawing(out: &mut String, marks: &[Mark], width: u32, class: &str, label: &str) {
    let per_row = usize::try_from(width * 2 / 11).unwrap_or(1).max(1);
    let rows = marks.len().div_ceil(per_row).max(1);
    let step = f64::from(width - 2) / (per_row.saturating_sub(1).max(1) as f64);
    let height = rows * 36 - 10;
    open(out, "ticks", class, width, height, label);
    for class in ["", "t-warn", "t-off"] {
        let mut path = String::new();
        for (i, (_, tall, barred)) in marks.iter().enumerate().filter(|(_, mark)| mark.0 == class) {
            let (x, foot) = (1.0 + (i % per_row) as f64 * step, (i / per_row) * 36 + 26);
            let top = foot as f64 - 26.0 * *tall as f64 / 20.0;
            let _ = write!(path, "M{x:.1} {foot}V{top:.1}");
            if *barred {
                let _ = write!(path, "M{:.1} {top:.1}h4", x - 2.0);
            }
        }
        stroke(out, class, &path);
    }
    out.push_str("</svg>");
}

/// A month of contact: per day, which sixths were seen (bit 0 the first four hours), oldest first.
#[derive(Clone, Debug)]
pub struct Contact {
    /// One entry a day; the last is today.
    pub days: Vec<u8>,
    /// How many sixths of the last day have passed or begun.
    pub sixths_of_today: usize,
    /// Index of the sixth in which the phone first answered: before it, silence is no trouble.
    pub since: usize,
}

impl Contact {
    fn steps(&self) -> Vec<Option<bool>> {
        let whole = self.days.len().saturating_sub(1) * 6 + self.sixths_of_today.clamp(1, 6);
        (0..whole)
            .map(|i| (i >= self.since).then(|| self.days[i / 6] >> (i % 6) & 1 == 1))
            .collect()
    }

    /// The longest silence, in hours; the running four hours do not count.
    #[must_use]
    pub fn longest_gap_hours(&self) -> u64 {
        let steps = self.steps();
        let (mut longest, mut run) = (0, 0);
        for step in steps.iter().take(steps.len().saturating_sub(1)) {
            run = if *step == Some(false) { run + 4 } else { 0 };
            longest = longest.max(run);
        }
        longest
    }

    /// The longest silence in a sentence, where it is longer than half a day.
    #[must_use]
    pub fn gap_words(&self, t: &Texts) -> String {
        match self.longest_gap_hours() {
            0..=12 => t.get("contact-no-gap"),
            hours => t.count("contact-gap", hours),
        }
    }
}

/// The contact ticks of the device page: four hours each, half days on a phone.
#[must_use]
pub fn contact(t: &Texts, contact: &Contact) -> Html {
    let steps = contact.steps();
    let label = t.put("plot-contact", "gap", &contact.gap_words(t));
    let halves: Vec<Option<bool>> = steps
        .chunks(3)
        .map(|half| {
            half.iter()
                .flatten()
                .copied()
                .reduce(|seen, step| seen || step)
        })
        .collect();
    let mut out = String::new();
    for (steps, width, class) in [(&steps, 720_u32, "roll-l"), (&halves, 328, "roll-s")] {
        open(&mut out, "ticks", class, width, 34, &label);
        let pitch = f64::from(width - 2) / (steps.len().saturating_sub(1).max(1) as f64);
        let (mut seen, mut missed, mut before) = (String::new(), String::new(), String::new());
        for (i, step) in steps.iter().enumerate() {
            let x = 1.0 + i as f64 * pitch;
            let _ = match step {
                Some(true) => write!(seen, "M{x:.1} 34V6"),
                Some(false) if i + 1 < steps.len() => write!(missed, "M{x:.1} 34v-5"),
                Some(false) | None => write!(before, "M{x:.1} 34v-2"),
            };
        }
        for (class, path) in [("", seen), ("t-warn", missed), ("t-off", before)] {
            stroke(&mut out, class, &path);
        }
        out.push_str("</svg>");
    }
    Html::trusted(out)
}

/// Fourteen days of one phone, for a row of the list: oldest first.
#[must_use]
pub fn fortnight(t: &Texts, days: &[bool]) -> Html {
    let days = &days[days.len().saturating_sub(14)..];
    let seen = days.iter().filter(|seen| **seen).count();
    let label = t.count("plot-fortnight", u64::try_from(seen).unwrap_or(u64::MAX));
    let mut out = String::new();
    open(&mut out, "ticks mini", "", 70, 14, &label);
    let (mut on, mut off) = (String::new(), String::new());
    for (i, seen) in days.iter().enumerate() {
        let x = 1 + i * 5;
        let _ = if *seen {
            write!(on, "M{x} 14V2")
        } else {
            write!(off, "M{x} 14v-2")
        };
    }
    stroke(&mut out, "", &on);
    stroke(&mut out, "t-off", &off);
    out.push_str("</svg>");
    Html::trusted(out)
}

fn open(out: &mut String, kind: &str, class: &str, width: u32, height: usize, label: &str) {
    let _ = write!(
        out,
        "<svg class=\"{kind} {class}\" viewBox=\"0 0 {width} {height}\" role=\"img\" aria-label=\"{}\">",
        Html::escape(label)
    );
}

fn stroke(out: &mut String, class: &str, path: &str) {
    if !path.is_empty() {
        let _ = write!(out, "<path class=\"{class}\" d=\"{path}\"/>");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::text::Catalogue;

    #[test]
    fn a_roll_call_of_none_and_of_a_million_can_be_drawn() {
        let t = Catalogue::load().unwrap().texts("");
        assert!(
            roll_call(&t, &RollCall::default())
                .as_str()
                .contains("role=\"img\"")
        );
        let huge = RollCall {
            answered_hour: 1_000_000,
            ..RollCall::default()
        };
        assert!(roll_call(&t, &huge).as_str().len() < 40_000);
    }

    #[test]
    fn a_gap_is_counted_from_the_first_contact_on() {
        let contact = Contact {
            days: vec![0, 0b11_1111, 0, 0b11_0000, 0b1],
            sixths_of_today: 2,
            since: 6,
        };
        assert_eq!(contact.longest_gap_hours(), 40);
    }
}
