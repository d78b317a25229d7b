//! How an organisation sells, and its buyers.

use muster_domain::permission::Role;
use muster_store::selling::{accounts, parties, sellers as rows};
use muster_tests::api::text;
use muster_tests::page;
use muster_tests::sellers::{party, put, selling, sells, takes_on};
use muster_tests::world::{Place, World};
use muster_tests::{Browser, TestApp, on_both_databases};
use serde_json::{Value, json};

on_both_databases![
    nothing_is_sold_before_it_is_said_how,
    how_we_sell_is_said_on_the_page_and_told_by_the_api,
    changed_details_are_a_new_row_and_old_ones_stay,
    every_fault_is_told_at_its_field_and_nothing_is_kept,
    no_two_series_ever_make_the_same_number,
    buyers_are_those_directly_beneath,
    a_buyer_is_taken_on_and_found_on_the_pages,
    terms_change_and_a_limit_below_what_was_drawn_is_refused,
    a_buyer_reads_its_own_account_and_changes_nothing,
    buyers_are_paged_by_name_and_searched,
    who_may_read_and_who_may_change,
];

/// The fields of the form, as a person fills it in.
fn form() -> Vec<(&'static str, &'static str)> {
    vec![
        ("legal_name", "Northwind Mobile SARL"),
        ("street", "1 quai du Port"),
        ("postcode", "44000"),
        ("city", "Nantes"),
        ("country", "fr"),
        ("vat_id", "FR 19 812 345 676"),
        ("registration", "812345676"),
        ("email", "Books@northwind.example.org"),
        ("iban", "FR76 3000 6000 0112 3456 7890 189"),
        ("bic", "agrifrpp"),
        ("currency", "eur"),
        ("zone", "Europe/Paris"),
        ("language", "fr"),
        ("terms_days", "30"),
        ("invoice_series", "NM-{year}-{number:5}"),
        ("credit_note_series", "NC-{year}-{number:5}"),
    ]
}

async fn owner(world: &World, place: &Place) -> Browser {
    world.browser(place, Role::Owner).await
}

async fn nothing_is_sold_before_it_is_said_how(t: &mut TestApp) {
    let world = t.world().await;
    let api = &world.northwind.api;
    api.get("/api/v1/selling")
        .await
        .expect_problem(404, "not-found");
    api.post("/api/v1/plans", &muster_tests::sellers::six_months())
        .await
        .expect_problem(409, "not-selling");
    let body = json!({ "organisation_id": world.press.id, "terms": { "party": party("The Evening Press") } });
    api.post("/api/v1/buyers", &body)
        .await
        .expect_problem(409, "not-selling");
    let mut browser = owner(&world, &world.northwind).await;
    for path in ["/plans", "/buyers"] {
        let page = browser.get(path).await;
        assert_eq!(page.status, 200, "{path}");
        assert!(
            page::links(&page.text).contains(&"/selling".to_owned()),
            "{path}"
        );
        assert!(
            !page.text.contains(&format!("href=\"{path}/new\"")),
            "{path} offers what is refused"
        );
    }
    for path in ["/plans/new", "/buyers/new"] {
        let refused = browser.get(path).await;
        assert_eq!(refused.status, 409, "{path}");
        assert!(
            page::links(&refused.text).contains(&"/selling".to_owned()),
            "{path}"
        );
    }
    assert_eq!(browser.get("/selling").await.status, 200);
    // A customer sells nothing, whatever it sends.
    let press = &world.press.api;
    press
        .get("/api/v1/selling")
        .await
        .expect_problem(409, "sells-nothing");
    put(press, "/api/v1/selling", &selling("The Evening Press"))
        .await
        .expect_problem(409, "sells-nothing");
    press
        .get("/api/v1/plans")
        .await
        .expect_problem(409, "sells-nothing");
    let id = world.press.id.clone();
    assert!(t.read(move |c| rows::find(c, &id)).await.is_none());
}

async fn how_we_sell_is_said_on_the_page_and_told_by_the_api(t: &mut TestApp) {
    let world = t.world().await;
    let mut browser = owner(&world, &world.northwind).await;
    browser.get("/selling").await;
    let saved = browser.submit("/selling", &form()).await;
    assert_eq!(saved.status, 200, "{}", saved.text);
    assert_eq!(
        page::input(&saved.text, "iban").as_deref(),
        Some("FR7630006000011234567890189")
    );
    let told = world.northwind.api.get("/api/v1/selling").await.expect(200);
    assert_eq!(
        told,
        json!({
            "party": {
                "legal_name": "Northwind Mobile SARL", "street": "1 quai du Port", "postcode": "44000", "city": "Nantes",
                "country": "FR", "vat_id": "FR19812345676", "registration": "812345676", "email": "books@northwind.example.org",
                "iban": "FR7630006000011234567890189", "bic": "AGRIFRPP",
            },
            "currency": "EUR", "zone": "Europe/Paris", "language": "fr", "vat_exempt": false, "terms_days": 30,
            "invoice_series": "NM-{year}-{number:5}", "credit_note_series": "NC-{year}-{number:5}",
        })
    );
    // What was read can be sent back as it is.
    put(&world.northwind.api, "/api/v1/selling", &told)
        .await
        .expect(200);
    // Somebody who only reads sees it and has no form.
    let mut support = world.browser(&world.northwind, Role::Support).await;
    let read = support.get("/selling").await;
    assert!(read.text.contains("FR19812345676") && !read.text.contains("action=\"/selling\""));
    // Lyre says for itself, and sees nothing of this.
    world
        .lyre
        .api
        .get("/api/v1/selling")
        .await
        .expect_problem(404, "not-found");
}

async fn changed_details_are_a_new_row_and_old_ones_stay(t: &mut TestApp) {
    let world = t.world().await;
    sells(&world.northwind).await;
    let id = world.northwind.id.clone();
    let first = t.read(move |c| rows::find(c, &id)).await.unwrap();
    let mut same = selling(&world.northwind.name);
    same["terms_days"] = json!(14);
    put(&world.northwind.api, "/api/v1/selling", &same)
        .await
        .expect(200);
    let id = world.northwind.id.clone();
    let second = t.read(move |c| rows::find(c, &id)).await.unwrap();
    assert_eq!((&second.party_id, second.terms_days), (&first.party_id, 14));
    let mut moved = same.clone();
    moved["party"]["street"] = json!("7 rue Haute");
    for _ in 0..2 {
        put(&world.northwind.api, "/api/v1/selling", &moved)
            .await
            .expect(200);
    }
    let id = world.northwind.id.clone();
    let third = t.read(move |c| rows::find(c, &id)).await.unwrap();
    assert_ne!(third.party_id, first.party_id);
    assert_eq!(third.created_at, first.created_at);
    let old = first.party_id.clone();
    let kept = t.read(move |c| parties::find(c, &old)).await.unwrap();
    assert_eq!(kept.street, "1 quai du Port");
    // What changed nothing is no event.
    let record = t.record().await;
    let count = |kind: &str| record.iter().filter(|known| *known == kind).count();
    assert_eq!((count("selling.set-up"), count("selling.changed")), (1, 2));
}

async fn every_fault_is_told_at_its_field_and_nothing_is_kept(t: &mut TestApp) {
    let world = t.world().await;
    let mut browser = owner(&world, &world.northwind).await;
    browser.get("/selling").await;
    let wrong = [
        ("legal_name", ""),
        ("country", "Frankreich"),
        ("vat_id", "FR18812345676"),
        ("email", "books"),
        ("iban", "FR7630006000011234567890188"),
        ("bic", "AGRI"),
        ("currency", "XXX"),
        ("zone", "Paris"),
        ("language", "de"),
        ("terms_days", "-1"),
        ("invoice_series", "NM-{number}"),
    ];
    for (field, value) in wrong {
        let fields: Vec<(&str, &str)> = form()
            .into_iter()
            .map(|(name, usual)| (name, if name == field { value } else { usual }))
            .collect();
        let refused = browser.submit_once("/selling", &fields).await;
        assert_eq!(refused.status, 422, "{field}: {}", refused.text);
        assert!(
            refused.text.contains(&format!("id=\"{field}-error\"")),
            "{field} is not marked: {}",
            refused.text
        );
        assert!(
            refused.text.contains("value=\"1 quai du Port\""),
            "{field}: what was typed is lost"
        );
    }
    // All at once, and each in the document for programs.
    let mut body = selling("Northwind Mobile");
    for (field, value) in wrong {
        let member = if party("")[field].is_null() {
            &mut body[field]
        } else {
            &mut body["party"][field]
        };
        *member = if field == "terms_days" {
            json!(-1)
        } else {
            json!(value)
        };
    }
    let told = put(&world.northwind.api, "/api/v1/selling", &body).await;
    told.expect_problem(422, "fields");
    let told = told.json();
    let fields: Vec<&str> = told["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|fault| fault["field"].as_str().unwrap())
        .collect();
    for (field, _) in wrong {
        assert!(fields.contains(&field), "{field}: {fields:?}");
    }
    // An address in one member state with the VAT id of another.
    let mut body = selling("Northwind Mobile");
    body["party"]["vat_id"] = json!("DE784101224");
    let told = put(&world.northwind.api, "/api/v1/selling", &body).await;
    assert_eq!(told.expect(422)["errors"][0]["code"], "vat-id-elsewhere");
    let id = world.northwind.id.clone();
    assert!(t.read(move |c| rows::find(c, &id)).await.is_none());
}

async fn no_two_series_ever_make_the_same_number(t: &mut TestApp) {
    let world = t.world().await;
    let api = &world.northwind.api;
    let with = |invoices: &str, credit_notes: &str| {
        let mut body = selling("Northwind Mobile");
        body["invoice_series"] = json!(invoices);
        body["credit_note_series"] = json!(credit_notes);
        body
    };
    for (invoices, credit_notes, code) in [
        (
            "NM-{year}-{number:5}",
            "NM-{year}-{number:5}",
            "series-same",
        ),
        // The ten thousandth of one is that of the other.
        (
            "NM-{year}-{number:5}",
            "NM-{year}-{number:4}",
            "series-same",
        ),
        ("{year}-{number}-7", "{year}-7-{number}", "series-same"),
        (
            "NORTHWIND-M-{year}-{number}",
            "C-{year}-{number}",
            "number-long",
        ),
    ] {
        let refused = put(api, "/api/v1/selling", &with(invoices, credit_notes)).await;
        assert_eq!(refused.expect(422)["errors"][0]["code"], code, "{invoices}");
    }
    let first = with("NM-{year}-{number:5}", "NC-{year}-{number:5}");
    put(api, "/api/v1/selling", &first).await.expect(200);
    let id = world.northwind.id.clone();
    t.write(move |c| rows::take_numbers(c, &id, "NM-{year}-{number:5}", 2026, 3))
        .await;
    // A series that has made numbers is kept apart from every later one.
    for meets in ["NM-{year}-{number:4}", "NM-{year}-{number}"] {
        let refused = put(api, "/api/v1/selling", &with(meets, "NC-{year}-{number:5}")).await;
        assert_eq!(
            refused.expect(422)["errors"][0]["code"],
            "series-used",
            "{meets}"
        );
        let refused = put(api, "/api/v1/selling", &with("A-{year}-{number}", meets)).await;
        let told = refused.expect(422);
        assert_eq!(told["errors"][0]["field"], "credit_note_series", "{told}");
    }
    let other = with("A-{year}-{number}", "NC-{year}-{number:5}");
    put(api, "/api/v1/selling", &other).await.expect(200);
    put(api, "/api/v1/selling", &first).await.expect(200);
}

async fn buyers_are_those_directly_beneath(t: &mut TestApp) {
    let world = t.world().await;
    sells(&world.operator).await;
    sells(&world.northwind).await;
    let take_on = async |seller: &Place, buyer: &str, currency: &str| {
        let body = json!({ "organisation_id": buyer, "currency": currency, "terms": { "party": party("A") } });
        seller.api.post("/api/v1/buyers", &body).await
    };
    take_on(&world.operator, &world.northwind.id, "EUR")
        .await
        .expect(201);
    take_on(&world.northwind, &world.press.id, "EUR")
        .await
        .expect(201);
    for (seller, buyer) in [
        // Not beneath, beneath somebody else, two floors beneath, itself, nobody.
        (&world.northwind, &world.lyre.id),
        (&world.northwind, &world.bakery.id),
        (&world.northwind, &world.operator.id),
        (&world.northwind, &world.northwind.id),
        (&world.operator, &world.press.id),
        (
            &world.operator,
            &"0197c0de-ffff-7000-8000-00000000dead".to_owned(),
        ),
    ] {
        let refused = take_on(seller, buyer, "EUR").await;
        assert_eq!(
            refused.expect(422)["errors"][0]["code"],
            "buyer-beneath",
            "{buyer}"
        );
    }
    // One account for each currency.
    let refused = take_on(&world.northwind, &world.press.id, "EUR").await;
    assert_eq!(refused.expect(422)["errors"][0]["code"], "buyer-known");
    let other = take_on(&world.northwind, &world.press.id, "JPY")
        .await
        .expect(201);
    assert_eq!(
        (&other["currency"], &other["name"]),
        (&json!("JPY"), &json!("The Evening Press"))
    );
    let listed = world.press.api.get("/api/v1/buyers").await.expect(200);
    assert_eq!(listed["items"].as_array().unwrap().len(), 2);
    assert_eq!(listed["items"][0]["name"], "Northwind Mobile");
}

async fn a_buyer_is_taken_on_and_found_on_the_pages(t: &mut TestApp) {
    let world = t.world().await;
    sells(&world.northwind).await;
    let mut browser = owner(&world, &world.northwind).await;
    let blank = browser.get("/buyers/new").await;
    assert_eq!(blank.status, 200, "{}", blank.text);
    assert!(blank.text.contains("Quay Chambers") && !blank.text.contains("Old Mill Bakery"));
    let mut fields = form();
    fields.retain(|(name, _)| !name.ends_with("_series"));
    fields.extend([
        ("organisation_id", world.press.id.as_str()),
        ("kind", "business"),
        ("payment", "prepaid"),
        ("credit_limit", "250.50"),
    ]);
    let wrong: Vec<(&str, &str)> = fields
        .iter()
        .map(|(name, value)| {
            (
                *name,
                if *name == "credit_limit" {
                    "250,50"
                } else {
                    *value
                },
            )
        })
        .collect();
    let refused = browser.submit_once("/buyers/new", &wrong).await;
    assert_eq!(refused.status, 422);
    assert!(
        refused.text.contains("value=\"250,50\"") && refused.text.contains("credit_limit-error")
    );
    let shown = browser.submit("/buyers/new", &fields).await;
    assert_eq!(shown.status, 200, "{}", shown.text);
    assert!(
        shown.text.contains("<h1>The Evening Press</h1>"),
        "{}",
        shown.text
    );
    assert!(shown.text.contains("250.50\u{a0}EUR"), "{}", shown.text);
    let listed = browser.get("/buyers?q=evening").await;
    let link = page::links(&listed.text)
        .into_iter()
        .find(|link| link.starts_with("/buyers/") && link != "/buyers/new")
        .unwrap();
    let opened = browser.get(&link).await;
    assert_eq!(opened.status, 200);
    let id = link.trim_start_matches("/buyers/");
    for led in [
        "subscriptions?account",
        "invoices?buyer",
        "payments?account",
    ] {
        let there = format!("/{led}={id}");
        assert!(
            page::links(&opened.text).contains(&there),
            "no link to {there}"
        );
    }
    let account = world
        .northwind
        .api
        .get(&format!("/api/v1{link}"))
        .await
        .expect(200);
    assert_eq!(
        (
            &account["payment"],
            &account["credit_limit"],
            &account["zone"],
            &account["language"]
        ),
        (
            &json!("prepaid"),
            &json!(25_050),
            &json!("Europe/Paris"),
            &json!("fr")
        )
    );
    assert_eq!(
        (&account["open"], &account["due_since"]),
        (&json!(0), &Value::Null)
    );
    assert!(
        browser
            .get("/buyers?q=nobody")
            .await
            .text
            .contains("No organisation is called so.")
    );
}

async fn terms_change_and_a_limit_below_what_was_drawn_is_refused(t: &mut TestApp) {
    let world = t.world().await;
    sells(&world.northwind).await;
    let id = takes_on(&world.northwind, &world.press).await;
    let path = format!("/api/v1/buyers/{id}");
    let api = &world.northwind.api;
    let terms = |limit: i64| json!({ "party": party("The Evening Press"), "zone": "America/New_York", "terms_days": 7, "payment": "prepaid", "credit_limit": limit });
    let changed = put(api, &path, &terms(10_000)).await.expect(200);
    assert_eq!(
        (
            &changed["zone"],
            &changed["terms_days"],
            &changed["credit_limit"],
            &changed["id"]
        ),
        (
            &json!("America/New_York"),
            &json!(7),
            &json!(10_000),
            &json!(id)
        )
    );
    let account = id.clone();
    assert!(t.write(move |c| accounts::charge(c, &account, 6_000)).await);
    let refused = put(api, &path, &terms(5_999)).await.expect(422);
    assert_eq!(refused["errors"][0]["code"], "limit-used");
    assert!(text(&refused["detail"]).contains("60.00 EUR"), "{refused}");
    let standing = api.get(&path).await.expect(200);
    assert_eq!(
        (&standing["credit_limit"], &standing["credit"]),
        (&json!(10_000), &json!(-6_000))
    );
    put(api, &path, &terms(6_000)).await.expect(200);
    // On the page the same, said at its field.
    let mut browser = owner(&world, &world.northwind).await;
    let form = browser.get(&format!("/buyers/{id}/terms")).await;
    assert_eq!(
        page::input(&form.text, "credit_limit").as_deref(),
        Some("60.00")
    );
    let fields = [
        ("legal_name", "The Evening Press"),
        ("street", "1 quai du Port"),
        ("postcode", "44000"),
        ("city", "Nantes"),
        ("country", "FR"),
        ("email", "books@example.org"),
        ("credit_limit", "10"),
    ];
    let refused = browser
        .submit_once(&format!("/buyers/{id}/terms"), &fields)
        .await;
    assert_eq!(refused.status, 422);
    assert!(
        refused.text.contains("credit_limit-error"),
        "{}",
        refused.text
    );
    for wrong in [
        json!({ "zone": "Mars/Olympus" }),
        json!({ "terms_days": 181 }),
        json!({ "payment": "later" }),
        json!({ "credit_limit": -1 }),
    ] {
        let mut body = terms(6_000);
        let (field, value) = wrong.as_object().unwrap().iter().next().unwrap();
        body[field] = value.clone();
        let refused = put(api, &path, &body).await.expect(422);
        assert_eq!(refused["errors"][0]["field"], json!(field), "{refused}");
    }
    assert_eq!(
        t.record()
            .await
            .iter()
            .filter(|kind| *kind == "buyer.changed")
            .count(),
        2
    );
}

async fn a_buyer_reads_its_own_account_and_changes_nothing(t: &mut TestApp) {
    let world = t.world().await;
    sells(&world.operator).await;
    sells(&world.northwind).await;
    let wholesale = takes_on(&world.operator, &world.northwind).await;
    let retail = takes_on(&world.northwind, &world.press).await;
    let path = |id: &str| format!("/api/v1/buyers/{id}");
    let seen = world.press.api.get(&path(&retail)).await.expect(200);
    assert_eq!(seen["name"], "Northwind Mobile");
    let body = json!({ "party": party("A"), "credit_limit": 1_000_000 });
    put(&world.press.api, &path(&retail), &body)
        .await
        .expect_problem(404, "not-found");
    put(&world.northwind.api, &path(&wholesale), &body)
        .await
        .expect_problem(404, "not-found");
    world.northwind.api.get(&path(&wholesale)).await.expect(200);
    // Neither side's neighbour, nor who is above both.
    for stranger in [&world.chambers, &world.lyre, &world.operator] {
        stranger
            .api
            .get(&path(&retail))
            .await
            .expect_problem(404, "not-found");
    }
    let sides = async |query: &str| {
        let page = world
            .northwind
            .api
            .get(&format!("/api/v1/buyers{query}"))
            .await;
        text(&page.expect(200)["items"][0]["id"])
    };
    assert_eq!(
        (sides("").await, sides("?side=bought").await),
        (retail.clone(), wholesale.clone())
    );
    world
        .northwind
        .api
        .get("/api/v1/buyers?side=both")
        .await
        .expect_problem(422, "side");
    let mut reseller = owner(&world, &world.northwind).await;
    let own = reseller.get(&format!("/buyers/{wholesale}")).await;
    assert!(own.text.contains("<h1>Harbour Light</h1>") && !own.text.contains("/terms\""));
    assert_eq!(
        reseller
            .get(&format!("/buyers/{wholesale}/terms"))
            .await
            .status,
        404
    );
    let mut customer = owner(&world, &world.press).await;
    assert!(
        customer
            .get("/buyers")
            .await
            .text
            .contains("Northwind Mobile")
    );
    assert_eq!(customer.get(&format!("/buyers/{retail}")).await.status, 200);
    assert_eq!(customer.get("/buyers/new").await.status, 409);
}

async fn buyers_are_paged_by_name_and_searched(t: &mut TestApp) {
    let world = t.world().await;
    sells(&world.northwind).await;
    let api = &world.northwind.api;
    takes_on(&world.northwind, &world.press).await;
    takes_on(&world.northwind, &world.chambers).await;
    for name in ["Alder 100%", "Birch", "birch & sons"] {
        let made = api
            .post("/api/v1/organisations", &json!({ "name": name }))
            .await
            .expect(201);
        let body = json!({ "organisation_id": made["id"], "terms": { "party": party(name) } });
        api.post("/api/v1/buyers", &body).await.expect(201);
    }
    let (mut path, mut seen) = ("/api/v1/buyers?limit=2".to_owned(), Vec::new());
    loop {
        let page = api.get(&path).await.expect(200);
        seen.extend(
            page["items"]
                .as_array()
                .unwrap()
                .iter()
                .map(|item| text(&item["name"])),
        );
        let Some(cursor) = page["next_cursor"].as_str() else {
            break;
        };
        let cursor: String = cursor
            .replace('%', "%25")
            .replace(' ', "%20")
            .replace('&', "%26");
        path = format!("/api/v1/buyers?limit=2&cursor={cursor}");
        assert!(seen.len() < 20, "the list goes round in circles");
    }
    let mut distinct = seen.clone();
    distinct.sort();
    distinct.dedup();
    assert_eq!((seen.len(), distinct.len()), (5, 5), "{seen:?}");
    let found = async |q: &str| {
        let page = api.get(&format!("/api/v1/buyers?q={q}")).await.expect(200);
        page["items"].as_array().unwrap().len()
    };
    assert_eq!(
        (
            found("BIRCH").await,
            found("100%25").await,
            found("%25").await,
            found("_").await
        ),
        (2, 1, 1, 0)
    );
    // The page walks the same list.
    let mut browser = owner(&world, &world.northwind).await;
    assert_eq!(
        browser
            .get("/buyers?limit=2")
            .await
            .text
            .matches("data-row")
            .count(),
        2
    );
    let next = page::links(&browser.get("/buyers?limit=2&q=birch").await.text);
    assert!(
        !next.iter().any(|link| link.contains("cursor=")),
        "{next:?}"
    );
}

async fn who_may_read_and_who_may_change(t: &mut TestApp) {
    let world = t.world().await;
    sells(&world.northwind).await;
    let id = takes_on(&world.northwind, &world.press).await;
    for (role, may) in [
        (Role::Owner, true),
        (Role::Admin, true),
        (Role::Agent, false),
        (Role::Support, false),
        (Role::Auditor, false),
    ] {
        let api = world.api(&world.northwind, role).await;
        api.get("/api/v1/selling").await.expect(200);
        api.get(&format!("/api/v1/buyers/{id}")).await.expect(200);
        let answers = [
            put(&api, "/api/v1/selling", &selling("Northwind Mobile")).await,
            put(
                &api,
                &format!("/api/v1/buyers/{id}"),
                &json!({ "party": party("A") }),
            )
            .await,
        ];
        for answer in answers {
            if may {
                answer.expect(200);
            } else {
                answer.expect_problem(403, "role");
            }
        }
    }
}
