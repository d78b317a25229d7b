//! Credit notes: the whole of an invoice, or a part of it (B21). Amounts are positive, the type is 381, and the
//! original is named.

use jiff::civil::Date;

use super::invoice::{Draft, Kind, Line};
use super::money::Money;
use super::refusal::Refusal;

/// A finalised invoice that is to be corrected.
#[derive(Debug, Clone, Copy)]
pub struct Original<'a> {
    /// What stands on it.
    pub draft: &'a Draft,
    /// Its number.
    pub number: &'a str,
    /// Its date of issue.
    pub issued: Date,
    /// The credit notes that were written about it before.
    pub credited: &'a [Draft],
}

/// A part of one line to be credited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// The line's place on the invoice, from 0.
    pub line: usize,
    /// How much of it, net.
    pub net: Money,
    /// What the buyer reads; the line's own words if empty.
    pub text: String,
}

/// A credit note over the whole invoice: the same lines and allowances.
///
/// # Errors
/// It is a credit note itself, or was credited in part before: then its rest is credited in parts.
pub fn whole(original: &Original<'_>) -> Result<Draft, Refusal> {
    let kind = corrects(original)?;
    if !original.credited.is_empty() {
        return Err(Refusal::new(
            "credit-again",
            format!(
                "Invoice {} was credited in part already. Credit what is left of its lines.",
                original.number
            ),
        ));
    }
    Ok(Draft {
        kind,
        prepaid: Money::zero(original.draft.currency),
        ..original.draft.clone()
    })
}

/// A credit note over parts of lines, each as one of its net amount, at the VAT of its line.
///
/// VAT is rounded on each document by itself (BR-CO-17), so that several partial credit notes may come to a cent more
/// or less of VAT than the invoice; the last cent is written off.
///
/// # Errors
/// A part names no line, is not above zero, or is more than is left of the invoice at that VAT; or the original is a
/// credit note itself.
pub fn of_parts(original: &Original<'_>, parts: &[Part]) -> Result<Draft, Refusal> {
    let kind = corrects(original)?;
    let mut lines = Vec::with_capacity(parts.len());
    for part in parts {
        let line = original.draft.lines.get(part.line).ok_or_else(|| {
            Refusal::new(
                "credit-line",
                format!(
                    "Invoice {} has no line {}. Choose one of its lines.",
                    original.number,
                    part.line.saturating_add(1)
                ),
            )
        })?;
        if !part.net.is_positive() {
            return Err(Refusal::new(
                "credit-nothing",
                "What is credited must be more than nothing. Type an amount, without a minus.",
            ));
        }
        lines.push(Line {
            text: if part.text.is_empty() {
                line.text.clone()
            } else {
                part.text.clone()
            },
            quantity: 1,
            unit_price: part.net,
            discount: Money::zero(original.draft.currency),
            ..line.clone()
        });
    }
    let draft = Draft {
        kind,
        lines,
        ..Draft::invoice(original.draft.currency, Vec::new())
    };
    check_left(original, &draft)?;
    Ok(draft)
}

/// What is left to credit, net, of the VAT category and rate of the line at `line`.
///
/// # Errors
/// There is no such line, or the original has no totals.
pub fn left(original: &Original<'_>, line: usize) -> Result<Money, Refusal> {
    let currency = original.draft.currency;
    let Some(treatment) = original.draft.lines.get(line).map(|line| line.treatment) else {
        return Ok(Money::zero(currency));
    };
    let base = |draft: &Draft| -> Result<Money, Refusal> {
        Ok(draft
            .totals()?
            .categories
            .into_iter()
            .find(|total| total.treatment == treatment)
            .map_or(Money::zero(currency), |total| total.base))
    };
    let mut left = base(original.draft)?;
    for credited in original.credited {
        left = left.minus(base(credited)?)?;
    }
    Ok(left)
}

/// No category may be credited beyond what the invoice charged in it.
fn check_left(original: &Original<'_>, draft: &Draft) -> Result<(), Refusal> {
    for total in draft.totals()?.categories {
        let line = original
            .draft
            .lines
            .iter()
            .position(|line| line.treatment == total.treatment);
        let left = match line {
            Some(line) => left(original, line)?,
            None => Money::zero(draft.currency),
        };
        if total.base.minus(left)?.is_positive() {
            return Err(Refusal::new(
                "credit-more",
                format!(
                    "Only {left} of invoice {} is left to credit at {} % VAT. Credit that much or less.",
                    original.number, total.treatment.rate
                ),
            ));
        }
    }
    Ok(())
}

fn corrects(original: &Original<'_>) -> Result<Kind, Refusal> {
    match original.draft.kind {
        Kind::Invoice => Ok(Kind::CreditNote {
            corrects: original.number.to_owned(),
            issued: original.issued,
        }),
        Kind::CreditNote { .. } => Err(Refusal::new(
            "credit-of-credit",
            format!(
                "{} is a credit note and cannot be credited. Write a new invoice instead.",
                original.number
            ),
        )),
    }
}

#[cfg(test)]
#[path = "tests/credit_note.rs"]
mod tests;
