//! Where a benchmark keeps its databases: two of them, made and thrown away by the run.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection, SqliteConnection};
use jiff::Timestamp;
use muster::app::{App, Surroundings};
use muster::clock::FrozenClock;
use muster::config::{Config, MailTransport, PasswordCost};
use muster::random::SystemRandom;

use crate::Outcome;

/// When the subscriptions are made; they are due two days later.
const BEGIN: i64 = 1_798_761_600;

/// The kind of database.
pub struct At {
    folder: tempfile::TempDir,
    server: Option<String>,
}

impl At {
    /// SQLite, or a server.
    ///
    /// # Errors
    /// There is no room for a folder.
    pub fn choose(server: Option<&str>) -> Outcome<Self> {
        Ok(Self {
            folder: tempfile::tempdir()?,
            server: server.map(str::to_owned),
        })
    }

    /// Its name.
    pub fn name(&self) -> &'static str {
        if self.server.is_some() {
            "PostgreSQL"
        } else {
            "SQLite"
        }
    }

    /// An empty database.
    ///
    /// # Errors
    /// The server does not make it.
    pub fn first(&self) -> Outcome<Place> {
        let place = self.place("first");
        if let Some(database) = &place.database {
            database.make("")?;
        }
        Ok(place)
    }

    fn place(&self, name: &str) -> Place {
        Place {
            folder: self.folder.path().to_owned(),
            file: self.folder.path().join(format!("{name}.db")),
            database: self.server.as_ref().map(|server| Database {
                server: server.clone(),
                name: format!("muster_bench_{}_{name}", std::process::id()),
            }),
        }
    }
}

/// One database.
pub struct Place {
    folder: PathBuf,
    file: PathBuf,
    database: Option<Database>,
}

impl Place {
    /// Its address, as settings have it.
    fn url(&self) -> String {
        self.database
            .as_ref()
            .map_or_else(|| format!("sqlite:{}", self.file.display()), Database::url)
    }

    /// Opens the program on it, two days on each time, and closes it again.
    ///
    /// # Errors
    /// It does not open; `work` fails.
    pub async fn with_app<T>(
        &self,
        work: impl AsyncFnOnce(&Arc<App>) -> Result<T, String>,
    ) -> Outcome<T> {
        let has_samples = self.folder.join("secret.key").exists();
        let now = Timestamp::from_second(BEGIN + if has_samples { 2 * 86_400 } else { 0 })?;
        let mut config = Config::in_dir(&self.folder);
        config.database_url = self.url();
        config.mail.transport = MailTransport::Memory;
        config.password_cost = PasswordCost::CHEAP;
        let surroundings = Surroundings {
            clock: Arc::new(FrozenClock::at(now)),
            random: Arc::new(SystemRandom),
            portal_url: "http://localhost:8080".to_owned(),
            device_url: "https://127.0.0.1:8443".to_owned(),
        };
        let opened = tokio::task::spawn_blocking(move || App::open(config, surroundings)).await?;
        let app = Arc::new(opened?);
        Ok(work(&app).await?)
    }

    /// A second one with the same rows.
    ///
    /// # Errors
    /// It cannot be copied.
    pub fn copy(&self) -> Outcome<Self> {
        let file = self.folder.join("second.db");
        let database = self.database.as_ref().map(|first| Database {
            server: first.server.clone(),
            name: first.name.replace("_first", "_second"),
        });
        match (&self.database, &database) {
            (Some(first), Some(second)) => {
                first.settle()?;
                second.make(&format!(" TEMPLATE {}", first.name))?;
                first.settle()?;
                second.settle()?;
            }
            _ => {
                self.sqlite()?
                    .batch_execute(&format!("VACUUM INTO '{}'", file.display()))?;
            }
        }
        Ok(Self {
            folder: self.folder.clone(),
            file,
            database,
        })
    }

    /// Where it is on a server.
    pub fn database(&self) -> Option<&Database> {
        self.database.as_ref()
    }

    /// A connection to the file, set up as the program does it.
    ///
    /// # Errors
    /// It does not open.
    pub fn sqlite(&self) -> Outcome<SqliteConnection> {
        let path: &Path = &self.file;
        let mut connection = SqliteConnection::establish(&path.to_string_lossy())?;
        connection.batch_execute(
            "PRAGMA journal_mode = WAL; PRAGMA foreign_keys = ON; PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY; \
             PRAGMA cache_size = -16000;",
        )?;
        Ok(connection)
    }
}

/// A database on a server; gone with this value.
pub struct Database {
    server: String,
    name: String,
}

impl Database {
    fn url(&self) -> String {
        let before = self
            .server
            .rsplit_once('/')
            .map_or(self.server.as_str(), |(before, _)| before);
        format!("{before}/{}", self.name)
    }

    fn make(&self, more: &str) -> Outcome<()> {
        let mut server = PgConnection::establish(&self.server)?;
        server.batch_execute(&format!("CREATE DATABASE {}{more}", self.name))?;
        Ok(())
    }

    /// What a server would do by itself within the hour: statistics, and nothing left to write.
    fn settle(&self) -> Outcome<()> {
        self.connect()?
            .batch_execute("VACUUM ANALYZE; CHECKPOINT;")?;
        Ok(())
    }

    /// A connection to it.
    ///
    /// # Errors
    /// The server does not answer.
    pub fn connect(&self) -> Outcome<PgConnection> {
        Ok(PgConnection::establish(&self.url())?)
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let dropped = PgConnection::establish(&self.server).map(|mut server| {
            server.batch_execute(&format!(
                "DROP DATABASE IF EXISTS {} WITH (FORCE)",
                self.name
            ))
        });
        if !matches!(dropped, Ok(Ok(()))) {
            eprintln!(
                "The database {} could not be thrown away. Do it by hand.",
                self.name
            );
        }
    }
}
