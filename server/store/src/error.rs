//! What can go wrong with a store, in the few kinds that a caller treats differently.

use diesel::result::{DatabaseErrorInformation, DatabaseErrorKind, Error};

/// A failed read, write, start or migration. That a row is missing is no error: finders answer `Option`.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A row like this is already there. Names the table and columns that must be unique, the same on both databases:
    /// `members.email`, `devices.fleet_id,serial_number`.
    #[error("there is already a row with the same {0}")]
    Conflict(String),
    /// Another transaction was in the way. [`Store::write`](crate::Store::write) tries again by itself; its caller sees
    /// [`StoreError::Busy`] when that did not help.
    #[error("another transaction was in the way: {0}")]
    Collision(String),
    /// The database cannot answer now: locked, out of connections, disk full, connection lost. Nothing was written;
    /// the same request may succeed later (503 and Retry-After).
    #[error("the database cannot answer now: {0}")]
    Busy(String),
    /// The file or its pages are damaged. Nothing will get better by itself.
    #[error("the database is damaged: {0}. Stop the server and restore a backup")]
    Corrupt(String),
    /// The tables are not those of this program, and could not be made so.
    #[error("{0}")]
    Migration(String),
    /// The text that should lead to the next page is not one this list gave out.
    #[error("this cursor does not belong to this list")]
    Cursor,
    /// A text holds a NUL, which no text of PostgreSQL can: nothing there is called so.
    #[error("a text holds a NUL character")]
    Nul,
    /// A statement failed: a fault of the program.
    #[error("a query failed: {0}")]
    Query(String),
}

impl StoreError {
    /// Whether this is a conflict of exactly these columns, e.g. `members.email`.
    #[must_use]
    pub fn is_conflict_of(&self, columns: &str) -> bool {
        matches!(self, Self::Conflict(found) if found == columns)
    }
}

impl From<Error> for StoreError {
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the enum is diesel's, and not exhaustive"
    )]
    fn from(error: Error) -> Self {
        match error {
            Error::DatabaseError(DatabaseErrorKind::UniqueViolation, ref info) => {
                Self::Conflict(columns_of(&**info))
            }
            Error::DatabaseError(DatabaseErrorKind::SerializationFailure, ref info) => {
                Self::Collision(info.message().to_owned())
            }
            Error::DatabaseError(
                DatabaseErrorKind::ClosedConnection | DatabaseErrorKind::UnableToSendCommand,
                ref info,
            ) => Self::Busy(info.message().to_owned()),
            Error::DatabaseError(_, ref info) => by_message(info.message()),
            Error::RollbackErrorOnCommit { commit_error, .. } => Self::from(*commit_error),
            Error::BrokenTransactionManager => {
                Self::Busy("the connection was lost in a transaction".to_owned())
            }
            other => Self::Query(other.to_string()),
        }
    }
}

impl From<diesel::ConnectionError> for StoreError {
    fn from(error: diesel::ConnectionError) -> Self {
        let kind = by_message(&error.to_string());
        if let Self::Query(message) = kind {
            Self::Busy(message)
        } else {
            kind
        }
    }
}

/// What diesel leaves as `Unknown` is told apart by the text of SQLite's result codes and PostgreSQL's server messages
/// (both databases are spoken to in English).
fn by_message(message: &str) -> StoreError {
    const BUSY: [&str; 18] = [
        "database is locked",
        "database table is locked",
        "database or disk is full",
        "disk I/O error",
        "unable to open database file",
        "readonly database",
        "No space left on device",
        "could not extend file",
        "remaining connection slots",
        "too many clients",
        "the database system is",
        "terminating connection",
        "canceling statement due to",
        "server closed the connection",
        "connection to server",
        "no connection to the server",
        "SSL connection has been closed",
        "read-only transaction",
    ];
    const CORRUPT: [&str; 4] = [
        "database disk image is malformed",
        "file is not a database",
        "invalid page in block",
        "could not read block",
    ];
    let says = |part: &&str| message.contains(*part);
    if message.contains("invalid byte sequence for encoding") && message.contains("0x00") {
        StoreError::Nul
    } else if message.contains("deadlock detected") {
        StoreError::Collision(message.to_owned())
    } else if CORRUPT.iter().any(says) {
        StoreError::Corrupt(message.to_owned())
    } else if BUSY.iter().any(says) {
        StoreError::Busy(message.to_owned())
    } else {
        StoreError::Query(message.to_owned())
    }
}

/// `table.column,column` of a unique violation. SQLite says `UNIQUE constraint failed: t.a, t.b`; PostgreSQL names the
/// table and says `Key (a, b)=(…) already exists.` in the detail.
fn columns_of(info: &dyn DatabaseErrorInformation) -> String {
    if let (Some(table), Some(detail)) = (info.table_name(), info.details())
        && let Some((_, rest)) = detail.split_once('(')
        && let Some((columns, _)) = rest.split_once(")=")
    {
        return format!("{table}.{}", columns.replace(", ", ","));
    }
    let Some((_, columns)) = info.message().split_once("failed: ") else {
        return info
            .constraint_name()
            .unwrap_or_else(|| info.message())
            .to_owned();
    };
    let mut named = String::new();
    for column in columns.split(", ") {
        match column.split_once('.') {
            Some((_, name)) if !named.is_empty() => {
                named.push(',');
                named.push_str(name);
            }
            Some(_) | None => named.push_str(column),
        }
    }
    named
}

#[cfg(test)]
mod tests {
    use super::{StoreError, by_message};

    #[test]
    fn what_passes_by_itself_is_busy_and_what_does_not_is_not() {
        for message in [
            "database is locked",
            "database or disk is full",
            "FATAL:  the database system is starting up",
        ] {
            assert!(
                matches!(by_message(message), StoreError::Busy(_)),
                "{message}"
            );
        }
        assert!(matches!(
            by_message("database disk image is malformed"),
            StoreError::Corrupt(_)
        ));
        assert!(matches!(
            by_message("ERROR: deadlock detected"),
            StoreError::Collision(_)
        ));
        assert!(matches!(
            by_message("no such column: x"),
            StoreError::Query(_)
        ));
    }
}
