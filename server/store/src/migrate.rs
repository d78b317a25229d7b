//! The migrations: one portable set, inside the program. A database from a newer program is left alone.

use diesel::backend::Backend;
use diesel::connection::SimpleConnection;
use diesel::migration::{Migration, MigrationSource};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use crate::{Conn, StoreError, StoreResult};

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations");

/// An arbitrary number that all nodes agree on: who holds this PostgreSQL advisory lock migrates, the others wait.
const MIGRATING: i64 = 0x6d75_7374_6572;

/// Runs what is pending and answers its names.
pub(crate) fn run(connection: &mut Conn) -> StoreResult<Vec<String>> {
    alone(connection, |connection| {
        on_both!(connection, c => {
            refuse_newer(c)?;
            c.run_pending_migrations(MIGRATIONS).map(|run| run.iter().map(ToString::to_string).collect()).map_err(failed)
        })
    })
}

/// The names of what [`run`] would do.
pub(crate) fn pending(connection: &mut Conn) -> StoreResult<Vec<String>> {
    on_both!(connection, c => {
        refuse_newer(c)?;
        c.pending_migrations(MIGRATIONS).map(|found| found.iter().map(|m| m.name().to_string()).collect()).map_err(failed)
    })
}

/// Undoes everything.
pub(crate) fn revert_all(connection: &mut Conn) -> StoreResult<()> {
    alone(
        connection,
        |connection| on_both!(connection, c => c.revert_all_migrations(MIGRATIONS).map(drop).map_err(failed)),
    )
}

/// Two nodes that start at once must not both migrate. On SQLite the data folder has one program, and each migration
/// is a transaction of its own.
fn alone<T>(
    connection: &mut Conn,
    work: impl FnOnce(&mut Conn) -> StoreResult<T>,
) -> StoreResult<T> {
    if let Conn::Postgres(server) = connection {
        // A long migration is not a stuck statement. The connection is not used for anything else afterwards, and the
        // lock goes with it.
        server.batch_execute(&format!(
            "SET lock_timeout = 0; SET statement_timeout = 0; SELECT pg_advisory_lock({MIGRATING})"
        ))?;
    }
    work(connection)
}

fn refuse_newer<DB: Backend>(connection: &mut impl MigrationHarness<DB>) -> StoreResult<()> {
    let ours: Vec<String> = MigrationSource::<DB>::migrations(&MIGRATIONS)
        .map_err(failed)?
        .iter()
        .map(|migration| migration.name().version().to_string())
        .collect();
    let unknown = connection
        .applied_migrations()
        .map_err(failed)?
        .into_iter()
        .map(|v| v.to_string())
        .find(|v| !ours.contains(v));
    match unknown {
        None => Ok(()),
        Some(version) => Err(StoreError::Migration(format!(
            "This database is from a newer version of Muster (it has the migration {version}, which this program does \
             not know). Start the newer program, or restore a backup made before the upgrade."
        ))),
    }
}

#[expect(clippy::needless_pass_by_value, reason = "the form that map_err wants")]
fn failed(error: Box<dyn std::error::Error + Send + Sync>) -> StoreError {
    StoreError::Migration(format!(
        "The database could not be brought up to date: {error}"
    ))
}
