//! What the suite stands on: a whole node on port 0 with a frozen clock, a seeded generator and mail in memory, on either
//! database; typed callers of its two listeners; phones that are the real agent; fleets made as people make them; and
//! whoever has stolen the server.
//!
//! A test is an `async fn(t: &mut TestApp)`, named in [`on_both_databases!`] at the top of its file. Nothing is mocked: what
//! a test sees is what came over a socket, what a phone wrote into its folder, or what stands on the record.

pub mod api;
pub mod app;
pub mod audit;
pub mod authenticator;
pub mod browser;
pub mod database;
pub mod decade;
pub mod desk;
pub mod fleet;
pub mod hacked;
pub mod handset;
pub mod installation;
pub mod killed;
pub mod kinds;
pub mod line;
pub mod mail_server;
pub mod page;
pub mod passkey;
pub mod phone;
pub mod programs;
pub mod sellers;
pub mod tab;
pub mod trade;
pub mod witnesses;
pub mod world;

pub use api::{Answered, Api};
pub use app::TestApp;
pub use browser::Browser;
pub use database::Database;
pub use desk::TestDesk;
pub use fleet::Fleet;
pub use hacked::Hacked;
pub use phone::TestPhone;
pub use trade::Trade;
pub use witnesses::Witnesses;

/// When every test begins: 21 September 2026, 13:33:20 UTC.
pub const BEGIN: i64 = 1_790_000_000;

/// Runs each test named on SQLite and on PostgreSQL, as `<test>::sqlite` and `<test>::postgres`.
#[macro_export]
macro_rules! on_both_databases {
    ($($name:ident),+ $(,)?) => {$(
        mod $name {
            #[test]
            fn sqlite() {
                $crate::app::run($crate::Database::sqlite(), async |t| super::$name(t).await);
            }

            #[test]
            fn postgres() {
                $crate::app::run($crate::Database::postgres(), async |t| super::$name(t).await);
            }
        }
    )+};
}
