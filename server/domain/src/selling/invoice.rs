//! What stands on an invoice or a credit note, and its totals as EN 16931-1 reckons them. BT and BG numbers are its
//! terms, BR numbers its rules.
//!
//! A draft is frozen as it is when the document is finalised: the document made in ten years is the same.

use jiff::civil::Date;

use super::currency::Currency;
use super::money::{Money, Rounding};
use super::refusal::Refusal;
use super::tax::{Category, Treatment};

/// What the document is (BT-3, UNTDID 1001).
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// 380: an invoice.
    Invoice,
    /// 381: a credit note; its amounts are positive, and it names what it corrects (BG-3).
    CreditNote {
        /// The number of the invoice.
        corrects: String,
        /// Its date of issue.
        issued: Date,
    },
}

impl Kind {
    /// The code of the document type.
    #[must_use]
    pub fn code(&self) -> u16 {
        match self {
            Self::Invoice => 380,
            Self::CreditNote { .. } => 381,
        }
    }
}

/// One line (BG-25).
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Line {
    /// What was sold, as the ledger's account of revenue names it.
    pub product: String,
    /// What was sold, as the buyer reads it (BT-153).
    pub text: String,
    /// How many (BT-129). Negative only where a part of something billed before is taken back in the same document, as
    /// a change of plan does; the price never is (BR-27).
    pub quantity: i64,
    /// The price of one, net (BT-146).
    pub unit_price: Money,
    /// What is taken off the line (BT-136), with the sign of the quantity.
    pub discount: Money,
    /// Its VAT (BT-151, BT-152).
    pub treatment: Treatment,
    /// First and last day that it is for (BT-134, BT-135).
    pub period: Option<(Date, Date)>,
}

impl Line {
    /// The net amount (BT-131): quantity times price, less the discount.
    ///
    /// # Errors
    /// The quantity is zero, the price negative, the discount of the other sign or more than the line, or an amount too
    /// large or of another currency.
    pub fn net(&self) -> Result<Money, Refusal> {
        if self.quantity == 0 || self.unit_price.is_negative() {
            return Err(Refusal::new(
                "line-quantity",
                format!(
                    "The line \"{}\" needs a quantity other than 0 and a price of 0 or more. Correct it, or leave it out.",
                    self.text
                ),
            ));
        }
        let gross = self.unit_price.times(self.quantity)?;
        let net = gross.minus(self.discount)?;
        let sign = self.quantity.signum();
        if self.discount.minor().signum() == -sign || net.minor().signum() == -sign {
            return Err(Refusal::new(
                "line-discount",
                format!(
                    "The discount of the line \"{}\" is more than the line. Use {gross} at most.",
                    self.text
                ),
            ));
        }
        Ok(net)
    }
}

/// Something taken off the whole document (BG-20).
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Allowance {
    /// What is taken off, as the ledger's account of revenue names it.
    pub product: String,
    /// Why (BT-97).
    pub reason: String,
    /// How much, net; not negative (BT-92).
    pub amount: Money,
    /// The VAT that it lowers (BT-95, BT-96).
    pub treatment: Treatment,
}

/// What stands on a document.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Draft {
    /// Invoice or credit note.
    pub kind: Kind,
    /// The currency of every amount (BT-5).
    pub currency: Currency,
    /// At least one line (BR-16).
    pub lines: Vec<Line>,
    /// What is taken off the whole.
    pub allowances: Vec<Allowance>,
    /// What was paid before the document was made (BT-113).
    pub prepaid: Money,
}

/// The VAT of one category and rate (BG-23).
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct CategoryTotal {
    /// Category, rate, reason and country (BT-118 to BT-121).
    pub treatment: Treatment,
    /// The sum of its lines' net amounts, less its allowances (BT-116).
    pub base: Money,
    /// The VAT on the base, rounded half up once (BT-117, BR-CO-17).
    pub vat: Money,
}

/// The totals of a document (BG-22, BG-23).
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Totals {
    /// The net amount of each line, in their order (BT-131).
    pub lines: Vec<Money>,
    /// The sum of the lines (BT-106, BR-CO-10).
    pub line_sum: Money,
    /// The sum of the allowances (BT-107, BR-CO-11).
    pub allowances: Money,
    /// Without VAT (BT-109, BR-CO-13).
    pub without_vat: Money,
    /// VAT by category and rate, the highest rate first within a category (BG-23, BR-CO-18).
    pub categories: Vec<CategoryTotal>,
    /// The VAT (BT-110, BR-CO-14).
    pub vat: Money,
    /// With VAT (BT-112, BR-CO-15).
    pub with_vat: Money,
    /// What is to be paid (BT-115, BR-CO-16).
    pub payable: Money,
}

impl Draft {
    /// An invoice over `lines`, with nothing taken off and nothing paid.
    #[must_use]
    pub fn invoice(currency: Currency, lines: Vec<Line>) -> Self {
        Self {
            kind: Kind::Invoice,
            currency,
            lines,
            allowances: Vec::new(),
            prepaid: Money::zero(currency),
        }
    }

    /// The totals.
    ///
    /// # Errors
    /// There is no line, a line or an allowance makes no sense, categories are mixed that may not be, amounts do not
    /// fit or are of another currency, or the whole is less than nothing.
    pub fn totals(&self) -> Result<Totals, Refusal> {
        if self.lines.is_empty() {
            return Err(Refusal::new(
                "invoice-empty",
                "There is nothing on this document. Add at least one line.",
            ));
        }
        if self
            .allowances
            .iter()
            .any(|allowance| allowance.amount.is_negative())
            || self.prepaid.is_negative()
        {
            return Err(Refusal::new(
                "invoice-negative",
                "What is taken off, or was paid before, cannot be less than nothing. Type it without a minus.",
            ));
        }
        let lines = self
            .lines
            .iter()
            .map(Line::net)
            .collect::<Result<Vec<Money>, Refusal>>()?;
        let line_sum = Money::sum(self.currency, lines.iter().copied())?;
        let allowances = Money::sum(
            self.currency,
            self.allowances.iter().map(|allowance| allowance.amount),
        )?;
        let categories = self.categories(&lines)?;
        let without_vat = line_sum.minus(allowances)?;
        let vat = Money::sum(self.currency, categories.iter().map(|total| total.vat))?;
        let with_vat = without_vat.plus(vat)?;
        if without_vat.is_negative() || with_vat.is_negative() {
            let what = match self.kind {
                Kind::Invoice => "Write a credit note over the difference instead.",
                Kind::CreditNote { .. } => "Write an invoice over the difference instead.",
            };
            return Err(Refusal::new(
                "invoice-negative",
                format!("This document comes to {with_vat}, which is less than nothing. {what}"),
            ));
        }
        Ok(Totals {
            lines,
            line_sum,
            allowances,
            without_vat,
            categories,
            vat,
            with_vat,
            payable: with_vat.minus(self.prepaid)?,
        })
    }

    /// Bases and VAT by category and rate.
    fn categories(&self, lines: &[Money]) -> Result<Vec<CategoryTotal>, Refusal> {
        let mut totals: Vec<CategoryTotal> = Vec::new();
        let mut add = |treatment: Treatment, amount: Money| -> Result<(), Refusal> {
            check(treatment)?;
            let same = totals.iter_mut().find(|total| {
                (total.treatment.category, total.treatment.rate)
                    == (treatment.category, treatment.rate)
            });
            match same {
                // One category and rate is one row of the document, so it must be one country's.
                Some(total) if total.treatment != treatment => Err(mixed(
                    "VAT of two countries, or for two reasons, at one rate",
                )),
                Some(total) => {
                    total.base = total.base.plus(amount)?;
                    Ok(())
                }
                None => {
                    totals.push(CategoryTotal {
                        treatment,
                        base: amount,
                        vat: Money::zero(self.currency),
                    });
                    Ok(())
                }
            }
        };
        for (line, net) in self.lines.iter().zip(lines) {
            add(line.treatment, *net)?;
        }
        for allowance in &self.allowances {
            add(allowance.treatment, allowance.amount.opposite()?)?;
        }
        // BR-O-11 to BR-O-14: what is not subject to VAT stands alone.
        if totals.len() > 1
            && totals
                .iter()
                .any(|total| total.treatment.category == Category::O)
        {
            return Err(mixed("What is not subject to VAT, and what is"));
        }
        for total in &mut totals {
            total.vat = total.base.mul_ratio(
                i64::from(total.treatment.rate.hundredths()),
                10_000,
                Rounding::HalfUp,
            )?;
        }
        totals.sort_by_key(|total| {
            (
                total.treatment.category,
                std::cmp::Reverse(total.treatment.rate),
            )
        });
        Ok(totals)
    }
}

/// S has a rate above zero (BR-S-05); every other category has the rate zero (BR-Z-05, BR-E-05, BR-AE-05, BR-IC-05,
/// BR-G-05, BR-O-05), and a reason if it is exempt (BR-AE-10 and the like).
fn check(treatment: Treatment) -> Result<(), Refusal> {
    let taxed = treatment.category == Category::S;
    let silent = matches!(treatment.category, Category::S | Category::Z);
    if taxed == treatment.rate.is_zero() || silent == treatment.reason.is_some() {
        return Err(Refusal::new(
            "vat-category",
            format!(
                "VAT category {} does not go with a rate of {} %{}. Choose the category anew.",
                treatment.category.as_str(),
                treatment.rate,
                if treatment.reason.is_some() {
                    " and a reason"
                } else {
                    " without a reason"
                }
            ),
        ));
    }
    Ok(())
}

fn mixed(what: &str) -> Refusal {
    Refusal::new(
        "vat-mixed",
        format!("{what} cannot stand on one document. Write two."),
    )
}

#[cfg(test)]
#[path = "tests/invoice.rs"]
mod tests;
