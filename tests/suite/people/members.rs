//! Members: who may appoint whom, how one is invited, and how one is put out.

use muster_domain::permission::Role;
use muster_tests::world::PASSWORD;
use muster_tests::{Browser, TestApp, on_both_databases, page};

use super::{NEW, id_of, path_of};

on_both_databases![
    nobody_appoints_above_themselves,
    a_disabled_member_is_out_at_once_and_for_good,
    the_last_owner_and_oneself_stay,
    an_invited_member_sets_a_password_by_a_link_that_works_once,
];

async fn nobody_appoints_above_themselves(t: &mut TestApp) {
    let world = t.world().await;
    let (owner, support) = (
        world.member(&world.northwind, Role::Owner).await,
        world.member(&world.northwind, Role::Support).await,
    );
    let mut admin = world.browser(&world.northwind, Role::Admin).await;
    let people = admin.get("/people").await;
    let offered: Vec<String> = page::tags(&people.text, "input")
        .filter(|tag| page::attribute(tag, "name").as_deref() == Some("role"))
        .filter_map(|tag| page::attribute(tag, "value"))
        .collect();
    assert!(
        !offered.contains(&"owner".to_owned()) && offered.contains(&"admin".to_owned()),
        "{offered:?}"
    );
    let above = admin
        .submit_once(
            "/people",
            &[
                ("name", "M"),
                ("email", "m@northwind.example.org"),
                ("role", "owner"),
            ],
        )
        .await;
    assert_eq!(above.status, 422, "{}", above.text);
    let above = admin
        .submit_once("/account/tokens", &[("name", "M"), ("role", "owner")])
        .await;
    assert_eq!(above.status, 422, "{}", above.text);
    let nonsense = admin
        .submit_once(
            "/people",
            &[
                ("name", "M"),
                ("email", "m@northwind.example.org"),
                ("role", "root"),
            ],
        )
        .await;
    assert_eq!(nonsense.status, 422, "{}", nonsense.text);
    let (owner, support) = (id_of(t, &owner).await, id_of(t, &support).await);
    for act in ["disable", "link"] {
        assert_eq!(
            admin
                .submit_once(&format!("/people/{owner}/{act}"), &[])
                .await
                .status,
            403,
            "an admin may {act} an owner"
        );
    }
    assert_eq!(
        admin
            .submit_once(&format!("/people/{support}/link"), &[])
            .await
            .status,
        200
    );
    for role in [Role::Agent, Role::Support, Role::Auditor] {
        let below = world.browser(&world.northwind, role).await;
        let answer = below
            .submit_once(
                "/people",
                &[
                    ("name", "M"),
                    ("email", "m@northwind.example.org"),
                    ("role", "support"),
                ],
            )
            .await;
        assert_eq!(answer.status, 403, "{role}");
    }
    let added = t
        .events()
        .await
        .into_iter()
        .filter(|event| event.kind == "token.made" && event.facts.contains("\"M\""));
    assert_eq!(added.count(), 0);
}

async fn a_disabled_member_is_out_at_once_and_for_good(t: &mut TestApp) {
    let world = t.world().await;
    let email = world.member(&world.northwind, Role::Agent).await;
    let mut theirs = Browser::new(&t.app().portal_url);
    theirs.sign_in(&email, PASSWORD).await;
    let owner = world.browser(&world.northwind, Role::Owner).await;
    let id = id_of(t, &email).await;
    let link = owner.submit_once(&format!("/people/{id}/link"), &[]).await;
    assert_eq!(link.status, 200);
    let link = t.mailed_link().await;
    assert_eq!(
        owner
            .submit_once(&format!("/people/{id}/disable"), &[])
            .await
            .status,
        303
    );
    assert_eq!(theirs.get_once("/account").await.status, 303);
    let mut again = Browser::new(&t.app().portal_url);
    again.get("/sign-in").await;
    assert_eq!(
        again
            .submit_once("/sign-in", &[("email", &email), ("password", PASSWORD)])
            .await
            .status,
        401
    );
    assert_eq!(
        again.submit_once(&link, &[("password", NEW)]).await.status,
        410,
        "a link outlives its member"
    );
    assert_eq!(
        owner
            .submit_once(&format!("/people/{id}/disable"), &[])
            .await
            .status,
        409
    );
    assert_eq!(
        owner
            .submit_once(&format!("/people/{id}/link"), &[])
            .await
            .status,
        409
    );
}

async fn the_last_owner_and_oneself_stay(t: &mut TestApp) {
    let world = t.world().await;
    let email = world.member(&world.press, Role::Owner).await;
    let last = id_of(t, &email).await;
    let mut themselves = Browser::new(&t.app().portal_url);
    themselves.sign_in(&email, PASSWORD).await;
    assert_eq!(
        themselves
            .submit_once(&format!("/people/{last}/disable"), &[])
            .await
            .status,
        409
    );
    let reseller = world.browser(&world.northwind, Role::Owner).await;
    assert_eq!(
        reseller
            .submit_once(&format!("/people/{last}/disable"), &[])
            .await
            .status,
        409,
        "the last owner is put out"
    );
    world.member(&world.press, Role::Owner).await;
    assert_eq!(
        reseller
            .submit_once(&format!("/people/{last}/disable"), &[])
            .await
            .status,
        303
    );
}

async fn an_invited_member_sets_a_password_by_a_link_that_works_once(t: &mut TestApp) {
    let world = t.world().await;
    let mut owner = world.browser(&world.northwind, Role::Owner).await;
    owner.get("/people").await;
    let fields = [
        ("name", "Ruth <b>Adeyemi</b>"),
        ("email", "Ruth@Press.example.org"),
        ("role", "admin"),
        ("organisation_id", &world.press.id),
    ];
    let added = owner.submit("/people", &fields).await;
    assert_eq!(added.status, 200, "{}", added.text);
    assert!(!added.text.contains("<b>Adeyemi"), "a name is markup");
    let taken = owner.submit_once("/people", &fields).await;
    assert_eq!(taken.status, 422, "{}", taken.text);
    let link = t.mailed_link().await;
    assert!(added.text.contains(&link), "the page shows the link once");
    assert!(!owner.get("/people").await.text.contains(&link));
    let letters = t.mail().await;
    assert_eq!(letters.len(), 1, "one letter");

    let mut ruth = Browser::new(&t.app().portal_url);
    assert!(
        ruth.get(&link)
            .await
            .text
            .contains("ruth@press.example.org")
    );
    assert_eq!(ruth.submit(&link, &[("password", NEW)]).await.status, 200);
    assert!(
        ruth.page
            .as_ref()
            .unwrap()
            .text
            .contains("The Evening Press")
    );
    assert_eq!(
        Browser::new(&t.app().portal_url)
            .get_once(&link)
            .await
            .status,
        410
    );
    assert_eq!(
        ruth.submit_once(&link, &[("password", PASSWORD)])
            .await
            .status,
        410
    );

    // A link that nobody used ends after three days, and a new one ends the one before.
    let id = id_of(t, "ruth@press.example.org").await;
    let new_link = async || {
        let answer = owner.submit_once(&format!("/people/{id}/link"), &[]).await;
        path_of(page::between(&answer.text, "<code class=\"mono\">", "</code>").unwrap())
    };
    let (first, second) = (new_link().await, new_link().await);
    assert_ne!(first, second);
    assert_eq!(ruth.get_once(&first).await.status, 410);
    assert_eq!(ruth.get_once(&second).await.status, 200);
    t.advance_days(3);
    assert_eq!(ruth.get_once(&second).await.status, 410);
}
