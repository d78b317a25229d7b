//! The three macros that keep one query body for both databases.

/// One body, compiled once for each database: for what diesel's `MultiConnection` cannot express (`ON CONFLICT`,
/// inserts of many rows). `$c` is the concrete connection inside.
macro_rules! on_both {
    ($conn:expr, $c:ident => $body:expr) => {
        match $conn {
            $crate::connection::Conn::Sqlite($c) => $body,
            $crate::connection::Conn::Postgres($c) => $body,
        }
    };
}

/// Inserts a slice of rows, 500 at a time: SQLite binds at most 32,766 values in a statement.
macro_rules! insert_many {
    ($conn:expr, $table:ident, $rows:expr) => {
        for some in $rows.chunks(500) {
            on_both!($conn, c => diesel::insert_into($table::table).values(some).execute(c))?;
        }
    };
}

/// Narrows a boxed statement to the rows of a [`Scope`](muster_domain::scope::Scope), by the `reseller_id` and
/// `organisation_id` of the table named.
macro_rules! in_scope {
    ($statement:expr, $scope:expr, $table:ident) => {
        match $scope {
            muster_domain::scope::Scope::Platform => $statement,
            muster_domain::scope::Scope::Reseller(reseller) => {
                $statement.filter($table::reseller_id.eq(reseller.as_str()))
            }
            muster_domain::scope::Scope::Customer { customer, .. } => {
                $statement.filter($table::organisation_id.eq(customer.as_str()))
            }
        }
    };
}
