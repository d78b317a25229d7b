//! Connections: how each is set up, pooled and thrown away. The doors that lead to them are in [`crate::store`].

use std::time::Duration;

use diesel::connection::{AnsiTransactionManager, SimpleConnection, TransactionManager};
use diesel::r2d2::{HandleError, ManageConnection, Pool};
use diesel::{Connection, PgConnection, SqliteConnection};

use crate::url::DatabaseUrl;
use crate::{StoreError, StoreOptions, StoreResult};

/// One connection to either database: what every query function takes.
#[derive(diesel::MultiConnection)]
pub enum Conn {
    /// To the file.
    Sqlite(SqliteConnection),
    /// To the server.
    Postgres(PgConnection),
}

/// Makes connections of one kind for a pool.
#[derive(Debug, Clone)]
pub(crate) struct Manager {
    pub(crate) url: DatabaseUrl,
    pub(crate) only_reads: bool,
    pub(crate) lock_timeout: Duration,
    pub(crate) throwaway: bool,
}

/// A pool that connects when it is asked to, not before.
pub(crate) fn pool(manager: Manager, size: u32, options: &StoreOptions) -> Pool<Manager> {
    let of_a_server = matches!(manager.url, DatabaseUrl::Postgres(_));
    Pool::builder()
        .max_size(size.max(1))
        .min_idle(Some(1))
        .connection_timeout(options.connection_timeout)
        // A file does not hang up; a server does, and then the next caller must not be the one to find out.
        .test_on_check_out(of_a_server)
        .idle_timeout(of_a_server.then_some(Duration::from_secs(600)))
        .max_lifetime(of_a_server.then_some(Duration::from_secs(1800)))
        .error_handler(Box::new(Logged))
        .build_unchecked(manager)
}

impl ManageConnection for Manager {
    type Connection = Conn;
    type Error = StoreError;

    fn connect(&self) -> StoreResult<Conn> {
        let wait = self.lock_timeout.as_millis();
        match &self.url {
            DatabaseUrl::Sqlite(path) => {
                let path = path.to_str().ok_or_else(|| {
                    StoreError::Busy("the database's path is not UTF-8".to_owned())
                })?;
                let mut connection = SqliteConnection::establish(path)?;
                // The wait comes first: each of the others may already meet a lock.
                connection.batch_execute(&format!(
                    "PRAGMA busy_timeout = {wait}; PRAGMA foreign_keys = ON; PRAGMA synchronous = {}; \
                     PRAGMA temp_store = MEMORY; PRAGMA cache_size = -16000; PRAGMA query_only = {};",
                    if self.throwaway { "OFF" } else { "FULL" },
                    if self.only_reads { "ON" } else { "OFF" }
                ))?;
                Ok(Conn::Sqlite(connection))
            }
            DatabaseUrl::Postgres(url) => {
                let mut connection = PgConnection::establish(url)?;
                connection.batch_execute(&format!(
                    "SET client_min_messages = warning; SET TIME ZONE 'UTC'; SET lock_timeout = {wait}; \
                     SET statement_timeout = '30s'; SET idle_in_transaction_session_timeout = '60s';"
                ))?;
                Ok(Conn::Postgres(connection))
            }
        }
    }

    fn is_valid(&self, connection: &mut Conn) -> StoreResult<()> {
        Ok(connection.batch_execute("SELECT 1")?)
    }

    fn has_broken(&self, connection: &mut Conn) -> bool {
        // A closure that panicked leaves its transaction open.
        std::thread::panicking()
            || on_both!(connection, c => {
                !matches!(AnsiTransactionManager::transaction_manager_status_mut(c).transaction_depth(), Ok(None))
            })
    }
}

/// Says in the log why the pool could not connect; the caller is told by its own time limit.
#[derive(Debug)]
struct Logged;

impl HandleError<StoreError> for Logged {
    fn handle_error(&self, error: StoreError) {
        tracing::warn!(%error, "no new connection to the database");
    }
}
