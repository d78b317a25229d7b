//! Statements of banks: CAMT.053 of ISO 20022, versions .001.02 and later. Reads what a stranger wrote: strict where
//! money is concerned, and it never panics.

mod amount;
mod read;
mod xml;

use jiff::civil::Date;

pub use read::{Decimals, read};

/// Why a file was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StatementError {
    /// Bytes that are no UTF-8.
    #[error("this file is not written in UTF-8; ask the bank for CAMT.053 as ISO 20022 defines it")]
    NotUtf8,
    /// No well-formed XML.
    #[error("this file is not well-formed XML; download it from the bank again")]
    NotXml,
    /// A document type, or entities of its own.
    #[error(
        "this file brings a document type or entities of its own, which no statement needs; it is not read"
    )]
    Entities,
    /// Not a CAMT.053 document.
    #[error(
        "this is not a bank statement in the format CAMT.053; choose that format where the bank offers downloads"
    )]
    NotCamt,
    /// Beyond a bound.
    #[error("this file is beyond what a statement can be ({0}); download a shorter span of time")]
    TooLarge(&'static str),
    /// Something that must be there is not.
    #[error("{place} has no {what}; download the statement again, or ask the bank")]
    Missing {
        /// Where in the file.
        place: String,
        /// What.
        what: &'static str,
    },
    /// Something that cannot be read.
    #[error(
        "{place}: its {what} cannot be read: \"{text}\"; download the statement again, or ask the bank"
    )]
    Unreadable {
        /// Where in the file.
        place: String,
        /// What.
        what: &'static str,
        /// How it is written.
        text: String,
    },
    /// Opening balance and entries are not the closing balance.
    #[error(
        "statement {id} does not add up: from its opening balance its entries lead to {reckoned} (minor units of \
         {currency}), and it closes with {closing}; download it whole"
    )]
    DoesNotAddUp {
        /// The statement.
        id: String,
        /// The currency of the account.
        currency: String,
        /// What opening and entries come to.
        reckoned: i64,
        /// What the statement says.
        closing: i64,
    },
}

/// One statement of one account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// The bank's identification of it.
    pub id: String,
    /// The bank's running number, where it counts.
    pub number: Option<String>,
    /// When the bank made it, as it is written there.
    pub created: Option<String>,
    /// First and last day that it covers.
    pub from: Option<Date>,
    /// See `from`.
    pub to: Option<Date>,
    /// The account's IBAN, without spaces.
    pub iban: Option<String>,
    /// The account's number where it has no IBAN.
    pub other_account: Option<String>,
    /// The account's currency.
    pub currency: Option<String>,
    /// Booked at the beginning.
    pub opening: Option<Balance>,
    /// Booked at the end.
    pub closing: Option<Balance>,
    /// In the order of the file.
    pub entries: Vec<Entry>,
}

/// A balance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Balance {
    /// Minor units; negative is a debt.
    pub minor: i64,
    /// Its currency.
    pub currency: String,
    /// Its day.
    pub date: Option<Date>,
}

/// Whether money came or went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// It came.
    Credit,
    /// It went.
    Debit,
}

/// How firm an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Booked: counts.
    Booked,
    /// Announced: does not count yet.
    Pending,
    /// For information, or something that only this bank knows: does not count.
    Other,
}

/// One entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Minor units; never negative.
    pub minor: i64,
    /// Its currency.
    pub currency: String,
    /// Credit or debit.
    pub direction: Direction,
    /// It takes back an earlier one. `direction` already says which way the money goes.
    pub reversal: bool,
    /// How firm it is.
    pub status: Status,
    /// When it was booked.
    pub booked: Option<Date>,
    /// When it takes effect.
    pub value: Option<Date>,
    /// The bank's own reference (AcctSvcrRef): what makes the entry known again.
    pub bank_reference: Option<String>,
    /// The reference of the entry (NtryRef).
    pub reference: Option<String>,
    /// What the bank adds in words.
    pub information: Option<String>,
    /// The transactions in it: several if the bank booked a batch, none if it tells nothing.
    pub details: Vec<Detail>,
}

/// One transaction of an entry.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Detail {
    /// Minor units and currency, if it has an amount of its own.
    pub amount: Option<(i64, String)>,
    /// Credit or debit, if it says so itself.
    pub direction: Option<Direction>,
    /// The bank's reference.
    pub bank_reference: Option<String>,
    /// The payer's end-to-end id, unless it is NOTPROVIDED.
    pub end_to_end: Option<String>,
    /// The transaction's id.
    pub transaction: Option<String>,
    /// Who sent it.
    pub debtor: Option<String>,
    /// From which account.
    pub debtor_iban: Option<String>,
    /// Who gets it.
    pub creditor: Option<String>,
    /// On which account.
    pub creditor_iban: Option<String>,
    /// Structured creditor references.
    pub references: Vec<String>,
    /// What the payer wrote, line by line.
    pub texts: Vec<String>,
    /// Why a transfer came back (ISO 20022 reason code).
    pub return_reason: Option<String>,
}

impl Entry {
    /// Minor units with the sign of the balance that they change.
    #[must_use]
    pub fn signed(&self) -> i64 {
        match self.direction {
            Direction::Credit => self.minor,
            Direction::Debit => -self.minor,
        }
    }
}

impl Statement {
    /// Whether the opening balance and the booked entries lead to the closing balance. A statement that does not say
    /// both is taken as it is.
    ///
    /// # Errors
    /// They do not, or the sum is beyond every amount.
    pub fn check(&self) -> Result<(), StatementError> {
        let (Some(opening), Some(closing)) = (&self.opening, &self.closing) else {
            return Ok(());
        };
        let booked = self
            .entries
            .iter()
            .filter(|entry| entry.status == Status::Booked);
        let same = booked
            .clone()
            .all(|entry| entry.currency == closing.currency);
        let reckoned = booked
            .map(Entry::signed)
            .try_fold(opening.minor, i64::checked_add)
            .filter(|_| same && opening.currency == closing.currency);
        if reckoned == Some(closing.minor) {
            return Ok(());
        }
        Err(StatementError::DoesNotAddUp {
            id: self.id.clone(),
            currency: closing.currency.clone(),
            reckoned: reckoned.unwrap_or(opening.minor),
            closing: closing.minor,
        })
    }
}

#[cfg(test)]
mod tests;
