//! The overview: what needs the reader, then the fleet at a glance, then the record.

use askama::Template;
use jiff::Timestamp;

use super::{
    Frame, Kind, Place, Role,
    record::{self, EventLine},
};
use crate::web::{
    plot::{self, Day, RollCall},
    text::{Html, Part, Texts},
    time_words,
};

/// `GET /`.
#[derive(Clone, Debug, Template)]
#[template(path = "fleet/overview.html")]
pub struct Overview {
    /// The layout's context.
    pub frame: Frame,
    /// What waits for the reader, nearest deadline first.
    pub needs: Vec<Need>,
    /// Where the phones stand.
    pub roll: RollCall,
    /// Four figures.
    pub tiles: Vec<Tile>,
    /// Thirty days of check-ins, oldest first; empty while there are none.
    pub days: Vec<Day>,
    /// The newest events.
    pub latest: Vec<EventLine>,
}

impl Overview {
    fn roll_drawing(&self) -> Html {
        plot::roll_call(&self.frame.t, &self.roll)
    }

    fn check_ins_drawing(&self) -> Html {
        plot::check_ins(&self.frame.t, &self.days)
    }

    fn day_words(&self, day: &Day) -> String {
        time_words::short_date(&self.frame.t, day.day)
    }

    /// Support looks for one phone at a time: a search field instead of an act.
    fn leads_with_search(&self) -> bool {
        self.frame
            .viewer
            .as_ref()
            .is_some_and(|viewer| matches!(viewer.role, Role::Support | Role::Auditor))
    }

    fn key(&self) -> [(Html, u64, String, &'static str); 5] {
        let tick = |class: &str, path: &str| {
            Html::trusted(format!(
                "<svg viewBox=\"0 0 8 14\" class=\"ticks\" aria-hidden=\"true\"><path class=\"{class}\" d=\"{path}\"/></svg>"
            ))
        };
        let t = &self.frame.t;
        [
            (
                tick("", "M4 14V0"),
                self.roll.answering(),
                t.get("roll-answering"),
                "/devices?contact=fresh",
            ),
            (
                tick("t-warn", "M4 14V8"),
                self.roll.silent,
                t.get("roll-silent"),
                "/devices?contact=silent",
            ),
            (
                tick("t-off", "M4 14V4M2 4h4"),
                self.roll.locked,
                t.get("roll-locked"),
                "/devices?state=locked",
            ),
            (
                tick("t-off", "M4 14V4"),
                self.roll.suspended,
                t.get("roll-suspended"),
                "/devices?state=suspended",
            ),
            (
                tick("t-off", "M4 14v-3"),
                self.roll.waiting,
                t.get("roll-waiting"),
                "/devices?state=registered",
            ),
        ]
    }
}

/// One thing that waits for the reader.
#[derive(Clone, Debug)]
pub struct Need {
    /// An icon of the sprite.
    pub icon: &'static str,
    /// The class of its tone.
    pub tone: &'static str,
    /// What it is.
    pub sentence: Html,
    /// What else there is to know.
    pub more: String,
    /// Where it is dealt with: address and word.
    pub act: (String, String),
}

impl Need {
    /// A command that waits for signatures.
    #[must_use]
    #[expect(
        clippy::too_many_arguments,
        reason = "each is one fact of the sentence"
    )]
    pub fn approval(
        t: &Texts,
        now: Timestamp,
        command_id: &str,
        kind: Kind,
        phones: u64,
        organisation: &str,
        missing: u64,
        expires_at: Timestamp,
    ) -> Self {
        let name = t.word(kind.name());
        Self {
            icon: "seal",
            tone: if kind == Kind::Wipe { "wipe" } else { "" },
            sentence: t.rich(
                "need-approval",
                &[
                    ("kind", Part::Text(&name)),
                    ("n", Part::Number(phones)),
                    ("missing", Part::Number(missing)),
                ],
            ),
            more: t.with(
                "need-approval-more",
                &[
                    ("organisation", organisation.into()),
                    ("expires", time_words::relative(t, expires_at, now).into()),
                ],
            ),
            act: (format!("/commands/{command_id}"), t.get("need-review")),
        }
    }

    /// Phones that stopped answering.
    #[must_use]
    pub fn silent(t: &Texts, phones: u64, longest_days: u64) -> Self {
        Self {
            icon: "warn",
            tone: "warn",
            sentence: t.rich("need-silent", &[("n", Part::Number(phones))]),
            more: t.count("need-silent-more", longest_days),
            act: (
                "/devices?contact=silent".to_owned(),
                t.get("need-see-phones"),
            ),
        }
    }

    /// Certificates that end soon and were not renewed.
    #[must_use]
    pub fn certificates(t: &Texts, phones: u64, first_ends: Timestamp) -> Self {
        Self {
            icon: "cert",
            tone: "warn",
            sentence: t.rich("need-certificates", &[("n", Part::Number(phones))]),
            more: t.put(
                "need-certificates-more",
                "date",
                &time_words::date(t, time_words::utc_date(first_ends)),
            ),
            act: (
                "/devices?state=enrolled&sort=silent".to_owned(),
                t.get("need-see-phones"),
            ),
        }
    }

    /// Commands that phones refused or could not carry out, in the last seven days.
    #[must_use]
    pub fn refusals(t: &Texts, commands: u64) -> Self {
        Self {
            icon: "send",
            tone: "danger",
            sentence: t.rich("need-refusals", &[("n", Part::Number(commands))]),
            more: t.get("need-refusals-more"),
            act: (
                "/commands?state=refused".to_owned(),
                t.get("need-see-commands"),
            ),
        }
    }

    /// A fleet's keyring that ends soon, or has ended.
    #[must_use]
    pub fn keyring(t: &Texts, organisation: &str, days: u64) -> Self {
        Self {
            icon: "key",
            tone: if days <= 7 { "danger" } else { "warn" },
            sentence: t.rich("need-keyring", &[("n", Part::Number(days))]),
            more: t.put("need-keyring-more", "organisation", organisation),
            act: ("/events?about=keys".to_owned(), t.get("need-see-keys")),
        }
    }

    /// Phones on the books that no handset joined as yet.
    #[must_use]
    pub fn waiting(t: &Texts, phones: u64) -> Self {
        Self {
            icon: "phone",
            tone: "",
            sentence: t.rich("need-waiting", &[("n", Part::Number(phones))]),
            more: t.get("need-waiting-more"),
            act: (
                "/devices?state=registered".to_owned(),
                t.get("need-see-phones"),
            ),
        }
    }
}

/// A figure with its sentence; the whole tile is a link.
#[derive(Clone, Debug)]
pub struct Tile {
    /// What is counted.
    pub label: String,
    /// The figure, ready to read.
    pub figure: String,
    /// One sentence about it.
    pub sentence: String,
    /// Its run over the last days, oldest first; empty for none.
    pub series: Vec<u64>,
    /// Where its phones or commands are listed.
    pub link: String,
}

impl Tile {
    /// Phones enrolled now, and how many more than thirty days ago.
    #[must_use]
    pub fn enrolled(t: &Texts, phones: u64, more_than_before: u64, series: Vec<u64>) -> Self {
        Self {
            label: t.get("tile-enrolled"),
            figure: t.number(phones),
            sentence: t.count("tile-enrolled-more", more_than_before),
            series,
            link: "/devices?state=enrolled".to_owned(),
        }
    }

    /// How many of the enrolled phones answered within a day.
    #[must_use]
    pub fn answered(t: &Texts, answered: u64, enrolled: u64, series: Vec<u64>) -> Self {
        Self {
            label: t.get("tile-answered"),
            figure: percent(answered, enrolled),
            sentence: t.with(
                "tile-answered-more",
                &[("n", answered.into()), ("of", enrolled.into())],
            ),
            series,
            link: "/devices?contact=fresh".to_owned(),
        }
    }

    /// How many of the enrolled phones run the newest patch level seen in the fleet.
    #[must_use]
    pub fn patched(t: &Texts, newest: u64, enrolled: u64) -> Self {
        Self {
            label: t.get("tile-patched"),
            figure: percent(newest, enrolled),
            sentence: t.count("tile-patched-more", enrolled.saturating_sub(newest)),
            series: Vec::new(),
            link: "/devices?state=enrolled".to_owned(),
        }
    }

    /// Commands that are under way.
    #[must_use]
    pub fn under_way(t: &Texts, commands: u64, done_this_week: u64) -> Self {
        Self {
            label: t.get("tile-under-way"),
            figure: t.number(commands),
            sentence: t.count("tile-under-way-more", done_this_week),
            series: Vec::new(),
            link: "/commands?state=open".to_owned(),
        }
    }

    fn spark(&self) -> Html {
        plot::spark(&self.series)
    }
}

/// A share of a whole with one decimal, and none where it is round: “98.5 %”.
fn percent(part: u64, whole: u64) -> String {
    if whole == 0 {
        return "–".to_owned();
    }
    let tenths = part * 1000 / whole;
    if tenths.is_multiple_of(10) {
        format!("{} %", tenths / 10)
    } else {
        format!("{}.{} %", tenths / 10, tenths % 10)
    }
}

impl Overview {
    /// A fleet of four hundred with something of everything.
    #[must_use]
    pub fn sample(frame: &Frame) -> Self {
        let (t, now) = (&frame.t, frame.now);
        let hours = |n| now + jiff::SignedDuration::from_hours(n);
        let today = time_words::utc_date(now);
        let days: Vec<Day> = (0..30_u64)
            .map(|i| {
                let day = today.saturating_sub(jiff::Span::new().days(29 - i.cast_signed()));
                let weekend = u64::from(day.weekday().to_monday_zero_offset() >= 5) * 21;
                Day {
                    day,
                    checked_in: 361 + i - weekend + (i * 7) % 5,
                    enrolled: 380 + i * 18 / 29,
                }
            })
            .collect();
        Self {
            frame: frame.at(Place::Overview),
            needs: vec![
                Need::approval(
                    t,
                    now,
                    "1",
                    Kind::Wipe,
                    1,
                    "Tern Harbour Press",
                    1,
                    hours(3),
                ),
                Need::approval(t, now, "2", Kind::Kill, 2, "Oakmere Legal", 1, hours(19)),
                Need::silent(t, 6, 9),
                Need::certificates(t, 2, hours(90)),
                Need::refusals(t, 1),
                Need::waiting(t, 14),
            ],
            roll: RollCall {
                answered_hour: 301,
                answered_six_hours: 49,
                answered_day: 17,
                silent: 6,
                locked: 4,
                suspended: 21,
                waiting: 14,
            },
            tiles: vec![
                Tile::enrolled(t, 398, 18, days.iter().map(|day| day.enrolled).collect()),
                Tile::answered(t, 392, 398, days.iter().map(|day| day.checked_in).collect()),
                Tile::patched(t, 362, 398),
                Tile::under_way(t, 3, 41),
            ],
            days,
            latest: record::sample(t, now).into_iter().take(5).collect(),
        }
    }

    /// The first day.
    #[must_use]
    pub fn empty(frame: &Frame) -> Self {
        Self {
            needs: Vec::new(),
            roll: RollCall::default(),
            tiles: Vec::new(),
            days: Vec::new(),
            latest: Vec::new(),
            ..Self::sample(frame)
        }
    }
}
