//! Invoices and credit notes: what stands on them (`document`), whether it is complete and adds up (`check`), and the
//! three writers: `cii` and `ubl` for machines, `pdf` for people, with the CII inside (Factur-X).
//!
//! Nothing here decides an amount. What comes in is printed as it is, or refused.

mod check;
pub mod cii;
mod document;
mod limits;
pub mod pdf;
pub mod ubl;
mod xml;

pub use check::Faults;
pub use document::{
    Account, Address, Allowance, Category, Currency, Delivery, Endpoint, Exemption, French,
    HomeVat, Invoice, Kind, Language, Line, Look, Nature, Note, Party, Payment, Registration,
    TaxTotal, Totals, Unit, Vat,
};

/// The specification that both XML forms say they follow (BT-24).
const GUIDELINE: &str = "urn:cen.eu:en16931:2017";

impl Invoice {
    /// The notes with those of French law.
    pub(crate) fn all_notes(&self) -> Vec<Note> {
        let note = |subject: &str, text: &str| Note {
            subject: Some(subject.to_owned()),
            text: text.to_owned(),
        };
        let mut notes = self.notes.clone();
        if let Some(french) = &self.french {
            notes.push(note("PMT", &french.recovery));
            notes.push(note("PMD", &french.penalties));
            notes.push(note("AAB", &french.early_payment));
        }
        notes
    }

    /// BR-O-02 and the like: a document that is not subject to VAT carries no VAT id.
    fn shows_vat_ids(&self) -> bool {
        !self.taxes.iter().any(|tax| tax.vat.category == Category::O)
    }

    fn vat_on_debits(&self) -> bool {
        self.french.as_ref().is_some_and(|french| french.on_debits)
    }

    /// UNTDID 4461: a SEPA transfer in euro, a transfer in anything else.
    fn means_code(&self) -> &'static str {
        if self.currency.code == "EUR" {
            "58"
        } else {
            "30"
        }
    }

    /// BR-42 and BR-44: an allowance or a charge of a line has a reason.
    fn discount_reason<'a>(&self, line: &'a Line) -> &'a str {
        match (&line.discount_reason, self.language) {
            (Some(reason), _) => reason,
            (None, Language::En) => "Discount",
            (None, Language::Fr) => "Remise",
        }
    }
}
