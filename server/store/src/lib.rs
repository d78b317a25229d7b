//! The store: the only crate that knows diesel, SQLite and PostgreSQL.
//!
//! [`Store::read`] and [`Store::write`] are the only doors; behind them stands one file of queries per feature, named
//! after its rows (`devices::find`, `commands::seal`). A function on tenant data takes a [`Scope`](muster_domain::scope::Scope),
//! so nobody can forget whose rows they are; the few that serve a phone or a job say `for_phone` or `for_job`, and why.
//!
//! What must not live here: rules. A query is guarded by what the caller passes in, and tells whether it took effect;
//! what may follow what is decided in `muster-domain`. Ids, times (microseconds since 1970 UTC) and hashes come in as
//! arguments: the store asks no clock and draws no randomness of its own.

#[macro_use]
mod macros;

mod connection;
mod copy;
mod device_filter;
mod error;
mod migrate;
mod page;
mod schema;
mod store;
mod url;

pub mod api_tokens;
pub mod approval_ceremonies;
pub mod approvals;
pub mod approving_passkeys;
pub mod certificates;
pub mod check_ins;
pub mod clearances;
pub mod commands;
pub mod crls;
pub mod device_search;
pub mod devices;
pub mod enrolment_codes;
pub mod enrolments;
pub mod events;
pub mod fleets;
pub mod idempotency;
pub mod job_leases;
pub mod keyrings;
pub mod log;
pub mod log_entries;
pub mod mail_outbox;
pub mod members;
pub mod one_time_links;
pub mod organisations;
pub mod passkey_counters;
pub mod passkeys;
pub mod policies;
pub mod rate_limits;
pub mod receipts;
pub mod selling;
pub mod sessions;
pub mod targets;
pub mod webauthn_ceremonies;

pub use connection::Conn;
pub use error::StoreError;
pub use page::Page;
pub use store::{Boundary, Faults, Store, StoreOptions};
pub use url::{BadDatabaseUrl, DatabaseUrl};

/// What a query answers.
pub type StoreResult<T> = Result<T, StoreError>;

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
