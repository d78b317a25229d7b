//! The migrations: up, down, up, on both databases.

use diesel::connection::SimpleConnection;

use crate::StoreError;
use crate::testing::{migrated, on_each, seed_tree};

#[test]
fn up_down_up() {
    for fresh in on_each("migrations", &crate::StoreOptions::default()) {
        let store = &fresh.store;
        let pending = store.pending_migrations().unwrap();
        assert!(pending.len() >= 5);
        assert_eq!(store.migrate().unwrap().len(), pending.len());
        assert!(store.pending_migrations().unwrap().is_empty());
        assert!(store.migrate().unwrap().is_empty());
        seed_tree(store);
        store.revert_all_migrations().unwrap();
        assert_eq!(store.pending_migrations().unwrap(), pending);
        store.migrate().unwrap();
        seed_tree(store);
    }
}

#[test]
fn two_nodes_that_start_at_once_migrate_once() {
    for fresh in on_each("two_nodes", &crate::StoreOptions::default()) {
        if matches!(fresh.url, crate::DatabaseUrl::Sqlite(_)) {
            continue;
        }
        let runs: Vec<usize> = std::thread::scope(|threads| {
            let nodes: Vec<_> = (0..3)
                .map(|_| threads.spawn(|| fresh.store.migrate().unwrap().len()))
                .collect();
            nodes.into_iter().map(|node| node.join().unwrap()).collect()
        });
        assert_eq!(runs.iter().filter(|run| **run > 0).count(), 1, "{runs:?}");
    }
}

#[test]
fn a_database_from_a_newer_program_is_left_alone() {
    for fresh in migrated("newer") {
        fresh
            .store
            .write_blocking(|c| {
                c.batch_execute(
                    "INSERT INTO __diesel_schema_migrations (version) VALUES ('99990101000000')",
                )?;
                Ok(())
            })
            .unwrap();
        for refused in [
            fresh.store.migrate().map(drop),
            fresh.store.pending_migrations().map(drop),
        ] {
            let Err(StoreError::Migration(sentence)) = refused else {
                panic!("{refused:?}")
            };
            assert!(sentence.contains("newer version"), "{sentence}");
        }
    }
}
