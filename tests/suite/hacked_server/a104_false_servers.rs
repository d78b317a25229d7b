//! A server that answers in the fleet's own name, with its own TLS key, and breaks what lies below the documents: A081, A082,
//! A102, A104, A114.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use muster_pki::est;
use muster_protocol::base64;
use muster_protocol::bundle::Bundle;
use muster_protocol::receipt::{KeyringRef, Receipt, ReceiptState};
use muster_tests::api::text;
use muster_tests::line::Way;
use muster_tests::{Hacked, TestApp, on_both_databases};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, SupportedProtocolVersion};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

on_both_databases![
    a081_401_403_410_and_nonsense_in_the_fleets_own_name,
    a082_next_check_in_in_a_hundred_years_by_the_check_in,
    a102_receipt_by_a_key_that_the_ca_vouches_for,
    a104_renewal_answered_with_another_key_or_device,
    a114_redirected_endless_and_compressed_answers,
    a114_tls_1_2,
];

type Answers = Arc<dyn Fn(&str) -> Vec<u8> + Send + Sync>;

/// Whoever has the server's TLS key, at the server's own address.
struct Impostor {
    asked: Arc<Mutex<Vec<String>>>,
    task: tokio::task::JoinHandle<()>,
}

impl Impostor {
    /// Stops the server and takes its place. `answers` says what to send for a request's first line, byte for byte.
    async fn in_place_of(
        t: &mut TestApp,
        versions: &[&'static SupportedProtocolVersion],
        answers: Answers,
    ) -> Self {
        let app = t.app().clone();
        let address: SocketAddr = app.device_url.split_once("://").unwrap().1.parse().unwrap();
        let names = [address.ip().to_string()];
        let pem = app.authority.issue_server(&names, app.now(), &*app.random);
        let pem = pem.unwrap();
        let chain: Vec<_> = CertificateDer::pem_slice_iter(pem.chain.as_bytes())
            .collect::<Result<_, _>>()
            .unwrap();
        let key = PrivateKeyDer::from_pem_slice(pem.key.as_bytes()).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let tls = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(versions)
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(tls));
        t.stop().await;
        let listener = bound(address).await;
        let asked = Arc::new(Mutex::new(Vec::new()));
        let seen = asked.clone();
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                if let Ok(stream) = acceptor.accept(stream).await {
                    // Whoever hangs up in between is a phone that has had enough.
                    drop(answer(stream, &answers, &seen).await);
                }
            }
        });
        Self { asked, task }
    }

    fn asked(&self, line: &str) -> bool {
        let asked = self.asked.lock().unwrap();
        asked.iter().any(|seen| seen.starts_with(line))
    }

    async fn leave(self) {
        self.task.abort();
        drop(self.task.await);
    }
}

async fn bound(address: SocketAddr) -> TcpListener {
    for _ in 0..200 {
        if let Ok(listener) = TcpListener::bind(address).await {
            return listener;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    unreachable!("{address} is still taken");
}

/// Reads one request whole, sends what is to be sent, and hangs up.
async fn answer(
    mut stream: TlsStream<TcpStream>,
    answers: &Answers,
    seen: &Mutex<Vec<String>>,
) -> std::io::Result<()> {
    let mut bytes = Vec::new();
    let (line, whole) = loop {
        let mut buffer = [0; 16 * 1024];
        let read = stream.read(&mut buffer).await?;
        if read == 0 {
            return Ok(());
        }
        bytes.extend_from_slice(&buffer[..read]);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let Some((head, _)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let length = head
            .lines()
            .filter_map(|line| line.split_once(':'))
            .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
            .and_then(|(_, length)| length.trim().parse::<usize>().ok());
        let line = head.lines().next().unwrap_or_default().to_owned();
        break (line, head.len() + 4 + length.unwrap_or(0));
    };
    while bytes.len() < whole {
        let mut buffer = [0; 16 * 1024];
        let read = stream.read(&mut buffer).await?;
        if read == 0 {
            return Ok(());
        }
        bytes.extend_from_slice(&buffer[..read]);
    }
    let sent = answers(&line);
    seen.lock().unwrap().push(line);
    stream.write_all(&sent).await?;
    stream.shutdown().await
}

fn reply(head: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head = format!("HTTP/1.1 {head}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n");
    [head.as_bytes(), body].concat()
}

async fn a081_401_403_410_and_nonsense_in_the_fleets_own_name(t: &mut TestApp) {
    let mut a = Hacked::new(t).await;
    a.phone.check_in().await;
    let before = a.phone.state();
    let json = "content-type: application/json";
    let replies = [
        reply("401 Unauthorized", b""),
        reply("403 Forbidden", b"{\"detail\":\"wipe yourself\"}"),
        reply("404 Not Found", b""),
        reply("410 Gone", b"this device was removed"),
        reply("500 Internal Server Error", b""),
        reply("503 Service Unavailable\r\nretry-after: 99999999", b""),
        reply("204 No Content", b""),
        reply(&format!("200 OK\r\n{json}"), b"{\"wipe\":true}"),
        reply(&format!("200 OK\r\n{json}"), b"\xff\xfe"),
        b"220 mail.example.org ESMTP\r\n".to_vec(),
    ];
    let sent = Arc::new(Mutex::new(Vec::new()));
    let sending = sent.clone();
    let answers: Answers = Arc::new(move |_| sending.lock().unwrap().clone());
    let impostor = Impostor::in_place_of(t, &[&rustls::version::TLS13], answers).await;
    for reply in replies {
        *sent.lock().unwrap() = reply.clone();
        let outcome = a.phone.agent.check_in_once().await;
        assert!(
            outcome.is_err(),
            "{}: {outcome:?}",
            String::from_utf8_lossy(&reply)
        );
        a.phone.assert_unharmed();
    }
    let after = a.phone.state();
    assert_eq!(after.pin, before.pin);
    assert_eq!(after.restrictions, before.restrictions);
    assert_eq!(after.keyring, before.keyring);
    impostor.leave().await;
}

async fn a082_next_check_in_in_a_hundred_years_by_the_check_in(t: &mut TestApp) {
    let mut a = Hacked::new(t).await;
    a.phone.check_in().await;
    let hint = Arc::new(Mutex::new(0));
    let hinted = hint.clone();
    let answers: Answers = Arc::new(move |_| {
        let bundle = Bundle {
            next_check_in_seconds: Some(*hinted.lock().unwrap()),
            ..Bundle::default()
        };
        reply("200 OK\r\ncontent-type: application/json", &bundle.encode())
    });
    let impostor = Impostor::in_place_of(t, &[&rustls::version::TLS13], answers).await;
    for (seconds, clamped) in [
        (100 * 365 * 86_400, 86_400),
        (86_401, 86_400),
        (0, 15),
        (900, 900),
    ] {
        *hint.lock().unwrap() = seconds;
        let next = a.phone.check_in().await.next_check_in.unwrap();
        assert_eq!(next.as_secs(), clamped, "for {seconds}");
        a.phone.assert_unharmed();
    }
    impostor.leave().await;
}

async fn a102_receipt_by_a_key_that_the_ca_vouches_for(t: &mut TestApp) {
    let mut a = Hacked::new(t).await;
    let world = t.world().await;
    let api = &world.northwind.api;
    a.phone.check_in().await;
    let kill = api.command("kill", &[&a.phone.device], Value::Null).await;
    let id = text(&kill["id"]);
    api.approve(&id, &world.fleet.ada).await.expect(201);
    // The TLS key's certificate names this very device and enrolment, and the CA signed it. It is not the device key.
    let identity = a.phone.identity();
    let receipt = Receipt {
        at: a.now,
        checkpoint: None,
        command: muster_protocol::digest::Digest::parse(&text(&kill["digest"])).unwrap(),
        detail: None,
        enrolment: a.phone.state().enrolment,
        fleet: a.fleet.keyring.fleet.clone(),
        keyring: KeyringRef {
            digest: a.fleet.keyring.digest(),
            version: 1,
        },
        reason: None,
        seq: 1,
        state: ReceiptState::Done,
    }
    .sign(identity.signer());
    let body = json!({ "v": 1, "receipts": [base64::encode(&receipt)] });
    let way = Way::to(t, Some(&identity));
    let answer = way.post("/v1/receipts", &body).await;
    assert_eq!(
        answer.json()["results"],
        json!(["rejected"]),
        "{}",
        answer.text()
    );
    let state = api.command_state(&id).await;
    assert_ne!(state["state"], "done", "{state}");
    a.phone.assert_unharmed();
}

async fn a104_renewal_answered_with_another_key_or_device(t: &mut TestApp) {
    let mut a = Hacked::new(t).await;
    let world = t.world().await;
    let other = world.phone(t, "NW-000043").await;
    a.phone.check_in().await;
    let before = a.phone.identity().certificate;
    // Two thirds of its life are over: the phone asks for another.
    t.advance_days(21);
    // Its own old certificate is for another key than the one it just made; the other phone's is for another device too.
    let certificates = [before.clone(), other.identity().certificate];
    let pkcs7 = certificates.map(|der| {
        let message = est::certs_only(&[der.as_slice()]).unwrap();
        est::encode_lines(&message).into_bytes()
    });
    let turn = Arc::new(Mutex::new(0));
    let next = turn.clone();
    let answers: Answers = Arc::new(move |line| {
        if line.starts_with("POST /.well-known/est/simplereenroll") {
            let head = "200 OK\r\ncontent-type: application/pkcs7-mime; smime-type=certs-only\r\n\
                content-transfer-encoding: base64";
            return reply(head, &pkcs7[*next.lock().unwrap() % 2]);
        }
        if line.starts_with("POST /v1/check-in") {
            let head = "200 OK\r\ncontent-type: application/json";
            return reply(head, &Bundle::default().encode());
        }
        reply("404 Not Found", b"")
    });
    let impostor = Impostor::in_place_of(t, &[&rustls::version::TLS13], answers).await;
    for _ in 0..2 {
        a.phone.check_in().await;
        assert!(
            impostor.asked("POST /.well-known/est/simplereenroll"),
            "it was not due"
        );
        assert_eq!(a.phone.identity().certificate, before, "the old one stays");
        assert!(
            a.phone
                .state()
                .evidence
                .contains_key("certificate_mismatch"),
            "nobody would ever know"
        );
        impostor.asked.lock().unwrap().clear();
        *turn.lock().unwrap() += 1;
    }
    a.phone.assert_unharmed();
    impostor.leave().await;
}

async fn a114_redirected_endless_and_compressed_answers(t: &mut TestApp) {
    let mut a = Hacked::new(t).await;
    a.phone.check_in().await;
    let url = t.app().device_url.clone();
    let bundle = Bundle::default().encode();
    let replies = [
        (
            "301",
            reply(&format!("301 Moved\r\nlocation: {url}/elsewhere"), b""),
        ),
        (
            "307",
            reply(&format!("307 Moved\r\nlocation: {url}/elsewhere"), b""),
        ),
        (
            "compressed",
            reply("200 OK\r\ncontent-encoding: gzip", &bundle),
        ),
        ("endless", {
            let mut endless = b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n".to_vec();
            endless.resize(4 * 1024 * 1024, b' ');
            endless
        }),
        (
            "honest",
            reply("200 OK\r\ncontent-type: application/json", &bundle),
        ),
    ];
    let sent = Arc::new(Mutex::new(Vec::new()));
    let sending = sent.clone();
    let answers: Answers = Arc::new(move |_| sending.lock().unwrap().clone());
    let impostor = Impostor::in_place_of(t, &[&rustls::version::TLS13], answers.clone()).await;
    for (what, reply) in replies {
        *sent.lock().unwrap() = reply;
        let outcome = a.phone.agent.check_in_once().await;
        assert_eq!(outcome.is_ok(), what == "honest", "{what}: {outcome:?}");
        if what == "endless" {
            let sentence = outcome.unwrap_err().to_string();
            assert!(sentence.contains("too large"), "{sentence}");
        }
        a.phone.assert_unharmed();
    }
    assert!(!impostor.asked("GET /elsewhere") && !impostor.asked("POST /elsewhere"));
    impostor.leave().await;
}

async fn a114_tls_1_2(t: &mut TestApp) {
    let mut a = Hacked::new(t).await;
    a.phone.check_in().await;
    let answers: Answers = Arc::new(|_| reply("200 OK", &Bundle::default().encode()));
    let old = Impostor::in_place_of(t, &[&rustls::version::TLS12], answers).await;
    // The same certificate and a TLS that is too old: not a byte is asked.
    t.advance(std::time::Duration::from_secs(3600));
    assert!(a.phone.agent.check_in_once().await.is_err());
    assert!(old.asked.lock().unwrap().is_empty());
    a.phone.assert_unharmed();
    old.leave().await;
}
