//! Witnesses on addresses of their own: the real ones, in this process, with the test's clock and a folder each. Any of them may
//! die and come back.

use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use muster::random::SeededRandom;
use muster::witness::clear::Limits;
use muster::witness::gate::Gate;
use muster::witness::key::WitnessKey;
use muster::witness::listener::{self, Witness};
use muster::witness::shelf::Shelf;
use muster_protocol::command::Kind;
use muster_protocol::keyring::{self, GrantKind};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::api::{Answered, client};
use crate::app::TestApp;
use crate::world::World;

/// The kinds that phones want cleared.
const CLEARED: [Kind; 3] = [Kind::Kill, Kind::Transfer, Kind::Wipe];

/// The witnesses of Northwind's fleet.
pub struct Witnesses {
    each: Vec<One>,
    world: World,
}

struct One {
    address: SocketAddr,
    key: PathBuf,
    folder: PathBuf,
    running: Option<(oneshot::Sender<()>, JoinHandle<()>)>,
}

impl Witnesses {
    /// Starts `count` witnesses that the server asks and Northwind's newest keyring names, `threshold` of them needed for a
    /// checkpoint and one clearance for a kill, transfer or wipe. To be called before anything else is made.
    ///
    /// # Panics
    /// They do not start.
    pub async fn start(t: &mut TestApp, count: u8, threshold: u32) -> Self {
        let mut each = Vec::new();
        let mut keys = Vec::new();
        for number in 1..=count {
            let name = format!("witness.example.org/w{number}");
            let key = t.folder().join(format!("w{number}.key"));
            let random = SeededRandom::new(900 + u64::from(number));
            let made = WitnessKey::create(&key, &name, &random).expect("the key is made");
            keys.push(keyring::Witness {
                name,
                key: made.signer.verifying_key(),
            });
            let socket = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
            each.push(One {
                address: socket.local_addr().expect("a bound socket has an address"),
                key,
                folder: t.folder().join(format!("w{number}")),
                running: None,
            });
        }
        let urls = each
            .iter()
            .map(|one| format!("http://{}", one.address))
            .collect();
        t.restart_with(|config| config.witnesses = urls).await;
        let mut world = t.world().await;
        let mut next = world.fleet.next();
        next.witness = keyring::Witnesses { keys, threshold };
        for grant in &mut next.grants {
            let cleared = |kind: &GrantKind| {
                CLEARED
                    .iter()
                    .any(|wanted| *kind == GrantKind::Command(*wanted))
            };
            let (with, without): (Vec<_>, Vec<_>) = grant.kinds.iter().copied().partition(cleared);
            if without.is_empty() && !with.is_empty() {
                grant.clearances = 1;
            }
        }
        // A grant wants clearances for all its kinds: kill gets one of its own, as people would write it.
        let kills = next
            .grants
            .iter_mut()
            .find(|grant| grant.kinds.contains(&GrantKind::Command(Kind::Kill)))
            .expect("somebody may kill");
        kills
            .kinds
            .retain(|kind| *kind != GrantKind::Command(Kind::Kill));
        let own = keyring::Grant {
            kinds: vec![GrantKind::Command(Kind::Kill)],
            clearances: 1,
            ..kills.clone()
        };
        next.grants.push(own);
        let api = world.northwind.api.clone();
        world.fleet.publish(&api, next).await;
        let mut witnesses = Self { each, world };
        for number in 1..=usize::from(count) {
            witnesses.wake(t, number);
        }
        witnesses
    }

    /// The world whose fleet names them.
    #[must_use]
    pub fn world(&self) -> World {
        self.world.clone()
    }

    /// Starts a witness, from 1, on its own folder and address.
    ///
    /// # Panics
    /// It does not start.
    pub fn wake(&mut self, t: &TestApp, number: usize) {
        let one = &mut self.each[number - 1];
        let pins = vec![self.world.fleet.fingerprint];
        let witness = Witness {
            key: WitnessKey::read(&one.key).expect("the key reads"),
            shelf: Shelf::open(&one.folder, pins).expect("the folder opens"),
            limits: Limits::USUAL,
            clock: t.clock.clone(),
            gate: Gate::default(),
        };
        let socket = TcpListener::bind(one.address).expect("its address is free");
        let server = listener::start(Arc::new(witness), socket).expect("the witness starts");
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(async move {
            let handle = server.handle();
            let running = tokio::spawn(server);
            drop(stopped.await);
            handle.stop(false).await;
            drop(running.await);
        });
        one.running = Some((stop, task));
    }

    /// A witness, from 1, dies.
    pub async fn kill(&mut self, number: usize) {
        if let Some((stop, task)) = self.each[number - 1].running.take() {
            drop(stop);
            drop(task.await);
        }
    }

    /// Lets log and witnesses do all that they can: entries are numbered, brought, cosigned and cleared.
    pub async fn settle(&self, t: &TestApp) {
        for _ in 0..3 {
            t.log_settles().await;
            // Longer than the pause after a witness that did not answer.
            t.advance(Duration::from_secs(20));
            t.run_job("log-witnesses").await;
        }
        t.log_settles().await;
    }

    /// Asks a witness, from 1, directly.
    ///
    /// # Panics
    /// It does not answer.
    pub async fn ask(&self, number: usize, what: &str, body: String) -> Answered {
        let url = format!("http://{}/{what}", self.each[number - 1].address);
        let client = client().build().expect("a client");
        let sent = client.post(url).body(body).send().await;
        Answered::read(sent.expect("the witness answers")).await
    }
}
