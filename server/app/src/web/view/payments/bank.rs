//! Bank statements: reading them in, and the entries that wait for somebody.

use askama::Template;
use jiff::Timestamp;

use crate::web::text::{Html, Key};
use crate::web::view::{Choice, Frame, Pages, Place, parts};

/// `GET` and `POST /payments/bank`.
#[derive(Clone, Debug, Template)]
#[template(path = "payments/bank.html")]
pub struct Bank {
    /// The layout's context.
    pub frame: Frame,
    /// What became of a file just read in: bank account, new, booked, waiting, known.
    pub imported: Vec<(String, [u64; 4])>,
    /// Why a file was not read in, or an entry not booked.
    pub refusal: Option<String>,
    /// Entries that wait, oldest first.
    pub entries: Vec<Entry>,
    /// Where these go on.
    pub pages: Pages,
    /// The buyers that an entry may be booked for.
    pub buyers: Vec<Choice>,
    /// The newest statements.
    pub statements: Vec<StatementLine>,
    /// Whether the viewer may act.
    pub may_take: bool,
}

/// An entry.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its id.
    pub id: String,
    /// The bank's day, in words.
    pub day: String,
    /// Who paid, or was paid.
    pub payer: String,
    /// What they wrote.
    pub reference: String,
    /// The amount with its currency.
    pub amount: String,
    /// `booked`, `suggested`, `open`, `ignored`, or why it is not for booking: `went-out`, `currency`.
    pub state: &'static str,
    /// The account that is suggested, and its buyer's name.
    pub suggested: Option<(String, String)>,
    /// The payment that it became.
    pub payment: Option<String>,
}

impl Entry {
    fn mark(&self, frame: &Frame) -> Html {
        let (shape, tone, key) = match self.state {
            "booked" => ("check", "on", Key("entry-booked")),
            "suggested" => ("half", "go", Key("entry-suggested")),
            "open" => ("diamond", "warn", Key("entry-open")),
            "went-out" => ("dash", "off", Key("entry-went-out")),
            "currency" => ("dash", "off", Key("entry-currency")),
            _ => ("dash", "off", Key("entry-ignored")),
        };
        parts::state(shape, tone, &frame.t.word(key))
    }

    fn is_chosen(&self, choice: &Choice) -> bool {
        self.suggested
            .as_ref()
            .is_some_and(|(id, _)| *id == choice.value)
    }

    fn sample(state: &'static str) -> Self {
        Self {
            id: format!("0197c0de-7777-7000-8000-0000000000{:02x}", state.len()),
            day: "20 November 2026".to_owned(),
            payer: "Hollis & Vane LLP".to_owned(),
            reference: "Invoice INV-2026-00042".to_owned(),
            amount: "1,500.00\u{a0}EUR".to_owned(),
            state,
            suggested: (state == "suggested").then(|| {
                (
                    "0197c0de-7777-7000-8000-000000000002".to_owned(),
                    "Hollis & Vane".to_owned(),
                )
            }),
            payment: (state == "booked").then(|| "0197c0de-7777-7000-8000-000000000001".to_owned()),
        }
    }
}

/// A statement in the list.
#[derive(Clone, Debug)]
pub struct StatementLine {
    /// Its id.
    pub id: String,
    /// The bank account.
    pub iban: String,
    /// What the bank calls it.
    pub key: String,
    /// How many entries it had.
    pub entries: u64,
    /// Who read it in.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

impl StatementLine {
    fn sample(frame: &Frame) -> Self {
        Self {
            id: "0197c0de-7777-7000-8000-00000000000a".to_owned(),
            iban: "FR7630006000011234567890189".to_owned(),
            key: "2026-0088".to_owned(),
            entries: 12,
            by: "Dagny Krol".to_owned(),
            at: frame.now,
        }
    }
}

impl Bank {
    fn told(&self, [new, booked, waiting, known]: &[u64; 4]) -> String {
        let counts = [
            ("new", (*new).into()),
            ("booked", (*booked).into()),
            ("waiting", (*waiting).into()),
            ("known", (*known).into()),
        ];
        self.frame.t.with("bank-imported-counts", &counts)
    }

    /// A file just read in.
    #[must_use]
    pub fn sample(frame: &Frame) -> Self {
        Self {
            imported: vec![("FR7630006000011234567890189".to_owned(), [5, 2, 3, 7])],
            refusal: Some("This entry was decided about already.".to_owned()),
            entries: vec![Entry::sample("suggested"), Entry::sample("open")],
            buyers: vec![Choice {
                value: "0197c0de-7777-7000-8000-000000000002".to_owned(),
                label: "Hollis & Vane · EUR".to_owned(),
            }],
            statements: vec![StatementLine::sample(frame)],
            ..Self::empty(frame)
        }
    }

    /// Nothing as yet.
    #[must_use]
    pub fn empty(frame: &Frame) -> Self {
        Self {
            frame: frame.at(Place::Payments),
            imported: Vec::new(),
            refusal: None,
            entries: Vec::new(),
            pages: Pages::default(),
            buyers: Vec::new(),
            statements: Vec::new(),
            may_take: true,
        }
    }
}

/// `GET /payments/bank/{id}`.
#[derive(Clone, Debug, Template)]
#[template(path = "payments/statement.html")]
pub struct Statement {
    /// The layout's context.
    pub frame: Frame,
    /// The statement.
    pub line: StatementLine,
    /// Its entries, in the bank's order.
    pub entries: Vec<Entry>,
    /// Where they go on.
    pub pages: Pages,
}

impl Statement {
    /// One of every kind of entry.
    #[must_use]
    pub fn sample(frame: &Frame) -> Self {
        let states = [
            "booked",
            "suggested",
            "open",
            "ignored",
            "went-out",
            "currency",
        ];
        Self {
            frame: frame.at(Place::Payments),
            line: StatementLine::sample(frame),
            entries: states.into_iter().map(Entry::sample).collect(),
            pages: Pages::default(),
        }
    }
}
