//! Documents as sellers and buyers see and download them. That what is downloaded keeps the rules of EN 16931 and of France is
//! judged in `tests/paper`, on the same kinds.

use diesel::RunQueryDsl;
use muster::features::invoicing::documents::attachment;
use muster_domain::permission::Role;
use muster_store::selling::invoices::Invoice;
use muster_store::selling::ledger::{self, Transfer};
use muster_tests::api::text;
use muster_tests::kinds::{self, Kind};
use muster_tests::trade::{Deal, Trade};
use muster_tests::{Api, TestApp, on_both_databases, page};
use reqwest::Method;
use serde_json::Value;

on_both_databases![
    b21_a_credit_note_of_7612_50_at_19_percent,
    every_kind_of_document_can_be_downloaded,
    seller_and_buyer_see_a_document_and_nobody_else,
    a_download_has_a_name_and_a_tag_and_stays_the_same,
    a_page_reads_like_the_invoice,
    lists_are_filtered_and_paged,
    the_journal_of_a_year_is_exported_whole,
    what_cannot_be_printed_says_why,
];

/// The kind whose files have this name.
fn kind(name: &str) -> Kind {
    kinds::all()
        .into_iter()
        .find(|kind| kind.name == name)
        .unwrap()
}

async fn issued(t: &TestApp, deal: &Deal, name: &str, number: u64) -> Invoice {
    kinds::issue_one(t, deal, kind(name), number).await
}

async fn file(api: &Api, id: &str, ending: &str) -> (u16, Vec<u8>) {
    let path = format!("/api/v1/invoices/{id}.{ending}");
    let answer = api.request(Method::GET, &path).send().await.unwrap();
    let status = answer.status().as_u16();
    (status, answer.bytes().await.unwrap().to_vec())
}

async fn b21_a_credit_note_of_7612_50_at_19_percent(t: &mut TestApp) {
    let world = t.world().await;
    let deal = Trade::make(t).await.retail;
    let note = issued(t, &deal, "04-credit-note", 0).await;
    let api = &world.northwind.api;
    let shown = api
        .get(&format!("/api/v1/invoices/{}", note.id))
        .await
        .expect(200);
    // Positive amounts; 7612.50 at 19 % is 1446.375, rounded half up once.
    assert_eq!(shown["kind"], "credit-note");
    assert_eq!(
        (&shown["net"], &shown["vat"], &shown["total"]),
        (
            &Value::from(761_250),
            &Value::from(144_638),
            &Value::from(905_888)
        )
    );
    assert_eq!(shown["reference"], Value::Null);
    let original = text(&shown["corrects_id"]);
    let corrected = api
        .get(&format!("/api/v1/invoices/{original}"))
        .await
        .expect(200);
    assert_eq!(corrected["open"], 0, "what was open is settled by it");
    assert_eq!(corrected["settlements"][0]["by"], "credit-note");
    assert_eq!(corrected["settlements"][0]["amount"], 905_888);
    assert_eq!(corrected["corrections"][0], note.id.as_str());
    let (status, cii) = file(api, &note.id, "cii.xml").await;
    let cii = String::from_utf8(cii).unwrap();
    assert_eq!(status, 200, "{cii}");
    assert!(cii.contains("<ram:TypeCode>381</ram:TypeCode>"));
    assert!(
        cii.contains(&text(&corrected["number"])),
        "it names what it corrects"
    );
    assert!(cii.contains(">9058.88<") && !cii.contains(">-"), "{cii}");
    let (_, ubl) = file(api, &note.id, "ubl.xml").await;
    let ubl = String::from_utf8(ubl).unwrap();
    assert!(ubl.contains("<CreditNote") && ubl.contains(">9058.88<") && !ubl.contains(">-"));
}

async fn every_kind_of_document_can_be_downloaded(t: &mut TestApp) {
    let world = t.world().await;
    let deal = Trade::make(t).await.retail;
    for (name, invoice) in kinds::issue_all(t, &deal).await {
        for (ending, begin) in [("pdf", "%PDF-"), ("cii.xml", "<?xml"), ("ubl.xml", "<?xml")] {
            let (status, bytes) = file(&world.northwind.api, &invoice.id, ending).await;
            assert_eq!(status, 200, "{name}: {}", String::from_utf8_lossy(&bytes));
            assert!(bytes.starts_with(begin.as_bytes()), "{name}.{ending}");
        }
        let mailed = attachment(t.app(), &invoice.id).await.unwrap();
        let (_, downloaded) = file(&world.northwind.api, &invoice.id, "pdf").await;
        assert_eq!(mailed.bytes, downloaded, "{name}: the mail brings the same");
        assert!(mailed.name.ends_with(".pdf") && mailed.media_type == "application/pdf");
    }
    let unknown = attachment(t.app(), "0199b000-0000-7000-8000-000000000000").await;
    assert_eq!(unknown.unwrap_err().code, "not-found");
}

async fn seller_and_buyer_see_a_document_and_nobody_else(t: &mut TestApp) {
    let world = t.world().await;
    let deal = Trade::make(t).await.retail;
    let invoice = issued(t, &deal, "01-domestic", 0).await;
    let id = &invoice.id;
    let paths = [
        format!("/invoices/{id}"),
        format!("/invoices/{id}.pdf"),
        format!("/invoices/{id}.cii.xml"),
        format!("/invoices/{id}.ubl.xml"),
    ];
    for (place, status) in [
        (&world.northwind, 200),
        (&world.press, 200),
        // Above, beside and elsewhere: a document is its two sides' alone.
        (&world.operator, 404),
        (&world.chambers, 404),
        (&world.lyre, 404),
        (&world.bakery, 404),
    ] {
        let browser = world.browser(place, Role::Auditor).await;
        for path in &paths {
            let by_token = place.api.request(Method::GET, &format!("/api/v1{path}"));
            let answer = by_token.send().await.unwrap();
            assert_eq!(answer.status(), status, "{}: {path}", place.name);
            let by_hand = browser.get_once(path).await;
            assert_eq!(by_hand.status, status, "{}: {path}", place.name);
        }
        for side in ["sold", "bought"] {
            let list = format!("/api/v1/invoices?side={side}");
            let items = place.api.get(&list).await.expect(200)["items"].clone();
            let expected = (place.id == world.northwind.id && side == "sold")
                || (place.id == world.press.id && side == "bought");
            assert_eq!(
                items.as_array().unwrap().len(),
                usize::from(expected),
                "{} {side}",
                place.name
            );
        }
    }
    // The books are the seller's: its buyer sees who paid what, and no account of the ledger.
    let buyer = world.browser(&world.press, Role::Owner).await;
    let seller = world.browser(&world.northwind, Role::Owner).await;
    let path = format!("/invoices/{id}");
    assert!(seller.get_once(&path).await.text.contains("In the journal"));
    assert!(!buyer.get_once(&path).await.text.contains("In the journal"));
    let journal = world.press.api.get("/api/v1/invoices/journal.csv").await;
    journal.expect_problem(409, "not-selling");
}

async fn a_download_has_a_name_and_a_tag_and_stays_the_same(t: &mut TestApp) {
    let world = t.world().await;
    let deal = Trade::make(t).await.retail;
    let invoice = issued(t, &deal, "01-domestic", 0).await;
    let path = format!("/api/v1/invoices/{}.pdf", invoice.id);
    let get = async |tag: Option<&str>| {
        let mut request = world.northwind.api.request(Method::GET, &path);
        if let Some(tag) = tag {
            request = request.header("if-none-match", tag);
        }
        let answer = request.send().await.unwrap();
        let header = |name: &str| {
            let value = answer.headers().get(name);
            value.map_or(String::new(), |value| value.to_str().unwrap().to_owned())
        };
        let facts = (
            answer.status().as_u16(),
            header("content-type"),
            header("content-disposition"),
            header("etag"),
        );
        (facts, answer.bytes().await.unwrap())
    };
    let ((status, kind, name, tag), first) = get(None).await;
    assert_eq!((status, kind.as_str()), (200, "application/pdf"));
    assert_eq!(name, "attachment; filename=\"INV-2026-00001.pdf\"");
    assert!(tag.starts_with('"') && tag.len() > 20);
    let ((status, ..), nothing) = get(Some(&tag)).await;
    assert_eq!((status, nothing.len()), (304, 0));
    let ((status, ..), _) = get(Some("\"another\"")).await;
    assert_eq!(status, 200);
    // Everybody moves, pays and is renamed, and years go by: the document is the same to the byte.
    let later = issued(t, &deal, "10-long-names", 1).await;
    assert_ne!(later.seller_party_id, invoice.seller_party_id);
    let paid = muster_store::selling::invoices::Allocation {
        id: t.app().new_id(),
        invoice_id: invoice.id.clone(),
        payment_id: None,
        credit_note_id: None,
        amount: 100_000,
        created_at: t.app().now_micros() + 1,
    };
    t.write(move |c| muster_store::selling::invoices::settle(c, &paid))
        .await;
    t.advance_days(3_650);
    let ((_, _, _, same), again) = get(None).await;
    assert_eq!((same, again), (tag, first));
}

async fn a_page_reads_like_the_invoice(t: &mut TestApp) {
    let world = t.world().await;
    let deal = Trade::make(t).await.retail;
    let invoice = issued(t, &deal, "14-partly-prepaid", 0).await;
    let browser = world.browser(&world.northwind, Role::Owner).await;
    let shown = browser.get_once(&format!("/invoices/{}", invoice.id)).await;
    assert_eq!(shown.status, 200);
    for said in [
        "Invoice INV-2026-00001",
        "Lyre Telecom SAS",
        "Les Nouvelles du Canal SARL",
        "FR14987654324",
        "588.00",
        "2,116.80\u{a0}EUR",
        "500.00\u{a0}EUR",
        "1,616.80\u{a0}EUR",
        "Credit that was paid ahead",
        "FR76 3000 6000 0112 3456 7890 189",
        "RF76 INV2 0260 0001",
        "Due 21 October 2026",
        "VAT FR 20 %",
        "Revenue, subscriptions",
    ] {
        assert!(shown.text.contains(said), "{said} is missing");
    }
    assert!(page::links(&shown.text).contains(&format!("/invoices/{}/credit", invoice.id)));
    // Who may take no payments is offered no credit note.
    let reader = world.browser(&world.northwind, Role::Support).await;
    let read = reader.get_once(&format!("/invoices/{}", invoice.id)).await;
    assert!(!read.text.contains("/credit\""));
    t.advance_days(31);
    let browser = world.browser(&world.northwind, Role::Owner).await;
    let late = browser.get_once(&format!("/invoices/{}", invoice.id)).await;
    assert!(late.text.contains("Past due 1 day"));
    let list = browser.get_once("/invoices?open=true").await;
    assert!(list.text.contains("1,616.80\u{a0}EUR still owed"));
}

async fn lists_are_filtered_and_paged(t: &mut TestApp) {
    let world = t.world().await;
    let deal = Trade::make(t).await.retail;
    let api = &world.northwind.api;
    let mut newest_first = Vec::new();
    for (_, invoice) in kinds::issue_all(t, &deal).await {
        if let Some(original) = &invoice.corrects_id {
            newest_first.insert(0, original.clone());
        }
        newest_first.insert(0, invoice.id);
    }
    let all = async |query: &str| -> Vec<Value> {
        let (mut rows, mut cursor) = (Vec::new(), String::new());
        loop {
            let path = format!("/api/v1/invoices?limit=4{query}{cursor}");
            let answer = api.get(&path).await.expect(200);
            let items = answer["items"].as_array().unwrap().clone();
            assert!(items.len() <= 4);
            rows.extend(items);
            match answer["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return rows,
            }
            assert!(rows.len() < 100, "the list goes round in circles");
        }
    };
    let ids = |rows: &[Value]| -> Vec<String> { rows.iter().map(|row| text(&row["id"])).collect() };
    let whole = all("").await;
    assert_eq!(ids(&whole), newest_first);
    let notes = all("&kind=credit-note").await;
    assert!(notes.len() == 1 && notes[0]["kind"] == "credit-note");
    assert_eq!(all("&kind=invoice").await.len(), whole.len() - 1);
    let mut open: Vec<Value> = whole
        .iter()
        .filter(|row| row["open"].as_i64() > Some(0))
        .cloned()
        .collect();
    open.sort_by_key(|row| (text(&row["due_date"]), text(&row["id"])));
    assert!(open.len() > 5 && open.len() < whole.len());
    assert_eq!(ids(&all("&open=true").await), ids(&open));
    let francs = all("&buyer=0199b000-0000-7000-8301-000000000001").await;
    assert!(francs.len() == 1 && francs[0]["currency"] == "CHF");
    // The buyer sees the same ones as bought.
    let bought = world
        .press
        .api
        .get("/api/v1/invoices?open=true&limit=200")
        .await
        .expect(200);
    assert_eq!(ids(bought["items"].as_array().unwrap()), ids(&open));
    for (query, code) in [
        ("kind=letter", "kind"),
        ("open=perhaps", "open"),
        ("side=both", "side"),
        ("limit=0", "limit"),
    ] {
        let refused = api.get(&format!("/api/v1/invoices?{query}")).await;
        refused.expect_problem(422, code);
    }
    let browser = world.browser(&world.northwind, Role::Agent).await;
    let shown = browser
        .get_once("/invoices?kind=credit-note&side=sold")
        .await;
    assert!(shown.text.contains("CN-2026-00001") && !shown.text.contains("INV-2026"));
}

async fn the_journal_of_a_year_is_exported_whole(t: &mut TestApp) {
    let world = t.world().await;
    let deal = Trade::make(t).await.retail;
    let invoice = issued(t, &deal, "14-partly-prepaid", 0).await;
    // More than a page, each amount another, at the two ends of the seller's year: Paris is an hour ahead of UTC in winter.
    let at = |text: &str| text.parse::<jiff::Timestamp>().unwrap().as_microsecond();
    let rows: Vec<Transfer> = (1..=1_200)
        .map(|n| Transfer {
            id: t.app().new_id(),
            seller_id: deal.seller.organisation_id.clone(),
            debit: "bank:=1+1".to_owned(),
            credit: format!("receivable:{}", deal.account.id),
            currency: "EUR".to_owned(),
            amount: n,
            document_id: invoice.id.clone(),
            at: t.app().now_micros(),
        })
        .collect();
    t.write(move |c| ledger::insert(c, &rows)).await;
    let api = &world.northwind.api;
    let answer = api.get("/api/v1/invoices/journal.csv?year=2026").await;
    assert_eq!(answer.status, 200);
    assert_eq!(
        answer.header("content-disposition"),
        "attachment; filename=\"journal-2026.csv\""
    );
    let lines: Vec<&str> = answer.text.split_terminator("\r\n").collect();
    assert_eq!(
        lines[0],
        "date,number,debit,credit,amount,currency,document,buyer,transfer"
    );
    let account = &deal.account.id;
    assert!(
        lines[1].starts_with(&format!(
            "2026-09-21,INV-2026-00001,receivable:{account},revenue:recurring,1764.00,EUR,invoice,Les Nouvelles du Canal SARL,"
        )),
        "{}",
        lines[1]
    );
    // Revenue, VAT, what the credit settled; and the pages behind the first.
    assert_eq!(lines.len(), 1 + 3 + 1_200);
    let total: i64 = lines[4..]
        .iter()
        .map(|line| {
            let amount = line.split(',').nth(4).unwrap();
            amount.replace('.', "").parse::<i64>().unwrap()
        })
        .sum();
    assert_eq!(total, (1..=1_200).sum::<i64>());
    let mut seen: Vec<&str> = lines[1..]
        .iter()
        .map(|line| line.rsplit(',').next().unwrap())
        .collect();
    assert!(seen.is_sorted(), "in the order of writing");
    seen.dedup();
    assert_eq!(seen.len(), 1_203, "none twice");
    for (year, count) in [("2025", 1), ("2027", 1)] {
        let other = api
            .get(&format!("/api/v1/invoices/journal.csv?year={year}"))
            .await;
        assert_eq!(other.text.lines().count(), count, "{year}");
    }
    // A year begins where the seller's first day does.
    let moved = at("2026-12-31T23:30:00Z");
    t.write(move |c| {
        let sql = format!("UPDATE transfers SET at = {moved} WHERE amount = 7");
        Ok(diesel::sql_query(sql).execute(c)?)
    })
    .await;
    let this = api.get("/api/v1/invoices/journal.csv?year=2026").await;
    assert_eq!(this.text.lines().count(), 1_203);
    let refused = api.get("/api/v1/invoices/journal.csv?year=26").await;
    refused.expect_problem(422, "year");
    let other = world.lyre.api.get("/api/v1/invoices/journal.csv").await;
    other.expect_problem(409, "not-selling");
}

async fn what_cannot_be_printed_says_why(t: &mut TestApp) {
    let world = t.world().await;
    let mut trade = Trade::of(t).await;
    trade.retail.seller_party.registration = None;
    trade.insert(t).await;
    let invoice = issued(t, &trade.retail, "09-french", 0).await;
    t.write(|c| {
        let sql = "UPDATE parties SET registration = NULL WHERE legal_name = 'Lyre Telecom SAS'";
        Ok(diesel::sql_query(sql).execute(c)?)
    })
    .await;
    let api = &world.northwind.api;
    let refused = api
        .get(&format!("/api/v1/invoices/{}.pdf", invoice.id))
        .await;
    refused.expect_problem(409, "not-printable");
    assert!(refused.text.contains("SIREN"), "{}", refused.text);
    // A row that somebody changed is a damage: it is told, and nothing is printed of it.
    t.write(|c| Ok(diesel::sql_query("UPDATE invoice_lines SET net = net - 1").execute(c)?))
        .await;
    let damaged = api.get(&format!("/api/v1/invoices/{}", invoice.id)).await;
    damaged.expect_problem(500, "internal");
}
