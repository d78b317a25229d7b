//! From the frozen rows to the document that the writers take. Nothing is decided here that is not in the rows: sums are reckoned
//! once more by the rules of selling, and rows that do not add up are a damage that is told, not printed.

use muster_domain::selling::country::Country;
use muster_domain::selling::currency::Currency;
use muster_domain::selling::invoice::{self as rules, Draft, Totals};
use muster_domain::selling::money::Money;
use muster_domain::selling::reference::Reference;
use muster_domain::selling::tax::{Category, Treatment};
use muster_domain::selling::tax_rates::Rate;
use muster_paper::invoice as paper;
use muster_store::selling::invoices::InvoiceLine;
use muster_store::selling::parties::Party;
use muster_store::{StoreError, StoreResult};

use super::frozen::{self, Frozen};
use super::words;
use crate::web::country_words;

/// The rules' own draft of a document, from its rows: what credit notes and totals are reckoned from. The country whose VAT it is
/// stands on no document, only in the ledger; here it is the seller's.
///
/// # Errors
/// A row holds what nobody of us writes.
pub fn draft(of: &Frozen) -> StoreResult<Draft> {
    let currency = frozen::currency(&of.invoice.currency)?;
    let seller = country(&of.seller)?;
    let lines = of
        .lines
        .iter()
        .map(|line| draft_line(line, currency, seller))
        .collect::<StoreResult<Vec<rules::Line>>>()?;
    let kind = match &of.corrects {
        Some(original) => rules::Kind::CreditNote {
            corrects: frozen::number(original),
            issued: frozen::date(&original.issue_date)?,
        },
        None => rules::Kind::Invoice,
    };
    Ok(Draft {
        kind,
        prepaid: Money::new(of.prepaid, currency),
        ..Draft::invoice(currency, lines)
    })
}

fn draft_line(line: &InvoiceLine, currency: Currency, seller: Country) -> StoreResult<rules::Line> {
    let damaged = |what: &str| {
        let id = (&line.invoice_id, line.position);
        StoreError::Corrupt(format!("line {} of invoice {}: {what}", id.1, id.0))
    };
    let category = Category::parse(&line.vat_category).ok_or_else(|| damaged("VAT category"))?;
    let rate = u16::try_from(line.vat_rate)
        .ok()
        .and_then(|rate| Rate::new(rate).ok())
        .ok_or_else(|| damaged("VAT rate"))?;
    let gross = line.unit_price.checked_mul(line.quantity);
    let discount = gross
        .and_then(|gross| gross.checked_sub(line.net))
        .ok_or_else(|| damaged("amount"))?;
    let period = match (&line.from_date, &line.until_date) {
        // Stored half-open; on paper the last day is in it (BT-135).
        (Some(from), Some(until)) => {
            let last = frozen::date(until)?
                .yesterday()
                .map_err(|_| damaged("period"))?;
            Some((frozen::date(from)?, last))
        }
        (_, None) | (None, _) => None,
    };
    Ok(rules::Line {
        product: line.product.clone(),
        text: line.description.clone(),
        quantity: line.quantity,
        unit_price: Money::new(line.unit_price, currency),
        discount: Money::new(discount, currency),
        treatment: Treatment {
            category,
            rate,
            reason: words::reason(category),
            country: seller,
        },
        period,
    })
}

/// The document.
///
/// # Errors
/// The rows do not add up, or hold what nobody of us writes.
pub fn document(of: &Frozen) -> StoreResult<paper::Invoice> {
    let draft = draft(of)?;
    let totals = draft.totals().map_err(|refusal| {
        StoreError::Corrupt(format!("invoice {}: {}", of.invoice.id, refusal.message))
    })?;
    same_as_frozen(of, &totals)?;
    let language = language(&of.invoice.language);
    let issued = frozen::date(&of.invoice.issue_date)?;
    let due = frozen::date(&of.invoice.due_date)?;
    let is_credit_note = of.is_credit_note();
    let number = frozen::number(&of.invoice);
    let account = account(&of.seller).filter(|_| !is_credit_note);
    let taxes = taxes(&totals, country(&of.seller)?, language);
    let goods_leave = taxes
        .iter()
        .any(|tax| tax.vat.category == paper::Category::K);
    let is_french = of.seller.country == "FR";
    let buyer = party(&of.buyer, language);
    let periods: Vec<_> = draft.lines.iter().map(|line| line.period).collect();
    Ok(paper::Invoice {
        kind: match &draft.kind {
            rules::Kind::Invoice => paper::Kind::Invoice,
            rules::Kind::CreditNote { corrects, issued } => paper::Kind::CreditNote {
                corrects: corrects.clone(),
                issued: *issued,
            },
        },
        issued,
        due: (!is_credit_note).then_some(due),
        // What has no period is handed over when it is billed.
        supplied: periods.iter().any(Option::is_none).then_some(issued),
        period: whole_period(&periods),
        language,
        currency: paper_currency(draft.currency),
        home_vat: home_vat(is_french, draft.currency, totals.vat),
        delivery: goods_leave.then(|| paper::Delivery {
            name: None,
            address: buyer.address.clone(),
        }),
        buyer,
        buyer_reference: None,
        order: None,
        lines: lines(&draft, &totals),
        allowances: Vec::new(),
        taxes,
        totals: paper_totals(&totals, of.prepaid),
        payment: paper::Payment {
            terms: (!is_credit_note).then(|| words::terms(issued, due, account.as_ref(), language)),
            account,
            reference: (!is_credit_note).then(|| payment_reference(&number)),
        },
        notes: Vec::new(),
        french: is_french
            .then(|| words::french(nature(&of.lines), is_consumer(&of.buyer), language)),
        look: paper::Look {
            // A French seller's electronic address is its directory's; people still want to write.
            footer: if is_french {
                vec![of.seller.email.clone()]
            } else {
                Vec::new()
            },
            ..paper::Look::default()
        },
        seller: party(&of.seller, language),
        number,
    })
}

fn same_as_frozen(of: &Frozen, totals: &Totals) -> StoreResult<()> {
    let (reckoned, row) = (
        (totals.without_vat, totals.vat, totals.with_vat),
        &of.invoice,
    );
    let frozen = (row.net, row.vat, row.total);
    if (reckoned.0.minor(), reckoned.1.minor(), reckoned.2.minor()) == frozen {
        return Ok(());
    }
    Err(StoreError::Corrupt(format!(
        "invoice {} says {frozen:?}, and its lines come to {reckoned:?}",
        row.id
    )))
}

fn country(party: &Party) -> StoreResult<Country> {
    Country::parse(&party.country)
        .map_err(|_| StoreError::Corrupt(format!("party {} is in no country", party.id)))
}

/// The language of a stored word.
#[must_use]
pub fn language(word: &str) -> paper::Language {
    match word {
        "fr" => paper::Language::Fr,
        _ => paper::Language::En,
    }
}

fn paper_currency(currency: Currency) -> paper::Currency {
    paper::Currency {
        code: currency.to_string(),
        decimals: currency.decimals(),
    }
}

/// French law wants the VAT in euro too (BR-FR-CO-12). Without any VAT that is nothing; with some it takes a rate that nobody gave,
/// and the check of the document says so.
fn home_vat(is_french: bool, currency: Currency, vat: Money) -> Option<paper::HomeVat> {
    (is_french && currency != Currency::EUR && vat.is_zero()).then(|| paper::HomeVat {
        currency: paper_currency(Currency::EUR),
        amount: 0,
    })
}

/// From the first day of the first period to the last of the last, where everything is for a time.
fn whole_period(
    periods: &[Option<(jiff::civil::Date, jiff::civil::Date)>],
) -> Option<(jiff::civil::Date, jiff::civil::Date)> {
    let all: Vec<_> = periods.iter().copied().collect::<Option<Vec<_>>>()?;
    let first = all.iter().map(|(first, _)| *first).min()?;
    let last = all.iter().map(|(_, last)| *last).max()?;
    Some((first, last))
}

fn lines(draft: &Draft, totals: &Totals) -> Vec<paper::Line> {
    let both = draft.lines.iter().zip(&totals.lines);
    both.map(|(line, net)| paper::Line {
        text: line.text.clone(),
        description: None,
        quantity: line.quantity,
        unit: paper::Unit::Piece,
        unit_price: line.unit_price.minor(),
        discount: line.discount.minor(),
        discount_reason: None,
        net: net.minor(),
        vat: vat(line.treatment),
        period: line.period,
    })
    .collect()
}

fn taxes(totals: &Totals, seller: Country, language: paper::Language) -> Vec<paper::TaxTotal> {
    let rows = totals.categories.iter();
    rows.map(|row| paper::TaxTotal {
        vat: vat(row.treatment),
        base: row.base.minor(),
        amount: row.vat.minor(),
        exemption: row
            .treatment
            .reason
            .map(|reason| words::exemption(reason, seller, language)),
    })
    .collect()
}

fn vat(treatment: Treatment) -> paper::Vat {
    paper::Vat {
        category: match treatment.category {
            Category::S => paper::Category::S,
            Category::Z => paper::Category::Z,
            Category::E => paper::Category::E,
            Category::AE => paper::Category::AE,
            Category::K => paper::Category::K,
            Category::G => paper::Category::G,
            Category::O => paper::Category::O,
        },
        rate: u32::from(treatment.rate.hundredths()),
    }
}

fn paper_totals(totals: &Totals, prepaid: i64) -> paper::Totals {
    paper::Totals {
        lines: totals.line_sum.minor(),
        allowances: totals.allowances.minor(),
        without_vat: totals.without_vat.minor(),
        vat: totals.vat.minor(),
        with_vat: totals.with_vat.minor(),
        prepaid,
        due: totals.payable.minor(),
    }
}

fn account(seller: &Party) -> Option<paper::Account> {
    Some(paper::Account {
        iban: seller.iban.clone()?,
        bic: seller.bic.clone(),
        holder: seller.legal_name.clone(),
    })
}

/// What the payer writes: a creditor reference, which banks hand on unharmed (ISO 11649). A number too long for one stands for
/// itself.
#[must_use]
pub fn payment_reference(number: &str) -> String {
    Reference::of_number(number).map_or_else(|_| number.to_owned(), |made| made.as_str().to_owned())
}

/// What French law calls the nature of what is sold.
fn nature(lines: &[InvoiceLine]) -> paper::Nature {
    let goods = lines
        .iter()
        .filter(|line| line.product == "handset")
        .count();
    match goods {
        0 => paper::Nature::Services,
        some if some == lines.len() => paper::Nature::Goods,
        _ => paper::Nature::Mixed,
    }
}

/// A buyer with neither VAT id nor register. Whether an account is a business may change later; what is frozen does not.
fn is_consumer(buyer: &Party) -> bool {
    buyer.vat_id.is_none() && buyer.registration.is_none()
}

fn party(row: &Party, language: paper::Language) -> paper::Party {
    let tag = match language {
        paper::Language::En => "en",
        paper::Language::Fr => "fr",
    };
    let siren = siren(row);
    paper::Party {
        name: row.legal_name.clone(),
        address: paper::Address {
            lines: row.street.lines().map(str::to_owned).collect(),
            postcode: row.postcode.clone(),
            city: row.city.clone(),
            region: None,
            country: row.country.clone(),
            country_name: country_words::name(&row.country, tag).to_owned(),
        },
        vat_id: row.vat_id.clone(),
        endpoint: Some(match &siren {
            // The French directory knows companies by their SIREN.
            Some(siren) => paper::Endpoint {
                scheme: "0225".to_owned(),
                id: siren.clone(),
            },
            None => paper::Endpoint::mail(&row.email),
        }),
        registration: match siren {
            Some(id) => Some(paper::Registration {
                scheme: Some("0002".to_owned()),
                label: "SIREN".to_owned(),
                id,
            }),
            None => row.registration.clone().map(|id| paper::Registration {
                scheme: None,
                label: words::register(language).to_owned(),
                id,
            }),
        },
        legal: None,
    }
}

/// The SIREN of a French party: nine digits, or the first nine of a SIRET.
fn siren(row: &Party) -> Option<String> {
    let digits: String = row
        .registration
        .as_ref()?
        .chars()
        .filter(|character| !character.is_whitespace())
        .collect();
    let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
    (row.country == "FR" && is_number && matches!(digits.len(), 9 | 14))
        .then(|| digits.chars().take(9).collect())
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
