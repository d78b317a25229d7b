//! The desk and what it does not hold in its own hands: the network, the portal's words, and its memory on the disk.

use std::fs;
use std::process::Command;
use std::sync::Arc;

use muster::desk::Running;
use muster::random::SeededRandom;
use muster_tests::api::text;
use muster_tests::programs::{program, run};
use muster_tests::{TestApp, TestDesk, desk, on_both_databases};
use serde_json::Value;

on_both_databases![
    no_token_goes_over_the_network_in_the_clear,
    no_proxy_hears_what_is_said_to_this_machine,
    what_the_portal_says_is_told_as_its_words,
    a_memory_that_does_not_read_is_none_that_nothing_was_seen,
];

async fn no_token_goes_over_the_network_in_the_clear(t: &mut TestApp) {
    let world = t.world().await;
    let folder = tempfile::tempdir().unwrap();
    let ada = [(&world.fleet.ada, 10)];
    let mut settings = desk::settings(t, &folder, &world.northwind.api, &world.fleet, &ada);
    for server in [
        "http://portal.example.org",
        "http://192.0.2.7:8080",
        "http://localhost.example.org",
    ] {
        server.clone_into(&mut settings.server);
        let random = Arc::new(SeededRandom::new(1));
        let refused = Running::start(&settings, t.clock.clone(), random)
            .err()
            .expect(server);
        assert!(
            refused.contains(server) && refused.contains("Write https://"),
            "{refused}"
        );
    }
    // The other programs alike.
    let mut facts = Command::new(program("muster"));
    facts.args([
        "keyring",
        "facts",
        "--organisation",
        &world.northwind.id,
        "--token",
        "t",
    ]);
    facts
        .args(["--server", "http://portal.example.org", "--out"])
        .arg(folder.path().join("facts.json"));
    let refused = run(&mut facts);
    let told = String::from_utf8_lossy(&refused.stderr);
    assert!(
        !refused.status.success() && told.contains("Write https://"),
        "{told}"
    );
}

async fn no_proxy_hears_what_is_said_to_this_machine(t: &mut TestApp) {
    let world = t.world().await;
    let proxy = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", proxy.local_addr().unwrap());
    proxy.set_nonblocking(true).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let port = t.app().portal_url.rsplit_once(':').unwrap().1.to_owned();
    // The second name is in no name server.
    for host in ["127.0.0.1", "northwind.localhost"] {
        let out = folder.path().join(format!("{host}.json"));
        let mut facts = Command::new(program("muster"));
        facts.args(["keyring", "facts", "--organisation", &world.northwind.id]);
        facts.args(["--server", &format!("http://{host}:{port}")]);
        facts
            .args(["--token", world.northwind.api.token().unwrap(), "--out"])
            .arg(&out);
        for variable in ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"] {
            facts.env(variable, &address);
        }
        facts.env_remove("NO_PROXY").env_remove("no_proxy");
        let output = tokio::task::spawn_blocking(move || run(&mut facts))
            .await
            .unwrap();
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && out.exists(), "{host}: {told}");
    }
    let heard = proxy.accept().map(|(_, from)| from);
    assert_eq!(
        heard.unwrap_err().kind(),
        std::io::ErrorKind::WouldBlock,
        "somebody asked the proxy"
    );
}

async fn what_the_portal_says_is_told_as_its_words(t: &mut TestApp) {
    let world = t.world().await;
    let ada = [(&world.fleet.ada, 10)];
    let desk = TestDesk::open(t, &world.northwind.api, &world.fleet, &ada).await;
    let nowhere = "0197c0de-2222-7000-8000-000000000002";
    let page = desk.get(&format!("commands/{nowhere}")).await;
    assert_eq!(page.status, 503);
    let whose = format!("{} says: There is no such command", t.app().portal_url);
    assert!(page.text.contains(&whose), "{whose}: {}", page.text);
    desk.running.stop().await;
    // A token that was withdrawn: the inbox tells whose sentence it is.
    let settings = muster::desk::Settings {
        token: "0".repeat(64),
        ..desk.settings.clone()
    };
    let random = Arc::new(SeededRandom::new(1));
    let other = Running::start(&settings, t.clock.clone(), random).unwrap();
    let tab = muster_tests::tab::Tab::at(&other.origin.replace("approve.localhost", "127.0.0.1"));
    let host = other.origin.replace("http://", "");
    let opened = tab
        .get(
            other.link.strip_prefix(&other.origin).unwrap(),
            &[("host", &host)],
        )
        .await;
    let cookie = opened
        .header("set-cookie")
        .split(';')
        .next()
        .unwrap()
        .to_owned();
    let inbox = tab
        .get(
            opened.header("location"),
            &[("host", &host), ("cookie", &cookie)],
        )
        .await;
    let whose = format!("{} says: ", t.app().portal_url);
    assert!(inbox.text.contains(&whose), "{whose}: {}", inbox.text);
    other.stop().await;
}

async fn a_memory_that_does_not_read_is_none_that_nothing_was_seen(t: &mut TestApp) {
    let world = t.world().await;
    let api = &world.northwind.api;
    let phone = world.phone(t, "NW-000042").await;
    let id = text(&api.command("kill", &[&phone.device], Value::Null).await["id"]);
    let ada = [(&world.fleet.ada, 10)];
    let desk = TestDesk::open(t, api, &world.fleet, &ada).await;
    let path = format!("commands/{id}");
    let page = desk.get(&path).await.text;
    assert!(page.contains("Sign with key file"), "{page}");
    let seen = desk
        .settings
        .dir
        .join(format!("keyring-{}.seen", world.fleet.fingerprint));
    let beside = muster::offline::memory::seen_file(&desk.settings.keys[0]);
    for file in [seen, beside] {
        let good = fs::read(&file).unwrap();
        for garbled in [&b""[..], b"7", b"\xff\xfe"] {
            fs::write(&file, garbled).unwrap();
            let page = desk.get(&path).await.text;
            assert!(
                page.contains("ask your root signers which keyring is the newest"),
                "{page}"
            );
            assert!(!page.contains("name=\"key\""), "{page}");
            assert_eq!(fs::read(&file).unwrap(), garbled);
        }
        fs::write(&file, good).unwrap();
    }
    let page = desk.get(&path).await.text;
    assert!(page.contains("Sign with key file"), "{page}");
    desk.running.stop().await;
}
