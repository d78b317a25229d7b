//! Under which names the portal answers: its own, the approvals host's, and this machine's.

use muster_domain::permission::Role;
use muster_tests::tab::Tab;
use muster_tests::world::PASSWORD;
use muster_tests::{TestApp, on_both_databases};

on_both_databases![
    it_answers_under_its_own_names_and_this_machines,
    another_name_gets_no_page_no_file_and_no_session,
    what_machines_watch_answers_under_every_name,
];

/// A portal with a name, a proxy before it, and a socket on this machine.
async fn named(t: &mut TestApp) -> Tab {
    let own = t.app().portal_url.clone();
    let port = own.rsplit_once(':').unwrap().1.to_owned();
    t.restart_with(|config| {
        config.portal.url = Some("https://Muster.Example.org".to_owned());
        config.portal.approvals_url = Some("https://approvals.example.org".to_owned());
        config.portal.listen = ([127, 0, 0, 1], port.parse().unwrap()).into();
    })
    .await;
    Tab::at(&format!("http://127.0.0.1:{port}"))
}

const OTHERS: [&str; 9] = [
    "evil.example",
    "muster.example.org.evil.example",
    "example.org",
    "192.0.2.7:8080",
    "approvals.example.org:8080",
    "localhost.evil.example",
    "evil.example@muster.example.org",
    "0.0.0.0",
    " ",
];

async fn it_answers_under_its_own_names_and_this_machines(t: &mut TestApp) {
    let tab = named(t).await;
    for own in [
        "muster.example.org",
        "MUSTER.example.ORG:443",
        "muster.example.org.",
        "localhost:8080",
        "127.0.0.1",
        "[::1]:8080",
        "muster.localhost",
    ] {
        let page = tab.get("/sign-in", &[("host", own)]).await;
        assert_eq!(page.status, 200, "{own}: {}", page.text);
    }
    let there = [("host", "approvals.example.org")];
    let page = tab.get("/sign-in", &there).await;
    assert_eq!(page.status, 404, "the portal is not on the approvals host");
    let page = tab
        .get(&format!("/approve/{}", "0".repeat(64)), &there)
        .await;
    assert_eq!(page.status, 410, "{}", page.text);
}

async fn another_name_gets_no_page_no_file_and_no_session(t: &mut TestApp) {
    let world = t.world().await;
    let email = world.member(&world.northwind, Role::Owner).await;
    let tab = named(t).await;
    let page = tab.get("/sign-in", &[("host", "localhost")]).await;
    let links = muster_tests::page::tags(&page.text, "link");
    let mut files = links.filter_map(|tag| muster_tests::page::attribute(tag, "href"));
    let file = files.find(|file| file.starts_with("/assets/")).unwrap();
    let form = format!(
        "email={}&password={}",
        email.replace('@', "%40"),
        PASSWORD.replace(' ', "+")
    );
    for other in OTHERS {
        let headers = [("host", other), ("sec-fetch-site", "same-origin")];
        for path in ["/", "/sign-in", &file, "/nowhere"] {
            let refused = tab.get(path, &headers).await;
            assert_eq!(refused.status, 421, "{path} as {other:?}");
            assert!(refused.header("content-type").starts_with("text/plain"));
            for part in [
                "https://Muster.Example.org",
                "https://approvals.example.org",
                "Host header",
            ] {
                assert!(refused.text.contains(part), "{part}: {}", refused.text);
            }
        }
        let refused = tab.post("/sign-in", &form, &headers).await;
        assert_eq!(refused.status, 421, "{other:?}");
        assert!(refused.header("set-cookie").is_empty());
        for path in [
            "/api/v1/devices",
            "/api/openapi.json",
            "/api/v1/log/x/checkpoint",
        ] {
            let refused = tab.get(path, &headers).await;
            assert_eq!(refused.status, 421, "{path} as {other:?}");
            assert_eq!(refused.header("content-type"), "application/problem+json");
            assert!(
                refused.text.contains("urn:muster:problem:other-name"),
                "{}",
                refused.text
            );
        }
    }
    // Two names are no request, and a proxy's word for another is none.
    let two = [("host", "muster.example.org"), ("host", "evil.example")];
    assert_eq!(tab.get("/sign-in", &two).await.status, 400);
    let forwarded = [
        ("host", "evil.example"),
        ("x-forwarded-host", "muster.example.org"),
    ];
    let refused = tab.get("/sign-in", &forwarded).await;
    assert_eq!(refused.status, 421);
    assert!(
        refused.text.contains("\"evil.example\""),
        "{}",
        refused.text
    );
}

async fn what_machines_watch_answers_under_every_name(t: &mut TestApp) {
    let tab = named(t).await;
    for other in OTHERS {
        for path in ["/livez", "/readyz", "/v1/crl"] {
            let answer = tab.get(path, &[("host", other)]).await;
            assert_eq!(answer.status, 200, "{path} as {other:?}: {}", answer.text);
            assert!(answer.header("set-cookie").is_empty());
        }
        let near = tab.get("/livez/", &[("host", other)]).await;
        assert_eq!(near.status, 421, "{other:?}");
    }
}
