//! Sessions: their cookie, and how they end.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use muster::clock::FrozenClock;
use muster::config::{Config, MailTransport, PasswordCost};
use muster::features::people::set_up;
use muster::random::SeededRandom;
use muster::server::{Server, Sockets};
use muster_domain::permission::Role;
use muster_tests::tab::Tab;
use muster_tests::world::PASSWORD;
use muster_tests::{BEGIN, Browser, TestApp, on_both_databases, page};

on_both_databases![
    the_cookie_is_for_this_host_alone_and_out_of_reach_of_scripts,
    a_forged_or_altered_cookie_is_nobodys,
    signing_out_ends_the_session_in_every_tab,
    a_session_ends_after_twelve_hours_and_one_that_sleeps_too,
    another_session_is_ended_from_the_account_page,
];

async fn the_cookie_is_for_this_host_alone_and_out_of_reach_of_scripts(t: &mut TestApp) {
    let world = t.world().await;
    let email = world.member(&world.northwind, Role::Admin).await;
    let session = Tab::new(t).sign_in(&email, PASSWORD).await;
    let parts: Vec<&str> = session.set_cookie.split("; ").collect();
    for part in ["HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=43200"] {
        assert!(
            parts.contains(&part),
            "{part} is missing: {}",
            session.set_cookie
        );
    }
    assert!(
        !session.set_cookie.contains("Domain"),
        "{}",
        session.set_cookie
    );
}

async fn a_forged_or_altered_cookie_is_nobodys(t: &mut TestApp) {
    let world = t.world().await;
    let email = world.member(&world.northwind, Role::Admin).await;
    let tab = Tab::new(t);
    let session = tab.sign_in(&email, PASSWORD).await;
    let (name, token) = session.cookie.split_once('=').unwrap();
    let parts: Vec<&str> = token.split('.').collect();
    let [header, claims, signature] = parts.try_into().unwrap();
    let encode = |text: &str| muster_protocol::base64::encode_url(text.as_bytes());
    let forged = [
        format!(
            "{}.{claims}.",
            encode(r#"{"typ":"muster-session+jwt","alg":"none"}"#)
        ),
        format!(
            "{}.{claims}.{signature}",
            encode(r#"{"typ":"muster-session+jwt","alg":"HS384"}"#)
        ),
        format!(
            "{}.{claims}.{signature}",
            encode(r#"{"typ":"JWT","alg":"HS256"}"#)
        ),
        format!(
            "{header}.{}.{signature}",
            encode(
                r#"{"iss":"muster","aud":"muster-portal","sid":"x","csrf":"x","iat":0,"nbf":0,"exp":9999999999}"#
            )
        ),
        format!("{header}.{claims}"),
        String::new(),
        "x".repeat(5000),
    ];
    for forged in forged {
        let answer = tab
            .get("/account", &[("cookie", &format!("{name}={forged}"))])
            .await;
        assert_eq!(answer.status, 303, "{forged}: {}", answer.text);
    }
    assert_eq!(
        tab.get("/account", &[("cookie", &session.cookie)])
            .await
            .status,
        200
    );
}

async fn signing_out_ends_the_session_in_every_tab(t: &mut TestApp) {
    let world = t.world().await;
    let browser = world.browser(&world.northwind, Role::Admin).await;
    let mut other_tab = browser.clone();
    other_tab.get("/devices").await;
    let answer = browser.submit_once("/sign-out", &[]).await;
    assert_eq!(
        (answer.status, answer.header("location")),
        (303, "/sign-in")
    );
    assert!(
        answer.header("set-cookie").contains("Max-Age=0"),
        "{}",
        answer.header("set-cookie")
    );

    // A copy of the cookie that was kept is worth nothing: the session's row decides.
    let email = world.member(&world.northwind, Role::Admin).await;
    let tab = Tab::new(t);
    let session = tab.sign_in(&email, PASSWORD).await;
    let form = format!("csrf={}", session.csrf);
    assert_eq!(
        tab.post("/sign-out", &form, &[("cookie", &session.cookie)])
            .await
            .status,
        303
    );
    let after = tab
        .get("/devices?q=a", &[("cookie", &session.cookie)])
        .await;
    assert_eq!(
        (after.status, after.header("location")),
        (303, "/sign-in?next=%2Fdevices%3Fq%3Da")
    );
    assert_eq!(
        tab.post("/account/theme", &form, &[("cookie", &session.cookie)])
            .await
            .status,
        303
    );
    assert_eq!(other_tab.get_once("/devices").await.status, 303);
}

async fn a_session_ends_after_twelve_hours_and_one_that_sleeps_too(t: &mut TestApp) {
    let world = t.world().await;
    let busy = world.browser(&world.northwind, Role::Admin).await;
    let asleep = world.browser(&world.northwind, Role::Admin).await;
    for _ in 0..11 {
        t.advance(Duration::from_secs(3600));
        assert_eq!(busy.get_once("/account").await.status, 200);
    }
    t.advance(Duration::from_secs(3601));
    assert_eq!(
        busy.get_once("/account").await.status,
        303,
        "a session outlives its twelve hours"
    );
    assert_eq!(asleep.get_once("/account").await.status, 303);
}

async fn another_session_is_ended_from_the_account_page(t: &mut TestApp) {
    let world = t.world().await;
    let email = world.member(&world.northwind, Role::Admin).await;
    let (mut here, mut there) = (
        Browser::new(&t.app().portal_url),
        Browser::new(&t.app().portal_url),
    );
    there.sign_in(&email, PASSWORD).await;
    here.sign_in(&email, PASSWORD).await;
    let account = here.get("/account").await;
    let end = page::tags(&account.text, "form")
        .filter_map(|form| page::attribute(form, "action"))
        .find(|action| action.contains("/sessions/"))
        .unwrap();
    assert_eq!(here.submit(&end, &[]).await.status, 200);
    assert_eq!(there.get_once("/account").await.status, 303);
    assert_eq!(here.get_once("/account").await.status, 200);
    assert_eq!(
        here.submit_once(&end, &[]).await.status,
        404,
        "it has ended"
    );
}

/// Behind TLS the cookie is bound to it. The listener speaks plain HTTP, as it does behind a proxy.
#[test]
fn behind_tls_the_cookie_is_bound_to_it() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build();
    runtime.unwrap().block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let mut config = Config::in_dir(folder.path());
        config.portal.listen = muster_tests::programs::free_address().parse().unwrap();
        config.portal.url = Some("https://muster.example.org".to_owned());
        config.device.listen = ([127, 0, 0, 1], 0).into();
        config.mail.transport = MailTransport::Memory;
        config.password_cost = PasswordCost::CHEAP;
        let clock = Arc::new(FrozenClock::at(Timestamp::from_second(BEGIN).unwrap()));
        let sockets = Sockets::bind(&config).unwrap();
        let server = Server::start_with(config.clone(), sockets, clock, Arc::new(SeededRandom::new(9)), &[]).await.unwrap();
        let link = set_up::link(&server.app).await.unwrap().unwrap();
        let path = link.strip_prefix("https://muster.example.org").unwrap();
        let tab = Tab::at(&format!("http://{}", config.portal.listen));
        let form = "organisation=Palisade&name=Nora&email=nora%40palisade.example.org&password=a+lantern+over+quiet+water";
        let entered = tab.post(path, form, &[("sec-fetch-site", "same-origin")]).await;
        let session = tab.enter(&entered).await;
        assert!(session.cookie.starts_with("__Host-muster="), "{}", session.set_cookie);
        assert!(session.set_cookie.contains("; Secure"), "{}", session.set_cookie);
        assert_eq!(entered.header("strict-transport-security"), "max-age=31536000");
        server.stop().await;
    });
}
