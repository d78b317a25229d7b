//! API tokens.

use muster_domain::permission::Role;
use muster_tests::{Api, TestApp, on_both_databases, page};

on_both_databases![a_token_is_shown_once_and_gone_at_once,];

async fn a_token_is_shown_once_and_gone_at_once(t: &mut TestApp) {
    let world = t.world().await;
    let mut owner = world.browser(&world.northwind, Role::Owner).await;
    owner.get("/account/tokens").await;
    let made = owner
        .submit(
            "/account/tokens",
            &[("name", "stock <i>sync</i>"), ("role", "agent")],
        )
        .await;
    assert_eq!(made.status, 200, "{}", made.text);
    let secret = page::between(&made.text, "<code class=\"mono\">", "</code>")
        .unwrap()
        .to_owned();
    assert!(secret.starts_with("mst_") && secret.len() > 40, "{secret}");
    let listed = owner.get("/account/tokens").await;
    assert!(
        listed.text.contains("stock &#60;i&#62;sync") && !listed.text.contains(&secret),
        "{}",
        listed.text
    );

    let program = Api::new(&t.app().portal_url, Some(secret.clone()));
    program.get("/api/v1/devices").await.expect(200);
    program
        .post(
            "/api/v1/organisations",
            &serde_json::json!({ "name": "Mallory" }),
        )
        .await
        .expect_problem(403, "role");
    for wrong in [
        secret.to_uppercase(),
        secret[..secret.len() - 1].to_owned(),
        format!("{secret}x"),
        "mst_".to_owned(),
    ] {
        Api::new(&t.app().portal_url, Some(wrong))
            .get("/api/v1/devices")
            .await
            .expect_problem(401, "token");
    }
    // The secret itself is nowhere in the database.
    let hash = muster::web::actor::secret_hash(&secret);
    let now = t.app().now_micros();
    let (asked, raw) = (hash.clone(), secret.clone());
    assert!(
        t.read(move |c| muster_store::api_tokens::find_live_by_hash(c, &asked, now))
            .await
            .is_some()
    );
    assert!(
        t.read(move |c| muster_store::api_tokens::find_live_by_hash(c, &raw, now))
            .await
            .is_none()
    );

    let id = t
        .read(move |c| muster_store::api_tokens::find_live_by_hash(c, &hash, now))
        .await
        .unwrap()
        .0
        .id;
    let revoke = format!("/account/tokens/{id}/revoke");
    assert_eq!(owner.submit_once(&revoke, &[]).await.status, 303);
    program
        .get("/api/v1/devices")
        .await
        .expect_problem(401, "token");
    assert_eq!(owner.submit_once(&revoke, &[]).await.status, 404);
    let kinds = t.record().await;
    assert!(kinds.contains(&"token.revoked".to_owned()));
}
