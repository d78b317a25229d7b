//! The agent against listeners on this machine: servers that are honest, taken over, broken or silent. Each test is named
//! after the attack of PROTOCOL §18 that it makes.

mod keyrings;
mod renewal;
mod server;
mod silence;
mod transfer;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use muster_protocol::keys::P256Signer;

use self::server::{Authority, TestServer};
use crate::core::tests::fleet::{Counting, Fleet, NOW, leaf};
use crate::net::certificate::{Subject, request};
use crate::phones::{LockState, PhoneKind};
use crate::state::State;
use crate::state::credentials::{TlsIdentity, TlsKeys};
use crate::state::folder::Folder;
use crate::system::{Clock, System};
use crate::{Agent, Options, Outcome};

/// A clock of which both hands are set by the test.
pub struct Hands {
    unix: AtomicU64,
    powered_on: AtomicU64,
}

impl Hands {
    /// Time passes with the power on.
    pub fn pass(&self, seconds: u64) {
        self.unix.fetch_add(seconds, Ordering::Relaxed);
        self.powered_on.fetch_add(seconds, Ordering::Relaxed);
    }
}

impl Clock for Hands {
    fn unix_seconds(&self) -> u64 {
        self.unix.load(Ordering::Relaxed)
    }

    fn powered_on(&self) -> Duration {
        Duration::from_secs(self.powered_on.load(Ordering::Relaxed))
    }
}

/// A phone in a folder of its own, enrolled in a fleet, with a certificate of an authority.
pub struct TestPhone {
    pub agent: Agent,
    pub hands: Arc<Hands>,
    pub system: System,
    pub folder: tempfile::TempDir,
}

impl TestPhone {
    pub fn new(fleet: &Fleet, authority: &Authority) -> Self {
        Self::with_life(fleet, authority, [NOW - 86_400, NOW + 30 * 86_400])
    }

    /// The same with a certificate of this life.
    pub fn with_life(fleet: &Fleet, authority: &Authority, life: [u64; 2]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        fleet.install(folder.path());
        let key = P256Signer::from_bytes([10; 32]).expect("a key");
        let leaf = leaf();
        let csr = request(&key, &leaf.enrolment, &Subject::New(&leaf.serial)).expect("a request");
        let certificate = authority.certify(&csr, leaf.device.as_str(), life);
        let current = TlsIdentity::new(key, certificate);
        let keys = Folder::new(folder.path()).keys(&leaf.enrolment);
        keys.store_tls(&TlsKeys {
            current,
            previous: None,
        })
        .expect("stored");
        let hands = Arc::new(Hands {
            unix: AtomicU64::new(NOW),
            powered_on: AtomicU64::new(0),
        });
        let system = System {
            clock: hands.clone(),
            random: Arc::new(Counting(AtomicU64::new(7))),
        };
        let agent = open(folder.path(), &system);
        Self {
            agent,
            hands,
            system,
            folder,
        }
    }

    pub async fn check_in(&mut self) -> Outcome {
        self.agent.check_in_once().await.expect("a valid answer")
    }

    pub fn state(&self) -> State {
        Folder::new(self.folder.path()).load().expect("a state")
    }

    pub fn tls(&self) -> TlsKeys {
        let state = self.state();
        let keys = Folder::new(self.folder.path()).keys(&state.enrolment);
        keys.tls().expect("the keys")
    }

    /// Nothing happened to this phone that its owner would mind.
    pub fn assert_unharmed(&self) {
        let state = self.state();
        assert!(state.ended.is_none(), "the phone has left its fleet");
        assert!(state.restrictions.is_empty());
        assert!(self.folder.path().join("userdata/notes.txt").exists());
        assert!(self.folder.path().join("service/subscription.txt").exists());
        let mut phone = PhoneKind::Sandbox
            .open(self.folder.path())
            .expect("a phone");
        assert_eq!(
            phone.lock_state().expect("locks"),
            LockState::default(),
            "the owner is locked out"
        );
        assert!(phone.service_on().expect("a service"));
    }
}

pub fn open(folder: &Path, system: &System) -> Agent {
    let options = Options {
        system: system.clone(),
        crash: None,
    };
    Agent::open(folder, options).expect("an agent")
}

/// The fleet names these servers, in this order.
pub fn fleet_of(mut fleet: Fleet, servers: &[&TestServer]) -> Fleet {
    fleet.keyring.servers = servers.iter().map(|server| server.entry()).collect();
    fleet
}
