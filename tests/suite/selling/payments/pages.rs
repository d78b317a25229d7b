//! The pages of payments, as people use them.

use muster_domain::permission::Role;
use muster_tests::api::text;
use muster_tests::{Answered, Browser, TestApp, on_both_databases, page};

use super::bank::{Paid, statement};
use super::ground::{Ground, today};

on_both_databases![
    a_payment_is_entered_once_looked_at_and_taken_back,
    a_statement_is_uploaded_and_decided_about,
    credit_is_used_paid_back_and_debts_are_given_up,
    an_invoice_is_credited_by_its_lines,
    a_provider_is_set_up,
    pages_of_others_are_not_there_and_roles_see_no_forms,
];

async fn owner(t: &mut TestApp) -> Browser {
    let world = t.world().await;
    world.browser(&world.northwind, Role::Owner).await
}

/// What a page shows, without its markup's line breaks.
#[track_caller]
fn shows(answer: &Answered, status: u16, parts: &[&str]) {
    assert_eq!(answer.status, status, "{}", answer.text);
    for part in parts {
        assert!(
            answer.text.contains(part),
            "{part} is missing: {}",
            answer.text
        );
    }
}

async fn a_payment_is_entered_once_looked_at_and_taken_back(t: &mut TestApp) {
    let g = Ground::new(t).await;
    let mut browser = owner(t).await;
    let invoice = g.bill(t, 6_000).await;
    shows(
        &browser.get("/payments").await,
        200,
        &["No payment yet", "/payments/new"],
    );
    let form = browser.get("/payments/new").await;
    shows(&form, 200, &["The Evening Press · EUR"]);
    let key = page::input(&form.text, "key").unwrap();
    let day = today(t);
    let fields = |amount: &'static str, on: &str| {
        [
            ("account", g.deal.account.id.clone()),
            ("amount", amount.to_owned()),
            ("received_on", on.to_owned()),
            ("note", "for <b>September</b>".to_owned()),
            ("key", key.clone()),
        ]
    };
    async fn submit(browser: &mut Browser, fields: &[(&'static str, String); 5]) -> Answered {
        let fields: Vec<(&str, &str)> = fields.iter().map(|(n, v)| (*n, v.as_str())).collect();
        browser.submit("/payments/new", &fields).await
    }
    // Two faults come back with everything that was typed.
    let refused = submit(&mut browser, &fields("1.500,00", "2030-01-01")).await;
    shows(
        &refused,
        422,
        &["1.500,00", "for &#60;b&#62;September", "aria-invalid"],
    );
    let made = submit(&mut browser, &fields("75.00", &day)).await;
    shows(
        &made,
        200,
        &[
            "75.00\u{a0}EUR",
            "INV-2026-00001",
            "15.00\u{a0}EUR",
            "for &#60;b&#62;September",
        ],
    );
    // The same form once more is the same payment.
    let again = submit(&mut browser, &fields("75.00", &day)).await;
    assert_eq!(again.status, 200);
    let listed = g.api.get("/api/v1/payments").await.expect(200);
    assert_eq!(listed["items"].as_array().unwrap().len(), 1);
    assert_eq!(g.deal.open_on(t, &invoice.id).await, 0);
    // One alike is flagged on the list, and somebody says that it is right.
    let twin = g.pay(t, 7_500, "for <b>September</b>").await;
    let path = format!("/payments/{}", text(&twin["id"]));
    shows(&browser.get("/payments").await, 200, &["Look at it", &path]);
    shows(&browser.get(&path).await, 200, &["Both are real"]);
    let looked = browser.submit(&format!("{path}/looked-at"), &[]).await;
    shows(&looked, 200, &["Booked"]);
    assert!(!looked.text.contains("Both are real"));
    // Taken back: a reason is asked for, and then it says so.
    let back = format!("{path}/take-back");
    let refused = browser.submit(&back, &[("on", &day), ("note", "")]).await;
    shows(&refused, 422, &["aria-invalid"]);
    let taken = browser
        .submit(&back, &[("on", &day), ("note", "no cover")])
        .await;
    shows(&taken, 200, &["Taken back", "no cover"]);
    assert!(
        !taken.text.contains("take-back"),
        "it is not taken back twice"
    );
    g.audited(t).await;
}

/// Uploads a file as the page's form does.
async fn upload(browser: &Browser, csrf: &str, file: &str) -> Answered {
    let body = format!(
        "--x\r\nContent-Disposition: form-data; name=\"csrf\"\r\n\r\n{csrf}\r\n--x\r\nContent-Disposition: form-data; \
         name=\"file\"; filename=\"s.xml\"\r\nContent-Type: text/xml\r\n\r\n{file}\r\n--x--\r\n"
    );
    browser
        .post_body("/payments/bank", "multipart/form-data; boundary=x", body)
        .await
}

async fn a_statement_is_uploaded_and_decided_about(t: &mut TestApp) {
    let g = Ground::new(t).await;
    let mut browser = owner(t).await;
    let invoice = g.bill(t, 6_000).await;
    let form = browser.get("/payments/bank").await;
    shows(&form, 200, &["Nothing waits", "multipart/form-data"]);
    let csrf = page::input(&form.text, "csrf").unwrap();
    let hostile = Paid {
        amount: "5.00",
        payer: "&lt;script&gt;alert(1)&lt;/script&gt;",
        words: "who knows".to_owned(),
        ..Paid::default()
    };
    let other = Paid {
        amount: "7.00",
        payer: "A bakery",
        ..Paid::default()
    };
    let file = statement(
        "S-1",
        &[Paid::for_invoice("60.00", &invoice), hostile, other],
    );
    let foreign = upload(&browser, "another", &file).await;
    assert_eq!(foreign.status, 403, "{}", foreign.text);
    let wrong = upload(&browser, &csrf, "<x/>").await;
    shows(&wrong, 422, &["Nothing was imported"]);
    let read = upload(&browser, &csrf, &file).await;
    shows(
        &read,
        200,
        &[
            "3 new entries: 1 booked, 2 waiting for you",
            "Nobody knows",
            "&#60;script&#62;",
        ],
    );
    assert!(!read.text.contains("<script>alert"));
    let again = upload(&browser, &csrf, &file).await;
    shows(&again, 200, &["0 new entries", "3 were known already"]);
    let waiting = g.api.get("/api/v1/bank/entries").await.expect(200);
    let id = |n: usize| text(&waiting["items"][n]["id"]);
    let nothing = browser
        .submit(&format!("/payments/entries/{}/book", id(0)), &[])
        .await;
    shows(&nothing, 422, &["Choose a buyer"]);
    let booked = browser
        .submit(
            &format!("/payments/entries/{}/book", id(0)),
            &[("account", &g.deal.account.id)],
        )
        .await;
    shows(&booked, 200, &["A bakery"]);
    let left = browser
        .submit(&format!("/payments/entries/{}/ignore", id(1)), &[])
        .await;
    shows(&left, 200, &["Nothing waits"]);
    let statement = text(&waiting["items"][0]["statement_id"]);
    let whole = browser.get(&format!("/payments/bank/{statement}")).await;
    shows(
        &whole,
        200,
        &["S-1", "Set aside", "Booked", "60.00\u{a0}EUR"],
    );
    g.audited(t).await;
}

async fn credit_is_used_paid_back_and_debts_are_given_up(t: &mut TestApp) {
    let g = Ground::new(t).await;
    let mut browser = owner(t).await;
    let paid = g.bill(t, 6_000).await;
    g.pay(t, 6_000, "paid").await;
    let open = g.bill(t, 9_000).await;
    g.credit_note(&paid).await;
    let buyer = format!("/buyers/{}", g.deal.account.id);
    let money = format!("{buyer}/money");
    let form = browser.get(&money).await;
    shows(
        &form,
        200,
        &[
            "60.00\u{a0}EUR",
            "INV-2026-00002",
            "Give it up",
            "Set it aside",
        ],
    );
    let used = browser
        .submit(
            &format!("{buyer}/use-credit"),
            &[("invoice", &open.id), ("amount", "20.00")],
        )
        .await;
    shows(&used, 200, &["40.00\u{a0}EUR", "70.00\u{a0}EUR"]);
    let key = page::input(&form.text, "key").unwrap();
    let refund = format!("{buyer}/refund");
    let much = browser
        .submit(
            &refund,
            &[("amount", "40.01"), ("note", "asked for"), ("key", &key)],
        )
        .await;
    shows(&much, 422, &["40.01", "asked for", &key]);
    let made = browser
        .submit(
            &refund,
            &[("amount", "40.00"), ("note", "asked for"), ("key", &key)],
        )
        .await;
    shows(&made, 200, &["To be paid back", "It has left the bank"]);
    let listed = g.api.get("/api/v1/payments?limit=1").await.expect(200);
    let id = text(&listed["items"][0]["id"]);
    let day = today(t);
    let left = browser
        .submit(&format!("/payments/{id}/paid-back"), &[("on", &day)])
        .await;
    shows(&left, 200, &["Paid back"]);
    // Giving up asks for the password when five minutes have passed.
    let lost = format!("{buyer}/write-off");
    let fields = [
        ("invoice", open.id.as_str()),
        ("amount", "70.00"),
        ("note", "bankrupt"),
        ("key", "w-1"),
    ];
    t.advance(std::time::Duration::from_secs(301));
    let asked = browser.submit_once(&lost, &fields).await;
    assert_eq!(asked.status, 303, "{}", asked.text);
    assert!(asked.header("location").starts_with("/confirm"));
    assert_eq!(g.deal.open_on(t, &open.id).await, 7_000);
    browser.get("/confirm").await;
    browser
        .submit("/confirm", &[("password", muster_tests::world::PASSWORD)])
        .await;
    browser.get(&money).await;
    let given_up = browser.submit(&lost, &fields).await;
    shows(&given_up, 200, &["Given up", "bankrupt"]);
    shows(&browser.get(&money).await, 200, &["Nothing is open"]);
    g.audited(t).await;
}

async fn an_invoice_is_credited_by_its_lines(t: &mut TestApp) {
    let g = Ground::new(t).await;
    let mut browser = owner(t).await;
    let invoice = g
        .bill_at(t, &[(10_000, "FR", 2_000), (5_000, "FR", 550)])
        .await;
    let path = format!("/invoices/{}/credit", invoice.id);
    let form = browser.get(&path).await;
    shows(
        &form,
        200,
        &["INV-2026-00001", "Credit 172.75\u{a0}EUR", "net-2"],
    );
    let nothing = browser.submit(&path, &[("net-1", ""), ("net-2", "")]).await;
    shows(&nothing, 422, &["Nothing was typed"]);
    let much = browser
        .submit(&path, &[("net-1", "100.01"), ("net-2", "1.00")])
        .await;
    shows(&much, 422, &["100.01", "Only 100.00 EUR"]);
    let written = browser
        .submit_once(&path, &[("net-1", "40.00"), ("net-2", "")])
        .await;
    assert_eq!(written.status, 303, "{}", written.text);
    assert!(written.header("location").starts_with("/invoices/"));
    assert_eq!(g.deal.open_on(t, &invoice.id).await, 17_275 - 4_800);
    let second = browser.get(&path).await;
    shows(&second, 200, &["60.00\u{a0}EUR"]);
    assert!(
        !second.text.contains("name=\"whole\""),
        "a part was credited: the whole is not offered"
    );
    g.audited(t).await;
}

async fn a_provider_is_set_up(t: &mut TestApp) {
    let g = Ground::new(t).await;
    let mut browser = owner(t).await;
    let form = browser.get("/payments/provider").await;
    shows(&form, 200, &["No secret yet", "/webhooks/payments/"]);
    let made = browser.submit("/payments/provider", &[]).await;
    let secret = page::between(&made.text, "<code class=\"mono\">msp_", "</code>").unwrap();
    let secret = secret.to_owned();
    let listed = browser.get("/payments/provider").await;
    assert!(!listed.text.contains(&secret), "it is shown once");
    let full = browser.submit("/payments/provider", &[]).await;
    shows(&full, 200, &["Two secrets hold already"]);
    let third = browser.submit("/payments/provider", &[]).await;
    shows(
        &third,
        409,
        &["End the one that your provider no longer uses"],
    );
    let rows = g.api.get("/api/v1/provider-secrets").await.expect(200);
    let id = text(&rows["items"][0]["id"]);
    let ended = browser
        .submit(&format!("/payments/provider/{id}/end"), &[])
        .await;
    shows(&ended, 200, &["Make a secret"]);
    assert!(!ended.text.contains(&id));
}

async fn pages_of_others_are_not_there_and_roles_see_no_forms(t: &mut TestApp) {
    let g = Ground::new(t).await;
    let world = t.world().await;
    let invoice = g.bill(t, 6_000).await;
    let payment = g.pay(t, 1_000, "ours").await;
    let paths = [
        format!("/payments/{}", text(&payment["id"])),
        format!("/buyers/{}/money", g.deal.account.id),
        format!("/invoices/{}/credit", invoice.id),
    ];
    for place in [&world.operator, &world.lyre, &world.press] {
        let mut stranger = world.browser(place, Role::Owner).await;
        for path in &paths {
            assert_eq!(stranger.get(path).await.status, 404, "{path}");
        }
        let list = stranger.get("/payments").await;
        assert!(!list.text.contains("ours"), "{}", place.name);
    }
    let mut support = world.browser(&world.northwind, Role::Support).await;
    let seen = support.get(&paths[0]).await;
    shows(&seen, 200, &["10.00\u{a0}EUR"]);
    assert!(!seen.text.contains("take-back"));
    let seen = support.get(&paths[1]).await;
    assert!(!seen.text.contains("write-off") && !seen.text.contains("refund"));
    assert_eq!(support.get("/payments/new").await.status, 403);
    let mut admin = world.browser(&world.northwind, Role::Admin).await;
    let seen = admin.get(&paths[1]).await;
    assert!(!seen.text.contains("write-off"), "an owner's right");
    let tried = admin
        .submit(
            &format!("/buyers/{}/write-off", g.deal.account.id),
            &[("invoice", &invoice.id), ("amount", "1.00"), ("note", "x")],
        )
        .await;
    assert_eq!(tried.status, 403);
    let listed = g.api.get("/api/v1/payments").await.expect(200);
    assert_eq!(listed["items"].as_array().unwrap().len(), 1);
}
