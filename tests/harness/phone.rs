//! A phone: the real agent on a folder, driven step by step, with a clock of its own that follows the test's.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use muster::clock::{Clock as _, FrozenClock};
use muster::random::{Random as _, SeededRandom};
use muster_agent::enrol::{EnrolOptions, Enrolled, Trust, enrol};
use muster_agent::phones::{OwnerUnlock, PhoneKind, owner_unlock};
use muster_agent::state::State;
use muster_agent::state::credentials::TlsIdentity;
use muster_agent::state::folder::Folder;
use muster_agent::status::Status;
use muster_agent::system::{Clock, Random, System};
use muster_agent::{Agent, AgentError, Options, Outcome};
use muster_protocol::ids::SerialNumber;
use muster_protocol::keys::P256Signer;
use muster_protocol::target::Leaf;
use tempfile::TempDir;

use crate::BEGIN;
use crate::app::TestApp;
use crate::fleet::Fleet;

static PHONES: AtomicU64 = AtomicU64::new(0);

/// The phone's clock: the test's time, unless somebody set it wrong. Powered-on time is the test's in any case.
pub struct PhoneClock {
    clock: Arc<FrozenClock>,
    wrong_by: AtomicI64,
}

impl PhoneClock {
    /// Sets the clock wrong by so many seconds; 0 sets it right.
    pub fn set_wrong_by(&self, seconds: i64) {
        self.wrong_by.store(seconds, Ordering::SeqCst);
    }
}

impl Clock for PhoneClock {
    fn unix_seconds(&self) -> u64 {
        let shown = self
            .clock
            .now()
            .as_second()
            .saturating_add(self.wrong_by.load(Ordering::SeqCst));
        u64::try_from(shown).unwrap_or(0)
    }

    fn powered_on(&self) -> Duration {
        Duration::from_secs(u64::try_from(self.clock.now().as_second() - BEGIN).unwrap_or(0))
    }
}

struct PhoneRandom(SeededRandom);

impl Random for PhoneRandom {
    fn fill(&self, bytes: &mut [u8]) {
        self.0.fill(bytes);
    }
}

/// An enrolled phone.
pub struct TestPhone {
    /// The agent.
    pub agent: Agent,
    /// The phone's clock.
    pub clock: Arc<PhoneClock>,
    /// The handset's serial number.
    pub serial: String,
    /// The server's record of it.
    pub device: String,
    system: System,
    folder: PathBuf,
    userdata: BTreeMap<PathBuf, Vec<u8>>,
    _own: TempDir,
}

/// Time and randomness of a phone with this serial number.
#[must_use]
pub fn system(t: &TestApp, serial: &str) -> (System, Arc<PhoneClock>) {
    let clock = Arc::new(PhoneClock {
        clock: t.clock.clone(),
        wrong_by: AtomicI64::new(0),
    });
    // Another seed for each phone, also for two with one serial number: no two phones make the same keys.
    let count = PHONES.fetch_add(1, Ordering::Relaxed);
    let seed = serial.bytes().fold(7 + count, |seed, byte| {
        seed.wrapping_mul(31).wrapping_add(u64::from(byte))
    });
    let random = Arc::new(PhoneRandom(SeededRandom::new(seed)));
    (
        System {
            clock: clock.clone(),
            random,
        },
        clock,
    )
}

/// What an enrolment of a sandbox phone in `folder` takes.
///
/// # Panics
/// The serial number is none.
#[must_use]
pub fn enrolment(
    t: &TestApp,
    folder: &Path,
    serial: &str,
    code: &str,
    trust: Trust,
    system: System,
) -> EnrolOptions {
    EnrolOptions {
        server: t
            .app()
            .device_url
            .parse()
            .expect("the device listener's address"),
        code: code.to_owned(),
        state_dir: folder.to_owned(),
        serial: Some(SerialNumber::parse(serial).expect("a serial number")),
        trust,
        ca_fingerprint: None,
        phone: PhoneKind::Sandbox,
        model: "Hardline X7".to_owned(),
        system,
    }
}

impl TestPhone {
    /// Enrols a new phone, pinned to the fleet by its fingerprint.
    ///
    /// # Panics
    /// The enrolment is refused.
    pub async fn enrol(t: &TestApp, fleet: &Fleet, serial: &str, code: &str) -> Self {
        Self::try_enrol(t, Trust::Fingerprint(fleet.fingerprint), serial, code)
            .await
            .expect("the phone enrols")
    }

    /// Tries to enrol a new phone.
    ///
    /// # Errors
    /// As the agent's.
    ///
    /// # Panics
    /// There is no room for its folder.
    pub async fn try_enrol(
        t: &TestApp,
        trust: Trust,
        serial: &str,
        code: &str,
    ) -> Result<Self, AgentError> {
        let own = tempfile::tempdir().expect("a folder for the phone");
        let folder = own.path().join("phone");
        let (system, clock) = system(t, serial);
        let enrolled: Enrolled =
            enrol(&enrolment(t, &folder, serial, code, trust, system.clone())).await?;
        let agent = Agent::open(
            &folder,
            Options {
                system: system.clone(),
                crash: None,
            },
        )?;
        let userdata = files(&folder.join("userdata"));
        assert!(!userdata.is_empty(), "a sandbox phone has an owner's data");
        let (serial, device) = (serial.to_owned(), enrolled.device.to_string());
        Ok(Self {
            agent,
            clock,
            serial,
            device,
            system,
            folder,
            userdata,
            _own: own,
        })
    }

    /// Enrols it again under its pin.
    ///
    /// # Errors
    /// As the agent's.
    pub async fn enrol_again(
        &mut self,
        t: &TestApp,
        fleet: &Fleet,
        code: &str,
    ) -> Result<Enrolled, AgentError> {
        let trust = Trust::Fingerprint(fleet.fingerprint);
        let enrolled = enrol(&enrolment(
            t,
            &self.folder,
            &self.serial,
            code,
            trust,
            self.system.clone(),
        ))
        .await?;
        self.agent = Agent::open(
            &self.folder,
            Options {
                system: self.system.clone(),
                crash: None,
            },
        )?;
        Ok(enrolled)
    }

    /// One check-in that succeeds.
    ///
    /// # Panics
    /// No server gave a valid answer.
    pub async fn check_in(&mut self) -> Outcome {
        self.agent
            .check_in_once()
            .await
            .expect("the check-in succeeds")
    }

    /// A bundle by another carrier.
    ///
    /// # Panics
    /// It is no bundle.
    pub async fn apply(&mut self, bundle: &[u8]) -> Outcome {
        self.agent.apply(bundle).await.expect("a bundle")
    }

    /// The agent as it was before a power cut, opened again.
    ///
    /// # Panics
    /// The state is damaged.
    pub fn reboot(&mut self) {
        self.agent = Agent::open(
            &self.folder,
            Options {
                system: self.system.clone(),
                crash: None,
            },
        )
        .expect("opens again");
    }

    /// Its folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// What `muster-agent status` shows.
    ///
    /// # Panics
    /// The folder cannot be read.
    #[must_use]
    pub fn status(&self) -> Status {
        Status::read(&self.folder).expect("the folder reads")
    }

    /// What the phone remembers.
    ///
    /// # Panics
    /// The folder cannot be read.
    #[must_use]
    pub fn state(&self) -> State {
        Folder::new(&self.folder).load().expect("the state reads")
    }

    /// The certificate and key it shows to servers.
    ///
    /// # Panics
    /// The folder cannot be read.
    #[must_use]
    pub fn identity(&self) -> TlsIdentity {
        self.keys().tls().expect("the credentials read").current
    }

    /// The key that signs receipts.
    ///
    /// # Panics
    /// The folder cannot be read.
    #[must_use]
    pub fn device_key(&self) -> P256Signer {
        self.keys().device_key().expect("the credentials read")
    }

    fn keys(&self) -> muster_agent::state::credentials::KeyFiles {
        Folder::new(&self.folder).keys(&self.state().enrolment)
    }

    /// Its leaf in a target tree.
    #[must_use]
    pub fn leaf(&self) -> Leaf {
        let state = self.state();
        Leaf {
            device: state.device,
            enrolment: state.enrolment,
            serial: state.serial,
        }
    }

    /// What its owner sees.
    ///
    /// # Panics
    /// The folder cannot be read.
    #[must_use]
    pub fn screen(&self) -> String {
        std::fs::read_to_string(self.folder.join("screen.txt")).expect("a screen")
    }

    /// What the owner's passcode does.
    ///
    /// # Panics
    /// The folder cannot be read.
    #[must_use]
    pub fn owner_types_passcode(&self) -> OwnerUnlock {
        owner_unlock(&self.folder).expect("the owner types")
    }

    /// Whether the owner's data are all gone.
    #[must_use]
    pub fn is_erased(&self) -> bool {
        files(&self.folder.join("userdata")).is_empty()
    }

    /// Whether the fleet's service data are gone.
    #[must_use]
    pub fn service_is_gone(&self) -> bool {
        files(&self.folder.join("service")).is_empty()
    }

    /// The owner's data are as they were, to the byte.
    ///
    /// # Panics
    /// They are not.
    #[track_caller]
    pub fn assert_untouched(&self) {
        assert_eq!(
            files(&self.folder.join("userdata")),
            self.userdata,
            "the owner's data were touched"
        );
    }

    /// Nothing happened to this phone that its owner would mind: data and service as before, and the owner's own passcode
    /// opens it.
    ///
    /// # Panics
    /// Something did.
    #[track_caller]
    pub fn assert_unharmed(&self) {
        self.assert_untouched();
        assert!(!self.service_is_gone(), "the service data were touched");
        assert_ne!(
            self.owner_types_passcode(),
            OwnerUnlock::FleetLockHolds,
            "the owner is locked out"
        );
        assert_eq!(self.status().lifecycle, "enrolled");
    }
}

fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.path().is_dir() {
            found.extend(files(&entry.path()));
        } else {
            found.insert(
                entry.path(),
                std::fs::read(entry.path()).unwrap_or_default(),
            );
        }
    }
    found
}
