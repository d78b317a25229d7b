//! What is sold: one file for each kind of row. Every function takes the [`Books`](muster_domain::scope::Books) it may look
//! into; those for the jobs say `for_job`, and why.
//!
//! What stands on an invoice, and every transfer, is written once: there is no function here that changes or deletes it.

pub mod accounts;
pub mod alarms;
pub mod books;
pub mod collection;
pub mod invoices;
pub mod ledger;
pub mod letters;
pub mod matching;
pub mod parties;
pub mod payment_turns;
pub mod payments;
pub mod plans;
pub mod renewals;
pub mod sellers;
pub mod service;
pub mod statements;
pub mod subscriptions;
pub mod summary;
pub mod waits;
pub mod webhook_secrets;

/// Narrows a boxed statement to the rows of some [`Books`](muster_domain::scope::Books), by the `seller_id` and `buyer_id` of
/// the table named.
macro_rules! in_books {
    ($statement:expr, $books:expr, $table:ident) => {
        match $books {
            muster_domain::scope::Books::Seller(seller) => {
                $statement.filter($table::seller_id.eq(seller.as_str()))
            }
            muster_domain::scope::Books::Buyer(buyer) => {
                $statement.filter($table::buyer_id.eq(buyer.as_str()))
            }
        }
    };
}
pub(crate) use in_books;
