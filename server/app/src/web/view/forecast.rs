//! What is to come, and how it stands.

use askama::Template;
use jiff::Timestamp;
use jiff::civil::Date;

use super::{Frame, Place};
use crate::web::plot::{Bar, bars};
use crate::web::text::Html;

/// `GET /forecast`.
#[derive(Clone, Debug, Template)]
#[template(path = "forecast/forecast.html")]
pub struct Forecast {
    /// The layout's context.
    pub frame: Frame,
    /// The forecast; `None` before the first.
    pub known: Option<Known>,
}

/// A forecast as it was reckoned.
#[derive(Clone, Debug)]
pub struct Known {
    /// When.
    pub taken_at: Timestamp,
    /// One a currency.
    pub books: Vec<Book>,
    /// Subscriptions left out because their plan has no price.
    pub unpriced: u64,
    /// Subscriptions there were thirty days before.
    pub there_before: u64,
    /// How many of those have ended since.
    pub ended_since: u64,
    /// The same in percent.
    pub churn: Option<String>,
}

/// What is to come and owed in one currency.
#[derive(Clone, Debug)]
pub struct Book {
    /// Its code.
    pub currency: String,
    /// What recurs in a month.
    pub recurring: String,
    /// How many subscriptions run.
    pub running: u64,
    /// What will be billed this month.
    pub this_month: String,
    /// How many periods that is.
    pub renewals_this_month: u64,
    /// What is late.
    pub past_due: String,
    /// What is owed.
    pub owed: String,
    /// What the ledger says is owed.
    pub ledger: String,
    /// How far the two are apart, if they are.
    pub difference: Option<String>,
    /// What will be billed by month.
    pub months: Vec<Month>,
    /// What is owed by age.
    pub overdue: Vec<Overdue>,
}

/// One month.
#[derive(Clone, Debug)]
pub struct Month {
    /// Its first day.
    pub first: Date,
    /// How many periods will be billed.
    pub renewals: u64,
    /// What for.
    pub revenue: String,
    /// How long its bar is.
    pub weight: u64,
}

/// What is owed of one age.
#[derive(Clone, Debug)]
pub struct Overdue {
    /// The age.
    pub words: String,
    /// How much.
    pub amount: String,
    /// How long its bar is.
    pub weight: u64,
    /// Whether it is late.
    pub is_late: bool,
}

impl Forecast {
    fn month(&self, first: &Date) -> String {
        let month = u64::from(first.month().unsigned_abs());
        self.frame.t.with(
            "forecast-month",
            &[
                ("month", self.frame.count("time-month", month).into()),
                ("year", first.year().to_string().into()),
            ],
        )
    }

    fn short_month(&self, first: Date) -> String {
        let month = u64::from(first.month().unsigned_abs());
        self.frame.count("time-month-short", month)
    }

    fn months_drawing(&self, book: &Book) -> Html {
        let said: Vec<String> = book
            .months
            .iter()
            .map(|month| format!("{} {}", self.short_month(month.first), month.revenue))
            .collect();
        let sentence = self.frame.t.with(
            "forecast-plot-months",
            &[
                ("currency", book.currency.as_str().into()),
                ("months", said.join(", ").into()),
            ],
        );
        let drawn: Vec<Bar> = book
            .months
            .iter()
            .map(|month| Bar {
                label: self.short_month(month.first),
                weight: month.weight,
                figure: month.revenue.clone(),
                is_late: false,
            })
            .collect();
        bars(&sentence, &drawn)
    }

    fn overdue_drawing(&self, book: &Book) -> Html {
        let said: Vec<String> = book
            .overdue
            .iter()
            .map(|age| format!("{} {}", age.words, age.amount))
            .collect();
        let sentence = self.frame.t.with(
            "forecast-plot-overdue",
            &[
                ("currency", book.currency.as_str().into()),
                ("ages", said.join(", ").into()),
            ],
        );
        let drawn: Vec<Bar> = book
            .overdue
            .iter()
            .map(|age| Bar {
                label: age.words.clone(),
                weight: age.weight,
                figure: age.amount.clone(),
                is_late: age.is_late,
            })
            .collect();
        bars(&sentence, &drawn)
    }

    /// A year ahead in one currency, and something owed of every age.
    #[must_use]
    pub fn sample(frame: &Frame) -> Self {
        let months = (0..12_u16)
            .filter_map(|month| {
                let span = jiff::Span::new().months(month);
                let first = jiff::civil::date(2026, 11, 1).checked_add(span).ok()?;
                let n = u64::from(month * 7 % 11) + 3;
                Some(Month {
                    first,
                    renewals: n,
                    revenue: format!("{n},500.00"),
                    weight: n,
                })
            })
            .collect();
        let age = |key: &str, amount: &str, weight, is_late| Overdue {
            words: frame.t(key),
            amount: amount.to_owned(),
            weight,
            is_late,
        };
        Self {
            frame: frame.at(Place::Forecast),
            known: Some(Known {
                taken_at: frame.now,
                books: vec![Book {
                    currency: "EUR".to_owned(),
                    recurring: "103,000.00 EUR".to_owned(),
                    running: 412,
                    this_month: "3,500.00 EUR".to_owned(),
                    renewals_this_month: 3,
                    past_due: "4,500.00 EUR".to_owned(),
                    owed: "49,500.00 EUR".to_owned(),
                    ledger: "49,500.00 EUR".to_owned(),
                    difference: None,
                    months,
                    overdue: vec![
                        age("forecast-current", "45,000.00", 45, false),
                        age("forecast-to-30", "3,000.00", 3, true),
                        age("forecast-to-60", "1,000.00", 1, true),
                        age("forecast-to-90", "500.00", 1, true),
                        age("forecast-older", "0.00", 0, true),
                    ],
                }],
                unpriced: 0,
                there_before: 398,
                ended_since: 6,
                churn: Some("1.51".to_owned()),
            }),
        }
    }

    /// Books that do not agree, and something that has no price.
    #[must_use]
    pub fn apart(frame: &Frame) -> Self {
        let mut page = Self::sample(frame);
        if let Some(known) = &mut page.known {
            known.unpriced = 3;
            known.churn = None;
            for book in &mut known.books {
                book.ledger = "49,499.00 EUR".to_owned();
                book.difference = Some("1.00 EUR".to_owned());
            }
        }
        page
    }

    /// Before the first reckoning.
    #[must_use]
    pub fn empty(frame: &Frame) -> Self {
        Self {
            known: None,
            ..Self::sample(frame)
        }
    }
}
