//! A database of its own for each test: a file for SQLite; for PostgreSQL a copy of a template that was migrated once.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::UNIX_EPOCH;

use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection, RunQueryDsl, SqliteConnection};
use muster_store::{DatabaseUrl, Store, StoreOptions};

/// Where the test server is. `tests/run` starts one and sets it.
const SERVER: &str = "MUSTER_TEST_POSTGRES_URL";
/// Names the lock under which the template is made.
const LOCK: i64 = 0x6d75_7374_6572;

static COUNT: AtomicU32 = AtomicU32::new(0);

/// A database for one test, gone with this value.
#[derive(Debug)]
pub enum Database {
    /// A file in the test's own folder.
    Sqlite,
    /// A copy of the template on the test server.
    Postgres {
        /// The server's maintenance database.
        server: String,
        /// The copy's name.
        name: String,
    },
}

#[derive(diesel::QueryableByName)]
struct Found {
    #[diesel(sql_type = diesel::sql_types::Bool)]
    found: bool,
}

impl Database {
    /// SQLite.
    #[must_use]
    pub fn sqlite() -> Self {
        Self::Sqlite
    }

    /// PostgreSQL. Without a server the test fails: half a suite must not look like a whole one.
    #[must_use]
    #[expect(
        clippy::disallowed_methods,
        reason = "where the test server is, only whoever runs the tests knows"
    )]
    pub fn postgres() -> Self {
        let server = std::env::var(SERVER).ok();
        let server = server.expect("MUSTER_TEST_POSTGRES_URL is not set: run ./tests/run, or give it a server on which databases may be made");
        let mut connection = PgConnection::establish(&server).expect("the test server answers");
        let name = own_name();
        let mut run = |sql: &str| {
            connection
                .batch_execute(sql)
                .expect("the test server makes databases");
        };
        run(&format!("SELECT pg_advisory_lock({LOCK})"));
        let template = template(&server);
        run(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
        run(&format!("CREATE DATABASE {name} TEMPLATE {template}"));
        run(&format!("SELECT pg_advisory_unlock({LOCK})"));
        Self::Postgres { server, name }
    }

    /// A copy of it as it is at this moment, as a backup has it; `from` is the test's own folder, `to` the copy's.
    ///
    /// # Panics
    /// It cannot be copied.
    #[must_use]
    pub fn copy(&self, from: &std::path::Path, to: &std::path::Path) -> Self {
        match self {
            Self::Sqlite => {
                let file = from.join("muster.db");
                let mut connection = SqliteConnection::establish(&file.display().to_string())
                    .expect("the database opens");
                let sql = format!("VACUUM INTO '{}'", to.join("muster.db").display());
                connection
                    .batch_execute(&sql)
                    .expect("the database is copied");
                Self::Sqlite
            }
            Self::Postgres { server, name } => {
                let copy = own_name();
                let mut connection =
                    PgConnection::establish(server).expect("the test server answers");
                // A database is copied while nobody uses it; whoever did connects again afterwards.
                for sql in [
                    format!("ALTER DATABASE {name} ALLOW_CONNECTIONS false"),
                    format!(
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
                    ),
                    format!("CREATE DATABASE {copy} TEMPLATE {name}"),
                    format!("ALTER DATABASE {name} ALLOW_CONNECTIONS true"),
                ] {
                    connection
                        .batch_execute(&sql)
                        .expect("the test server copies databases");
                }
                Self::Postgres {
                    server: server.clone(),
                    name: copy,
                }
            }
        }
    }

    /// Its address; `folder` is the test's own.
    #[must_use]
    pub fn url(&self, folder: &std::path::Path) -> String {
        match self {
            Self::Sqlite => format!("sqlite:{}", folder.join("muster.db").display()),
            Self::Postgres { server, name } => on_server(server, name),
        }
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if let Self::Postgres { server, name } = self
            && let Ok(mut connection) = PgConnection::establish(server)
        {
            let dropped =
                connection.batch_execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
            assert!(
                dropped.is_ok() || std::thread::panicking(),
                "the test's database is left behind: {dropped:?}"
            );
        }
    }
}

fn own_name() -> String {
    format!(
        "muster_{}_{}",
        std::process::id(),
        COUNT.fetch_add(1, Ordering::Relaxed)
    )
}

/// The template of this build of the suite, made by whichever test comes first.
fn template(server: &str) -> String {
    let template = format!("muster_template_{:016x}", build());
    let mut connection = PgConnection::establish(server).expect("the test server answers");
    let sql =
        format!("SELECT EXISTS (SELECT 1 FROM pg_database WHERE datname = '{template}') AS found");
    let found: Found = diesel::sql_query(sql)
        .get_result(&mut connection)
        .expect("the test server answers");
    if !found.found {
        // Under another name until it is whole, so that a test that dies in between leaves no half-made template.
        let making = format!("{template}_making");
        let mut run = |sql: &str| {
            connection
                .batch_execute(sql)
                .expect("the test server makes databases");
        };
        run(&format!("DROP DATABASE IF EXISTS {making} WITH (FORCE)"));
        run(&format!("CREATE DATABASE {making}"));
        let url: DatabaseUrl = on_server(server, &making)
            .parse()
            .expect("an address made of a good one");
        Store::open(&url, StoreOptions::default())
            .expect("a new database opens")
            .migrate()
            .expect("migrations run");
        run(&format!("ALTER DATABASE {making} RENAME TO {template}"));
    }
    template
}

/// Changes with every build, and so with every migration.
fn build() -> u64 {
    let program = std::env::current_exe().expect("a running program has a file");
    let file = std::fs::metadata(program).expect("a running program has a file");
    let built = file
        .modified()
        .ok()
        .and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    let mut hasher = DefaultHasher::new();
    (built, file.len()).hash(&mut hasher);
    hasher.finish()
}

fn on_server(server: &str, name: &str) -> String {
    let (before, _) = server
        .rsplit_once('/')
        .expect("the address names a database");
    format!("{before}/{name}")
}
