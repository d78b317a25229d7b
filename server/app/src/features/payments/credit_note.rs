//! An invoice is credited, whole or in parts. The rules are the domain's, the document is issued like every other; what is still
//! open is settled by it, and what the buyer had paid becomes credit.

use std::sync::Arc;

use muster_domain::scope::Books;
use muster_domain::selling::country::Country;
use muster_domain::selling::credit_note::{self as rules, Original, Part};
use muster_domain::selling::invoice::{Draft, Kind, Line};
use muster_domain::selling::ledger::Account as Name;
use muster_domain::selling::money::Money;
use muster_domain::selling::tax::{Category, Reason, Treatment};
use muster_domain::selling::tax_rates::Rate;
use muster_domain::text;
use muster_store::selling::invoices::{self, Invoice, InvoiceLine};
use muster_store::selling::{ledger, parties, sellers};
use muster_store::{Conn, StoreResult};
use serde_json::json;

use super::book;
use super::books::{self, Recorder};
use super::input::NOTE_MOST;
use crate::app::App;
use crate::features::invoicing::issue::{self, Issuing};
use crate::features::record::write::Weight;
use crate::web::actor::{Allowed, ReadBooks, TakePayments};
use crate::web::problem::{Answer, Problem};

/// A credit note about to be written.
#[derive(Debug, Clone)]
pub struct NewCredit {
    /// Which invoice it corrects.
    pub invoice_id: String,
    /// What is credited; the whole invoice where no part is named.
    pub parts: Vec<NewPart>,
}

/// A part of one line.
#[derive(Debug, Clone)]
pub struct NewPart {
    /// The line's position on the invoice, from 1.
    pub position: i64,
    /// How much of it, net.
    pub net: Money,
    /// What the buyer reads; the line's own words if empty.
    pub text: String,
}

/// An invoice that may be credited: itself, its number, its lines, and of each line what is left to credit at its VAT, net.
#[derive(Debug, Clone)]
pub struct Creditable {
    /// The invoice.
    pub invoice: Invoice,
    /// Its number.
    pub number: String,
    /// Its lines, each with what is left.
    pub lines: Vec<(InvoiceLine, Money)>,
    /// What is open on it.
    pub open: Money,
    /// Whether some of it was credited before, so that only parts can be credited now.
    pub was_credited: bool,
}

/// An invoice as it can be credited.
///
/// # Errors
/// There is no such invoice in the actor's books.
pub async fn creditable(app: &App, allowed: &Allowed<ReadBooks>, id: String) -> Answer<Creditable> {
    let own = Books::Seller(allowed.actor.organisation.id.clone());
    let found = app
        .store
        .read(move |c| {
            let Some(invoice) = invoices::find(c, &own, &id)? else {
                return Ok(None);
            };
            let frozen = frozen(c, &invoice)?;
            let original = frozen.original();
            let mut lines = Vec::new();
            for (index, line) in invoices::lines(c, &invoice.id)?.into_iter().enumerate() {
                let left = rules::left(&original, index);
                let nothing = Money::zero(frozen.draft.currency);
                lines.push((line, left.unwrap_or(nothing)));
            }
            Ok(Some(Creditable {
                number: books::number(&invoice),
                open: books::open_on(c, &invoice)?,
                was_credited: !frozen.credited.is_empty(),
                lines,
                invoice,
            }))
        })
        .await?;
    found.ok_or_else(|| Problem::not_found("invoice"))
}

/// Credits it; answers the credit note.
///
/// # Errors
/// There is no such invoice, it is a credit note itself, or less is left of it.
pub async fn credit(
    app: &Arc<App>,
    allowed: &Allowed<TakePayments>,
    new: NewCredit,
) -> Answer<Invoice> {
    for part in &new.parts {
        if !part.text.is_empty() {
            text::line("text", &part.text, NOTE_MOST)?;
        }
    }
    let (crediting, who) = (app.clone(), Recorder::actor(&allowed.actor));
    let seller = allowed.actor.organisation.id.clone();
    let note = app
        .store
        .write_or_refuse(move |tx| credit_in(tx, &crediting, &who, &seller, &new))
        .await??;
    book::ring(app);
    Ok(note)
}

fn credit_in(
    tx: &mut Conn,
    app: &App,
    who: &Recorder,
    seller: &str,
    new: &NewCredit,
) -> StoreResult<Answer<Invoice>> {
    let own = Books::Seller(seller.to_owned());
    let Some(invoice) = invoices::find(tx, &own, &new.invoice_id)? else {
        return Ok(Err(Problem::not_found("invoice")));
    };
    let account = match books::account(tx, seller, &invoice.billing_account_id)? {
        Ok(account) => account,
        Err(problem) => return Ok(Err(problem)),
    };
    let Some(selling) = sellers::find(tx, seller)? else {
        return Err(books::unreadable("seller", seller));
    };
    let frozen = frozen(tx, &invoice)?;
    let original = frozen.original();
    let drafted = if new.parts.is_empty() {
        rules::whole(&original)
    } else {
        let parts: Vec<Part> = new.parts.iter().map(part).collect();
        rules::of_parts(&original, &parts)
    };
    let draft = match drafted {
        Ok(draft) => draft,
        Err(refusal) => return Ok(Err(books::refused(refusal))),
    };
    // Each line of the note is about the subscription that its line of the invoice is about.
    let subscriptions: Vec<Option<String>> = if new.parts.is_empty() {
        frozen.subscriptions.clone()
    } else {
        let of = |part: &NewPart| frozen.subscriptions.get(index(part)).cloned().flatten();
        new.parts.iter().map(of).collect()
    };
    let issuing = Issuing {
        seller: &selling,
        account: &account,
        draft: &draft,
        subscriptions: &subscriptions,
        corrects: Some(&invoice),
        terms_days: 0,
    };
    let note = match issue::issue(tx, app, &issuing)? {
        Ok(note) => note,
        Err(refusal) => return Ok(Err(books::refused(refusal))),
    };
    let facts = json!({
        "invoice": invoice.id, "number": frozen.number, "note": note.id, "note_number": books::number(&note),
        "amount": books::money(note.total, &note.currency)?.to_string(),
    });
    let kind = ("invoice.credited", Weight::Major);
    let buyer = Some(account.buyer_id.as_str());
    books::tell(tx, app, &who.by, seller, kind, buyer, facts)?;
    Ok(Ok(note))
}

fn part(new: &NewPart) -> Part {
    Part {
        line: index(new),
        net: new.net,
        text: new.text.trim().to_owned(),
    }
}

/// A place that no line has, for a position below 1.
fn index(part: &NewPart) -> usize {
    usize::try_from(part.position - 1).unwrap_or(usize::MAX)
}

/// An invoice as the rules see it, made of its frozen rows.
struct Frozen {
    draft: Draft,
    number: String,
    issued: jiff::civil::Date,
    credited: Vec<Draft>,
    subscriptions: Vec<Option<String>>,
}

impl Frozen {
    fn original(&self) -> Original<'_> {
        Original {
            draft: &self.draft,
            number: &self.number,
            issued: self.issued,
            credited: &self.credited,
        }
    }
}

fn frozen(c: &mut Conn, invoice: &Invoice) -> StoreResult<Frozen> {
    let lines = invoices::lines(c, &invoice.id)?;
    let draft = draft(c, invoice, &lines)?;
    let mut credited = Vec::new();
    for note in invoices::corrections(c, &invoice.id)? {
        let lines = invoices::lines(c, &note.id)?;
        // Whose VAT it was stands with the original: a note of zero VAT alone could not tell.
        let mut note = draft_of(&note, &lines, &|line| treatment_in(&draft, line))?;
        note.kind = Kind::CreditNote {
            corrects: String::new(),
            issued: books::date(&invoice.issue_date)?,
        };
        credited.push(note);
    }
    Ok(Frozen {
        number: books::number(invoice),
        issued: books::date(&invoice.issue_date)?,
        subscriptions: lines.into_iter().map(|line| line.subscription_id).collect(),
        draft,
        credited,
    })
}

/// The rows of an invoice as a draft. Rows have category and rate of the VAT; whose VAT it was stands in the ledger.
fn draft(c: &mut Conn, invoice: &Invoice, lines: &[InvoiceLine]) -> StoreResult<Draft> {
    let party = parties::find(c, &invoice.seller_party_id)?
        .ok_or_else(|| books::unreadable("party", &invoice.seller_party_id))?;
    let home =
        Country::parse(&party.country).map_err(|_| books::unreadable("country", &party.country))?;
    let mut taxed: Vec<(Country, Rate)> = Vec::new();
    for row in ledger::of_document(c, &invoice.seller_id, &invoice.id)? {
        for name in [&row.debit, &row.credit] {
            if let Some(Name::Vat(country, rate)) = Name::parse(name) {
                taxed.push((country, rate));
            }
        }
    }
    let treatment = |line: &InvoiceLine| -> StoreResult<Treatment> {
        let unreadable = || books::unreadable("VAT of a line of", &invoice.id);
        let category = Category::parse(&line.vat_category).ok_or_else(unreadable)?;
        let rate = u16::try_from(line.vat_rate).ok().map(Rate::new);
        let rate = rate.and_then(Result::ok).ok_or_else(unreadable)?;
        let country = taxed.iter().find(|(_, of)| *of == rate);
        Ok(Treatment {
            category,
            rate,
            reason: reason(category),
            country: country.map_or(home, |(country, _)| *country),
        })
    };
    let mut draft = draft_of(invoice, lines, &treatment)?;
    if invoice.kind == "credit-note" {
        draft.kind = Kind::CreditNote {
            corrects: String::new(),
            issued: books::date(&invoice.issue_date)?,
        };
    }
    Ok(draft)
}

fn draft_of(
    invoice: &Invoice,
    lines: &[InvoiceLine],
    treatment: &dyn Fn(&InvoiceLine) -> StoreResult<Treatment>,
) -> StoreResult<Draft> {
    let money = |minor| books::money(minor, &invoice.currency);
    let currency = money(0)?.currency();
    let lines = lines
        .iter()
        .map(|line| {
            let period = match (&line.from_date, &line.until_date) {
                // The row names the first day after it, a draft the last one.
                (Some(from), Some(until)) => {
                    let (from, until) = (books::date(from)?, books::date(until)?);
                    Some((from, until.yesterday().unwrap_or(until)))
                }
                (Some(_) | None, _) => None,
            };
            Ok(Line {
                product: line.product.clone(),
                text: line.description.clone(),
                quantity: line.quantity,
                unit_price: money(line.unit_price)?,
                // Rows carry what the line came to; what was taken off is the rest.
                discount: money(line.quantity * line.unit_price - line.net)?,
                treatment: treatment(line)?,
                period,
            })
        })
        .collect::<StoreResult<Vec<Line>>>()?;
    Ok(Draft::invoice(currency, lines))
}

/// The VAT of a line of a credit note: that of the original's lines of its category and rate.
fn treatment_in(original: &Draft, line: &InvoiceLine) -> StoreResult<Treatment> {
    let same = |of: &&Line| {
        of.treatment.category.as_str() == line.vat_category
            && i64::from(of.treatment.rate.hundredths()) == line.vat_rate
    };
    original
        .lines
        .iter()
        .find(same)
        .map(|line| line.treatment)
        .ok_or_else(|| books::unreadable("VAT of a credit note on", &line.invoice_id))
}

/// Each category that charges no VAT has one reason here (`tax::treatment`).
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
