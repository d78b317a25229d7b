//! What [`Store::read`](crate::Store::read) and [`Store::write`](crate::Store::write) promise.

use std::time::{Duration, Instant};

use diesel::Connection;
use diesel::connection::SimpleConnection;

use crate::testing::{migrated, on_each};
use crate::{Boundary, DatabaseUrl, Faults, Store, StoreError, StoreOptions, rate_limits};

#[test]
fn eight_threads_reading_then_writing_lose_nothing() {
    for fresh in migrated("lost_update") {
        let store = &fresh.store;
        store
            .write_blocking(|c| rate_limits::hit(c, "counter", 0))
            .unwrap();
        std::thread::scope(|threads| {
            for _ in 0..8 {
                threads.spawn(|| {
                    for _ in 0..25 {
                        store
                            .write_blocking(|c| {
                                let read = rate_limits::used(c, "counter", 0)?;
                                // Read, think, write: what a default transaction loses.
                                rate_limits::reset(c, "counter")?;
                                for _ in 0..=read {
                                    rate_limits::hit(c, "counter", 0)?;
                                }
                                Ok(())
                            })
                            .unwrap();
                    }
                });
            }
        });
        assert_eq!(
            store
                .read_blocking(|c| rate_limits::used(c, "counter", 0))
                .unwrap(),
            201,
            "{}",
            fresh.url
        );
    }
}

#[test]
fn a_write_that_fails_or_refuses_leaves_nothing() {
    for fresh in migrated("refuse") {
        let store = &fresh.store;
        let failed: Result<(), StoreError> = store.write_blocking(|c| {
            rate_limits::hit(c, "failed", 0)?;
            Err(StoreError::Cursor)
        });
        assert!(matches!(failed, Err(StoreError::Cursor)));
        let refused: Result<(), &str> = store
            .write_or_refuse_blocking(|c| {
                rate_limits::hit(c, "refused", 0)?;
                Ok(Err("no"))
            })
            .unwrap();
        assert_eq!(refused, Err("no"));
        let panicked = std::thread::scope(|threads| {
            let thread = threads.spawn(|| {
                store.write_blocking(|c| -> Result<(), StoreError> {
                    rate_limits::hit(c, "panicked", 0)?;
                    panic!("in the middle of a write");
                })
            });
            thread.join().is_err()
        });
        assert!(panicked);
        for bucket in ["failed", "refused", "panicked"] {
            assert_eq!(
                store
                    .read_blocking(|c| rate_limits::used(c, bucket, 0))
                    .unwrap(),
                0
            );
        }
        // And the writer still writes.
        assert_eq!(
            store
                .write_blocking(|c| rate_limits::hit(c, "after", 0))
                .unwrap(),
            1
        );
    }
}

#[test]
fn a_read_cannot_write() {
    for fresh in migrated("read_only") {
        assert!(
            fresh
                .store
                .read_blocking(|c| rate_limits::hit(c, "x", 0))
                .is_err()
        );
        assert_eq!(
            fresh
                .store
                .read_blocking(|c| rate_limits::used(c, "x", 0))
                .unwrap(),
            0
        );
    }
}

#[test]
fn the_async_doors_are_the_same_doors() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    for fresh in migrated("async_doors") {
        let store = fresh.store.clone();
        runtime.block_on(async move {
            store.ping().await.unwrap();
            assert_eq!(
                store.write(|c| rate_limits::hit(c, "x", 0)).await.unwrap(),
                1
            );
            assert_eq!(
                store
                    .write_batch(|c| rate_limits::hit(c, "x", 0))
                    .await
                    .unwrap(),
                2
            );
            let refused = store
                .write_or_refuse(|c| rate_limits::hit(c, "x", 0).map(Err::<(), _>))
                .await
                .unwrap();
            assert_eq!(refused, Err(3));
            assert_eq!(
                store.read(|c| rate_limits::used(c, "x", 0)).await.unwrap(),
                2
            );
        });
    }
}

#[test]
fn a_locked_file_is_waited_for_and_then_busy() {
    let options = StoreOptions {
        lock_timeout: Duration::from_millis(700),
        ..StoreOptions::default()
    };
    let fresh = on_each("locked", &options).swap_remove(0);
    fresh.store.migrate().unwrap();
    let DatabaseUrl::Sqlite(path) = &fresh.url else {
        panic!("SQLite comes first")
    };
    let mut other = diesel::SqliteConnection::establish(path.to_str().unwrap()).unwrap();
    other.batch_execute("BEGIN IMMEDIATE").unwrap();
    // Readers do not mind.
    fresh
        .store
        .read_blocking(|c| rate_limits::used(c, "x", 0))
        .unwrap();
    let asked = Instant::now();
    let busy = fresh.store.write_blocking(|c| rate_limits::hit(c, "x", 0));
    assert!(matches!(busy, Err(StoreError::Busy(_))), "{busy:?}");
    assert!(asked.elapsed() >= Duration::from_millis(500));
    std::thread::scope(|threads| {
        threads.spawn(move || {
            std::thread::sleep(Duration::from_millis(150));
            other.batch_execute("COMMIT").unwrap();
        });
        assert_eq!(
            fresh
                .store
                .write_blocking(|c| rate_limits::hit(c, "x", 0))
                .unwrap(),
            1
        );
    });
}

#[test]
fn an_exhausted_pool_is_busy() {
    let options = StoreOptions {
        connections: 1,
        connection_timeout: Duration::from_millis(200),
        ..StoreOptions::default()
    };
    for fresh in on_each("exhausted", &options) {
        fresh.store.migrate().unwrap();
        let inner = fresh.store.clone();
        let held = fresh.store.write_blocking(|_| {
            Ok(inner
                .write_blocking(|c| rate_limits::hit(c, "x", 0))
                .is_err())
        });
        assert!(held.unwrap());
    }
}

#[test]
fn a_file_that_is_no_database_is_said_to_be_damaged() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("muster.db");
    std::fs::write(
        &path,
        "this is a letter and not a database, and it is long enough to be read as a header"
            .repeat(20),
    )
    .unwrap();
    let opened = crate::Store::open(&DatabaseUrl::sqlite(&path), StoreOptions::default());
    assert!(matches!(opened, Err(StoreError::Corrupt(_))), "{opened:?}");
    let nowhere = crate::Store::open(
        &DatabaseUrl::sqlite(folder.path().join("no/folder.db")),
        StoreOptions::default(),
    );
    assert!(matches!(nowhere, Err(StoreError::Busy(_))), "{nowhere:?}");
    let nobody: DatabaseUrl = "postgres://127.0.0.1:1/nobody".parse().unwrap();
    assert!(matches!(
        crate::Store::open(&nobody, StoreOptions::default()),
        Err(StoreError::Busy(_))
    ));
}

#[test]
fn a_full_disk_is_busy_and_passes() {
    let fresh = migrated("full").swap_remove(0);
    let fill = |c: &mut crate::Conn| {
        for n in 0..2_000 {
            rate_limits::hit(c, &"a long bucket ".repeat(40), n)?;
        }
        Ok(())
    };
    // The file may not grow: what a full disk looks like from inside.
    fresh
        .store
        .write_blocking(|c| Ok(c.batch_execute("PRAGMA max_page_count = 1")?))
        .unwrap();
    let full = fresh.store.write_blocking(fill);
    assert!(matches!(full, Err(StoreError::Busy(_))), "{full:?}");
    assert_eq!(
        fresh
            .store
            .read_blocking(|c| rate_limits::used(c, &"a long bucket ".repeat(40), 0))
            .unwrap(),
        0
    );
    fresh
        .store
        .write_blocking(|c| Ok(c.batch_execute("PRAGMA max_page_count = 4294967294")?))
        .unwrap();
    fresh.store.write_blocking(fill).unwrap();
}

#[test]
fn a_lost_connection_is_busy_and_the_next_one_works() {
    for fresh in migrated("lost_connection") {
        if matches!(fresh.url, DatabaseUrl::Sqlite(_)) {
            continue;
        }
        let lost = fresh.store.write_blocking(|c| {
            rate_limits::hit(c, "lost", 0)?;
            c.batch_execute("SELECT pg_terminate_backend(pg_backend_pid())")?;
            Ok(())
        });
        assert!(matches!(lost, Err(StoreError::Busy(_))), "{lost:?}");
        assert_eq!(
            fresh
                .store
                .write_blocking(|c| rate_limits::hit(c, "lost", 0))
                .unwrap(),
            1
        );
    }
}

#[test]
fn a_deadlock_is_tried_again() {
    for fresh in migrated("deadlock") {
        let store = &fresh.store;
        store
            .write_blocking(|c| Ok((rate_limits::hit(c, "a", 0)?, rate_limits::hit(c, "b", 0)?)))
            .unwrap();
        std::thread::scope(|threads| {
            for (first, second) in [("a", "b"), ("b", "a")] {
                threads.spawn(move || {
                    store
                        .write_blocking(|c| {
                            rate_limits::hit(c, first, 0)?;
                            std::thread::sleep(Duration::from_millis(100));
                            rate_limits::hit(c, second, 0)
                        })
                        .unwrap();
                });
            }
        });
        for bucket in ["a", "b"] {
            assert_eq!(
                store
                    .read_blocking(|c| rate_limits::used(c, bucket, 0))
                    .unwrap(),
                3
            );
        }
    }
}

#[test]
fn a_write_that_is_cut_off_is_whole_or_nothing() {
    for fresh in migrated("cut_off") {
        for (boundary, expected) in [(Boundary::BeforeCommit, 0), (Boundary::AfterCommit, 1)] {
            let faults = Faults::new(move |met| met == boundary);
            let options = StoreOptions {
                faults: Some(faults),
                ..StoreOptions::default()
            };
            let store = Store::open(&fresh.url, options).unwrap();
            let bucket = format!("{boundary:?}");
            let cut = store.write_blocking(|c| rate_limits::hit(c, &bucket, 0));
            assert!(matches!(cut, Err(StoreError::Busy(_))), "{cut:?}");
            let used = fresh
                .store
                .read_blocking(|c| rate_limits::used(c, &bucket, 0));
            assert_eq!(used.unwrap(), expected, "{boundary:?} {}", fresh.url);
        }
    }
}
