//! The rules of selling: money, the calendar of renewals, what a subscription can be, what is owed and what follows.
//!
//! Everything here is a function of its arguments. What must not live here: a clock (today is an argument), the
//! database, numbers of invoices that were taken (only their form), the making of documents (`server/paper`).
//!
//! Money is whole minor units with a currency, and there is no floating point anywhere. Dates are civil dates in the
//! time zone of the billing account; instants are UTC.

#![deny(clippy::float_arithmetic)]

pub mod allocation;
pub mod bic;
pub mod calendar;
pub mod collection;
pub mod country;
pub mod credit_note;
pub mod currency;
pub mod dunning;
pub mod entitlement;
pub mod forecast;
pub mod iban;
pub mod interval;
pub mod invoice;
pub mod ledger;
pub mod life;
pub mod money;
pub mod number;
pub mod posting;
pub mod price;
pub mod proration;
pub mod reference;
pub mod refusal;
pub mod resume;
pub mod tax;
pub mod tax_rates;
pub mod upgrade;
pub mod vat_id;
mod vat_id_checks;
pub mod zone;
