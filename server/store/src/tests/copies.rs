//! What [`Store::copy_to`] promises: the same rows, to the byte, in a file that a store opens.

use diesel::RunQueryDsl;
use diesel::connection::SimpleConnection;
use diesel::sql_types::Text;

use crate::testing::{migrated, phone, seed_tree};
use crate::{Conn, DatabaseUrl, Store, StoreError, StoreOptions, StoreResult, devices};

#[derive(diesel::QueryableByName)]
struct Said {
    #[diesel(sql_type = Text)]
    said: String,
}

/// What is hard to carry: quotes, characters of all kinds, a number beyond what a float holds, bytes, and nothing at all.
const ODD: &str = "UPDATE organisations SET name = 'Łódź \u{1F4F1} \"q\" \\ ''s', created_at = 9007199254740993 WHERE id = 'quay'";

fn said(c: &mut Conn) -> StoreResult<Vec<String>> {
    let hex = match c {
        Conn::Sqlite(_) => "lower(hex(log_key_sealed))",
        Conn::Postgres(_) => "encode(log_key_sealed, 'hex')",
    };
    let sql = format!(
        "SELECT id || '|' || name || '|' || created_at || '|' || COALESCE(reseller_id, 'none') AS said FROM organisations \
         UNION ALL SELECT id || '|' || {hex} || '|' || COALESCE(next_log_origin, 'none') AS said FROM fleets \
         UNION ALL SELECT serial_number || '|' || COALESCE(imei, 'none') AS said FROM devices ORDER BY 1"
    );
    let all: Vec<Said> = on_both!(c, c => diesel::sql_query(&sql).load(c))?;
    Ok(all.into_iter().map(|one| one.said).collect())
}

#[test]
fn a_copy_has_the_same_rows() {
    for fresh in migrated("copies") {
        seed_tree(&fresh.store);
        fresh
            .store
            .write_blocking(|c| {
                c.batch_execute(ODD)?;
                (0..1500)
                    .try_for_each(|n| devices::insert(c, &phone(&format!("S{n}"), "north", "quay")))
            })
            .unwrap();
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("copy.db");
        fresh.store.copy_to(&file).unwrap();
        let copy = Store::open(&DatabaseUrl::sqlite(&file), StoreOptions::default()).unwrap();
        assert_eq!(copy.migrate().unwrap(), Vec::<String>::new());
        let (theirs, ours) = (fresh.store.read_blocking(said), copy.read_blocking(said));
        let mut theirs = theirs.unwrap();
        theirs.sort();
        let mut ours = ours.unwrap();
        ours.sort();
        assert_eq!(ours.len(), 5 + 2 + 1500, "{}", fresh.url);
        assert_eq!(ours, theirs, "{}", fresh.url);
        // Nothing is written over.
        let again = fresh.store.copy_to(&file);
        assert!(matches!(again, Err(StoreError::Query(_))), "{again:?}");
    }
}
