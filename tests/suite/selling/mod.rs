//! Selling, invoicing and payments: RULES B1–B22 by name, and what people do on the pages.

mod catalogue;
mod collection;
mod decade;
mod documents;
mod every_rule;
mod forecast;
mod killed;
mod letters;
mod payments;
mod renewals;
mod sellers;
mod subscriptions;
