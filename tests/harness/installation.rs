//! `muster serve` as a process, on addresses and data that outlive it, and what somebody who has just installed it does first.

use std::net::TcpListener;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use diesel::RunQueryDsl as _;
use muster::clock::{Clock as _, SystemClock};
use muster_protocol::time::UnixTime;
use muster_store::{DatabaseUrl, Store, StoreOptions};
use serde_json::json;
use tempfile::TempDir;

use crate::api::{Api, text};
use crate::browser::Browser;
use crate::database::Database;
use crate::fleet::Fleet;
use crate::programs::{Running, program, succeed};

/// The signal by which a crash point ends the program.
const SIGABRT: i32 = 6;
/// The first owner.
pub const OWNER: &str = "ada@harbour.example.org";
/// The first owner's password.
pub const PASSWORD: &str = "a lantern over quiet water";

static COUNT: AtomicU8 = AtomicU8::new(0);

/// An installation: its server may run, die and be started again. Whatever runs is killed with this value.
pub struct Installation {
    server: Option<Running>,
    /// Where people and programs reach it.
    pub portal: String,
    /// Where phones reach it.
    pub device: String,
    address: [String; 2],
    database_url: String,
    folder: TempDir,
    // Last: dropped after whatever uses it.
    _database: Database,
}

/// A reseller with a fleet whose keys the test holds.
pub struct Reseller {
    /// Its id.
    pub id: String,
    /// A token of its owner's.
    pub token: String,
    /// Its fleet.
    pub fleet: Fleet,
}

/// The present moment as signed documents have it.
///
/// # Panics
/// It is before 1970.
#[must_use]
pub fn now() -> UnixTime {
    UnixTime(u64::try_from(SystemClock.now().as_second()).expect("after 1970"))
}

impl Installation {
    /// Nothing but settings as yet.
    ///
    /// # Panics
    /// There is no room for it.
    #[must_use]
    pub fn new(database: Database) -> Self {
        let folder = tempfile::tempdir().expect("a folder for the installation");
        let database_url = database.url(folder.path());
        let [portal, device] = addresses();
        Self {
            server: None,
            portal: format!("http://{portal}"),
            device: format!("https://{device}"),
            address: [portal, device],
            database_url,
            folder,
            _database: database,
        }
    }

    /// Its own folder: data in `data/`, phones and files of people beside.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Its data folder.
    #[must_use]
    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// The root of its CA, PEM.
    #[must_use]
    pub fn ca(&self) -> PathBuf {
        self.data().join("ca/root.crt")
    }

    /// Where its database is.
    #[must_use]
    pub fn database_url(&self) -> &str {
        &self.database_url
    }

    /// The program `muster` with this installation's settings.
    #[must_use]
    pub fn muster(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(program("muster"));
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .env_remove("RUST_LOG")
            .env_remove("MUSTER_CRASH_AT")
            .env("NO_COLOR", "1")
            .env("MUSTER_DATA_DIR", self.data())
            .env("MUSTER_DATABASE_URL", &self.database_url)
            .env("MUSTER_PORTAL_LISTEN", &self.address[0])
            .env("MUSTER_PORTAL_URL", &self.portal)
            .env("MUSTER_DEVICE_LISTEN", &self.address[1])
            .env("MUSTER_DEVICE_URL", &self.device);
        command
    }

    /// Starts the server and waits until it says that it is there.
    pub fn start(&mut self) {
        let mut server = Running::start(&mut self.muster(&["serve"]));
        server.wait_for("CA fingerprint");
        self.server = Some(server);
    }

    /// Starts the server so that it dies at a crash point. Requests may be sent at once: its sockets take them before it is
    /// ready, and it may be dead before it is.
    pub fn start_to_die_at(&mut self, point: &str) {
        self.server = Some(Running::start(
            self.muster(&["serve"]).env("MUSTER_CRASH_AT", point),
        ));
        for address in &self.address {
            wait_until(&format!("somebody listens on {address}"), || {
                std::net::TcpStream::connect(address).is_ok()
            });
        }
    }

    /// Waits until it has died at the point, and of nothing else; lets the time pass that its leases had left.
    ///
    /// # Panics
    /// It lives on, or died of something else.
    pub async fn has_died_at(&mut self, point: &str) {
        let mut server = self.server.take().expect("the server was started");
        let status = server.wait_for_death();
        let line = server.wait_for("dying at a crash point");
        assert_eq!(status.signal(), Some(SIGABRT), "{point}: {status}");
        assert!(
            line.contains(point),
            "it died elsewhere than at {point}: {line}"
        );
        let store = self.store();
        // The one node of an embedded database takes its leases back by itself; among several nodes they run out.
        let shared = !store.is_embedded();
        let passed = store.write(move |tx| {
            if shared {
                diesel::sql_query("UPDATE job_leases SET held_until = 0").execute(tx)?;
            }
            diesel::sql_query("UPDATE mail_outbox SET next_attempt_at = 0 WHERE state = 'waiting'")
                .execute(tx)?;
            Ok(())
        });
        passed.await.expect("the database answers");
    }

    /// Stops the server as Ctrl-C does.
    pub fn stop(&mut self) {
        if let Some(mut server) = self.server.take() {
            server.interrupt();
        }
    }

    /// The database, for looking behind the server's back.
    ///
    /// # Panics
    /// It does not open.
    #[must_use]
    pub fn store(&self) -> Store {
        let url: DatabaseUrl = self.database_url.parse().expect("an address");
        let options = StoreOptions {
            readers: 1,
            connections: 2,
            ..StoreOptions::default()
        };
        Store::open(&url, options).expect("the database opens")
    }

    /// The first owner's browser, signed in by the link that the first start prints. The link works this once.
    ///
    /// # Panics
    /// The portal does not let them in.
    pub async fn first_owner(&mut self) -> Browser {
        let server = self.server.as_mut().expect("the server runs");
        let link = server.wait_for("/set-up/").trim().to_owned();
        let mut browser = Browser::new(&self.portal);
        assert_eq!(browser.get(&link).await.status, 200);
        let owner = [
            ("organisation", "Harbour Light"),
            ("name", "Ada Lamb"),
            ("email", OWNER),
            ("password", PASSWORD),
        ];
        let welcome = browser.submit(&link, &owner).await;
        assert_eq!(welcome.status, 200, "{}", welcome.text);
        assert!(
            welcome.text.contains("Ada Lamb"),
            "the owner is signed in: {}",
            welcome.text
        );
        assert_eq!(
            Browser::new(&self.portal).get(&link).await.status,
            410,
            "the link works once"
        );
        browser
    }

    /// A token made on the server's machine; without an organisation it is the operator's.
    #[must_use]
    pub fn token(&self, role: &str, organisation: Option<&str>) -> String {
        let mut arguments = vec!["token", "create", "--name", "suite", "--role", role];
        arguments.extend(organisation.iter().flat_map(|id| ["--organisation", id]));
        succeed(&mut self.muster(&arguments)).trim().to_owned()
    }

    /// The API with a token.
    #[must_use]
    pub fn api(&self, token: &str) -> Api {
        Api::new(&self.portal, Some(token.to_owned()))
    }

    /// Adds a reseller, with a token of its owner's.
    pub async fn organisation(&self, operator: &Api, name: &str) -> (String, String) {
        let added = operator
            .post("/api/v1/organisations", &json!({ "name": name }))
            .await
            .expect(201);
        let id = text(&added["id"]);
        let token = self.token("owner", Some(&id));
        (id, token)
    }

    /// Adds a reseller and makes its fleet.
    pub async fn reseller(&self, operator: &Api, name: &str, number: u8) -> Reseller {
        let (id, token) = self.organisation(operator, name).await;
        let fleet = Fleet::make(&self.api(&token), &id, number, now()).await;
        Reseller { id, token, fleet }
    }

    /// A server that runs, an owner who has set it up, and one reseller.
    pub async fn with_reseller(&mut self) -> (Browser, Reseller) {
        self.start();
        let browser = self.first_owner().await;
        let operator = self.api(&self.token("owner", None));
        let reseller = self.reseller(&operator, "Northwind Mobile", 1).await;
        (browser, reseller)
    }
}

/// Two addresses of this machine that are nobody else's: each installation has a loopback address of its own, so that a port
/// cannot be taken by another test between two starts.
fn addresses() -> [String; 2] {
    let pid = std::process::id().to_be_bytes();
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let host = format!(
        "127.{}.{}.{}",
        64 + (count ^ pid[1]) % 128,
        pid[2],
        pid[3].clamp(1, 254)
    );
    let free = || TcpListener::bind((host.as_str(), 0)).expect("a free port");
    let [portal, device] = [free(), free()];
    [portal, device].map(|socket| {
        socket
            .local_addr()
            .expect("a bound socket has an address")
            .to_string()
    })
}

/// Waits until `ready`, looking again and again.
///
/// # Panics
/// It is not within half a minute.
#[track_caller]
pub fn wait_until(what: &str, mut ready: impl FnMut() -> bool) {
    for _ in 0..1500 {
        if ready() {
            return;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    unreachable!("waited in vain until {what}");
}

/// Waits until `ready` answers something, asking again and again.
///
/// # Panics
/// It does not within half a minute.
pub async fn until<T>(what: &str, mut ready: impl AsyncFnMut() -> Option<T>) -> T {
    for _ in 0..600 {
        if let Some(found) = ready().await {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    unreachable!("waited in vain until {what}");
}
