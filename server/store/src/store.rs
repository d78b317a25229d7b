//! The two doors to the data: [`Store::read`] and [`Store::write`].
//!
//! SQLite has one writer connection with a queue before it and several readers (WAL lets them go on meanwhile);
//! PostgreSQL has one pool. A write is `BEGIN IMMEDIATE` on SQLite and `SERIALIZABLE` on PostgreSQL: measured with eight
//! threads doing read-then-write, default transactions lose most of the updates on one and fail on the other.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use diesel::connection::{AnsiTransactionManager, SimpleConnection, TransactionManager};
use diesel::r2d2::{ManageConnection, Pool, PooledConnection};

use crate::connection::{Conn, Manager, pool};
use crate::url::DatabaseUrl;
use crate::{StoreError, StoreResult, migrate};

/// How a store behaves under load.
#[derive(Debug, Clone)]
pub struct StoreOptions {
    /// Connections that read, on SQLite; beside them stands one that writes. Default 4.
    pub readers: u32,
    /// Connections, on PostgreSQL. Default 16.
    pub connections: u32,
    /// How long a statement waits for another program's lock. Default 5 s.
    pub lock_timeout: Duration,
    /// How long a caller waits for a connection before [`StoreError::Busy`]. Default 5 s.
    pub connection_timeout: Duration,
    /// How often a write is tried when others are in the way. Default 40.
    pub write_attempts: u32,
    /// Spreads the pauses between these attempts; two nodes of one installation want different ones.
    pub jitter_seed: u64,
    /// Nobody will miss this data: a copy to try something on. SQLite then does not wait for the disk. Default: no.
    pub throwaway: bool,
    /// Where a test wants writes to be cut off. Default: nowhere.
    pub faults: Option<Faults>,
}

/// Says for each end of a write whether the program dies there, as far as the caller can tell: the write answers
/// [`StoreError::Busy`], and `BeforeCommit` nothing was written, `AfterCommit` everything.
#[derive(Clone)]
pub struct Faults(Arc<dyn Fn(Boundary) -> bool + Send + Sync>);

/// An end of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Boundary {
    /// Everything was said to the database, and nothing is committed.
    BeforeCommit,
    /// It is committed, and nobody was told.
    AfterCommit,
}

impl Faults {
    /// Those that `falls` picks.
    pub fn new(falls: impl Fn(Boundary) -> bool + Send + Sync + 'static) -> Self {
        Self(Arc::new(falls))
    }

    fn fall(&self, boundary: Boundary) -> StoreResult<()> {
        if (self.0)(boundary) {
            return Err(StoreError::Busy("cut off by a test".to_owned()));
        }
        Ok(())
    }
}

impl std::fmt::Debug for Faults {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Faults")
    }
}

impl Default for StoreOptions {
    fn default() -> Self {
        Self {
            readers: 4,
            connections: 16,
            lock_timeout: Duration::from_secs(5),
            connection_timeout: Duration::from_secs(5),
            write_attempts: 40,
            jitter_seed: 0,
            throwaway: false,
            faults: None,
        }
    }
}

/// The data of an installation. Cheap to clone; the clones share connections.
#[derive(Clone)]
pub struct Store {
    manager: Manager,
    readers: Pool<Manager>,
    writers: Pool<Manager>,
    options: Arc<StoreOptions>,
    turns: Arc<AtomicU64>,
}

impl Store {
    /// Opens the database, making the SQLite file where there is none. The tables are not touched: see
    /// [`Store::migrate`].
    ///
    /// # Errors
    /// [`StoreError::Busy`] when the server does not answer or the file cannot be opened, [`StoreError::Corrupt`] when
    /// the file is no database.
    pub fn open(url: &DatabaseUrl, options: StoreOptions) -> StoreResult<Self> {
        let (lock_timeout, throwaway) = (options.lock_timeout, options.throwaway);
        let manager = |only_reads| Manager {
            url: url.clone(),
            only_reads,
            lock_timeout,
            throwaway,
        };
        let mut first = manager(false).connect()?;
        let (readers, writers) = match &mut first {
            Conn::Sqlite(connection) => {
                // A property of the file, and it needs the file alone: so once, before there are pools.
                connection.batch_execute("PRAGMA journal_mode = WAL;")?;
                (
                    pool(manager(true), options.readers, &options),
                    pool(manager(false), 1, &options),
                )
            }
            Conn::Postgres(_) => {
                let both = pool(manager(false), options.connections, &options);
                (both.clone(), both)
            }
        };
        Ok(Self {
            manager: manager(false),
            readers,
            writers,
            turns: Arc::new(AtomicU64::new(options.jitter_seed)),
            options: Arc::new(options),
        })
    }

    /// Brings the tables up to date; answers the names of the migrations that were run.
    ///
    /// # Errors
    /// [`StoreError::Migration`] with a sentence when the database is from a newer program or a migration fails.
    pub fn migrate(&self) -> StoreResult<Vec<String>> {
        migrate::run(&mut self.manager.connect()?)
    }

    /// The names of the migrations that [`Store::migrate`] would run.
    ///
    /// # Errors
    /// [`StoreError::Migration`] when the database is from a newer program.
    pub fn pending_migrations(&self) -> StoreResult<Vec<String>> {
        migrate::pending(&mut self.manager.connect()?)
    }

    /// Undoes every migration: all data is gone. For tests of the migrations.
    ///
    /// # Errors
    /// [`StoreError::Migration`] when one cannot be undone.
    pub fn revert_all_migrations(&self) -> StoreResult<()> {
        migrate::revert_all(&mut self.manager.connect()?)
    }

    /// Reads, on a blocking thread. All queries of one `f` see the same moment, and it cannot write.
    ///
    /// # Errors
    /// What `f` answers, and [`StoreError::Busy`] when there is no connection.
    pub async fn read<T: Send + 'static>(
        &self,
        f: impl FnOnce(&mut Conn) -> StoreResult<T> + Send + 'static,
    ) -> StoreResult<T> {
        let store = self.clone();
        on_blocking_thread(move || store.read_blocking(f)).await
    }

    /// Writes, on a blocking thread: all of `f` or nothing, as if nobody else wrote meanwhile. `f` may run more than
    /// once and therefore touches nothing but the connection.
    ///
    /// # Errors
    /// What `f` answers (then nothing is written), and [`StoreError::Busy`] when others stayed in the way.
    pub async fn write<T: Send + 'static>(
        &self,
        f: impl Fn(&mut Conn) -> StoreResult<T> + Send + 'static,
    ) -> StoreResult<T> {
        let store = self.clone();
        on_blocking_thread(move || store.write_blocking(f)).await
    }

    /// A [`write`](Store::write) that may decide against itself: the inner `Err` undoes everything and is handed back.
    ///
    /// # Errors
    /// As [`Store::write`].
    pub async fn write_or_refuse<T: Send + 'static, R: Send + 'static>(
        &self,
        f: impl Fn(&mut Conn) -> StoreResult<Result<T, R>> + Send + 'static,
    ) -> StoreResult<Result<T, R>> {
        let store = self.clone();
        on_blocking_thread(move || store.transact(WRITE, &f)).await
    }

    /// A write of set-based statements that guard themselves (check-ins): `READ COMMITTED` on PostgreSQL, where it does
    /// not collide with its neighbours; on SQLite an ordinary write.
    ///
    /// # Errors
    /// As [`Store::write`].
    pub async fn write_batch<T: Send + 'static>(
        &self,
        f: impl Fn(&mut Conn) -> StoreResult<T> + Send + 'static,
    ) -> StoreResult<T> {
        let store = self.clone();
        on_blocking_thread(move || settled(store.transact(WRITE_BATCH, &unrefusing(&f)))).await
    }

    /// [`Store::read`] for callers that may block: programs, tests.
    ///
    /// # Errors
    /// As [`Store::read`].
    pub fn read_blocking<T>(&self, f: impl FnOnce(&mut Conn) -> StoreResult<T>) -> StoreResult<T> {
        let mut connection = self.connection(&self.readers)?;
        READ.begin(&mut connection)?;
        let answer = f(&mut connection);
        // Nothing was written: how it ends matters only to the connection.
        rollback(&mut connection);
        answer
    }

    /// [`Store::write`] for callers that may block: programs, tests.
    ///
    /// # Errors
    /// As [`Store::write`].
    pub fn write_blocking<T>(&self, f: impl Fn(&mut Conn) -> StoreResult<T>) -> StoreResult<T> {
        settled(self.transact(WRITE, &unrefusing(&f)))
    }

    /// [`Store::write_or_refuse`] for callers that may block: programs, tests.
    ///
    /// # Errors
    /// As [`Store::write`].
    pub fn write_or_refuse_blocking<T, R>(
        &self,
        f: impl Fn(&mut Conn) -> StoreResult<Result<T, R>>,
    ) -> StoreResult<Result<T, R>> {
        self.transact(WRITE, &f)
    }

    /// Copies everything into a new SQLite file, as it is at one moment, while others go on.
    ///
    /// # Errors
    /// There is such a file already, or it cannot be written.
    pub fn copy_to(&self, file: &std::path::Path) -> StoreResult<()> {
        crate::copy::into_file(&mut self.manager.connect()?, file)
    }

    /// Whether the data lies in a file of this machine: then this program is the only node there can be.
    #[must_use]
    pub fn is_embedded(&self) -> bool {
        matches!(self.manager.url, DatabaseUrl::Sqlite(_))
    }

    /// Whether the database answers: for health checks.
    ///
    /// # Errors
    /// [`StoreError::Busy`] or [`StoreError::Corrupt`].
    pub async fn ping(&self) -> StoreResult<()> {
        self.read(|c| Ok(c.batch_execute("SELECT 1")?)).await
    }

    fn transact<T, R>(
        &self,
        door: Begin,
        f: &dyn Fn(&mut Conn) -> StoreResult<Result<T, R>>,
    ) -> StoreResult<Result<T, R>> {
        let mut attempt = 1;
        loop {
            // The connection goes back before the pause, so that waiting costs nobody a place.
            let answer = once(
                &mut *self.connection(&self.writers)?,
                door,
                f,
                self.options.faults.as_ref(),
            );
            match answer {
                Err(StoreError::Collision(_)) if attempt < self.options.write_attempts => {
                    std::thread::sleep(self.pause(attempt));
                    attempt += 1;
                }
                Err(StoreError::Collision(why)) => return Err(StoreError::Busy(why)),
                settled => return settled,
            }
        }
    }

    fn connection(&self, pool: &Pool<Manager>) -> StoreResult<PooledConnection<Manager>> {
        pool.get()
            .map_err(|error| StoreError::Busy(format!("no connection to the database: {error}")))
    }

    /// Full jitter: anything up to 2 ms doubled at each attempt, 250 ms at most.
    fn pause(&self, attempt: u32) -> Duration {
        let most = (2_000_u64 << attempt.min(7)).min(250_000);
        // splitmix64 over a shared counter: no two waiters draw the same number.
        let mut x = self
            .turns
            .fetch_add(0x9E37_79B9_7F4A_7C15, Ordering::Relaxed);
        x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        Duration::from_micros((x ^ (x >> 31)) % most)
    }
}

impl std::fmt::Debug for Store {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Store")
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

/// How a transaction begins on either database.
#[derive(Clone, Copy)]
struct Begin {
    sqlite: &'static str,
    postgres: &'static str,
}

const READ: Begin = Begin {
    sqlite: "BEGIN",
    postgres: "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
};
const WRITE: Begin = Begin {
    sqlite: "BEGIN IMMEDIATE",
    postgres: "BEGIN ISOLATION LEVEL SERIALIZABLE",
};
const WRITE_BATCH: Begin = Begin {
    sqlite: "BEGIN IMMEDIATE",
    postgres: "BEGIN ISOLATION LEVEL READ COMMITTED",
};

impl Begin {
    fn begin(self, connection: &mut Conn) -> StoreResult<()> {
        match connection {
            Conn::Sqlite(c) => AnsiTransactionManager::begin_transaction_sql(c, self.sqlite)?,
            Conn::Postgres(c) => AnsiTransactionManager::begin_transaction_sql(c, self.postgres)?,
        }
        Ok(())
    }
}

fn once<T, R>(
    connection: &mut Conn,
    door: Begin,
    f: &dyn Fn(&mut Conn) -> StoreResult<Result<T, R>>,
    faults: Option<&Faults>,
) -> StoreResult<Result<T, R>> {
    let fall = |boundary| faults.map_or(Ok(()), |faults| faults.fall(boundary));
    door.begin(connection)?;
    let answer = match f(connection) {
        Ok(Ok(value)) => fall(Boundary::BeforeCommit).map(|()| Ok(value)),
        other => other,
    };
    if let Ok(Ok(_)) = answer {
        on_both!(connection, c => AnsiTransactionManager::commit_transaction(c))?;
        fall(Boundary::AfterCommit)?;
    } else {
        rollback(connection);
    }
    answer
}

/// Leaves the transaction. Where that fails the connection is broken, and the pool throws it away.
fn rollback(connection: &mut Conn) {
    if let Err(error) = on_both!(connection, c => AnsiTransactionManager::rollback_transaction(c)) {
        tracing::warn!(%error, "a transaction could not be rolled back; the connection is dropped");
    }
}

fn unrefusing<T>(
    f: &impl Fn(&mut Conn) -> StoreResult<T>,
) -> impl Fn(&mut Conn) -> StoreResult<Result<T, Infallible>> {
    move |connection| f(connection).map(Ok)
}

fn settled<T>(answer: StoreResult<Result<T, Infallible>>) -> StoreResult<T> {
    let Ok(value) = answer?;
    Ok(value)
}

async fn on_blocking_thread<T: Send + 'static>(
    work: impl FnOnce() -> StoreResult<T> + Send + 'static,
) -> StoreResult<T> {
    match tokio::task::spawn_blocking(work).await {
        Ok(answer) => answer,
        Err(failed) => match failed.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => Err(StoreError::Busy("the server is stopping".to_owned())),
        },
    }
}
