//! The approvals host: it has its own few pages and nothing else, and nothing of it is anywhere else.

use muster::features::{approvals_routes, portal_routes};
use muster_domain::permission::Role;
use muster_tests::passkey::{Approvals, begin_registration};
use muster_tests::tab::Tab;
use muster_tests::world::PASSWORD;
use muster_tests::{TestApp, on_both_databases};
use reqwest::Method;

on_both_databases![
    each_host_has_its_own_routes_and_no_other,
    its_pages_tell_nobody_and_lead_back_to_the_portal,
    forms_of_other_sites_are_refused_there_too,
    a_server_without_one_says_how_to_set_it_up,
];

async fn each_host_has_its_own_routes_and_no_other(t: &mut TestApp) {
    let world = t.world().await;
    let email = world.member(&world.northwind, Role::Owner).await;
    let (tab, host) = (Tab::new(t), Approvals::of(t));
    let session = tab.sign_in(&email, PASSWORD).await;
    let authority = t
        .app()
        .approvals
        .as_ref()
        .unwrap()
        .origin
        .replace("http://", "");
    let fill = |path: &str| {
        path.replace(":.*}", "}")
            .replace("{token}", &"0".repeat(64))
            .replace("{id}", &world.northwind.id)
            .replace(['{', '}'], "")
    };
    for route in portal_routes() {
        let path = fill(route.path);
        // With a session, with a token: that host knows neither.
        let headers = [
            ("host", authority.as_str()),
            ("cookie", session.cookie.as_str()),
            ("sec-fetch-site", "same-origin"),
        ];
        let answer = if route.method == "GET" {
            tab.get(&path, &headers).await
        } else {
            tab.post(&path, &format!("csrf={}", session.csrf), &headers)
                .await
        };
        assert_eq!(
            answer.status, 404,
            "{} {path} on the approvals host: {}",
            route.method, answer.text
        );
        assert!(answer.header("set-cookie").is_empty(), "{path}");
        let method = Method::from_bytes(route.method.as_bytes()).unwrap();
        let request = world
            .northwind
            .api
            .request(method, &path)
            .header("host", &authority);
        assert_eq!(
            world.northwind.api.send(request).await.status,
            404,
            "{path} with a token"
        );
    }
    for route in approvals_routes() {
        let path = fill(route.path);
        let headers = [
            ("cookie", session.cookie.as_str()),
            ("sec-fetch-site", "same-origin"),
        ];
        let answer = if route.method == "GET" {
            tab.get(&path, &headers).await
        } else {
            tab.post(&path, "", &headers).await
        };
        assert_eq!(
            answer.status, 404,
            "{} {path} on the portal: {}",
            route.method, answer.text
        );
        assert_ne!(host.get(&path).await.status, 404, "{path} on its own host");
    }
    for (lookalike, status) in [
        // Its name at another port is neither host's.
        ("approvals.localhost", 421),
        ("approvals.localhost:1", 421),
        ("localhost", 404),
        ("xapprovals.localhost", 404),
    ] {
        let answer = tab
            .get(
                &format!("/approve/{}", "0".repeat(64)),
                &[("host", lookalike)],
            )
            .await;
        assert_eq!(answer.status, status, "{lookalike}");
    }
}

async fn its_pages_tell_nobody_and_lead_back_to_the_portal(t: &mut TestApp) {
    let world = t.world().await;
    let mut browser = world.browser(&world.northwind, Role::Admin).await;
    let host = Approvals::of(t);
    let portal = t.app().portal_url.clone();
    let address = begin_registration(&mut browser, "Blue key").await;
    let page = host.get(&address).await;
    let ended = host.get(&format!("/approve/{}", "0".repeat(64))).await;
    assert_eq!((page.status, ended.status), (200, 410));
    for answer in [&page, &ended] {
        assert_eq!(answer.header("referrer-policy"), "no-referrer");
        assert_eq!(answer.header("cache-control"), "no-store");
        assert!(answer.header("set-cookie").is_empty());
        let policy = answer.header("content-security-policy");
        assert!(
            policy.contains(&format!("form-action 'self' {portal};")),
            "{policy}"
        );
        assert!(policy.contains("frame-ancestors 'none'") && policy.contains("default-src 'none'"));
        assert!(
            answer.text.contains(&format!("href=\"{portal}/")),
            "{}",
            answer.text
        );
        assert!(
            !answer.text.contains("name=\"csrf\" value=\"0") && !answer.text.contains("Sign out")
        );
    }
    let shown = browser.get("/account").await;
    let approvals = &t.app().approvals.as_ref().unwrap().origin;
    let policy = shown.header("content-security-policy");
    assert!(
        policy.contains(&format!("form-action 'self' {approvals};")),
        "{policy}"
    );
    // The token is not kept: who reads the database goes nowhere with what stands there.
    let token = address.rsplit('/').next().unwrap().to_owned();
    let hash = muster::web::actor::secret_hash(&token);
    let now = t.app().now_micros();
    let (by_token, by_hash) = t
        .read(move |c| {
            Ok((
                muster_store::approval_ceremonies::find_live(c, &token, "register", now)?,
                muster_store::approval_ceremonies::find_live(c, &hash, "register", now)?,
            ))
        })
        .await;
    assert!(by_token.is_none() && by_hash.is_some());
    t.advance(std::time::Duration::from_secs(181));
    t.run_job("approving.forget").await;
    let hash = muster::web::actor::secret_hash(address.rsplit('/').next().unwrap());
    let left = t
        .read(move |c| muster_store::approval_ceremonies::find_live(c, &hash, "register", 0))
        .await;
    assert!(left.is_none(), "what is over is forgotten");
}

async fn forms_of_other_sites_are_refused_there_too(t: &mut TestApp) {
    let world = t.world().await;
    let mut browser = world.browser(&world.northwind, Role::Admin).await;
    let tab = Tab::new(t);
    let address = begin_registration(&mut browser, "Blue key").await;
    let origin = t.app().approvals.as_ref().unwrap().origin.clone();
    let path = address.replace(&origin, "");
    let authority = origin.replace("http://", "");
    let portal = t.app().portal_url.clone();
    for other in [
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("origin", portal.as_str()),
    ] {
        let refused = tab
            .post(&path, "auth=AAAA", &[("host", &authority), other])
            .await;
        assert_eq!(refused.status, 403, "{other:?}: {}", refused.text);
    }
}

async fn a_server_without_one_says_how_to_set_it_up(t: &mut TestApp) {
    let world = t.world().await;
    let listen = t.app().portal_url.replace("http://127.0.0.1:", "");
    t.restart_with(|config| {
        config.portal.url = Some(format!("http://muster.example.org:{listen}"));
        config.portal.listen = ([127, 0, 0, 1], listen.parse().unwrap()).into();
    })
    .await;
    assert!(t.app().approvals.is_none());
    let email = world.member(&world.northwind, Role::Admin).await;
    let mut browser = muster_tests::Browser::new(&format!("http://127.0.0.1:{listen}"));
    browser.sign_in(&email, PASSWORD).await;
    for path in ["/account", "/account/approving"] {
        let page = browser.get(path).await;
        assert!(
            page.text.contains("MUSTER_APPROVALS_URL"),
            "{path}: {}",
            page.text
        );
    }
    let refused = browser
        .submit_once("/account/approving", &[("label", "Blue key")])
        .await;
    assert_eq!(refused.status, 409, "{}", refused.text);
    assert!(refused.text.contains("MUSTER_APPROVALS_URL"));
}
