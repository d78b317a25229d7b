//! The database in trouble: locked, unreachable, hung up. Requests fail with 503 and Retry-After, nothing that was
//! acknowledged is lost, and it recovers by itself.

use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection, SqliteConnection};
use muster_domain::permission::Role;
use muster_tests::api::text;
use muster_tests::line::Way;
use muster_tests::{TestApp, on_both_databases, page};
use serde_json::json;

on_both_databases![
    a_locked_database_is_answered_with_503_and_nothing_is_half_done,
    a_phone_keeps_its_receipt_until_the_database_takes_it,
    nothing_acknowledged_is_lost_while_connections_die,
];

#[test]
fn a_database_that_cannot_be_reached_is_answered_with_503_postgres() {
    muster_tests::app::run(muster_tests::Database::postgres(), async |t| {
        unreachable_database(t).await;
    });
}

/// Holds the database so that nobody else can write, until it is let go.
enum Lock {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

impl Lock {
    fn take(t: &TestApp) -> Self {
        let url = &t.config().database_url;
        match url.strip_prefix("sqlite:") {
            Some(path) => {
                let mut connection = SqliteConnection::establish(path).unwrap();
                connection
                    .batch_execute("PRAGMA busy_timeout = 5000; BEGIN IMMEDIATE")
                    .unwrap();
                Self::Sqlite(connection)
            }
            None => {
                let mut connection = PgConnection::establish(url).unwrap();
                connection
                    .batch_execute("BEGIN; LOCK TABLE devices, device_state, organisations, events, receipts IN EXCLUSIVE MODE")
                    .unwrap();
                Self::Postgres(connection)
            }
        }
    }

    fn release(self) {
        match self {
            Self::Sqlite(mut connection) => connection.batch_execute("ROLLBACK").unwrap(),
            Self::Postgres(mut connection) => connection.batch_execute("ROLLBACK").unwrap(),
        }
    }
}

async fn a_locked_database_is_answered_with_503_and_nothing_is_half_done(t: &mut TestApp) {
    let world = t.world().await;
    let phone = world.phone(t, "NW-000042").await;
    let way = Way::to(t, Some(&phone.identity()));
    let mut browser = world.browser(&world.northwind, Role::Owner).await;
    browser.get("/organisations").await;
    let device = json!({ "serial_number": "NW-000043", "model": "Hardline X7" });
    let before = t.record().await.len();

    let lock = Lock::take(t);
    let check_in = json!({ "v": 1, "report": { "battery_percent": 7 } });
    let (api, portal, phones) = tokio::join!(
        world.northwind.api.post("/api/v1/devices", &device),
        browser.submit_once("/organisations", &[("name", "Harbour Watch")]),
        way.post("/v1/check-in", &check_in),
    );
    api.expect_problem(503, "database-busy");
    assert_eq!(api.header("retry-after"), "5");
    assert_eq!(portal.status, 503, "{}", portal.text);
    assert_eq!(portal.header("retry-after"), "5");
    assert!(
        portal.header("content-type").starts_with("text/html")
            && page::tags(&portal.text, "h1").count() == 1,
        "{}",
        portal.text
    );
    phones.expect_problem(503, "database-busy");
    assert_eq!(phones.header("retry-after"), "5");
    lock.release();

    // Nothing was half done, and the same requests succeed now, on the connections that were there.
    assert_eq!(t.record().await.len(), before);
    assert_eq!(
        world.northwind.api.device(&phone.device).await["contact"],
        "never"
    );
    world
        .northwind
        .api
        .post("/api/v1/devices", &device)
        .await
        .expect(201);
    assert_eq!(
        browser
            .submit_once("/organisations", &[("name", "Harbour Watch")])
            .await
            .status,
        303
    );
    assert_eq!(way.post("/v1/check-in", &check_in).await.status, 200);
    assert_eq!(
        world.northwind.api.device(&phone.device).await["contact"],
        "fresh"
    );
}

async fn a_phone_keeps_its_receipt_until_the_database_takes_it(t: &mut TestApp) {
    let world = t.world().await;
    let mut phone = world.phone(t, "NW-000042").await;
    phone.check_in().await;
    let command = text(
        &world
            .northwind
            .api
            .command("lock", &[&phone.device], serde_json::Value::Null)
            .await["id"],
    );
    let lock = Lock::take(t);
    assert!(
        phone.agent.check_in_once().await.is_err(),
        "a 503 is no valid answer"
    );
    lock.release();
    for _ in 0..3 {
        phone.check_in().await;
    }
    let command = world.northwind.api.command_state(&command).await;
    assert_eq!(command["state"], "done", "{command}");
    let done = t
        .record()
        .await
        .into_iter()
        .filter(|kind| kind == "command.done")
        .count();
    assert!(done <= 1, "{done}");
    assert!(
        phone.screen().to_lowercase().contains("lock"),
        "{}",
        phone.screen()
    );
}

async fn nothing_acknowledged_is_lost_while_connections_die(t: &mut TestApp) {
    let world = t.world().await;
    let api = &world.northwind.api;
    let postgres =
        (!t.config().database_url.starts_with("sqlite:")).then(|| t.config().database_url.clone());
    let mut acknowledged = Vec::new();
    let mut refused = 0;
    for number in 0..40 {
        if number % 8 == 3 {
            match &postgres {
                Some(url) => hang_up(url),
                // A file has no connections to lose; what it has is other programs that hold it for a moment.
                None => {
                    let lock = Lock::take(t);
                    let body = json!({ "name": format!("Waits {number}") });
                    let waiting = api.post("/api/v1/organisations", &body);
                    let (answer, ()) = tokio::join!(waiting, async {
                        tokio::time::sleep(Duration::from_millis(100)).await;
                        lock.release();
                    });
                    answer.expect(201);
                }
            }
        }
        let serial = format!("NW-{number:06}");
        let answer = api
            .post(
                "/api/v1/devices",
                &json!({ "serial_number": serial, "model": "Hardline X7" }),
            )
            .await;
        match answer.status {
            201 => acknowledged.push(text(&answer.json()["id"])),
            503 => {
                answer.expect_problem(503, "database-busy");
                refused += 1;
            }
            status => unreachable!("{status}: {}", answer.text),
        }
    }
    for id in &acknowledged {
        api.get(&format!("/api/v1/devices/{id}")).await.expect(200);
    }
    assert!(
        acknowledged.len() >= 30,
        "{} acknowledged, {refused} refused: it does not recover",
        acknowledged.len()
    );
    let registered = t
        .record()
        .await
        .into_iter()
        .filter(|kind| kind == "device.registered")
        .count();
    assert!(
        registered >= acknowledged.len(),
        "an act without its entry on the record"
    );
}

/// Ends every connection to this test's database but our own.
fn hang_up(url: &str) {
    let mut connection = PgConnection::establish(url).unwrap();
    connection
        .batch_execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()")
        .unwrap();
}

async fn unreachable_database(t: &mut TestApp) {
    let world = t.world().await;
    let phone = world.phone(t, "NW-000042").await;
    let browser = world.browser(&world.northwind, Role::Owner).await;
    let way = Way::to(t, Some(&phone.identity()));
    let url = t.config().database_url.clone();
    let (server, name) = url.rsplit_once('/').unwrap();
    let mut control = PgConnection::establish(&format!("{server}/postgres")).unwrap();
    control
        .batch_execute(&format!("ALTER DATABASE {name} ALLOW_CONNECTIONS false"))
        .unwrap();
    control
        .batch_execute(&format!(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
        ))
        .unwrap();

    let check_in = json!({ "v": 1 });
    let (api, portal, phones, ready, live) = tokio::join!(
        world.northwind.api.get("/api/v1/devices"),
        browser.get_once("/devices"),
        way.post("/v1/check-in", &check_in),
        browser.get_once("/readyz"),
        browser.get_once("/livez"),
    );
    api.expect_problem(503, "database-busy");
    assert_eq!(portal.status, 503, "{}", portal.text);
    assert_eq!(phones.status, 503, "{}", phones.text());
    assert_eq!(
        (ready.status, live.status),
        (503, 200),
        "a node that waits for its database lives and is not ready"
    );
    for retry_after in [
        api.header("retry-after"),
        portal.header("retry-after"),
        phones.header("retry-after"),
    ] {
        assert_eq!(retry_after, "5");
    }

    control
        .batch_execute(&format!("ALTER DATABASE {name} ALLOW_CONNECTIONS true"))
        .unwrap();
    let deadline = Instant::now() + Duration::from_secs(30);
    while browser.get_once("/readyz").await.status != 200 {
        assert!(Instant::now() < deadline, "it does not recover by itself");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    world.northwind.api.get("/api/v1/devices").await.expect(200);
    assert_eq!(browser.get_once("/devices").await.status, 200);
    assert_eq!(
        way.post("/v1/check-in", &json!({ "v": 1 })).await.status,
        200
    );
}
