//! Everything a use case may depend on, in one place, registered once.

use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use muster_pki::sealing::KeyEncryptionKey;
use muster_store::{DatabaseUrl, Store, StoreOptions};
use tokio::sync::Notify;

use crate::authority::Authority;
use crate::clock::Clock;
use crate::config::{ApprovalsHost, Config};
use crate::crash::CrashPoints;
use crate::features::commands::trees::TargetTrees;
use crate::features::log::witness_client::Witnesses;
use crate::features::trust::keys::FleetKeys;
use crate::ids::Ids;
use crate::mail::Mailer;
use crate::passwords::Passwords;
use crate::random::Random;
use crate::vault::{self, Vault};
use crate::web::session::SessionKeys;
use crate::web::text::Catalogue;
use crate::web::wake::Wakeups;

/// The dependencies of the whole program.
pub struct App {
    /// Settings.
    pub config: Config,
    /// What this node calls itself in leases; new at every start.
    pub node: String,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub random: Arc<dyn Random>,
    /// Ids that sort by time.
    pub ids: Ids,
    /// The database.
    pub store: Store,
    /// Seals and opens private keys at rest.
    pub vault: Vault,
    /// The certificate authority.
    pub authority: Authority,
    /// Opened log and online keys of fleets.
    pub fleet_keys: FleetKeys,
    /// Target trees of the commands that are being delivered.
    pub target_trees: TargetTrees,
    /// The witnesses of this installation's logs.
    pub witnesses: Witnesses,
    /// Signs session cookies.
    pub session_keys: SessionKeys,
    /// Hashes and checks passwords.
    pub passwords: Passwords,
    /// Every text of the portal, in every language.
    pub texts: Catalogue,
    /// Sends what the outbox holds.
    pub mailer: Mailer,
    /// Phones that wait for a wake-up at this node.
    pub wakeups: Wakeups,
    /// Where a test may make the program die.
    pub crash_points: CrashPoints,
    /// What people type to reach the portal, without a slash at its end.
    pub portal_url: String,
    /// Where members approve with passkeys; `None` where that is not set up.
    pub approvals: Option<ApprovalsHost>,
    /// What phones are given, without a slash at its end.
    pub device_url: String,
    /// Jobs that somebody wants to run now rather than at their next tick.
    pub due: Due,
}

/// Bells of jobs that do not wait for their tick.
#[derive(Debug, Default)]
pub struct Due {
    /// Leaves wait for their numbers.
    pub sequencer: Notify,
    /// A checkpoint waits for cosignatures, or a phone for a clearance.
    pub witnesses: Notify,
    /// Something was revoked.
    pub crl: Notify,
    /// Mail waits.
    pub mail: Notify,
    /// A subscription began, or something became billable.
    pub renewals: Notify,
    /// What somebody owes changed.
    pub collection: Notify,
    /// A letter waits to become a mail.
    pub letters: Notify,
}

/// What a start needs beside the settings.
pub struct Surroundings {
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub random: Arc<dyn Random>,
    /// The portal's address as people type it.
    pub portal_url: String,
    /// The device listener's address as phones are given it.
    pub device_url: String,
}

impl App {
    /// Opens everything: data folder, key file, database (migrated), CA (made at the first start).
    ///
    /// # Errors
    /// A sentence that says what is wrong and what to do.
    pub fn open(config: Config, surroundings: Surroundings) -> Result<Self, String> {
        Self::open_with(config, surroundings, StoreOptions::default())
    }

    /// [`App::open`] with a database that behaves otherwise than usual.
    ///
    /// # Errors
    /// As [`App::open`].
    pub fn open_with(
        config: Config,
        surroundings: Surroundings,
        options: StoreOptions,
    ) -> Result<Self, String> {
        let Surroundings {
            clock,
            random,
            portal_url,
            device_url,
        } = surroundings;
        let approvals = ApprovalsHost::choose(config.portal.approvals_url.as_deref(), &portal_url)?;
        make_folder(&config.data_dir)?;
        let ids = Ids::default();
        let store = open_store_with(&config, options)?;
        let vault = Vault::open(&config.key_file, &*random)?;
        let authority = Authority::open(&config.data_dir, &vault, &*random, clock.now())?;
        let crash_points = arm(&config)?;
        Ok(Self {
            session_keys: SessionKeys::new(&vault.derive("session-cookies")),
            passwords: Passwords::new(config.password_cost)?,
            texts: Catalogue::load().map_err(|error| error.to_string())?,
            mailer: Mailer::new(&config.mail)?,
            node: ids.next(clock.now(), &*random),
            ids,
            fleet_keys: FleetKeys::default(),
            target_trees: TargetTrees::default(),
            witnesses: Witnesses::new(&config.witnesses)?,
            wakeups: Wakeups::default(),
            due: Due::default(),
            config,
            clock,
            random,
            store,
            vault,
            authority,
            crash_points,
            portal_url,
            approvals,
            device_url,
        })
    }

    /// A place where a test may make the program die. `name` is one of [`crate::crash::CRASH_POINTS`].
    pub fn crash_point(&self, name: &'static str) {
        self.crash_points.reach(name);
    }

    /// The present moment.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The present moment as the database has it: microseconds since 1970.
    #[must_use]
    pub fn now_micros(&self) -> i64 {
        self.clock.now().as_microsecond()
    }

    /// A new id that sorts by time.
    #[must_use]
    pub fn new_id(&self) -> String {
        self.ids.next(self.clock.now(), &*self.random)
    }
}

/// Opens the database and brings its tables up to date.
///
/// # Errors
/// A sentence: the address is wrong, the database does not answer, or it is from a newer version.
pub fn open_store(config: &Config) -> Result<Store, String> {
    open_store_with(config, StoreOptions::default())
}

fn open_store_with(config: &Config, options: StoreOptions) -> Result<Store, String> {
    let url: DatabaseUrl = config
        .database_url
        .parse()
        .map_err(|error: muster_store::BadDatabaseUrl| error.to_string())?;
    if let DatabaseUrl::Sqlite(path) = &url {
        make_private(path);
    }
    let store = Store::open(&url, options).map_err(|error| format!("{url}: {error}."))?;
    store.migrate().map_err(|error| format!("{url}: {error}"))?;
    Ok(store)
}

/// Makes a new database file that only its owner can read; SQLite gives the files beside it the same rights. What goes wrong
/// here is told by whoever opens the file next.
fn make_private(path: &Path) {
    let mut options = std::fs::OpenOptions::new();
    drop(options.create_new(true).write(true).mode(0o600).open(path));
}

fn make_folder(path: &Path) -> Result<(), String> {
    std::fs::create_dir_all(path)
        .and_then(|()| vault::only_for_its_owner(path))
        .and_then(|()| {
            let probe = path.join(".writable");
            std::fs::write(&probe, b"")?;
            std::fs::remove_file(&probe)
        })
        .map_err(|error| {
            let shown = path.display();
            format!("The data folder {shown} cannot be written: {error}. Give another one, or make it writable for this user.")
        })
}

#[cfg(feature = "crash-points")]
fn arm(config: &Config) -> Result<CrashPoints, String> {
    config
        .crash_at
        .as_deref()
        .map_or_else(|| Ok(CrashPoints::none()), CrashPoints::arm)
}

#[cfg(not(feature = "crash-points"))]
fn arm(config: &Config) -> Result<CrashPoints, String> {
    match config.crash_at {
        Some(_) => Err(
            "This build has no crash points: crash_at is for tests. Take the setting away."
                .to_owned(),
        ),
        None => Ok(CrashPoints::none()),
    }
}

/// The key that seals private keys; named here so that nobody else needs the crate.
pub type Kek = KeyEncryptionKey;
