//! Whether a document is complete and adds up, by the rules of EN 16931 (BR numbers). What does not is never written.

use super::document::{Category, Invoice, Kind, Line, Party, TaxTotal, Vat};

/// Why a document cannot be written: one sentence for each fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("This document cannot be written. {}", .0.join(" "))]
pub struct Faults(pub Vec<String>);

impl Invoice {
    /// Finds everything that is missing or does not add up.
    ///
    /// # Errors
    /// See [`Faults`].
    pub fn check(&self) -> Result<(), Faults> {
        let mut faults = Vec::new();
        self.names(&mut faults);
        self.lengths(&mut faults);
        self.dates(&mut faults);
        self.positions(&mut faults);
        self.vat(&mut faults);
        self.home_vat(&mut faults);
        self.sums(&mut faults);
        self.paying(&mut faults);
        if faults.is_empty() {
            Ok(())
        } else {
            Err(Faults(faults))
        }
    }

    fn names(&self, faults: &mut Vec<String>) {
        missing(
            faults,
            &self.number,
            "The document has no number (BR-02). Draw one from its series.",
        );
        missing(
            faults,
            &self.seller.name,
            "The seller has no name (BR-06). Enter it.",
        );
        missing(
            faults,
            &self.buyer.name,
            "The buyer has no name (BR-07). Enter it.",
        );
        for (who, party) in [("seller", &self.seller), ("buyer", &self.buyer)] {
            country(faults, who, &party.address.country);
            if party.address.lines.len() > 3 {
                faults.push(format!(
                    "The {who}'s street takes more than three lines. Shorten it."
                ));
            }
        }
        if let Some(delivery) = &self.delivery {
            country(faults, "delivery's address", &delivery.address.country);
        }
        // What is not subject to VAT shows no VAT id (BR-O-02), so that the register alone is left to tell who sells.
        let shown_vat_id = self.seller.vat_id.as_ref().filter(|_| self.shows_vat_ids());
        if shown_vat_id.is_none() && self.seller.registration.is_none() {
            faults.push(
                "The seller has no entry in a register, and no VAT id that this document shows (BR-CO-26). Enter one."
                    .to_owned(),
            );
        }
        if self.currency.code.len() != 3 || self.currency.decimals > 2 {
            faults.push(format!(
                "Amounts in \"{}\" with {} decimals do not fit an electronic invoice, which knows two at most (BR-DEC). \
                 Bill in another currency.",
                self.currency.code, self.currency.decimals
            ));
        }
        if let Kind::CreditNote { corrects, .. } = &self.kind {
            missing(
                faults,
                corrects,
                "The credit note does not say which invoice it corrects (BR-55). Name it.",
            );
        }
        if self.french.is_some()
            && !self.seller.registration.as_ref().is_some_and(|entry| {
                entry.scheme.as_deref() == Some("0002") && is_digits(&entry.id, 9)
            })
        {
            faults.push(
                "A French seller's SIREN of nine digits is missing (BR-FR-10). Enter it as its registration.".to_owned(),
            );
        }
    }

    fn dates(&self, faults: &mut Vec<String>) {
        let periods = self.lines.iter().filter_map(|line| line.period);
        if periods.chain(self.period).any(|(first, last)| last < first) {
            faults.push(
                "A period ends before it begins (BR-29, BR-30). Correct its days.".to_owned(),
            );
        }
        if self.supplied.is_none()
            && self.period.is_none()
            && self.lines.iter().any(|line| line.period.is_none())
        {
            faults.push(
                "It does not say when the supply was made. Give a date or a period.".to_owned(),
            );
        }
    }

    fn positions(&self, faults: &mut Vec<String>) {
        if self.lines.is_empty() {
            faults.push(
                "There is nothing on this document (BR-16). Add at least one line.".to_owned(),
            );
        }
        for (index, line) in self.lines.iter().enumerate() {
            let at = index + 1;
            missing(
                faults,
                &line.text,
                &format!("Line {at} does not say what was sold (BR-25). Name it."),
            );
            if line.quantity == 0 || line.unit_price < 0 {
                faults.push(format!(
                    "Line {at} needs a quantity other than 0 and a price of 0 or more (BR-22, BR-27)."
                ));
            }
            if line.discount.signum() == -line.quantity.signum() {
                faults.push(format!(
                    "The discount of line {at} has the wrong sign. Give it the quantity's."
                ));
            }
            if net(line) != Some(line.net) {
                faults.push(format!(
                    "Line {at}: quantity times price less discount is not its net amount. Reckon it anew."
                ));
            }
        }
        if self.allowances.iter().any(|allowance| allowance.amount < 0) {
            faults.push("What is taken off the whole cannot be less than nothing.".to_owned());
        }
    }

    fn vat(&self, faults: &mut Vec<String>) {
        for tax in &self.taxes {
            self.tax(tax, faults);
        }
        for (index, tax) in self.taxes.iter().enumerate() {
            if self.taxes[..index].iter().any(|other| other.vat == tax.vat) {
                faults.push(format!(
                    "VAT {} is there twice. Add both up.",
                    words(tax.vat)
                ));
            }
        }
        let used = self.lines.iter().map(|line| line.vat);
        for vat in used.chain(self.allowances.iter().map(|allowance| allowance.vat)) {
            if !self.taxes.iter().any(|tax| tax.vat == vat) {
                let fault = format!(
                    "VAT {} is used and has no row (BR-CO-18). Add it.",
                    words(vat)
                );
                if !faults.contains(&fault) {
                    faults.push(fault);
                }
            }
        }
        let uses = |category| self.taxes.iter().any(|tax| tax.vat.category == category);
        if uses(Category::O) && self.taxes.len() > 1 {
            faults.push(
                "What is not subject to VAT stands beside what is (BR-O-11). Write two documents."
                    .to_owned(),
            );
        }
        for category in [
            Category::S,
            Category::Z,
            Category::E,
            Category::AE,
            Category::K,
            Category::G,
        ] {
            if uses(category) && self.seller.vat_id.is_none() {
                faults.push(format!(
                    "VAT category {} needs the seller's VAT id (BR-{}-02). Enter it.",
                    category.code(),
                    category.code()
                ));
            }
        }
        if uses(Category::AE) && self.buyer.vat_id.is_none() {
            faults
                .push("A reverse charge needs the buyer's VAT id (BR-AE-02). Enter it.".to_owned());
        }
        if uses(Category::K) && (self.buyer.vat_id.is_none() || self.delivery.is_none()) {
            faults.push(
                "Goods to another member state need the buyer's VAT id and the address that they go to (BR-IC-02, \
                 BR-IC-12). Enter both."
                    .to_owned(),
            );
        }
    }

    /// The VAT in the seller's own currency (BT-111) is there where the law wants it, and says the same.
    fn home_vat(&self, faults: &mut Vec<String>) {
        let Some(home) = &self.home_vat else {
            if self.french.is_some() && self.currency.code != "EUR" {
                faults.push(
                    "A French invoice in another currency states its VAT in euro too (BR-FR-CO-12). Add it.".to_owned(),
                );
            }
            return;
        };
        if home.currency.code == self.currency.code || home.currency.decimals > 2 {
            faults.push(
                "The VAT in the seller's own currency is in the document's, or in one with more than two decimals \
                 (BR-53). Leave it out, or correct it."
                    .to_owned(),
            );
        }
        if home.amount.signum() != self.totals.vat.signum() {
            faults.push(
                "The VAT in the seller's own currency is nothing where the document's is something, or the other way \
                 round. Reckon it anew."
                    .to_owned(),
            );
        }
    }

    fn tax(&self, tax: &TaxTotal, faults: &mut Vec<String>) {
        let name = words(tax.vat);
        if (tax.vat.category == Category::S) == (tax.vat.rate == 0) {
            faults.push(format!(
                "VAT category and rate do not go together: {name}. Choose the category anew."
            ));
        }
        if tax.vat.category.needs_reason() != tax.exemption.is_some() {
            faults.push(format!(
                "VAT {name} needs {} (BR-{}-10).",
                if tax.exemption.is_some() {
                    "no reason"
                } else {
                    "a reason"
                },
                tax.vat.category.code()
            ));
        }
        let lines = self
            .lines
            .iter()
            .filter(|line| line.vat == tax.vat)
            .map(|line| line.net);
        let off = self.allowances.iter().filter(|off| off.vat == tax.vat);
        let base = sum(lines.chain(off.map(|off| -off.amount)));
        if base != Some(tax.base) {
            faults.push(format!(
                "The base of VAT {name} is not the sum of its lines (BR-S-08). Reckon it anew."
            ));
        }
        if half_up(tax.base, tax.vat.rate) != Some(tax.amount) {
            faults.push(format!(
                "The VAT of {name} is not its base times its rate (BR-CO-17). Reckon it anew."
            ));
        }
    }

    fn sums(&self, faults: &mut Vec<String>) {
        let totals = &self.totals;
        let lines = sum(self.lines.iter().map(|line| line.net));
        let allowances = sum(self.allowances.iter().map(|off| off.amount));
        let vat = sum(self.taxes.iter().map(|tax| tax.amount));
        let rules = [
            (lines, totals.lines, "the sum of the lines (BR-CO-10)"),
            (
                allowances,
                totals.allowances,
                "the sum of what is taken off (BR-CO-11)",
            ),
            (
                totals.lines.checked_sub(totals.allowances),
                totals.without_vat,
                "the total without VAT (BR-CO-13)",
            ),
            (vat, totals.vat, "the VAT (BR-CO-14)"),
            (
                totals.without_vat.checked_add(totals.vat),
                totals.with_vat,
                "the total with VAT (BR-CO-15)",
            ),
            (
                totals.with_vat.checked_sub(totals.prepaid),
                totals.due,
                "what is to be paid (BR-CO-16)",
            ),
        ];
        for (reckoned, written, what) in rules {
            if reckoned != Some(written) {
                faults.push(format!(
                    "The document does not add up: {what}. Reckon it anew."
                ));
            }
        }
        if totals.without_vat < 0 || totals.with_vat < 0 || totals.prepaid < 0 {
            faults.push(
                "A sum is less than nothing. Write the other kind of document instead.".to_owned(),
            );
        }
    }

    fn paying(&self, faults: &mut Vec<String>) {
        if self.totals.due > 0
            && !self.kind.is_credit_note()
            && self.due.is_none()
            && self.payment.terms.is_none()
        {
            faults.push("It does not say when to pay (BR-CO-25). Give a date or terms.".to_owned());
        }
        if let Some(account) = &self.payment.account
            && !(15..=34).contains(&account.iban.len())
        {
            faults.push("The IBAN to pay into is not one (BR-50). Type it anew.".to_owned());
        }
    }
}

impl Party {
    /// Whether it sits in France.
    #[must_use]
    pub fn is_french(&self) -> bool {
        self.address.country == "FR"
    }
}

fn missing(faults: &mut Vec<String>, text: &str, fault: &str) {
    if text.trim().is_empty() {
        faults.push(fault.to_owned());
    }
}

fn country(faults: &mut Vec<String>, whose: &str, code: &str) {
    if code.len() != 2 || !code.bytes().all(|byte| byte.is_ascii_uppercase()) {
        faults.push(format!(
            "The {whose} has no country (BR-09, BR-11, BR-57). Choose one."
        ));
    }
}

fn is_digits(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn words(vat: Vat) -> String {
    format!(
        "{} at {}.{:02} %",
        vat.category.code(),
        vat.rate / 100,
        vat.rate % 100
    )
}

fn net(line: &Line) -> Option<i64> {
    line.unit_price
        .checked_mul(line.quantity)?
        .checked_sub(line.discount)
}

fn sum(amounts: impl Iterator<Item = i64>) -> Option<i64> {
    amounts.into_iter().try_fold(0_i64, i64::checked_add)
}

/// A base times a rate in hundredths of a percent, rounded half away from zero.
fn half_up(base: i64, rate: u32) -> Option<i64> {
    let product = i128::from(base) * i128::from(rate);
    let half = 5_000 * product.signum();
    i64::try_from((product + half) / 10_000).ok()
}

#[cfg(test)]
#[path = "tests/check.rs"]
mod tests;
