//! Invoices and credit notes: the list, and one that reads like the paper it stands for.

use askama::Template;
use jiff::Timestamp;
use jiff::civil::Date;

use super::{Filter, Frame, Pages, Place, parts};
use crate::web::text::Html;
use crate::web::time_words;

/// How a document stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DocumentMark {
    /// Something is owed, and there is time.
    Open,
    /// Something has been owed for so many days too long.
    PastDue(u64),
    /// Nothing is owed any more.
    Settled,
    /// It was for nothing.
    Nothing,
    /// It is a credit note.
    CreditNote,
}

impl DocumentMark {
    /// Shape and word.
    #[must_use]
    pub fn show(self, frame: &Frame) -> Html {
        let (shape, tone, words) = match self {
            Self::Open => ("ring", "off", frame.t("documents-open")),
            Self::PastDue(days) => ("diamond", "warn", frame.count("documents-past-due", days)),
            Self::Settled => ("check", "on", frame.t("documents-settled")),
            Self::Nothing => ("line", "off", frame.t("documents-nothing-owed")),
            Self::CreditNote => ("line", "off", frame.t("documents-credit-note")),
        };
        parts::state(shape, tone, &words)
    }
}

/// `GET /invoices`.
#[derive(Clone, Debug, Template)]
#[template(path = "documents/list.html")]
pub struct Documents {
    /// The layout's context.
    pub frame: Frame,
    /// Whether they were sold, and not bought.
    pub is_sold: bool,
    /// Whether there are two sides to choose from.
    pub both_sides: bool,
    /// The filters.
    pub filters: Vec<Filter>,
    /// One page.
    pub rows: Vec<DocumentRow>,
    /// Where the list goes on.
    pub pages: Pages,
    /// The year whose journal is offered; `None` for a buyer.
    pub journal: Option<i16>,
}

/// One document in a list.
#[derive(Clone, Debug)]
pub struct DocumentRow {
    /// Its id.
    pub id: String,
    /// Its number.
    pub number: String,
    /// The other side.
    pub other: String,
    /// How it stands.
    pub mark: DocumentMark,
    /// Day of issue.
    pub issued: Date,
    /// The last day to pay; none of a credit note.
    pub due: Option<Date>,
    /// With VAT and currency.
    pub total: String,
    /// What is owed, where it is another amount.
    pub open: Option<String>,
}

impl Documents {
    fn narrowed(&self) -> bool {
        self.filters.iter().any(|filter| filter.set.is_some())
    }

    fn day(&self, day: &Date) -> String {
        time_words::date(&self.frame.t, *day)
    }

    /// One of each fate.
    #[must_use]
    pub fn sample(frame: &Frame) -> Self {
        let row = |n: u8, mark, total: &str, open: Option<&str>| DocumentRow {
            id: format!("0197c0de-5555-7000-8000-0000000000{n:02}"),
            number: format!("NM-2026-000{n:02}"),
            other: "The Evening Press SAS".to_owned(),
            mark,
            issued: jiff::civil::date(2026, 11, 23),
            due: (mark != DocumentMark::CreditNote).then_some(jiff::civil::date(2026, 12, 7)),
            total: total.to_owned(),
            open: open.map(str::to_owned),
        };
        let t = &frame.t;
        Self {
            frame: frame.at(Place::Invoices),
            is_sold: true,
            both_sides: true,
            filters: vec![Filter {
                name: t.get("documents-filter-kind"),
                set: None,
                options: vec![(
                    t.get("documents-kind-invoices"),
                    "/invoices?kind=invoice".to_owned(),
                    false,
                )],
            }],
            rows: vec![
                row(1, DocumentMark::Open, "1,800.00 EUR", None),
                row(
                    2,
                    DocumentMark::PastDue(9),
                    "1,800.00 EUR",
                    Some("300.00 EUR"),
                ),
                row(3, DocumentMark::Settled, "58.80 EUR", None),
                row(4, DocumentMark::Nothing, "0.00 EUR", None),
                row(5, DocumentMark::CreditNote, "1,800.00 EUR", None),
            ],
            pages: Pages {
                previous: Some("/invoices".to_owned()),
                next: None,
            },
            journal: Some(2026),
        }
    }

    /// Before the first document.
    #[must_use]
    pub fn empty(frame: &Frame) -> Self {
        Self {
            rows: Vec::new(),
            filters: Vec::new(),
            pages: Pages::default(),
            ..Self::sample(frame)
        }
    }

    /// What a customer was sold.
    #[must_use]
    pub fn bought(frame: &Frame) -> Self {
        Self {
            is_sold: false,
            both_sides: false,
            journal: None,
            ..Self::sample(frame)
        }
    }
}

/// `GET /invoices/{id}`.
#[derive(Clone, Debug, Template)]
#[template(path = "documents/show.html")]
pub struct Document {
    /// The layout's context.
    pub frame: Frame,
    /// Its id.
    pub id: String,
    /// Its number.
    pub number: String,
    /// Whether it is a credit note.
    pub is_credit_note: bool,
    /// Whether the reader's organisation sold, and did not buy.
    pub is_sold: bool,
    /// Whether the reader may write a credit note about it.
    pub may_credit: bool,
    /// How it stands.
    pub mark: DocumentMark,
    /// Day of issue.
    pub issued: Date,
    /// The last day to pay; none of a credit note.
    pub due: Option<Date>,
    /// The invoice that a credit note corrects: id and number.
    pub corrects: Option<(String, String)>,
    /// Who sold.
    pub seller: Party,
    /// Who bought.
    pub buyer: Party,
    /// What is on it.
    pub lines: Vec<Line>,
    /// The VAT by category and rate.
    pub taxes: Vec<Tax>,
    /// Without VAT.
    pub net: String,
    /// The VAT.
    pub vat: String,
    /// With VAT.
    pub total: String,
    /// What was paid before it was issued.
    pub prepaid: Option<String>,
    /// What is owed now; `None` where nothing is.
    pub open: Option<String>,
    /// How it is paid: account and reference.
    pub paying: Vec<(String, String)>,
    /// What settled it.
    pub settled: Vec<Settlement>,
    /// The credit notes that correct it.
    pub corrections: Vec<Correction>,
    /// What it wrote into the ledger: debit, credit, amount.
    pub journal: Vec<(String, String, String)>,
}

/// Seller or buyer as the document has it.
#[derive(Clone, Debug)]
pub struct Party {
    /// Its registered name.
    pub name: String,
    /// Its address, a line each.
    pub address: Vec<String>,
    /// Its VAT id.
    pub vat_id: Option<String>,
    /// What its number in the register is called, and the number.
    pub registration: Option<(String, String)>,
}

/// A line of the document.
#[derive(Clone, Debug)]
pub struct Line {
    /// What was sold.
    pub text: String,
    /// For which days.
    pub period: Option<String>,
    /// The subscription it is about.
    pub subscription: Option<String>,
    /// How many.
    pub quantity: String,
    /// The price of one.
    pub unit_price: String,
    /// What was taken off.
    pub discount: Option<String>,
    /// The rate.
    pub vat: String,
    /// Net amount.
    pub net: String,
}

/// VAT of one category and rate.
#[derive(Clone, Debug)]
pub struct Tax {
    /// “20 %”, or why none is charged.
    pub words: String,
    /// What it is reckoned on.
    pub base: String,
    /// The VAT.
    pub amount: String,
}

/// What settled a part of it.
#[derive(Clone, Debug)]
pub struct Settlement {
    /// When.
    pub at: Timestamp,
    /// What it was.
    pub words: String,
    /// Where that is shown.
    pub link: Option<String>,
    /// How much.
    pub amount: String,
}

/// A credit note about it.
#[derive(Clone, Debug)]
pub struct Correction {
    /// Its id.
    pub id: String,
    /// Its number.
    pub number: String,
    /// Day of issue.
    pub issued: Date,
    /// What it comes to.
    pub total: String,
}

impl Document {
    fn day(&self, day: &Date) -> String {
        time_words::date(&self.frame.t, *day)
    }

    /// An invoice with two lines, of which a part was paid and a part credited.
    #[must_use]
    pub fn sample(frame: &Frame) -> Self {
        let party = |name: &str| Party {
            name: name.to_owned(),
            address: vec!["1 quai du Port".to_owned(), "44000 Nantes".to_owned()],
            vat_id: Some("FR19812345676".to_owned()),
            registration: Some(("SIREN".to_owned(), "812345676".to_owned())),
        };
        let line = |text: &str, period: Option<&str>, price: &str| Line {
            text: text.to_owned(),
            period: period.map(str::to_owned),
            subscription: period.map(|_| "0197c0de-6666-7000-8000-000000000001".to_owned()),
            quantity: "1".to_owned(),
            unit_price: price.to_owned(),
            discount: None,
            vat: "20 %".to_owned(),
            net: price.to_owned(),
        };
        Self {
            frame: frame.at(Place::Invoices),
            id: "0197c0de-5555-7000-8000-000000000001".to_owned(),
            number: "NM-2026-00001".to_owned(),
            is_credit_note: false,
            is_sold: true,
            may_credit: true,
            mark: DocumentMark::PastDue(9),
            issued: jiff::civil::date(2026, 11, 23),
            due: Some(jiff::civil::date(2026, 12, 7)),
            corrects: None,
            seller: party("Northwind Mobile SARL"),
            buyer: party("The Evening Press SAS"),
            lines: vec![
                line("Handset N7, serial number HX7-30418-K2", None, "1,000.00"),
                line(
                    "Subscription Six months, phone HX7-30418-K2",
                    Some("23 November 2026 to 22 May 2027"),
                    "1,500.00",
                ),
            ],
            taxes: vec![Tax {
                words: "20 %".to_owned(),
                base: "2,500.00".to_owned(),
                amount: "500.00".to_owned(),
            }],
            net: "2,500.00 EUR".to_owned(),
            vat: "500.00 EUR".to_owned(),
            total: "3,000.00 EUR".to_owned(),
            prepaid: Some("50.00 EUR".to_owned()),
            open: Some("1,150.00 EUR".to_owned()),
            paying: vec![(
                frame.t("documents-reference"),
                "RF18 5390 0754 7034".to_owned(),
            )],
            settled: vec![Settlement {
                at: frame.now,
                words: frame.t("documents-by-credit"),
                link: None,
                amount: "50.00 EUR".to_owned(),
            }],
            corrections: vec![Correction {
                id: "0197c0de-5555-7000-8000-000000000005".to_owned(),
                number: "CN-2026-00001".to_owned(),
                issued: jiff::civil::date(2026, 11, 23),
                total: "1,800.00 EUR".to_owned(),
            }],
            journal: vec![(
                "Receivable, The Evening Press SAS".to_owned(),
                "Revenue, subscriptions".to_owned(),
                "1,500.00 EUR".to_owned(),
            )],
        }
    }

    /// A credit note as its buyer sees it.
    #[must_use]
    pub fn credit_note(frame: &Frame) -> Self {
        Self {
            is_credit_note: true,
            is_sold: false,
            may_credit: false,
            mark: DocumentMark::CreditNote,
            due: None,
            corrects: Some((
                "0197c0de-5555-7000-8000-000000000001".to_owned(),
                "NM-2026-00001".to_owned(),
            )),
            prepaid: None,
            open: None,
            paying: Vec::new(),
            settled: Vec::new(),
            corrections: Vec::new(),
            journal: Vec::new(),
            ..Self::sample(frame)
        }
    }
}
