//! The first owner, by the link that the first start prints.

use muster::features::people::set_up;
use muster_tests::world::PASSWORD;
use muster_tests::{Browser, TestApp, on_both_databases};

use super::path_of;

on_both_databases![
    the_set_up_link_works_once_and_only_while_nobody_owns,
    a_set_up_link_ends_when_the_next_is_made_and_after_three_days,
];

async fn the_set_up_link_works_once_and_only_while_nobody_owns(t: &mut TestApp) {
    let link = set_up_path(t).await.unwrap();
    let mut browser = Browser::new(&t.app().portal_url);
    assert_eq!(browser.get("/set-up/0000000000000000").await.status, 410);
    assert_eq!(browser.get(&link).await.status, 200);

    // What does not fit comes back with what was typed, and the link lives on.
    let short: Vec<_> = OWNER
        .iter()
        .map(|(name, value)| {
            if *name == "password" {
                (*name, "short")
            } else {
                (*name, *value)
            }
        })
        .collect();
    let refused = browser.submit_once(&link, &short).await;
    assert_eq!(refused.status, 422);
    assert!(
        refused.text.contains("value=\"Nora Lindqvist\"") && refused.text.contains("aria-invalid"),
        "{}",
        refused.text
    );
    assert!(
        !refused.text.contains("value=\"short\""),
        "a password comes back"
    );

    // Two that race: one becomes the owner.
    let (one, other) = tokio::join!(browser.submit_once(&link, &OWNER), async {
        let second = Browser::new(&t.app().portal_url);
        let mut fields = OWNER;
        fields[2].1 = "mallory@palisade.example.org";
        second.submit_once(&link, &fields).await
    });
    let mut statuses = [one.status, other.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 410]);
    assert_eq!(
        browser.get_once(&link).await.status,
        410,
        "a used link opens again"
    );
    assert_eq!(set_up_path(t).await, None, "a second owner could be set up");
    let owners = t
        .record()
        .await
        .into_iter()
        .filter(|kind| kind == "member.added")
        .count();
    assert_eq!(owners, 1);

    let mut again = Browser::new(&t.app().portal_url);
    let email = if one.status == 303 {
        "nora@palisade.example.org"
    } else {
        "mallory@palisade.example.org"
    };
    again.sign_in(email, PASSWORD).await;
    assert!(again.page.unwrap().text.contains("Palisade Platform"));
}

async fn a_set_up_link_ends_when_the_next_is_made_and_after_three_days(t: &mut TestApp) {
    let (first, second) = (set_up_path(t).await.unwrap(), set_up_path(t).await.unwrap());
    let browser = Browser::new(&t.app().portal_url);
    assert_eq!(browser.submit_once(&first, &OWNER).await.status, 410);
    t.advance_days(3);
    assert_eq!(browser.submit_once(&second, &OWNER).await.status, 410);
    let third = set_up_path(t).await.unwrap();
    assert_eq!(browser.submit_once(&third, &OWNER).await.status, 303);
}

async fn set_up_path(t: &TestApp) -> Option<String> {
    set_up::link(t.app())
        .await
        .unwrap()
        .map(|url| path_of(&url))
}

const OWNER: [(&str, &str); 4] = [
    ("organisation", "Palisade Platform"),
    ("name", "Nora Lindqvist"),
    ("email", "nora@palisade.example.org"),
    ("password", PASSWORD),
];
