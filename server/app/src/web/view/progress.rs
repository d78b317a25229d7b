//! How far a command is, whole and phone by phone: the part of its page that changes by itself.

use askama::Template;
use jiff::Timestamp;

use super::{CommandState, Frame};
use crate::web::text::{Html, Key, Part};

/// How far a command is: fetched by itself while the page is open (`GET /commands/{id}/progress`).
#[derive(Clone, Debug, Template)]
#[template(path = "commands/progress.html")]
pub struct Progress {
    /// For its words.
    pub frame: Frame,
    /// Its own address.
    pub live_url: String,
    /// Where the whole command stands.
    pub state: CommandState,
    /// The reason code behind that, when there is one.
    pub code: Option<String>,
    /// People who signed.
    pub signed: u64,
    /// People it takes; nought where the server’s own key is enough.
    pub needed: u64,
    /// When it dies.
    pub expires_at: Timestamp,
    /// The six stages: draft, approval, queued, delivered, accepted, done. When each was reached, as far as it was.
    pub stages: [Option<Timestamp>; 6],
    /// Who asked for it.
    pub drafted_by: String,
    /// How many phones are in each state.
    pub counts: Vec<(CommandState, u64)>,
    /// The phones, or those that are not done when there are more than twenty.
    pub rows: Vec<TargetRow>,
    /// How many phones are not among the rows.
    pub hidden: u64,
}

impl askama::filters::HtmlSafe for Progress {}

/// One phone's share of a command.
#[derive(Clone, Debug)]
pub struct TargetRow {
    /// The phone's id.
    pub device_id: String,
    /// Its serial number.
    pub serial_number: String,
    /// Whose it is.
    pub organisation: String,
    /// How far it is.
    pub state: CommandState,
    /// The phone's reason code, when it gave one.
    pub code: Option<String>,
    /// The receipt came after the command was cancelled or had expired.
    pub late: bool,
    /// When its newest receipt came.
    pub receipt_at: Option<Timestamp>,
    /// When the phone last checked in.
    pub last_contact: Option<Timestamp>,
}

/// A stage of the track.
pub(super) struct Stage {
    pub(super) name: String,
    pub(super) class: &'static str,
    pub(super) note: Option<Html>,
}

impl Progress {
    pub(super) fn stage(&self) -> usize {
        match self.state {
            CommandState::Draft => 0,
            CommandState::AwaitingApproval => 1,
            CommandState::Queued => 2,
            CommandState::Delivered | CommandState::Deferred => 3,
            CommandState::Accepted => 4,
            CommandState::Done => 6,
            CommandState::Refused
            | CommandState::Failed
            | CommandState::Cancelled
            | CommandState::Expired => 7,
        }
    }

    pub(super) fn track(&self) -> Vec<Stage> {
        let t = &self.frame.t;
        let names = [
            Key("stage-drafted"),
            Key("stage-approval"),
            Key("stage-queued"),
            Key("stage-delivered"),
            Key("stage-accepted"),
            Key("stage-done"),
        ]
        .map(|key| t.word(key));
        let now = self.stage();
        names
            .into_iter()
            .zip(self.stages)
            .enumerate()
            .map(|(i, (name, at))| {
                let name = match i {
                    1 if i == now => t.word(CommandState::AwaitingApproval.name()),
                    1 if self.needed == 0 => t.get("stage-signed"),
                    _ => name,
                };
                let class = if i == now {
                    "now"
                } else if at.is_some() || i < now && now < 7 {
                    "was"
                } else {
                    ""
                };
                let note = match (i, at) {
                    (0, Some(at)) => {
                        let time = self.frame.moment(at);
                        Some(t.rich(
                            "stage-drafted-by",
                            &[
                                ("time", Part::Markup(&time)),
                                ("name", Part::Text(&self.drafted_by)),
                            ],
                        ))
                    }
                    (1, None) if i == now => Some(Html::escape(&self.signed_of())),
                    (_, Some(at)) => Some(self.frame.moment(at)),
                    (_, None) => None,
                };
                Stage { name, class, note }
            })
            .collect()
    }

    pub(super) fn signed_of(&self) -> String {
        self.frame.t.with(
            "signed-of",
            &[
                ("signed", self.signed.into()),
                ("needed", self.needed.into()),
            ],
        )
    }

    /// What a screen reader hears when it changes.
    pub(super) fn said(&self) -> String {
        let t = &self.frame.t;
        let states: Vec<String> = self
            .counts
            .iter()
            .map(|(state, n)| format!("{} {}", t.number(*n), t.word(state.name())))
            .collect();
        t.with(
            "progress-said",
            &[
                ("state", t.word(self.state.name()).into()),
                ("phones", states.join(", ").into()),
            ],
        )
    }

    pub(super) fn total(&self) -> u64 {
        self.counts.iter().map(|(_, n)| *n).sum()
    }

    pub(super) fn cells(row: &TargetRow) -> Html {
        let (done, under_way) = row.state.cells();
        let cells: String = (0..5)
            .map(|i| match i {
                i if i < done => "<i class=\"y\"></i>",
                i if i == done && under_way => "<i class=\"n\"></i>",
                _ => "<i></i>",
            })
            .collect();
        Html::trusted(format!(
            "<span class=\"steps\" aria-hidden=\"true\">{cells}</span>"
        ))
    }

    /// The bar by state above a long list: one stretch per state, in the order of a command's life.
    pub(super) fn bar(&self) -> Html {
        let total = self.total().max(1);
        let mut x = 0.0;
        let mut out = String::from(
            "<svg class=\"bar-by-state\" viewBox=\"0 0 400 8\" preserveAspectRatio=\"none\" aria-hidden=\"true\">",
        );
        for (state, n) in &self.counts {
            let width = 400.0 * *n as f64 / total as f64;
            let class = match state {
                CommandState::Done => "y",
                CommandState::Refused | CommandState::Failed => "d",
                CommandState::Queued
                | CommandState::Delivered
                | CommandState::Deferred
                | CommandState::Accepted => "g",
                CommandState::Draft
                | CommandState::AwaitingApproval
                | CommandState::Cancelled
                | CommandState::Expired => "o",
            };
            out.push_str(&format!(
                "<rect class=\"{class}\" x=\"{x:.1}\" y=\"0\" width=\"{:.1}\" height=\"8\"/>",
                (width - 1.0).max(1.0)
            ));
            x += width;
        }
        out.push_str("</svg>");
        Html::trusted(out)
    }
}
