//! How much fits on paper. What is longer belongs into a contract, and would push the figures off the page.

use super::document::{Address, Invoice, Party};

/// Characters of a name, a number or a reason.
const SHORT: usize = 200;

/// Characters of a text.
const LONG: usize = 2_000;

/// Line feeds of a text.
const BREAKS: usize = 40;

/// Allowances, and rows of VAT.
const ROWS: usize = 12;

/// Lines of the seller's own at the foot.
const FOOTER: usize = 4;

impl Invoice {
    /// Adds a sentence for everything that is too long.
    pub(super) fn lengths(&self, faults: &mut Vec<String>) {
        short(faults, "The number", &self.number);
        for (who, party) in [("seller", &self.seller), ("buyer", &self.buyer)] {
            party_fits(faults, who, party);
        }
        if let Some(delivery) = &self.delivery {
            short(
                faults,
                "The delivery's name",
                delivery.name.as_deref().unwrap_or_default(),
            );
            address_fits(faults, "delivery", &delivery.address);
        }
        let optional = [
            &self.buyer_reference,
            &self.order,
            &self.payment.reference,
            &self.look.logo,
        ];
        for text in optional.into_iter().flatten() {
            short(faults, "A reference, or the logo,", text);
        }
        if let Some(account) = &self.payment.account {
            short(faults, "The account's holder", &account.holder);
        }
        for (index, line) in self.lines.iter().enumerate() {
            let name = format!("The text of line {}", index + 1);
            long(faults, &name, &line.text);
            long(
                faults,
                &name,
                line.description.as_deref().unwrap_or_default(),
            );
            short(
                faults,
                &name,
                line.discount_reason.as_deref().unwrap_or_default(),
            );
        }
        for off in &self.allowances {
            short(faults, "The reason of an allowance", &off.reason);
        }
        for reason in self.taxes.iter().filter_map(|tax| tax.exemption.as_ref()) {
            short(faults, "The reason why no VAT is charged", &reason.text);
        }
        short(
            faults,
            "The terms of payment",
            self.payment.terms.as_deref().unwrap_or_default(),
        );
        for note in self.all_notes() {
            long(faults, "A note", &note.text);
        }
        if self.allowances.len() > ROWS || self.taxes.len() > ROWS {
            faults.push(format!(
                "More than {ROWS} allowances or rows of VAT do not fit. Write two documents."
            ));
        }
        if self.look.footer.len() > FOOTER {
            faults.push(format!(
                "The foot of a page has room for {FOOTER} lines. Leave some out."
            ));
        }
    }
}

fn party_fits(faults: &mut Vec<String>, who: &str, party: &Party) {
    short(faults, &format!("The {who}'s name"), &party.name);
    let entry = party.registration.as_ref().map(|entry| entry.id.as_str());
    let endpoint = party.endpoint.as_ref().map(|endpoint| endpoint.id.as_str());
    let optional = [
        party.vat_id.as_deref(),
        entry,
        endpoint,
        party.legal.as_deref(),
    ];
    for text in optional.into_iter().flatten() {
        short(faults, &format!("A number or address of the {who}"), text);
    }
    address_fits(faults, who, &party.address);
}

fn address_fits(faults: &mut Vec<String>, who: &str, address: &Address) {
    let region = address.region.as_deref().unwrap_or_default();
    let rest = [
        address.postcode.as_str(),
        &address.city,
        region,
        &address.country_name,
    ];
    for text in address.lines.iter().map(String::as_str).chain(rest) {
        short(faults, &format!("A line of the {who}'s address"), text);
    }
}

fn short(faults: &mut Vec<String>, what: &str, text: &str) {
    if text.chars().count() > SHORT || text.contains('\n') {
        faults.push(format!(
            "{what} is longer than {SHORT} characters, or than a line. Shorten it."
        ));
    }
}

fn long(faults: &mut Vec<String>, what: &str, text: &str) {
    if text.chars().count() > LONG || text.matches('\n').count() > BREAKS {
        faults.push(format!(
            "{what} is longer than {LONG} characters or {BREAKS} lines. Shorten it."
        ));
    }
}
