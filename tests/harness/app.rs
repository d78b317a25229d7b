//! One whole node: real listeners on ports of their own, time that stands still until it is moved.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use muster::app::App;
use muster::clock::FrozenClock;
use muster::config::{Config, MailTransport, PasswordCost};
use muster::features;
use muster::features::operations::schedule;
use muster::mail::Letter;
use muster::random::SeededRandom;
use muster::server::{Server, Sockets};
use muster_protocol::time::UnixTime;
use muster_store::events::EventFilter;
use muster_store::{Conn, StoreResult};
use tempfile::TempDir;

use crate::api::Api;
use crate::database::Database;
use crate::world::World;
use crate::{BEGIN, page};

/// A node under test.
pub struct TestApp {
    /// The time, of the node and of every phone.
    pub clock: Arc<FrozenClock>,
    /// The organisations, fleets and people in it; made by [`TestApp::world`].
    world: Option<World>,
    server: Option<Server>,
    config: Config,
    seed: u64,
    folder: TempDir,
    // Last: dropped after whatever uses it.
    database: Database,
}

/// Runs one test on `database`.
///
/// # Panics
/// As the test does.
pub fn run(database: Database, test: impl AsyncFnOnce(&mut TestApp)) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build();
    runtime.expect("a runtime starts").block_on(async {
        let mut t = TestApp::start(database).await;
        test(&mut t).await;
        t.stop().await;
    });
}

impl TestApp {
    /// Starts a node that knows nobody.
    ///
    /// # Panics
    /// It does not start.
    pub async fn start(database: Database) -> Self {
        Self::start_seeded(database, 1).await
    }

    /// The same with randomness of its own, for a second node that must not make the same keys.
    ///
    /// # Panics
    /// It does not start.
    pub async fn start_seeded(database: Database, seed: u64) -> Self {
        let folder = tempfile::tempdir().expect("a folder for the test");
        let mut config = Config::in_dir(&folder.path().join("data"));
        config.database_url = database.url(folder.path());
        config.portal.listen = ([127, 0, 0, 1], 0).into();
        config.device.listen = ([127, 0, 0, 1], 0).into();
        config.mail.transport = MailTransport::Memory;
        config.password_cost = PasswordCost::CHEAP;
        let begin = Timestamp::from_second(BEGIN).expect("a time in range");
        let clock = Arc::new(FrozenClock::at(begin));
        let server = serve(&config, &clock, seed).await;
        Self {
            clock,
            world: None,
            server: Some(server),
            config,
            seed,
            folder,
            database,
        }
    }

    /// A second node on a copy of everything that this one has at this moment, database and data folder, with its device
    /// listener at `device`: a backup restored elsewhere. Time is one for both, and this one goes on.
    ///
    /// # Panics
    /// It does not start.
    pub async fn restored_elsewhere(&self, device: std::net::SocketAddr) -> Self {
        self.restored(device, true).await
    }

    /// The same without the CA, of which the new node makes one of its own; the other lies in `former-ca` of its data folder.
    ///
    /// # Panics
    /// It does not start.
    pub async fn restored_with_its_own_ca(&self, device: std::net::SocketAddr) -> Self {
        self.restored(device, false).await
    }

    async fn restored(&self, device: std::net::SocketAddr, with_ca: bool) -> Self {
        let folder = tempfile::tempdir().expect("a folder for the copy");
        let mut config = self.config.clone();
        config.data_dir = folder.path().join("data");
        copy_folder(&self.config.data_dir, &config.data_dir).expect("the data folder is copied");
        if !with_ca {
            let data = &config.data_dir;
            std::fs::rename(data.join("ca"), data.join("former-ca")).expect("the CA moves aside");
        }
        let database = self.database.copy(self.folder.path(), folder.path());
        config.database_url = database.url(folder.path());
        config.portal.listen = ([127, 0, 0, 1], 0).into();
        config.device.listen = device;
        let seed = self.seed + 5000;
        let server = serve(&config, &self.clock, seed).await;
        let world = self.world.as_ref().map(|world| world.at(&server.app));
        Self {
            clock: self.clock.clone(),
            world,
            server: Some(server),
            config,
            seed,
            folder,
            database,
        }
    }

    /// What the node runs on.
    ///
    /// # Panics
    /// The node was stopped.
    #[must_use]
    pub fn app(&self) -> &Arc<App> {
        &self.server.as_ref().expect("the node runs").app
    }

    /// The test's own folder.
    #[must_use]
    pub fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    /// Its settings.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// An operator, two resellers with customers, and a fleet for each; made at the first call.
    pub async fn world(&mut self) -> World {
        if self.world.is_none() {
            self.world = Some(World::make(self).await);
        }
        self.world.clone().expect("made above")
    }

    /// A caller of the API without a token.
    #[must_use]
    pub fn anybody(&self) -> Api {
        Api::new(&self.app().portal_url, None)
    }

    /// Stops the node and starts it again on the same data, as after an orderly restart.
    pub async fn restart(&mut self) {
        if let Some(server) = self.server.take() {
            // The addresses stay, as they would: keyrings name them.
            self.config.portal.listen = address(&server.app.portal_url);
            self.config.device.listen = address(&server.app.device_url);
            server.stop().await;
        }
        self.seed += 1;
        self.server = Some(serve(&self.config, &self.clock, self.seed + 1000).await);
    }

    /// The same with other settings.
    pub async fn restart_with(&mut self, change: impl FnOnce(&mut Config)) {
        change(&mut self.config);
        self.restart().await;
    }

    /// Stops the node.
    pub async fn stop(&mut self) {
        if let Some(server) = self.server.take() {
            server.stop().await;
        }
    }

    /// Moves the time of node and phones.
    pub fn advance(&self, time: Duration) {
        self.clock.advance_seconds(
            i64::try_from(time.as_secs()).expect("a test waits less than for ever"),
        );
    }

    /// Moves the time by days.
    pub fn advance_days(&self, days: u64) {
        self.advance(Duration::from_secs(days * 86_400));
    }

    /// The time as signed documents have it.
    ///
    /// # Panics
    /// It is before 1970.
    #[must_use]
    pub fn now(&self) -> UnixTime {
        UnixTime(u64::try_from(self.app().now().as_second()).expect("after 1970"))
    }

    /// Runs a job of the schedule now.
    ///
    /// # Panics
    /// There is no such job, or it fails.
    pub async fn run_job(&self, name: &str) {
        let job = features::jobs().into_iter().find(|job| job.name == name);
        let job = job.expect("a job of the schedule");
        // The schedule runs beside the test: what rang its bell may hold the job at this moment.
        for _ in 0..200 {
            if schedule::run(self.app(), job)
                .await
                .expect("the job succeeds")
            {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        unreachable!("the job {name} was held by another for four seconds");
    }

    /// Waits until the log has numbered every leaf: what was done so far can be proved then.
    ///
    /// # Panics
    /// It does not within ten seconds.
    pub async fn log_settles(&self) {
        for _ in 0..200 {
            self.run_job("log-sequencer").await;
            if self
                .read(muster_store::log::fleets_waiting)
                .await
                .is_empty()
            {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        unreachable!("the log does not settle");
    }

    /// Looks into the database.
    ///
    /// # Panics
    /// It does not answer.
    pub async fn read<T: Send + 'static>(
        &self,
        f: impl FnOnce(&mut Conn) -> StoreResult<T> + Send + 'static,
    ) -> T {
        self.app()
            .store
            .read(f)
            .await
            .expect("the database answers")
    }

    /// Changes the database behind everybody's back.
    ///
    /// # Panics
    /// It refuses.
    pub async fn write<T: Send + 'static>(
        &self,
        f: impl Fn(&mut Conn) -> StoreResult<T> + Send + 'static,
    ) -> T {
        self.app()
            .store
            .write(f)
            .await
            .expect("the database answers")
    }

    /// The kinds of everything on the record, newest first.
    pub async fn record(&self) -> Vec<String> {
        self.events()
            .await
            .into_iter()
            .map(|event| event.kind)
            .collect()
    }

    /// Everything on the record, newest first: the newest 200.
    pub async fn events(&self) -> Vec<muster_store::events::Event> {
        let scope = muster_domain::scope::Scope::Platform;
        self.read(move |c| {
            muster_store::events::list(c, &scope, &EventFilter::default(), None, 200)
        })
        .await
        .items
    }

    /// The mail that was sent so far, after the outbox was emptied.
    pub async fn mail(&self) -> Vec<Letter> {
        self.run_job("mail").await;
        self.app().mailer.sent()
    }

    /// The one-time link that the newest mail carries, without the host.
    ///
    /// # Panics
    /// No mail was sent, or it carries no link.
    pub async fn mailed_link(&self) -> String {
        for _ in 0..100 {
            if let Some(letter) = self.mail().await.last() {
                let portal = &self.app().portal_url;
                return page::between(&letter.text, portal, "\n")
                    .expect("the mail carries a link")
                    .trim()
                    .to_owned();
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        unreachable!("no mail was sent");
    }
}

fn copy_folder(from: &std::path::Path, to: &std::path::Path) -> std::io::Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let (path, copy) = (entry.path(), to.join(entry.file_name()));
        if path.is_dir() {
            copy_folder(&path, &copy)?;
        } else {
            std::fs::copy(&path, &copy)?;
        }
    }
    Ok(())
}

/// What runs beside a test. Not what sells: its days are the frozen clock's, and a tick of the machine's would bill and suspend
/// in the middle of a test; tests run it with [`TestApp::run_job`].
fn by_itself() -> Vec<schedule::Job> {
    let sells: Vec<&str> = features::selling::jobs()
        .iter()
        .map(|job| job.name)
        .collect();
    let mut jobs = features::jobs();
    jobs.retain(|job| !sells.contains(&job.name));
    jobs
}

async fn serve(config: &Config, clock: &Arc<FrozenClock>, seed: u64) -> Server {
    let sockets = Sockets::bind(config).expect("ports are free");
    let random = Arc::new(SeededRandom::new(seed));
    Server::start_with(config.clone(), sockets, clock.clone(), random, &by_itself())
        .await
        .expect("the node starts")
}

fn address(url: &str) -> std::net::SocketAddr {
    let (_, authority) = url.split_once("://").expect("an address with a scheme");
    authority.parse().expect("an address of this machine")
}
