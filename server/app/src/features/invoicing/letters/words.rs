//! What letters say. Their words stand in `locales/{en,fr}/letters.ftl`, their shape in `templates/mail/letter/`.

use askama::Template;
use jiff::civil::Date;
use muster_domain::selling::currency::Currency;
use muster_domain::selling::dunning;
use muster_domain::selling::interval::days_between;
use muster_domain::selling::money::Money;
use muster_domain::selling::zone::Zone;
use muster_store::selling::invoices::Invoice;
use muster_store::selling::plans::Price;

use super::write::About;
use crate::features::invoicing::issue;
use crate::features::selling::charge;
use crate::mail::Letter;
use crate::web::money_words;
use crate::web::text::Texts;

/// A letter, ready to be put into its shape.
struct Words<'a> {
    t: &'a Texts,
    subject: String,
    buyer: &'a str,
    seller: &'a str,
    /// What there is to say.
    words: Vec<String>,
    /// What it is about, line by line: name and value.
    facts: Vec<(String, String)>,
    /// Where to pay, line by line; empty where nothing is to be paid.
    pay: Vec<(String, String)>,
}

macro_rules! parts {
    ($($name:ident = $path:literal;)*) => {$(
        #[derive(Template)]
        #[template(path = $path)]
        struct $name<'a> {
            letter: &'a Words<'a>,
        }
    )*};
}

parts! {
    Subject = "mail/letter/subject.txt";
    Text = "mail/letter/body.txt";
    Markup = "mail/letter/body.html";
}

/// The mail of a letter.
///
/// # Errors
/// A template does not render: a fault of ours.
pub fn compose(t: &Texts, kind: &str, about: &About) -> askama::Result<Letter> {
    let teller = Teller { t, about };
    let (subject, words) = match kind {
        "renewal-notice" => teller.renewal(),
        "invoice" => teller.invoice(),
        "credit-note" => teller.credit_note(),
        "reminder" => teller.reminder(),
        "past-due" => teller.past_due(),
        "suspended" => teller.suspended(),
        "thank-you" => teller.thanks(),
        _ => teller.ended(),
    };
    let asks = matches!(kind, "invoice" | "reminder" | "past-due" | "suspended");
    let letter = &Words {
        t,
        subject,
        buyer: &about.buyer.legal_name,
        seller: &about.seller.legal_name,
        words,
        facts: teller.facts(),
        pay: if asks { teller.pay() } else { Vec::new() },
    };
    Ok(Letter {
        to: about.buyer.email.clone(),
        subject: Subject { letter }.render()?.trim().to_owned(),
        text: Text { letter }.render()?,
        html: Markup { letter }.render()?,
    })
}

/// What the next period of a subscription costs its buyer; `None` where no price holds, which the renewal itself will tell.
pub fn next_price(about: &About, prices: &[Price]) -> Option<Money> {
    let (subscription, plan) = about.subscription.as_ref()?;
    let zone = Zone::parse(&about.account.zone).ok()?;
    let starts = jiff::Timestamp::from_microsecond(subscription.next_start_at?).ok()?;
    let asked = charge::Asked {
        buyer: &about.account.buyer_id,
        live: about.account.live_subscriptions,
        on: zone.date_of(starts),
    };
    let known = charge::plan(plan, prices, &asked).ok()?;
    Some(known.recurring)
}

struct Teller<'a> {
    t: &'a Texts,
    about: &'a About,
}

type Told = (String, Vec<String>);

impl Teller<'_> {
    fn renewal(&self) -> Told {
        let (plan, date) = (self.plan(), self.renewal_date());
        let t = self.t;
        let about: &[_] = &[("plan", plan.into()), ("date", date.into())];
        let mut words = vec![t.with("letter-renewal-words", about)];
        if let Some(price) = self.about.price {
            let amount = self.amount(price);
            words.push(t.put("letter-renewal-price", "amount", &amount));
        }
        words.push(t.get("letter-renewal-do"));
        (t.with("letter-renewal-subject", about), words)
    }

    fn invoice(&self) -> Told {
        let t = self.t;
        let mut words = vec![t.with("letter-invoice-words", &self.of_document())];
        words.push(if self.open().is_positive() {
            t.with(
                "letter-invoice-pay",
                &[
                    ("amount", self.amount(self.open()).into()),
                    ("date", self.due_date().into()),
                ],
            )
        } else {
            t.get("letter-invoice-paid")
        });
        (t.with("letter-invoice-subject", &self.of_document()), words)
    }

    fn credit_note(&self) -> Told {
        let t = self.t;
        let corrected = self
            .about
            .corrected
            .as_ref()
            .map(number)
            .unwrap_or_default();
        let words = vec![
            t.put("letter-credit-note-words", "number", &corrected),
            t.get("letter-credit-note-settled"),
        ];
        (
            t.with("letter-credit-note-subject", &self.of_document()),
            words,
        )
    }

    fn reminder(&self) -> Told {
        let t = self.t;
        let words = vec![
            t.with("letter-reminder-words", &self.of_document()),
            t.get("letter-crossed"),
        ];
        (
            t.with("letter-reminder-subject", &self.of_document()),
            words,
        )
    }

    fn past_due(&self) -> Told {
        let t = self.t;
        let late = self.due().map_or(0, |due| days_between(due, self.today()));
        let late = u64::try_from(late).unwrap_or(0);
        let mut words = vec![t.with(
            "letter-past-due-words",
            &[
                ("number", self.number().into()),
                ("date", self.due_date().into()),
                ("n", late.into()),
            ],
        )];
        if let Some(date) = self.suspension() {
            words.push(t.put("letter-past-due-then", "date", &date));
        }
        words.push(t.get("letter-crossed"));
        (
            t.with("letter-past-due-subject", &self.of_document()),
            words,
        )
    }

    fn suspended(&self) -> Told {
        let t = self.t;
        let words = vec![
            t.get("letter-suspended-words"),
            t.get("letter-suspended-back"),
            t.get("letter-nothing-erased"),
        ];
        (
            t.put("letter-suspended-subject", "plan", &self.plan()),
            words,
        )
    }

    fn thanks(&self) -> Told {
        let t = self.t;
        let words = vec![t.get("letter-thanks-words")];
        (t.get("letter-thanks-subject"), words)
    }

    fn ended(&self) -> Told {
        let t = self.t;
        let words = vec![
            t.get("letter-ended-words"),
            t.get("letter-ended-again"),
            t.get("letter-nothing-erased"),
        ];
        (t.put("letter-ended-subject", "plan", &self.plan()), words)
    }

    fn facts(&self) -> Vec<(String, String)> {
        let t = self.t;
        let mut facts = Vec::new();
        if let Some((invoice, open)) = &self.about.invoice {
            let name = if invoice.kind == "credit-note" {
                t.get("letter-fact-credit-note")
            } else {
                t.get("letter-fact-invoice")
            };
            facts.push((name, self.number()));
            facts.push((
                t.get("letter-fact-total"),
                self.amount(money(invoice, invoice.total)),
            ));
            if invoice.kind == "invoice" {
                facts.push((t.get("letter-fact-due"), self.due_date()));
                facts.push((
                    t.get("letter-fact-open"),
                    self.amount(money(invoice, *open)),
                ));
            }
        }
        if self.about.subscription.is_some() {
            facts.push((t.get("letter-fact-plan"), self.plan()));
        }
        if let Some(device) = &self.about.device {
            facts.push((t.get("letter-fact-phone"), device.serial_number.clone()));
        }
        facts
    }

    fn pay(&self) -> Vec<(String, String)> {
        let t = self.t;
        let Some(iban) = &self.about.seller.iban else {
            return Vec::new();
        };
        if self.about.invoice.is_some() && !self.open().is_positive() {
            return Vec::new();
        }
        let mut pay = vec![
            (t.get("letter-pay-to"), self.about.seller.legal_name.clone()),
            (t.get("letter-pay-iban"), in_fours(iban)),
        ];
        if let Some(bic) = &self.about.seller.bic {
            pay.push((t.get("letter-pay-bic"), bic.clone()));
        }
        if self.about.invoice.is_some() {
            pay.push((t.get("letter-pay-reference"), self.number()));
        }
        pay
    }

    /// What most sentences about a document name.
    fn of_document(&self) -> [(&'static str, fluent_bundle::FluentValue<'static>); 4] {
        [
            ("number", self.number().into()),
            ("seller", self.about.seller.legal_name.clone().into()),
            ("amount", self.amount(self.open()).into()),
            ("date", self.due_date().into()),
        ]
    }

    fn number(&self) -> String {
        let invoice = self.about.invoice.as_ref();
        invoice.map(|(one, _)| number(one)).unwrap_or_default()
    }

    fn open(&self) -> Money {
        let nothing = Money::zero(Currency::EUR);
        let invoice = self.about.invoice.as_ref();
        invoice.map_or(nothing, |(one, open)| money(one, *open))
    }

    fn amount(&self, money: Money) -> String {
        money_words::in_language(self.t.language(), money)
    }

    fn plan(&self) -> String {
        let subscription = self.about.subscription.as_ref();
        subscription
            .map(|(_, plan)| plan.name.clone())
            .unwrap_or_default()
    }

    fn today(&self) -> Date {
        self.zone().date_of(self.about.now)
    }

    fn zone(&self) -> Zone {
        Zone::parse(&self.about.account.zone).unwrap_or_else(|_| Zone::utc())
    }

    fn due(&self) -> Option<Date> {
        self.about.invoice.as_ref()?.0.due_date.parse().ok()
    }

    fn due_date(&self) -> String {
        self.due().map(|date| self.date(date)).unwrap_or_default()
    }

    fn renewal_date(&self) -> String {
        let at = self
            .about
            .subscription
            .as_ref()
            .and_then(|(one, _)| one.next_start_at);
        at.and_then(|at| jiff::Timestamp::from_microsecond(at).ok())
            .map(|at| self.date(self.zone().date_of(at)))
            .unwrap_or_default()
    }

    /// The day from which service is off, by the plan's schedule.
    fn suspension(&self) -> Option<String> {
        let (_, plan) = self.about.subscription.as_ref()?;
        let schedule: dunning::Plan = serde_json::from_str(&plan.dunning).ok()?;
        let days = jiff::Span::new().days(i64::from(schedule.suspend()));
        let date = self.due()?.checked_add(days).ok()?;
        Some(self.date(date))
    }

    fn date(&self, date: Date) -> String {
        let (day, month) = (date.day().unsigned_abs(), date.month().unsigned_abs());
        let month = self.t.count("letter-month", u64::from(month));
        self.t.with(
            "letter-date",
            &[
                ("n", u64::from(day).into()),
                ("month", month.into()),
                ("year", date.year().to_string().into()),
            ],
        )
    }
}

fn number(invoice: &Invoice) -> String {
    issue::number(invoice).unwrap_or_else(|_| format!("{}-{}", invoice.year, invoice.number))
}

fn money(invoice: &Invoice, minor: i64) -> Money {
    Money::new(
        minor,
        Currency::parse(&invoice.currency).unwrap_or(Currency::EUR),
    )
}

/// An IBAN as people write it.
fn in_fours(iban: &str) -> String {
    let signs: Vec<char> = iban.chars().filter(|sign| !sign.is_whitespace()).collect();
    let fours: Vec<String> = signs.chunks(4).map(|four| four.iter().collect()).collect();
    fours.join(" ")
}
