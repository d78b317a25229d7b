//! A copy of everything in one SQLite file, to try something on.
//!
//! From SQLite the database copies itself. From PostgreSQL every row travels as one JSON object: both databases write and read
//! those, so no table needs code of its own, and a column that is added later travels too.

use std::path::Path;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::Text;
use diesel::{PgConnection, SqliteConnection};

use crate::{Conn, DatabaseUrl, Store, StoreError, StoreOptions, StoreResult};

/// Rows that travel at once.
const AT_ONCE: usize = 1000;

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

#[derive(QueryableByName)]
struct Column {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    kind: String,
}

/// Copies what `from` leads to into a new file.
///
/// # Errors
/// There is such a file already, or it cannot be written.
pub(crate) fn into_file(from: &mut Conn, file: &Path) -> StoreResult<()> {
    if file.exists() {
        return Err(StoreError::Query(format!(
            "{} is there already",
            file.display()
        )));
    }
    match from {
        Conn::Sqlite(from) => {
            diesel::sql_query("VACUUM INTO ?")
                .bind::<Text, _>(file.to_string_lossy().into_owned())
                .execute(from)?;
            Ok(())
        }
        Conn::Postgres(from) => from_postgres(from, file),
    }
}

fn from_postgres(from: &mut PgConnection, file: &Path) -> StoreResult<()> {
    Store::open(&DatabaseUrl::sqlite(file), StoreOptions::default())?.migrate()?;
    let path = file
        .to_str()
        .ok_or_else(|| StoreError::Query("the path of the copy is not UTF-8".to_owned()))?;
    let mut to = SqliteConnection::establish(path)?;
    // Tables refer to each other in both directions of any order: what was whole there is whole here.
    to.batch_execute("PRAGMA foreign_keys = OFF; PRAGMA synchronous = OFF; BEGIN;")?;
    from.batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")?;
    let copied = tables(&mut to)?
        .iter()
        .try_for_each(|table| copy(from, &mut to, table));
    from.batch_execute("ROLLBACK")?;
    copied?;
    to.batch_execute("COMMIT")?;
    Ok(())
}

fn tables(to: &mut SqliteConnection) -> StoreResult<Vec<String>> {
    let sql = "SELECT name AS line FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' \
               AND name NOT LIKE '\\_\\_%' ESCAPE '\\'";
    let found: Vec<Line> = diesel::sql_query(sql).load(to)?;
    Ok(found.into_iter().map(|found| found.line).collect())
}

fn copy(from: &mut PgConnection, to: &mut SqliteConnection, table: &str) -> StoreResult<()> {
    let columns: Vec<Column> =
        diesel::sql_query("SELECT name, type AS kind FROM pragma_table_info(?)")
            .bind::<Text, _>(table)
            .load(to)?;
    let names: Vec<String> = columns
        .iter()
        .map(|column| format!("\"{}\"", column.name))
        .collect();
    let values: Vec<String> = columns.iter().map(value).collect();
    let insert = format!(
        "INSERT INTO \"{table}\" ({}) SELECT {} FROM json_each(?)",
        names.join(", "),
        values.join(", ")
    );
    // A migration may have written rows of its own; the original has them too.
    to.batch_execute(&format!("DELETE FROM \"{table}\""))?;
    from.batch_execute(&format!(
        "DECLARE copied NO SCROLL CURSOR FOR SELECT to_jsonb(t)::text AS line FROM \"{table}\" t"
    ))?;
    loop {
        let rows: Vec<Line> =
            diesel::sql_query(format!("FETCH {AT_ONCE} FROM copied")).load(from)?;
        if rows.is_empty() {
            break;
        }
        let lines: Vec<&str> = rows.iter().map(|row| row.line.as_str()).collect();
        diesel::sql_query(&insert)
            .bind::<Text, _>(format!("[{}]", lines.join(",")))
            .execute(to)?;
    }
    from.batch_execute("CLOSE copied")?;
    Ok(())
}

/// A column of a row that is one value of a JSON array. Bytes travel as `\x…`.
fn value(column: &Column) -> String {
    let path = format!("json_extract(value, '$.\"{}\"')", column.name);
    if column.kind == "BYTEA" {
        format!("unhex(substr({path}, 3))")
    } else {
        path
    }
}
