//! The pages of documents.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use jiff::Timestamp;
use jiff::civil::Date;
use muster_domain::selling::currency::Currency;
use muster_domain::selling::iban::Iban;
use muster_domain::selling::interval::days_between;
use muster_domain::selling::ledger::Account;
use muster_domain::selling::money::Money;
use muster_domain::selling::reference::Reference;
use muster_domain::selling::tax_rates::Rate;
use muster_domain::selling::zone::Zone;
use muster_paper::invoice as document;
use muster_store::StoreResult;
use muster_store::selling::invoices::Invoice;
use muster_store::selling::parties;

use super::frozen;
use super::list::{self as listing, Listed, Query};
use super::show::{self as showing, Settled, Shown};
use crate::app::App;
use crate::web::actor::{Allowed, ReadBooks};
use crate::web::country_words;
use crate::web::fields::Fields;
use crate::web::frame;
use crate::web::money_words;
use crate::web::paging::PageRequest;
use crate::web::problem::Answer;
use crate::web::text::{Key, Texts};
use crate::web::time_words;
use crate::web::view::documents::{
    Correction, Document, DocumentMark, DocumentRow, Documents, Line, Party, Settlement, Tax,
};
use crate::web::view::{Filter, Frame, Pages, Place};
use muster_domain::permission::Permission;

/// Rows on a page of the portal.
const ROWS: i64 = 25;

/// `GET /invoices`
pub async fn list(
    app: Data<App>,
    allowed: Allowed<ReadBooks>,
    request: HttpRequest,
) -> Answer<HttpResponse> {
    let fields = Fields::parse(request.query_string().as_bytes());
    let query = Query::read(&allowed.actor, &fields)?;
    let query = Query {
        page: PageRequest {
            limit: ROWS,
            ..query.page
        },
        ..query
    };
    let (is_sold, is_first) = (query.is_sold(), query.page.cursor.is_none());
    let found = listing::list(&app, &allowed, query).await?;
    let frame = frame::frame(&app, &allowed.actor, &request, Place::Invoices).await?;
    let now = app.now();
    let rows: StoreResult<Vec<DocumentRow>> = found
        .items
        .iter()
        .map(|listed| row(&frame.t, listed, now))
        .collect();
    let pages = Pages {
        previous: (!is_first).then(|| with(&fields, "cursor", None)),
        next: found
            .next
            .map(|cursor| with(&fields, "cursor", Some(&cursor))),
    };
    frame::html(&Documents {
        is_sold,
        both_sides: allowed.actor.organisation.kind == "reseller",
        filters: filters(&frame.t, &fields),
        rows: rows?,
        pages,
        journal: is_sold.then(|| time_words::utc_date(now).year()),
        frame,
    })
}

fn row(t: &Texts, listed: &Listed, now: Timestamp) -> StoreResult<DocumentRow> {
    let Listed {
        invoice,
        open,
        other,
    } = listed;
    let currency = frozen::currency(&invoice.currency)?;
    let money = |minor| money_words::amount(t, Money::new(minor, currency));
    Ok(DocumentRow {
        id: invoice.id.clone(),
        number: frozen::number(invoice),
        other: other.clone(),
        mark: mark(invoice, *open, now)?,
        issued: frozen::date(&invoice.issue_date)?,
        due: due(invoice)?,
        total: money(invoice.total),
        open: (*open > 0 && *open < invoice.total).then(|| money(*open)),
    })
}

fn due(invoice: &Invoice) -> StoreResult<Option<Date>> {
    (invoice.kind == "invoice")
        .then(|| frozen::date(&invoice.due_date))
        .transpose()
}

/// How a document stands at `now`. Days are those of the account's zone, as the document froze it.
fn mark(invoice: &Invoice, open: i64, now: Timestamp) -> StoreResult<DocumentMark> {
    if invoice.kind == "credit-note" {
        return Ok(DocumentMark::CreditNote);
    }
    if invoice.total == 0 {
        return Ok(DocumentMark::Nothing);
    }
    if open == 0 {
        return Ok(DocumentMark::Settled);
    }
    let zone = Zone::parse(&invoice.zone).unwrap_or_else(|_| Zone::utc());
    let late = days_between(frozen::date(&invoice.due_date)?, zone.date_of(now));
    Ok(match u64::try_from(late) {
        Ok(0) | Err(_) => DocumentMark::Open,
        Ok(days) => DocumentMark::PastDue(days),
    })
}

fn filters(t: &Texts, query: &Fields) -> Vec<Filter> {
    let kinds = [
        ("invoice", t.get("documents-kind-invoices")),
        ("credit-note", t.get("documents-kind-credit-notes")),
    ];
    let owed = [("true", t.get("documents-filter-open-only"))];
    let mut all = vec![
        filter(query, "kind", t.get("documents-filter-kind"), &kinds),
        filter(query, "open", t.get("documents-filter-open"), &owed),
    ];
    // One buyer's documents are come to from the buyer; here the filter can be taken away.
    if let Some(buyer) = query.some("buyer") {
        let one = [(buyer, t.get("documents-filter-one-buyer"))];
        all.push(filter(
            query,
            "buyer",
            t.get("documents-filter-buyer"),
            &one,
        ));
    }
    all
}

fn filter(query: &Fields, name: &str, label: String, options: &[(&str, String)]) -> Filter {
    let chosen = query.some(name);
    let set = options
        .iter()
        .find(|(value, _)| chosen == Some(value))
        .map(|(_, words)| (words.clone(), with(query, name, None)));
    Filter {
        name: label,
        set,
        options: options
            .iter()
            .map(|(value, words)| (words.clone(), with(query, name, Some(value)), false))
            .collect(),
    }
}

/// The address of this list with one part of its query set or taken away. A change of filter starts at the first page.
fn with(query: &Fields, name: &str, value: Option<&str>) -> String {
    let mut encoded = form_urlencoded::Serializer::new(String::new());
    for (known, old) in query.iter() {
        if known != name && known != "cursor" && known != "done" {
            encoded.append_pair(known, old);
        }
    }
    if let Some(value) = value {
        encoded.append_pair(name, value);
    }
    let encoded = encoded.finish();
    if encoded.is_empty() {
        "/invoices".to_owned()
    } else {
        format!("/invoices?{encoded}")
    }
}

/// `GET /invoices/{id}`
pub async fn show(
    app: Data<App>,
    allowed: Allowed<ReadBooks>,
    request: HttpRequest,
    id: Path<String>,
) -> Answer<HttpResponse> {
    let shown = showing::show(&app, &allowed, id.into_inner()).await?;
    let frame = frame::frame(&app, &allowed.actor, &request, Place::Invoices).await?;
    let may_credit = shown.is_sold
        && !shown.of.is_credit_note()
        && allowed.actor.role.may(Permission::TakePayments);
    frame::html(&page(frame, &shown, may_credit, app.now())?)
}

fn page(frame: Frame, shown: &Shown, may_credit: bool, now: Timestamp) -> StoreResult<Document> {
    let t = &frame.t;
    let invoice = &shown.of.invoice;
    let currency = frozen::currency(&invoice.currency)?;
    let money = |minor| money_words::amount(t, Money::new(minor, currency));
    let corrections: StoreResult<Vec<Correction>> = shown
        .corrections
        .iter()
        .map(|note| {
            Ok(Correction {
                id: note.id.clone(),
                number: frozen::number(note),
                issued: frozen::date(&note.issue_date)?,
                total: money(note.total),
            })
        })
        .collect();
    Ok(Document {
        id: invoice.id.clone(),
        number: frozen::number(invoice),
        is_credit_note: shown.of.is_credit_note(),
        is_sold: shown.is_sold,
        may_credit,
        mark: mark(invoice, shown.open, now)?,
        issued: frozen::date(&invoice.issue_date)?,
        due: due(invoice)?,
        corrects: shown
            .of
            .corrects
            .as_ref()
            .map(|original| (original.id.clone(), frozen::number(original))),
        seller: party(t, &shown.of.seller, &shown.document.seller),
        buyer: party(t, &shown.of.buyer, &shown.document.buyer),
        lines: lines(t, shown, currency),
        taxes: shown
            .document
            .taxes
            .iter()
            .map(|tax| Tax {
                words: tax.exemption.as_ref().map_or_else(
                    || rate(tax.vat.rate),
                    |reason| format!("{}: {}", rate(tax.vat.rate), reason.text),
                ),
                base: money(tax.base),
                amount: money(tax.amount),
            })
            .collect(),
        net: money(invoice.net),
        vat: money(invoice.vat),
        total: money(invoice.total),
        prepaid: (shown.of.prepaid > 0).then(|| money(shown.of.prepaid)),
        open: (shown.open > 0).then(|| money(shown.open)),
        paying: paying(t, &shown.document.payment),
        settled: settled(t, shown, &money),
        corrections: corrections?,
        journal: shown
            .journal
            .iter()
            .map(|row| {
                let name = |account: &str| account_words(t, account, &shown.account_name);
                (name(&row.debit), name(&row.credit), money(row.amount))
            })
            .collect(),
        frame,
    })
}

fn lines(t: &Texts, shown: &Shown, currency: Currency) -> Vec<Line> {
    let figures = |minor| money_words::figures(t.language(), Money::new(minor, currency));
    let rows = shown.document.lines.iter().zip(&shown.of.lines);
    rows.map(|(line, row)| Line {
        text: line.text.clone(),
        period: line.period.map(|(first, last)| {
            t.with(
                "documents-from-to",
                &[
                    ("from", time_words::date(t, first).into()),
                    ("to", time_words::date(t, last).into()),
                ],
            )
        }),
        subscription: row.subscription_id.clone(),
        quantity: line.quantity.to_string().replace('-', "\u{2212}"),
        unit_price: figures(line.unit_price),
        discount: (line.discount != 0).then(|| figures(line.discount)),
        vat: rate(line.vat.rate),
        net: figures(line.net),
    })
    .collect()
}

fn settled(t: &Texts, shown: &Shown, money: &impl Fn(i64) -> String) -> Vec<Settlement> {
    let parts = shown.settled.iter();
    parts
        .map(|(part, by)| {
            let (words, link) = match by {
                Settled::Payment(payment) => {
                    let day = payment.received_on.parse::<Date>();
                    let day =
                        day.map_or(payment.received_on.clone(), |day| time_words::date(t, day));
                    let key = match payment.kind.as_str() {
                        "write-off" => Key("documents-by-write-off"),
                        _ => Key("documents-by-payment"),
                    };
                    // Payments are shown to whom they were made.
                    let link = shown.is_sold.then(|| format!("/payments/{}", payment.id));
                    (t.put(key.0, "day", &day), link)
                }
                Settled::CreditNote(note) => (
                    t.put("documents-by-credit-note", "number", &frozen::number(note)),
                    Some(format!("/invoices/{}", note.id)),
                ),
                Settled::Credit => (t.get("documents-by-credit"), None),
            };
            Settlement {
                at: Timestamp::from_microsecond(part.created_at).unwrap_or_default(),
                words,
                link,
                amount: money(part.amount),
            }
        })
        .collect()
}

fn party(t: &Texts, row: &parties::Party, shown: &document::Party) -> Party {
    let mut address: Vec<String> = row.street.lines().map(str::to_owned).collect();
    address.push(format!("{} {}", row.postcode, row.city).trim().to_owned());
    address.push(country_words::name(&row.country, t.language()).to_owned());
    Party {
        name: row.legal_name.clone(),
        address,
        vat_id: row.vat_id.clone(),
        registration: shown
            .registration
            .as_ref()
            .map(|entry| (entry.label.clone(), entry.id.clone())),
    }
}

fn paying(t: &Texts, payment: &document::Payment) -> Vec<(String, String)> {
    let mut facts = Vec::new();
    if let Some(account) = &payment.account {
        let grouped = Iban::parse(&account.iban)
            .map_or_else(|_| account.iban.clone(), |iban| iban.to_string());
        facts.push((t.get("documents-iban"), grouped));
        facts.extend(account.bic.clone().map(|bic| (t.get("documents-bic"), bic)));
    }
    if let Some(reference) = &payment.reference {
        let grouped = Reference::parse(reference)
            .map_or_else(|_| reference.clone(), |found| found.to_string());
        facts.push((t.get("documents-reference"), grouped));
    }
    facts
}

/// “20 %”.
fn rate(hundredths: u32) -> String {
    let rate = u16::try_from(hundredths)
        .ok()
        .and_then(|n| Rate::new(n).ok());
    format!("{}\u{a0}%", rate.unwrap_or(Rate::ZERO))
}

/// An account of the ledger in words; one that nobody of us writes stands for itself.
fn account_words(t: &Texts, stored: &str, buyer: &str) -> String {
    let Some(account) = Account::parse(stored) else {
        return stored.to_owned();
    };
    match account {
        Account::Receivable(_) => t.put("documents-account-receivable", "name", buyer),
        Account::Credit(_) => t.put("documents-account-credit", "name", buyer),
        Account::Revenue(product) => {
            let known = match product.as_str() {
                "recurring" => t.get("documents-product-recurring"),
                "handset" => t.get("documents-product-handset"),
                "proration" => t.get("documents-product-proration"),
                "other" => t.get("documents-product-other"),
                other => other.to_owned(),
            };
            t.put("documents-account-revenue", "name", &known)
        }
        Account::Vat(country, rate) => t.put(
            "documents-account-vat",
            "name",
            &format!("{country} {rate}"),
        ),
        Account::Bank(name) => t.put("documents-account-bank", "name", &name),
        Account::Refunds => t.get("documents-account-refunds"),
        Account::WriteOffs => t.get("documents-account-write-offs"),
        Account::Opening => t.get("documents-account-opening"),
    }
}
