//! Payments: the list, one of them, entering one, bank statements, providers, and what is done with a buyer's money.

mod bank;
mod credit;
mod list;
mod money;
mod new;
mod one;
mod provider;

pub use bank::{Bank, Entry, Statement, StatementLine};
pub use credit::{Credit, Line};
pub use list::{Payments, Row, State};
pub use money::{Money, Owed};
pub use new::NewPayment;
pub use one::Payment;
pub use provider::{Provider, Secret};

use askama::Template;

use super::Frame;

/// Every page of this room with sample data.
#[must_use]
pub fn samples(frame: &Frame) -> Vec<super::gallery::Sample> {
    let page = |name: &str, markup: Result<String, askama::Error>| (name.to_owned(), markup);
    vec![
        page("payments", Payments::sample(frame).render()),
        page("payments-empty", Payments::empty(frame).render()),
        page("payment", Payment::sample(frame).render()),
        page("payment-refund", Payment::refund(frame).render()),
        page("payment-new", NewPayment::sample(frame).render()),
        page("payment-new-empty", NewPayment::empty(frame).render()),
        page("payments-bank", Bank::sample(frame).render()),
        page("payments-bank-empty", Bank::empty(frame).render()),
        page("payments-statement", Statement::sample(frame).render()),
        page("payments-provider", Provider::sample(frame).render()),
        page("payments-provider-empty", Provider::empty(frame).render()),
        page("buyer-money", Money::sample(frame).render()),
        page("buyer-money-empty", Money::empty(frame).render()),
        page("invoice-credit", Credit::sample(frame).render()),
        page("invoice-credit-again", Credit::again(frame).render()),
    ]
}
