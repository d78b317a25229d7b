//! Giving back what was billed and is not used: credit notes to the invoices that billed it, the newest first.
//!
//! One invoice may not hold as much as is to be given back: where a change of plan was netted on it, a part of what it billed was
//! paid for by the period before. Then the rest is credited on that period's invoice.

use jiff::civil::Date;
use muster_domain::scope::Books;
use muster_domain::selling::country::Country;
use muster_domain::selling::credit_note::{self, Original, Part};
use muster_domain::selling::currency::Currency;
use muster_domain::selling::invoice::{Draft, Kind, Line};
use muster_domain::selling::ledger::Account as Posted;
use muster_domain::selling::money::Money;
use muster_domain::selling::refusal::Refusal;
use muster_domain::selling::tax::{Category, Reason, Treatment};
use muster_domain::selling::tax_rates::Rate;
use muster_store::selling::invoices::{self, Invoice, InvoiceLine};
use muster_store::selling::subscriptions::{self, Period};
use muster_store::selling::{ledger, parties};
use muster_store::{Conn, StoreError};

use super::scene::Scene;
use super::stop::Step;
use crate::app::App;
use crate::features::invoicing::issue::{self, Issuing};
use crate::features::selling::charge;
use crate::web::money_words;

/// How many periods back something is credited.
const PERIODS: i64 = 24;

/// What was billed for a period, net.
pub fn charged(tx: &mut Conn, scene: &Scene, period: &Period) -> Step<Money> {
    let lines = invoices::lines(tx, &period.invoice_id)?;
    let own = lines.iter().filter(|line| is_charge(line, period));
    Ok(Money::new(own.map(|line| line.net).sum(), currency(scene)?))
}

/// Whether a line is what a period was billed by: for this subscription and these days, and nothing that was taken back.
fn is_charge(line: &InvoiceLine, period: &Period) -> bool {
    line.subscription_id.as_ref() == Some(&period.subscription_id)
        && line.quantity > 0
        && line.from_date.as_ref() == Some(&period.start_date)
}

/// The VAT of the line that a period was billed by.
pub fn treatment(tx: &mut Conn, scene: &Scene, period: &Period) -> Step<Option<Treatment>> {
    let Some(invoice) = own_invoice(tx, scene, &period.invoice_id)? else {
        return Ok(None);
    };
    let (lines, draft) = stored(tx, scene, &invoice)?;
    let place = lines.iter().position(|line| is_charge(line, period));
    Ok(place
        .and_then(|place| draft.lines.get(place))
        .map(|line| line.treatment))
}

/// Credits `amount`, net, on the invoices of the last periods. What somebody credited by hand before is not credited again, so it may
/// be less.
pub fn give_back(
    tx: &mut Conn,
    app: &App,
    scene: &Scene,
    amount: Money,
    text: &str,
) -> Step<Vec<Invoice>> {
    let (mut wanted, mut notes) = (amount, Vec::new());
    let periods = subscriptions::periods(tx, &scene.subscription.id, None, PERIODS)?;
    for period in periods.items {
        if !wanted.is_positive() {
            break;
        }
        let Some(invoice) = own_invoice(tx, scene, &period.invoice_id)? else {
            break;
        };
        if let Some((note, net)) = on_one(tx, app, scene, (&invoice, &period), wanted, text)? {
            wanted = wanted.minus(net)?;
            notes.push(note);
        }
        // Only what this invoice took off for the period before was paid there.
        wanted = wanted.min(netted(tx, scene, &invoice)?)?;
    }
    Ok(notes)
}

/// What an invoice took back of the period before, in the same breath as it billed the next.
fn netted(tx: &mut Conn, scene: &Scene, invoice: &Invoice) -> Step<Money> {
    let lines = invoices::lines(tx, &invoice.id)?;
    let own = lines.iter().filter(|line| {
        line.subscription_id.as_ref() == Some(&scene.subscription.id) && line.quantity < 0
    });
    Ok(Money::new(
        own.map(|line| -line.net).sum(),
        currency(scene)?,
    ))
}

/// Credits as much of `wanted` as is left on one invoice; answers the note and its net amount.
fn on_one(
    tx: &mut Conn,
    app: &App,
    scene: &Scene,
    (invoice, period): (&Invoice, &Period),
    wanted: Money,
    text: &str,
) -> Step<Option<(Invoice, Money)>> {
    let (lines, draft) = stored(tx, scene, invoice)?;
    let Some(line) = lines.iter().position(|line| is_charge(line, period)) else {
        return Ok(None);
    };
    let mut credited = Vec::new();
    for note in invoices::corrections(tx, &invoice.id)? {
        credited.push(stored(tx, scene, &note)?.1);
    }
    let number = issue::number(invoice)?;
    let original = Original {
        draft: &draft,
        number: &number,
        issued: charge::date(&invoice.issue_date)?,
        credited: &credited,
    };
    let net = wanted.min(credit_note::left(&original, line)?)?;
    if !net.is_positive() {
        return Ok(None);
    }
    let part = Part {
        line,
        net,
        text: text.to_owned(),
    };
    let note = credit_note::of_parts(&original, &[part])?;
    let subscriptions = vec![Some(scene.subscription.id.clone()); note.lines.len()];
    let issuing = Issuing {
        seller: &scene.between.seller,
        account: &scene.between.account,
        draft: &note,
        subscriptions: &subscriptions,
        corrects: Some(invoice),
        terms_days: scene.between.account.terms_days,
    };
    let note = issue::issue(tx, app, &issuing)??;
    Ok(Some((note, net)))
}

fn own_invoice(tx: &mut Conn, scene: &Scene, id: &str) -> Step<Option<Invoice>> {
    let books = Books::Seller(scene.between.seller.organisation_id.clone());
    Ok(invoices::find(tx, &books, id)?)
}

/// A stored document as the rules know it, with its rows.
fn stored(tx: &mut Conn, scene: &Scene, invoice: &Invoice) -> Step<(Vec<InvoiceLine>, Draft)> {
    let rows = invoices::lines(tx, &invoice.id)?;
    let country = vat_country(tx, invoice)?;
    let mut lines = Vec::with_capacity(rows.len());
    for row in &rows {
        lines.push(line(row, currency(scene)?, country)?);
    }
    let mut draft = Draft::invoice(currency(scene)?, lines);
    if invoice.kind == "credit-note" {
        draft.kind = Kind::CreditNote {
            corrects: String::new(),
            issued: charge::date(&invoice.issue_date)?,
        };
    }
    Ok((rows, draft))
}

fn line(row: &InvoiceLine, currency: Currency, country: Country) -> Step<Line> {
    let unreadable = || {
        Refusal::new(
            "stored-row",
            "A line of an invoice cannot be read. Ask the operator to look.",
        )
    };
    let category = Category::parse(&row.vat_category).ok_or_else(unreadable)?;
    let rate = u16::try_from(row.vat_rate).map_err(|_| unreadable())?;
    let rate = Rate::new(rate).map_err(charge::unreadable)?;
    let unit_price = Money::new(row.unit_price, currency);
    let gross = unit_price.times(row.quantity)?;
    Ok(Line {
        product: row.product.clone(),
        text: row.description.clone(),
        quantity: row.quantity,
        unit_price,
        discount: gross.minus(Money::new(row.net, currency))?,
        treatment: Treatment {
            category,
            rate,
            reason: reason(category),
            country,
        },
        period: None,
    })
}

/// Why a category bears no VAT, as far as this program sells: each exemption has one reason.
fn reason(category: Category) -> Option<Reason> {
    match category {
        Category::S | Category::Z => None,
        Category::E => Some(Reason::SmallEnterprise),
        Category::AE => Some(Reason::ReverseCharge),
        Category::K => Some(Reason::IntraCommunity),
        Category::G => Some(Reason::Export),
        Category::O => Some(Reason::OutsideScope),
    }
}

/// Whose VAT a document bears: the ledger says it. Where it bears none, the seller's country stands for it.
fn vat_country(tx: &mut Conn, invoice: &Invoice) -> Step<Country> {
    for transfer in ledger::of_document(tx, &invoice.seller_id, &invoice.id)? {
        for name in [&transfer.debit, &transfer.credit] {
            if let Some(Posted::Vat(country, _)) = Posted::parse(name) {
                return Ok(country);
            }
        }
    }
    let party = parties::find(tx, &invoice.seller_party_id)?
        .ok_or_else(|| StoreError::Query(format!("invoice {} lacks its seller", invoice.id)))?;
    Ok(Country::parse(&party.country).map_err(charge::unreadable)?)
}

/// The currency of the account.
pub fn currency(scene: &Scene) -> Step<Currency> {
    Ok(Currency::parse(&scene.between.account.currency).map_err(charge::unreadable)?)
}

/// An amount for the record, in the account's language.
pub fn words(scene: &Scene, minor: i64) -> Step<String> {
    let money = Money::new(minor, currency(scene)?);
    Ok(money_words::in_language("en", money))
}

/// What a line says that takes the unused days back, in the account's language.
pub fn unused_text(scene: &Scene, from: Date) -> String {
    let plan = &scene.plan.name;
    let serial = scene.device.as_ref().map(|(_, serial)| serial.as_str());
    match (scene.between.account.language.as_str(), serial) {
        ("fr", Some(serial)) => {
            format!("Abonnement {plan}, téléphone {serial}, non utilisé à partir du {from}")
        }
        ("fr", None) => format!("Abonnement {plan}, non utilisé à partir du {from}"),
        (_, Some(serial)) => {
            format!("Subscription {plan}, phone {serial}, not used from {from} on")
        }
        (_, None) => format!("Subscription {plan}, not used from {from} on"),
    }
}
