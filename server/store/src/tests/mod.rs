//! The queries, tried on SQLite and, where `MUSTER_TEST_POSTGRES_URL` names a server, on PostgreSQL. The rules around
//! them are tested through the front door, in the workspace's `tests/`.

mod commands;
mod copies;
mod devices;
mod doors;
mod log_entries;
mod migrations;
mod passkeys;
mod people;
mod plans;
mod selling;
mod trust;
