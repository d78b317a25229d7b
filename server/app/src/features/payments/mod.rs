//! Payments: money that comes in, goes back, is credited or given up; and the nightly audit of the books.
//!
//! Whatever a payment came by, [`book`] books it: a person ([`enter`]), a bank statement ([`statement`]), a provider
//! ([`provider`]). Nothing is ever changed or deleted: what turns out otherwise later stands beside it ([`turns`]).

pub mod api;
pub mod audit;
pub mod book;
pub mod books;
pub mod credit_note;
pub mod enter;
pub mod find;
mod input;
mod page;
pub mod provider;
pub mod refund;
pub mod statement;
pub mod turns;
pub mod write_off;

use muster_domain::permission::Permission;

use crate::features::operations::schedule::Job;
use crate::route;
use crate::web::route::{Access, Route};

/// The routes of this room.
#[must_use]
#[rustfmt::skip]
pub fn routes() -> Vec<Route> {
    vec![
        route!(GET "/payments", Access::Needs(Permission::ReadBooks), page::payments::list),
        // Words before names: the router takes the first that fits.
        route!(GET "/payments/new", Access::Needs(Permission::TakePayments), page::payments::new),
        route!(POST "/payments/new", Access::Needs(Permission::TakePayments), page::payments::add),
        route!(GET "/payments/bank", Access::Needs(Permission::ReadBooks), page::bank::show),
        route!(POST "/payments/bank", Access::Needs(Permission::TakePayments), page::bank::import),
        route!(GET "/payments/bank/{id}", Access::Needs(Permission::ReadBooks), page::bank::statement),
        route!(POST "/payments/entries/{id}/book", Access::Needs(Permission::TakePayments), page::bank::book),
        route!(POST "/payments/entries/{id}/ignore", Access::Needs(Permission::TakePayments), page::bank::ignore),
        route!(GET "/payments/provider", Access::Needs(Permission::TakePayments), page::provider::show),
        route!(POST "/payments/provider", Access::Needs(Permission::TakePayments), page::provider::make),
        route!(POST "/payments/provider/{id}/end", Access::Needs(Permission::TakePayments), page::provider::end),
        route!(GET "/payments/{id}", Access::Needs(Permission::ReadBooks), page::payments::one),
        route!(POST "/payments/{id}/take-back", Access::Needs(Permission::TakePayments), page::payments::take_back),
        route!(POST "/payments/{id}/paid-back", Access::Needs(Permission::TakePayments), page::payments::paid_back),
        route!(POST "/payments/{id}/looked-at", Access::Needs(Permission::TakePayments), page::payments::looked_at),
        route!(GET "/buyers/{id}/money", Access::Needs(Permission::ReadBooks), page::buyer::show),
        route!(POST "/buyers/{id}/refund", Access::Needs(Permission::TakePayments), page::buyer::refund),
        route!(POST "/buyers/{id}/use-credit", Access::Needs(Permission::TakePayments), page::buyer::use_credit),
        route!(POST "/buyers/{id}/write-off", Access::Needs(Permission::GiveUpDebts), page::buyer::write_off),
        route!(GET "/invoices/{id}/credit", Access::Needs(Permission::TakePayments), page::credit::show),
        route!(POST "/invoices/{id}/credit", Access::Needs(Permission::TakePayments), page::credit::credit),
        route!(GET "/api/v1/payments", Access::Needs(Permission::ReadBooks), api::payments::list),
        route!(POST "/api/v1/payments", Access::Needs(Permission::TakePayments), api::payments::add),
        route!(GET "/api/v1/payments/{id}", Access::Needs(Permission::ReadBooks), api::payments::one),
        route!(POST "/api/v1/payments/{id}/take-back", Access::Needs(Permission::TakePayments), api::payments::take_back),
        route!(POST "/api/v1/payments/{id}/paid-back", Access::Needs(Permission::TakePayments), api::payments::paid_back),
        route!(POST "/api/v1/payments/{id}/looked-at", Access::Needs(Permission::TakePayments), api::payments::looked_at),
        route!(POST "/api/v1/refunds", Access::Needs(Permission::TakePayments), api::buyer::refund),
        route!(POST "/api/v1/write-offs", Access::Needs(Permission::GiveUpDebts), api::buyer::write_off),
        route!(POST "/api/v1/credit-used", Access::Needs(Permission::TakePayments), api::buyer::use_credit),
        route!(POST "/api/v1/invoices/{id}/credit-notes", Access::Needs(Permission::TakePayments), api::buyer::credit),
        route!(GET "/api/v1/bank/statements", Access::Needs(Permission::ReadBooks), api::bank::list),
        route!(POST "/api/v1/bank/statements", Access::Needs(Permission::TakePayments), api::bank::import),
        route!(GET "/api/v1/bank/statements/{id}/entries", Access::Needs(Permission::ReadBooks), api::bank::entries),
        route!(GET "/api/v1/bank/entries", Access::Needs(Permission::ReadBooks), api::bank::undecided),
        route!(POST "/api/v1/bank/entries/{id}/book", Access::Needs(Permission::TakePayments), api::bank::book),
        route!(POST "/api/v1/bank/entries/{id}/ignore", Access::Needs(Permission::TakePayments), api::bank::ignore),
        route!(GET "/api/v1/provider-secrets", Access::Needs(Permission::TakePayments), api::provider::list),
        route!(POST "/api/v1/provider-secrets", Access::Needs(Permission::TakePayments), api::provider::make),
        route!(POST "/api/v1/provider-secrets/{id}/end", Access::Needs(Permission::TakePayments), api::provider::end),
        route!(GET "/api/v1/books/audit", Access::Needs(Permission::ReadBooks), api::books::last),
        route!(POST "/webhooks/payments/{seller}", Access::Public, provider::webhook::take),
    ]
}

/// What it does by itself.
#[must_use]
pub fn jobs() -> Vec<Job> {
    vec![Job {
        name: "books-audit",
        when: "0 10 3 * * *",
        bell: None,
        work: |app| Box::pin(audit::run(app)),
    }]
}
