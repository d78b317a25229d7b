//! What each event of selling writes into the ledger. A document's transfers belong together under its id; the store
//! writes them in the transaction of the event.

use std::collections::BTreeMap;

use super::invoice::{Draft, Kind};
use super::ledger::{Account, Transfer};
use super::money::{Money, MoneyError};
use super::refusal::Refusal;

/// The transfers of an invoice, or of a credit note, about the billing account `buyer`: its net amounts from each
/// product's revenue, and its VAT from each country's and rate's.
///
/// # Errors
/// The document has no totals.
pub fn document(buyer: &str, draft: &Draft) -> Result<Vec<Transfer>, Refusal> {
    let totals = draft.totals()?;
    let mut products: BTreeMap<&str, Money> = BTreeMap::new();
    let nothing = Money::zero(draft.currency);
    let named = draft.lines.iter().map(|line| &line.product);
    let lowered = draft.allowances.iter().map(|allowance| &allowance.product);
    if let Some(product) = named
        .chain(lowered)
        .find(|product| product.is_empty() || product.contains(':'))
    {
        return Err(Refusal::new(
            "product-name",
            format!(
                "\"{product}\" cannot name an account of revenue. Use a product's id, which has no colon."
            ),
        ));
    }
    for (line, net) in draft.lines.iter().zip(&totals.lines) {
        let sum = products.entry(&line.product).or_insert(nothing);
        *sum = sum.plus(*net)?;
    }
    for allowance in &draft.allowances {
        let sum = products.entry(&allowance.product).or_insert(nothing);
        *sum = sum.minus(allowance.amount)?;
    }
    let revenue = products
        .into_iter()
        .map(|(product, net)| (Account::Revenue(product.to_owned()), net));
    let vat = totals.categories.iter().map(|total| {
        let account = Account::Vat(total.treatment.country, total.treatment.rate);
        (account, total.vat)
    });
    let mut transfers = Vec::new();
    for (account, amount) in revenue.chain(vat) {
        let receivable = Account::Receivable(buyer.to_owned());
        let transfer = match draft.kind {
            Kind::Invoice => Transfer::signed(receivable, account, amount)?,
            Kind::CreditNote { .. } => Transfer::signed(account, receivable, amount)?,
        };
        transfers.extend(transfer);
    }
    Ok(transfers)
}

/// What a credit note does to an invoice of which `open` was not paid: [`document`], and what the buyer had paid already
/// goes to the credit.
///
/// # Errors
/// The credit note has no totals, or is of another currency.
pub fn credit_note(buyer: &str, note: &Draft, open: Money) -> Result<Vec<Transfer>, Refusal> {
    let mut transfers = document(buyer, note)?;
    let paid = note.totals()?.with_vat.minus(open)?;
    if paid.is_positive() {
        transfers.push(Transfer::new(
            Account::Receivable(buyer.to_owned()),
            Account::Credit(buyer.to_owned()),
            paid,
        )?);
    }
    Ok(transfers)
}

/// A payment that came to a bank: what settles invoices, and what is left over and goes to the credit.
///
/// # Errors
/// A part is negative, both are nothing, or they are of two currencies.
pub fn payment(
    buyer: &str,
    bank: &str,
    to_invoices: Money,
    to_credit: Money,
) -> Result<Vec<Transfer>, Refusal> {
    if to_invoices.currency() != to_credit.currency() {
        return Err(MoneyError::Currencies(to_invoices.currency(), to_credit.currency()).into());
    }
    if to_invoices.is_zero() && to_credit.is_zero() {
        return Err(Refusal::new(
            "payment-nothing",
            "A payment of nothing settles nothing. Type the amount that arrived.",
        ));
    }
    let bank = Account::Bank(bank.to_owned());
    let parts = [
        (Account::Receivable(buyer.to_owned()), to_invoices),
        (Account::Credit(buyer.to_owned()), to_credit),
    ];
    parts
        .into_iter()
        .filter(|(_, amount)| !amount.is_zero())
        .map(|(account, amount)| Transfer::new(bank.clone(), account, amount))
        .collect()
}

/// Credit that settles an invoice. `available` is the credit that there is, with the limit that the buyer was granted;
/// the store's guarded row asks the same again (B19).
///
/// # Errors
/// The amount is not above zero, or more than is available.
pub fn use_credit(buyer: &str, amount: Money, available: Money) -> Result<Vec<Transfer>, Refusal> {
    enough(amount, available, "Top it up, or use less.")?;
    Ok(vec![Transfer::new(
        Account::Credit(buyer.to_owned()),
        Account::Receivable(buyer.to_owned()),
        amount,
    )?])
}

/// An invoice that is settled from prepaid credit at once.
///
/// # Errors
/// The document has no totals, or the credit does not reach.
pub fn prepaid(buyer: &str, draft: &Draft, available: Money) -> Result<Vec<Transfer>, Refusal> {
    let mut transfers = document(buyer, draft)?;
    let payable = draft.totals()?.payable;
    if payable.is_positive() {
        transfers.extend(use_credit(buyer, payable, available)?);
    }
    Ok(transfers)
}

/// Credit that is to be paid back: it is the buyer's no longer, and owed until [`paid_back`].
///
/// # Errors
/// The amount is not above zero, or more than the credit itself (a limit is not money).
pub fn refund(buyer: &str, amount: Money, credit: Money) -> Result<Vec<Transfer>, Refusal> {
    enough(amount, credit, "Pay back that much or less.")?;
    Ok(vec![Transfer::new(
        Account::Credit(buyer.to_owned()),
        Account::Refunds,
        amount,
    )?])
}

/// A refund that left the bank.
///
/// # Errors
/// The amount is not above zero.
pub fn paid_back(bank: &str, amount: Money) -> Result<Vec<Transfer>, Refusal> {
    Ok(vec![Transfer::new(
        Account::Refunds,
        Account::Bank(bank.to_owned()),
        amount,
    )?])
}

/// What of an invoice will never be paid. It is written off with its VAT; whether that can be had back is for a tax
/// adviser, and a credit note.
///
/// # Errors
/// The amount is not above zero, or more than is open.
pub fn write_off(buyer: &str, amount: Money, open: Money) -> Result<Vec<Transfer>, Refusal> {
    if amount.minus(open)?.is_positive() {
        return Err(Refusal::new(
            "write-off-more",
            format!("Only {open} is open. Write off that much or less."),
        ));
    }
    Ok(vec![Transfer::new(
        Account::WriteOffs,
        Account::Receivable(buyer.to_owned()),
        amount,
    )?])
}

/// What a buyer owes (positive), or has paid ahead (negative), from before the ledger.
///
/// # Errors
/// It is nothing.
pub fn opening(buyer: &str, owed: Money) -> Result<Vec<Transfer>, Refusal> {
    let account = if owed.is_negative() {
        Account::Credit(buyer.to_owned())
    } else {
        Account::Receivable(buyer.to_owned())
    };
    Ok(Transfer::signed(account, Account::Opening, owed)?
        .into_iter()
        .collect())
}

/// The transfers that take others back: a payment that the bank returned, a mistake.
#[must_use]
pub fn taken_back(transfers: &[Transfer]) -> Vec<Transfer> {
    transfers.iter().map(Transfer::back).collect()
}

fn enough(amount: Money, available: Money, advice: &str) -> Result<(), Refusal> {
    if amount.minus(available)?.is_positive() {
        return Err(Refusal::new(
            "credit-short",
            format!("The credit is {available}, and {amount} was asked for. {advice}"),
        ));
    }
    Ok(())
}

#[cfg(test)]
#[path = "tests/posting.rs"]
mod tests;
