//! How an organisation sells, and its buyers.

use askama::Template;
use jiff::civil::{Date, date};
use muster_domain::selling::currency::Currency;
use muster_domain::selling::iban::Iban;
use muster_domain::selling::money::Money;
use muster_domain::selling::zone::Zone;

use super::{Choice, Frame, Inputs, Pages, Place, gallery};
use crate::web::text::Texts;

/// `GET` and refused `POST /selling`.
#[derive(Clone, Debug, Template)]
#[template(path = "sellers/selling.html")]
pub struct Selling {
    /// The layout's context.
    pub frame: Frame,
    /// Whether it was said before.
    pub known: bool,
    /// Whether the viewer may say it.
    pub may_change: bool,
    /// What was typed or stands.
    pub inputs: Inputs,
    /// The time zones to choose from.
    pub zones: Vec<Choice>,
    /// The languages to choose from.
    pub languages: Vec<Choice>,
    /// What stands, label by label, for those who only read.
    pub facts: Vec<(String, String)>,
}

/// `GET /buyers`.
#[derive(Clone, Debug, Template)]
#[template(path = "sellers/buyers.html")]
pub struct Buyers {
    /// The layout's context.
    pub frame: Frame,
    /// Whether the list is of those who buy; else of those who sell to the viewer's organisation.
    pub sold: bool,
    /// Whether the organisation is on both sides, so that the other one is a link.
    pub both_sides: bool,
    /// Whether the organisation has said how it sells; a customer never has to.
    pub selling: bool,
    /// What was searched for.
    pub q: String,
    /// One page, by name.
    pub rows: Vec<BuyerRow>,
    /// Where the list goes on.
    pub pages: Pages,
    /// Whether the viewer may take one on.
    pub may_add: bool,
}

/// One account of the list.
#[derive(Clone, Debug)]
pub struct BuyerRow {
    /// Its id.
    pub id: String,
    /// The organisation on the other side.
    pub name: String,
    /// How it pays, in words.
    pub payment: String,
    /// Its credit.
    pub credit: Money,
    /// How many of its subscriptions are live.
    pub live: u64,
}

/// `GET /buyers/{id}`.
#[derive(Clone, Debug, Template)]
#[template(path = "sellers/buyer.html")]
pub struct Buyer {
    /// The layout's context.
    pub frame: Frame,
    /// Its id.
    pub id: String,
    /// The organisation on the other side.
    pub name: String,
    /// Whether the viewer's organisation sells; else it buys.
    pub sold: bool,
    /// Whether the viewer may settle other terms.
    pub may_change: bool,
    /// What is open altogether.
    pub owed: Money,
    /// How many invoices are open.
    pub open_count: u64,
    /// The first day on which one of them was due.
    pub due_since: Option<Date>,
    /// What the seller holds of the buyer's money.
    pub credit: Money,
    /// How far below zero it may go.
    pub credit_limit: Money,
    /// How many of its subscriptions are live.
    pub live: u64,
    /// The terms, label by label.
    pub terms: Vec<(String, String)>,
    /// Who stands on its invoices, label by label.
    pub party: Vec<(String, String)>,
    /// The newest mail, if it came back: its id, the address, and what its server said.
    pub bounce: Option<(String, String, String)>,
}

/// `GET` and refused `POST /buyers/new` and `/buyers/{id}/terms`.
#[derive(Clone, Debug, Template)]
#[template(path = "sellers/buyer_form.html")]
pub struct BuyerForm {
    /// The layout's context.
    pub frame: Frame,
    /// The account and its organisation's name; `None` for a new one.
    pub account: Option<(String, String)>,
    /// What amounts are in.
    pub currency: String,
    /// What was typed or stands.
    pub inputs: Inputs,
    /// Whom it may be: the organisations directly beneath.
    pub organisations: Vec<Choice>,
    /// A business or a consumer.
    pub kinds: Vec<Choice>,
    /// How it may pay.
    pub payments: Vec<Choice>,
    /// The time zones to choose from.
    pub zones: Vec<Choice>,
    /// The languages to choose from.
    pub languages: Vec<Choice>,
}

/// A choice of these words.
#[must_use]
pub fn choice(value: &str, label: String) -> Choice {
    Choice {
        value: value.to_owned(),
        label,
    }
}

/// Every time zone.
#[must_use]
pub fn zones() -> Vec<Choice> {
    let names = Zone::names().into_iter();
    names.map(|name| choice(&name, name.clone())).collect()
}

/// The languages of letters and documents.
#[must_use]
pub fn languages(t: &Texts) -> Vec<Choice> {
    vec![
        choice("en", t.get("selling-language-en")),
        choice("fr", t.get("selling-language-fr")),
    ]
}

/// Taxable persons and consumers.
#[must_use]
pub fn kinds(t: &Texts) -> Vec<Choice> {
    vec![
        choice("business", t.get("buyer-kind-business")),
        choice("consumer", t.get("buyer-kind-consumer")),
    ]
}

/// How buyers pay.
#[must_use]
pub fn payments(t: &Texts) -> Vec<Choice> {
    vec![
        choice("invoice", t.get("buyer-payment-invoice")),
        choice("prepaid", t.get("buyer-payment-prepaid")),
    ]
}

/// The label of a choice; the value itself where there is none.
#[must_use]
pub fn label(choices: &[Choice], value: &str) -> String {
    let found = choices.iter().find(|choice| choice.value == value);
    found.map_or_else(|| value.to_owned(), |choice| choice.label.clone())
}

/// A party's fields with their labels; those that hold nothing are left out.
#[must_use]
pub fn party_facts(t: &Texts, fields: &[(&'static str, String)]) -> Vec<(String, String)> {
    fields
        .iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| {
            let label = match *name {
                "legal_name" => t.get("selling-legal-name"),
                "street" => t.get("selling-street"),
                "postcode" => t.get("selling-postcode"),
                "city" => t.get("selling-city"),
                "country" => t.get("selling-country"),
                "vat_id" => t.get("selling-vat-id"),
                "registration" => t.get("selling-registration"),
                "iban" => t.get("selling-iban"),
                "bic" => t.get("selling-bic"),
                _ => t.get("email"),
            };
            // An IBAN is read in groups of four.
            let iban = Iban::parse(value).ok().filter(|_| *name == "iban");
            (
                label,
                iban.map_or_else(|| value.clone(), |iban| iban.to_string()),
            )
        })
        .collect()
}

/// The samples of these pages.
#[must_use]
pub fn samples(frame: &Frame) -> Vec<gallery::Sample> {
    use gallery::page;
    vec![
        page("selling", &Selling::sample(frame)),
        page("selling-empty", &Selling::empty(frame)),
        page("selling-read", &Selling::read(frame)),
        page("buyers", &Buyers::sample(frame)),
        page("buyers-empty", &Buyers::empty(frame)),
        page("buyers-not-selling", &Buyers::not_selling(frame)),
        page("buyers-bought", &Buyers::bought(frame)),
        page("buyer", &Buyer::sample(frame)),
        page("buyer-bought", &Buyer::bought(frame)),
        page("buyer-new", &BuyerForm::sample(frame)),
        page("buyer-terms", &BuyerForm::change(frame)),
    ]
}

fn euro(minor: i64) -> Money {
    Money::new(minor, Currency::EUR)
}

fn sample_party() -> Vec<(&'static str, String)> {
    [
        ("legal_name", "Northwind Mobile SARL"),
        ("street", "1 quai du Port"),
        ("postcode", "44000"),
        ("city", "Nantes"),
        ("country", "FR"),
        ("vat_id", "FR19812345676"),
        ("registration", "812345676"),
        ("email", "books@northwind.example.org"),
        ("iban", "FR7630006000011234567890189"),
        ("bic", "AGRIFRPP"),
    ]
    .map(|(name, value)| (name, value.to_owned()))
    .to_vec()
}

impl Selling {
    /// What stands, with a fault in two fields.
    #[must_use]
    pub fn sample(frame: &Frame) -> Self {
        let mut values = sample_party();
        values.extend(
            [
                ("currency", "EUR"),
                ("zone", "Europe/Paris"),
                ("language", "fr"),
                ("terms_days", "30"),
                ("invoice_series", "NM-{year}-{number:5}"),
                ("credit_note_series", "NM-{year}-{number:4}"),
            ]
            .map(|(name, value)| (name, value.to_owned())),
        );
        Self {
            known: true,
            inputs: Inputs::filled(values)
                .wrong("vat_id", "The check digit does not fit.")
                .wrong("credit_note_series", "Let it begin with other letters."),
            ..Self::empty(frame)
        }
    }

    /// Nothing said as yet.
    #[must_use]
    pub fn empty(frame: &Frame) -> Self {
        Self {
            frame: frame.at(Place::Plans),
            known: false,
            may_change: true,
            inputs: Inputs::default(),
            zones: vec![
                choice("Europe/Paris", "Europe/Paris".to_owned()),
                choice("UTC", "UTC".to_owned()),
            ],
            languages: languages(&frame.t),
            facts: Vec::new(),
        }
    }

    /// For somebody who only reads.
    #[must_use]
    pub fn read(frame: &Frame) -> Self {
        Self {
            known: true,
            may_change: false,
            facts: party_facts(&frame.t, &sample_party()),
            ..Self::empty(frame)
        }
    }
}

impl Buyers {
    /// Three customers of a reseller.
    #[must_use]
    pub fn sample(frame: &Frame) -> Self {
        let row = |name: &str, prepaid: bool, credit, live| BuyerRow {
            id: "0197c0de-7000-7000-8000-000000000001".to_owned(),
            name: name.to_owned(),
            payment: if prepaid {
                frame.t("buyer-payment-prepaid")
            } else {
                frame.t("buyer-payment-invoice")
            },
            credit: euro(credit),
            live,
        };
        Self {
            rows: vec![
                row("Brightwater Council", false, 0, 61),
                row("Hollis & Vane", true, 15_000_000, 148),
                row("Tern Harbour Press", true, -1_250, 12),
            ],
            pages: Pages {
                previous: None,
                next: Some("/buyers?cursor=next".to_owned()),
            },
            ..Self::empty(frame)
        }
    }

    /// None as yet.
    #[must_use]
    pub fn empty(frame: &Frame) -> Self {
        Self {
            frame: frame.at(Place::Buyers),
            sold: true,
            both_sides: true,
            selling: true,
            q: String::new(),
            rows: Vec::new(),
            pages: Pages::default(),
            may_add: true,
        }
    }

    /// An organisation that has not said how it sells.
    #[must_use]
    pub fn not_selling(frame: &Frame) -> Self {
        Self {
            selling: false,
            ..Self::empty(frame)
        }
    }

    /// What a reseller is to those who sell to it.
    #[must_use]
    pub fn bought(frame: &Frame) -> Self {
        let mut page = Self::sample(frame);
        page.rows.truncate(1);
        page.rows[0].name = "Palisade Platform".to_owned();
        Self {
            sold: false,
            may_add: false,
            ..page
        }
    }
}

impl Buyer {
    /// A buyer that owes something.
    #[must_use]
    pub fn sample(frame: &Frame) -> Self {
        let terms = [
            (frame.t("buyer-payment"), frame.t("buyer-payment-invoice")),
            (
                frame.t("buyer-terms-days"),
                frame.count("plan-days", 30_u64),
            ),
            (frame.t("selling-zone"), "Europe/Paris".to_owned()),
        ];
        Self {
            frame: frame.at(Place::Buyers),
            id: "0197c0de-7000-7000-8000-000000000001".to_owned(),
            name: "Hollis & Vane".to_owned(),
            sold: true,
            may_change: true,
            owed: euro(300_000),
            open_count: 2,
            due_since: Some(date(2026, 11, 3)),
            credit: euro(0),
            credit_limit: euro(500_000),
            live: 148,
            terms: terms.to_vec(),
            party: party_facts(&frame.t, &sample_party()),
            bounce: Some((
                "0197c0de-7000-7000-8000-000000000009".to_owned(),
                "books@northwind.example.org".to_owned(),
                "550 No such mailbox".to_owned(),
            )),
        }
    }

    /// As the buyer sees itself, with nothing open.
    #[must_use]
    pub fn bought(frame: &Frame) -> Self {
        Self {
            name: "Palisade Platform".to_owned(),
            sold: false,
            may_change: false,
            owed: euro(0),
            open_count: 0,
            due_since: None,
            ..Self::sample(frame)
        }
    }
}

impl BuyerForm {
    /// A new one with a fault.
    #[must_use]
    pub fn sample(frame: &Frame) -> Self {
        let mut values = sample_party();
        values.push(("terms_days", "30".to_owned()));
        Self {
            frame: frame.at(Place::Buyers),
            account: None,
            currency: "EUR".to_owned(),
            inputs: Inputs::filled(values).wrong("iban", "The check digits do not fit."),
            organisations: vec![choice("0197", "Hollis & Vane".to_owned())],
            kinds: kinds(&frame.t),
            payments: payments(&frame.t),
            zones: Selling::empty(frame).zones,
            languages: languages(&frame.t),
        }
    }

    /// Other terms with one.
    #[must_use]
    pub fn change(frame: &Frame) -> Self {
        let account = (
            "0197c0de-7000-7000-8000-000000000001".to_owned(),
            "Hollis & Vane".to_owned(),
        );
        Self {
            account: Some(account),
            ..Self::sample(frame)
        }
    }
}
