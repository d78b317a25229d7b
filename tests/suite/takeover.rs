//! A server that was taken over and goes on answering, and its backup, restored elsewhere with new keys: where the phones go.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use muster::authority::Authority;
use muster::features::trust::former_ca;
use muster_protocol::base64;
use muster_protocol::command::Args;
use muster_protocol::digest::Digest;
use muster_protocol::keyring::{Keyring, Log, ServerEntry, WholeKey};
use muster_protocol::keys::Ed25519Key;
use muster_protocol::reason::Reason;
use muster_protocol::time::{DAY, HOUR};
use muster_tests::api::text;
use muster_tests::programs::{free_address, program, succeed};
use muster_tests::world::World;
use muster_tests::{Fleet, Hacked, TestApp, TestPhone, on_both_databases};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

on_both_databases![
    every_phone_leaves_the_stolen_server_for_the_restored_one_within_a_day,
    static_files_are_enough_to_lead_phones_away,
    a_phone_off_through_five_rotations_finds_the_restored_server,
    a_successor_with_a_ca_of_its_own_hears_the_phones_of_the_former_one,
];

const WORDS: &str = "Our server was stolen on Monday. This is the new one; you need do nothing.";

/// The fleet's server, which the attacker keeps, and its phones. A second server stands in the keyring as every fleet should
/// have one; whoever stands there is another matter.
struct Stolen {
    a: Hacked,
    world: World,
    fleet: Fleet,
    others: Vec<TestPhone>,
}

impl Stolen {
    async fn with_second(t: &mut TestApp, second: ServerEntry) -> Self {
        let mut stolen = Self {
            a: Hacked::new(t).await,
            world: t.world().await,
            fleet: t.world().await.fleet,
            others: Vec::new(),
        };
        for serial in ["NW-000043", "NW-000044"] {
            stolen.others.push(stolen.world.phone(t, serial).await);
        }
        let mut next = Keyring {
            issued_at: t.now(),
            ..stolen.fleet.next()
        };
        next.servers.push(second);
        stolen
            .fleet
            .publish(&stolen.world.northwind.api, next)
            .await;
        for phone in stolen.phones() {
            phone.check_in().await;
            assert_eq!(version(phone), 2);
        }
        stolen
    }

    fn phones(&mut self) -> impl Iterator<Item = &mut TestPhone> {
        std::iter::once(&mut self.a.phone).chain(&mut self.others)
    }

    fn devices(&mut self) -> Vec<String> {
        self.phones().map(|phone| phone.device.clone()).collect()
    }

    /// The attacker has the server lock every phone, and sees that it does.
    async fn attacker_queues_locks(&mut self) {
        let devices = self.devices();
        let devices: Vec<&str> = devices.iter().map(String::as_str).collect();
        let api = &self.world.northwind.api;
        let lock = api.command("lock", &devices, Value::Null).await;
        assert_eq!(lock["state"], "queued", "the stolen server answers");
    }

    /// The root signers' answer, brought to the restored server: its new keys, its new log, and these servers.
    async fn rescue(&mut self, b: &mut TestApp, more: Vec<ServerEntry>) {
        let there = b.world().await;
        let path = format!(
            "/api/v1/organisations/{}/fleet/keys",
            self.fleet.organisation
        );
        let facts = there.northwind.api.post_empty(&path).await.expect(200);
        let key = |name: &str| {
            let raw = base64::decode(&text(&facts[name])).unwrap();
            Ed25519Key::from_raw(&raw).unwrap()
        };
        let held = &self.fleet.keyring;
        let (online, log) = (key("online_key"), key("log_key"));
        assert_ne!(online, held.online[0].key, "the attacker has the old one");
        assert_ne!(log, held.log.key, "the attacker has the old one");
        let mut servers = vec![ServerEntry {
            url: text(&facts["server_url"]),
            ca: Digest::parse(&text(&facts["server_ca"])).unwrap(),
        }];
        servers.extend(more);
        let next = Keyring {
            issued_at: b.now(),
            online: vec![WholeKey {
                key: online,
                person: held.online[0].person.clone(),
            }],
            log: Log {
                origin: text(&facts["log_origin"]),
                key: log,
            },
            servers,
            ..self.fleet.next()
        };
        self.fleet.publish(&there.northwind.api, next).await;
    }

    /// What must hold once a day has passed: B commands the phones, A none, and nobody noticed but by a message.
    async fn phones_obey_the_restored_server(
        &mut self,
        t: &TestApp,
        b: &mut TestApp,
        enrolments: &[String],
    ) {
        let (there, newest) = (b.world().await, self.fleet.keyring.version);
        for phone in self.phones() {
            let outcome = phone.check_in().await;
            assert!(
                outcome.commands.is_empty(),
                "it took mail of the stolen server: {outcome:?}"
            );
            assert_eq!(version(phone), newest);
            assert_eq!(phone.status().server, b.app().device_url);
            assert!(!phone.status().locks.owner);
        }
        let api = &there.northwind.api;
        let devices = self.devices();
        let devices: Vec<&str> = devices.iter().map(String::as_str).collect();
        let message = text(
            &api.command("message", &devices, json!({ "text": WORDS }))
                .await["id"],
        );
        api.approve(&message, &self.fleet.ada).await.expect(201);
        b.log_settles().await;
        for phone in self.phones() {
            phone.check_in().await;
            assert!(phone.screen().contains(WORDS), "{}", phone.screen());
        }
        assert_eq!(api.command_state(&message).await["state"], "done");
        // The old online key is worth nothing, by any carrier; the new one is what the old one was.
        self.a.now = t.now();
        let lock = self.a.command(Args::Lock);
        let forged = self.a.signed(&lock, &[&self.a.server.online]).encode();
        assert_eq!(
            self.a.send_envelope(forged).await,
            Some(Reason::NotAuthorised)
        );
        let honest = text(&api.command("lock", &devices, Value::Null).await["id"]);
        for phone in self.phones() {
            phone.check_in().await;
            assert!(phone.status().locks.owner);
            phone.assert_unharmed();
        }
        assert_eq!(api.command_state(&honest).await["state"], "done");
        let now: Vec<String> = self
            .phones()
            .map(|phone| phone.status().enrolment_id)
            .collect();
        assert_eq!(now, enrolments, "a phone enrolled again");
        let enrolled = b
            .record()
            .await
            .iter()
            .filter(|kind| *kind == "device.enrolled")
            .count();
        assert_eq!(enrolled, enrolments.len());
        // What takes the new log works as well: nothing of the old one stands in its way.
        let kill = text(
            &api.command("kill", &[&self.a.phone.device], Value::Null)
                .await["id"],
        );
        api.approve(&kill, &self.fleet.ada).await.expect(201);
        b.log_settles().await;
        self.a.phone.check_in().await;
        assert_eq!(api.command_state(&kill).await["state"], "done");
        self.a.phone.assert_untouched();
    }

    fn enrolments(&mut self) -> Vec<String> {
        self.phones()
            .map(|phone| phone.status().enrolment_id)
            .collect()
    }
}

fn version(phone: &TestPhone) -> u64 {
    phone.status().keyring.unwrap().version
}

fn at(address: &str, t: &TestApp) -> ServerEntry {
    ServerEntry {
        url: format!("https://{address}"),
        ca: Digest::parse(&t.app().authority.ca_fingerprint()).unwrap(),
    }
}

async fn every_phone_leaves_the_stolen_server_for_the_restored_one_within_a_day(t: &mut TestApp) {
    let address = free_address();
    let second = at(&address, t);
    let mut stolen = Stolen::with_second(t, second).await;
    let enrolments = stolen.enrolments();
    let device: SocketAddr = address.parse().unwrap();
    let mut b = t.restored_elsewhere(device).await;
    // After the backup was taken life went on, in a log that the backup does not know.
    let phone = &mut stolen.a.phone;
    let refresh = stolen
        .world
        .northwind
        .api
        .command("refresh", &[&phone.device], Value::Null)
        .await;
    phone.check_in().await;
    t.log_settles().await;
    phone.check_in().await;
    let refreshed = stolen
        .world
        .northwind
        .api
        .command_state(&text(&refresh["id"]))
        .await;
    assert_eq!(refreshed["state"], "done");
    stolen.rescue(&mut b, Vec::new()).await;
    stolen.attacker_queues_locks().await;
    t.advance(std::time::Duration::from_secs(DAY));
    stolen
        .phones_obey_the_restored_server(t, &mut b, &enrolments)
        .await;
    b.stop().await;
}

async fn static_files_are_enough_to_lead_phones_away(t: &mut TestApp) {
    let files = StaticFiles::start(t).await;
    let mut stolen = Stolen::with_second(t, files.entry.clone()).await;
    let enrolments = stolen.enrolments();
    files.publish(t, &stolen.fleet);
    for phone in stolen.phones() {
        phone.check_in().await;
    }
    let device: SocketAddr = free_address().parse().unwrap();
    let mut b = t.restored_elsewhere(device).await;
    // No phone has ever heard of the address at which the backup is restored.
    stolen.rescue(&mut b, vec![files.entry.clone()]).await;
    files.publish(t, &stolen.fleet);
    stolen.attacker_queues_locks().await;
    t.advance(std::time::Duration::from_secs(DAY));
    stolen
        .phones_obey_the_restored_server(t, &mut b, &enrolments)
        .await;
    b.stop().await;
}

async fn a_phone_off_through_five_rotations_finds_the_restored_server(t: &mut TestApp) {
    let address = free_address();
    let second = at(&address, t);
    let mut stolen = Stolen::with_second(t, second).await;
    let enrolments = stolen.enrolments();
    let device: SocketAddr = address.parse().unwrap();
    let mut b = t.restored_elsewhere(device).await;
    stolen.rescue(&mut b, Vec::new()).await;
    let there = b.world().await;
    for _ in 0..4 {
        t.advance(std::time::Duration::from_secs(5 * DAY + HOUR));
        let next = Keyring {
            issued_at: t.now(),
            expires_at: t.now().plus(180 * DAY),
            ..stolen.fleet.next()
        };
        stolen.fleet.publish(&there.northwind.api, next).await;
    }
    assert_eq!(stolen.fleet.keyring.version, 7);
    stolen.attacker_queues_locks().await;
    stolen
        .phones_obey_the_restored_server(t, &mut b, &enrolments)
        .await;
    b.stop().await;
}

async fn a_successor_with_a_ca_of_its_own_hears_the_phones_of_the_former_one(t: &mut TestApp) {
    let files = StaticFiles::start(t).await;
    let mut stolen = Stolen::with_second(t, files.entry.clone()).await;
    let enrolments = stolen.enrolments();
    files.publish(t, &stolen.fleet);
    for phone in stolen.phones() {
        phone.check_in().await;
    }
    let device: SocketAddr = free_address().parse().unwrap();
    let mut b = t.restored_with_its_own_ca(device).await;
    assert_ne!(
        b.app().authority.ca_fingerprint(),
        t.app().authority.ca_fingerprint(),
        "the attacker has the old CA's keys"
    );
    stolen.rescue(&mut b, vec![files.entry.clone()]).await;
    files.publish(t, &stolen.fleet);
    t.advance(std::time::Duration::from_secs(DAY));
    // The phones come with the former server's certificates, and nobody here knows who made those.
    let phone = &mut stolen.a.phone;
    assert!(phone.agent.check_in_once().await.is_err());
    assert_eq!(version(phone), stolen.fleet.keyring.version);
    let before = b.record().await;
    assert!(!before.iter().any(|kind| kind == "ca.trusted"));
    let former = b.config().data_dir.join("former-ca/devices.crt");
    let own = b.config().data_dir.join("ca/devices.crt");
    assert!(former_ca::trust(b.app(), &own).await.is_err(), "its own");
    for _ in 0..2 {
        former_ca::trust(b.app(), &former).await.unwrap();
    }
    let trusted = b.record().await;
    let trusted = trusted.iter().filter(|kind| *kind == "ca.trusted");
    assert_eq!(trusted.count(), 1, "said once");
    b.restart().await;
    t.advance(std::time::Duration::from_secs(DAY));
    stolen.attacker_queues_locks().await;
    stolen
        .phones_obey_the_restored_server(t, &mut b, &enrolments)
        .await;
    b.stop().await;
}

/// A web host with static files over HTTPS, under a CA that has nothing to do with the stolen server's.
struct StaticFiles {
    root: PathBuf,
    entry: ServerEntry,
}

impl StaticFiles {
    async fn start(t: &TestApp) -> Self {
        let (app, root) = (t.app(), t.folder().join("www"));
        std::fs::create_dir_all(&root).unwrap();
        let own = t.folder().join("web-host");
        let authority = Authority::open(&own, &app.vault, &*app.random, app.now()).unwrap();
        let names = ["127.0.0.1".to_owned()];
        let pem = authority
            .issue_server(&names, app.now(), &*app.random)
            .unwrap();
        // The root is shown too: a phone knows it by the keyring's fingerprint, and has nowhere else to ask.
        let chain = format!("{}{}", pem.chain, authority.root_pem());
        let chain: Vec<_> = CertificateDer::pem_slice_iter(chain.as_bytes())
            .collect::<Result<_, _>>()
            .unwrap();
        let key = PrivateKeyDer::from_pem_slice(pem.key.as_bytes()).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let tls = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .unwrap();
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let entry = ServerEntry {
            url: format!("https://{}", listener.local_addr().unwrap()),
            ca: Digest::parse(&authority.ca_fingerprint()).unwrap(),
        };
        let (acceptor, files) = (TlsAcceptor::from(Arc::new(tls)), root.clone());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                if let Ok(stream) = acceptor.accept(stream).await {
                    // Whoever hangs up in between asks again.
                    drop(answer(stream, &files).await);
                }
            }
        });
        Self { root, entry }
    }

    /// `muster bundle publish`, from the fleet's folder on the offline machine.
    fn publish(&self, t: &TestApp, fleet: &Fleet) {
        let dir = t.folder().join("fleet");
        std::fs::create_dir_all(&dir).unwrap();
        std::fs::write(dir.join("descriptor.json"), &fleet.descriptor).unwrap();
        for (version, keyring) in (1..).zip(&fleet.chain) {
            std::fs::write(dir.join(format!("keyring-{version}.json")), keyring).unwrap();
        }
        let mut publish = Command::new(program("muster"));
        publish.args(["bundle", "publish", "--dir"]).arg(&dir);
        publish.arg("--out").arg(&self.root);
        succeed(&mut publish);
    }
}

/// One request, one file, and the connection is closed.
async fn answer(mut stream: TlsStream<TcpStream>, root: &Path) -> std::io::Result<()> {
    let mut head = Vec::new();
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        let mut buffer = [0; 4096];
        let read = stream.read(&mut buffer).await?;
        if read == 0 {
            return Ok(());
        }
        head.extend_from_slice(&buffer[..read]);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let path = head
        .strip_prefix("GET /")
        .and_then(|rest| rest.split(' ').next());
    let body = path.and_then(|path| std::fs::read(root.join(path)).ok());
    let (status, body) = body.map_or(("404 Not Found", Vec::new()), |body| ("200 OK", body));
    let head = format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(&body).await?;
    stream.shutdown().await
}
