//! Mail in a seller's name: what left, what waits, and one mail as its reader sees it.

use askama::Template;
use jiff::Timestamp;

use super::{Filter, Frame, Pages, Place};
use crate::web::text::{Html, Key};

/// What became of a mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailState {
    /// It waits to leave.
    Waiting,
    /// The next mail server has it.
    Sent,
    /// It was refused for good.
    Parked,
}

impl MailState {
    /// Every state.
    pub const ALL: [Self; 3] = [Self::Sent, Self::Waiting, Self::Parked];

    /// The store's word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Sent => "sent",
            Self::Parked => "parked",
        }
    }

    /// The state of the store's word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }

    /// Its name.
    #[must_use]
    pub fn name(self) -> Key {
        match self {
            Self::Waiting => Key("letters-waiting"),
            Self::Sent => Key("letters-sent"),
            Self::Parked => Key("letters-parked"),
        }
    }

    fn mark(self, frame: &Frame) -> Html {
        let (shape, tone) = match self {
            Self::Waiting => ("ring", ""),
            Self::Sent => ("check", "good"),
            Self::Parked => ("diamond", "warn"),
        };
        super::parts::state(shape, tone, &frame.t.word(self.name()))
    }
}

/// `GET /mail`.
#[derive(Clone, Debug, Template)]
#[template(path = "letters/list.html")]
pub struct Mails {
    /// The layout's context.
    pub frame: Frame,
    /// By state.
    pub filters: Vec<Filter>,
    /// Newest first.
    pub rows: Vec<MailRow>,
    /// Where the list goes on.
    pub pages: Pages,
}

/// A line of the list.
#[derive(Clone, Debug)]
pub struct MailRow {
    /// Its id.
    pub id: String,
    /// To whom.
    pub recipient: String,
    /// About what.
    pub subject: String,
    /// What became of it.
    pub state: MailState,
    /// Why it has not left.
    pub error: Option<String>,
    /// When it was written.
    pub at: Timestamp,
}

/// `GET /mail/{id}`.
#[derive(Clone, Debug, Template)]
#[template(path = "letters/show.html")]
pub struct MailPage {
    /// The layout's context.
    pub frame: Frame,
    /// The mail.
    pub mail: MailRow,
    /// In whose name.
    pub sender: String,
    /// Where answers go.
    pub reply_to: String,
    /// How often it was tried.
    pub attempts: u64,
    /// Its plain text.
    pub text: String,
    /// As it travels.
    pub source: String,
}

impl Mails {
    /// One of each state.
    #[must_use]
    pub fn sample(frame: &Frame) -> Self {
        let row = |subject: &str, state, error: Option<&str>, hours: i64| MailRow {
            id: "0197c0de-5555-7000-8000-000000000001".to_owned(),
            recipient: "books@example.org".to_owned(),
            subject: subject.to_owned(),
            state,
            error: error.map(str::to_owned),
            at: frame.now - jiff::SignedDuration::from_hours(hours),
        };
        let silent = "the server did not answer";
        let dead = "550 5.1.1 there is nobody of that name";
        Self {
            rows: vec![
                row(
                    "Invoice NM-2026-00042 is overdue",
                    MailState::Waiting,
                    Some(silent),
                    1,
                ),
                row(
                    "Invoice NM-2026-00041 from Northwind Mobile",
                    MailState::Sent,
                    None,
                    30,
                ),
                row(
                    "Votre abonnement Six mois est renouvelé le 1er mars 2027",
                    MailState::Parked,
                    Some(dead),
                    60,
                ),
            ],
            ..Self::empty(frame)
        }
    }

    /// No mail as yet.
    #[must_use]
    pub fn empty(frame: &Frame) -> Self {
        Self {
            frame: frame.at(Place::Mail),
            filters: Vec::new(),
            rows: Vec::new(),
            pages: Pages::default(),
        }
    }
}

impl MailPage {
    /// A mail that was refused.
    #[must_use]
    pub fn sample(frame: &Frame) -> Self {
        let mail = Mails::sample(frame).rows.remove(2);
        Self {
            frame: frame.at(Place::Mail),
            sender: "Northwind Mobile SARL".to_owned(),
            reply_to: "books@northwind.example.org".to_owned(),
            attempts: 2,
            text: "Bonjour The Evening Press SAS,\n\nVotre abonnement Six mois est renouvelé.\n"
                .to_owned(),
            source: format!("Subject: {}\nTo: {}\n\n…", mail.subject, mail.recipient),
            mail,
        }
    }
}
