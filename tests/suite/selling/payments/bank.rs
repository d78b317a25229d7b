//! Bank statements: RULES B20, and what is booked, suggested, shown and refused.

use std::fmt::Write as _;

use muster_domain::permission::Role;
use muster_domain::selling::reference::Reference;
use muster_store::selling::invoices::Invoice;
use muster_tests::api::text;
use muster_tests::{Answered, Api, TestApp, on_both_databases};
use reqwest::Method;
use serde_json::{Value, json};

use super::ground::Ground;

on_both_databases![
    b20_a_statement_read_in_twice_adds_nothing_and_a_real_second_payment_is_its_own,
    references_are_booked_words_and_amounts_are_suggested,
    what_is_not_for_booking_is_shown_and_left,
    a_batch_is_taken_apart,
    a_file_that_cannot_be_read_changes_nothing,
    an_entry_is_decided_about_once_and_by_its_owner,
];

const IBAN: &str = "FR7630006000011234567890189";

/// An entry of a statement.
#[derive(Clone, Default)]
pub struct Paid {
    /// As the bank writes it.
    pub amount: &'static str,
    pub payer: &'static str,
    /// The structured reference.
    pub reference: String,
    /// The words.
    pub words: String,
    /// The bank's own reference.
    pub bank: &'static str,
    pub debit: bool,
    pub currency: Option<&'static str>,
}

impl Paid {
    pub fn for_invoice(amount: &'static str, invoice: &Invoice) -> Self {
        let reference = Reference::of_number(&number(invoice)).unwrap();
        Self {
            amount,
            payer: "The Evening Press",
            reference: reference.as_str().to_owned(),
            ..Self::default()
        }
    }

    fn xml(&self) -> String {
        let bank = match self.bank {
            "" => String::new(),
            bank => format!("<AcctSvcrRef>{bank}</AcctSvcrRef>"),
        };
        let way = if self.debit { "DBIT" } else { "CRDT" };
        let party = if self.debit { "Cdtr" } else { "Dbtr" };
        let structured = match self.reference.as_str() {
            "" => String::new(),
            reference => {
                format!("<Strd><CdtrRefInf><Ref>{reference}</Ref></CdtrRefInf></Strd>")
            }
        };
        format!(
            "<Ntry><Amt Ccy=\"{}\">{}</Amt><CdtDbtInd>{way}</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>\
             <BookgDt><Dt>2026-09-21</Dt></BookgDt>{bank}<NtryDtls><TxDtls>\
             <RltdPties><{party}><Pty><Nm>{}</Nm></Pty></{party}></RltdPties>\
             <RmtInf><Ustrd>{}</Ustrd>{structured}</RmtInf></TxDtls></NtryDtls></Ntry>",
            self.currency.unwrap_or("EUR"),
            self.amount,
            self.payer,
            self.words,
        )
    }
}

pub fn statement(id: &str, entries: &[Paid]) -> String {
    let mut all = String::new();
    for entry in entries {
        all.push_str(&entry.xml());
    }
    wrapped(id, &all)
}

fn wrapped(id: &str, entries: &str) -> String {
    let mut xml = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.053.001.08\">",
    );
    write!(
        xml,
        "<BkToCstmrStmt><GrpHdr><MsgId>1</MsgId></GrpHdr><Stmt><Id>{id}</Id><Acct><Id><IBAN>{IBAN}</IBAN></Id></Acct>{entries}</Stmt></BkToCstmrStmt></Document>"
    )
    .unwrap();
    xml
}

pub async fn send(api: &Api, file: impl Into<String>) -> Answered {
    let request = api
        .request(Method::POST, "/api/v1/bank/statements")
        .header("content-type", "application/xml")
        .body(file.into());
    api.send(request).await
}

async fn import(api: &Api, file: impl Into<String>) -> Value {
    send(api, file).await.expect(200)["statements"][0].clone()
}

pub fn number(invoice: &Invoice) -> String {
    muster::features::payments::books::number(invoice)
}

fn counts(imported: &Value) -> [i64; 4] {
    ["new", "booked", "waiting", "known"].map(|name| imported[name].as_i64().unwrap())
}

async fn b20_a_statement_read_in_twice_adds_nothing_and_a_real_second_payment_is_its_own(
    t: &mut TestApp,
) {
    let g = Ground::new(t).await;
    let invoice = g.bill(t, 6_000).await;
    let once = Paid::for_invoice("60.00", &invoice);
    let file = statement("S-1", std::slice::from_ref(&once));
    assert_eq!(counts(&import(&g.api, &file).await), [1, 1, 0, 0]);
    assert_eq!(g.deal.open_on(t, &invoice.id).await, 0);
    let before = t.record().await.len();
    assert_eq!(counts(&import(&g.api, &file).await), [0, 0, 0, 1]);
    assert_eq!(t.record().await.len(), before, "nothing new, nothing told");
    // The bank's next statement overlaps, and holds a real second payment that says the very same.
    let overlap = statement("S-2", &[once.clone(), once.clone()]);
    assert_eq!(counts(&import(&g.api, &overlap).await), [1, 1, 0, 1]);
    let listed = g.api.get("/api/v1/payments").await.expect(200);
    let payments = listed["items"].as_array().unwrap();
    assert_eq!(payments.len(), 2, "{listed}");
    assert_eq!(
        (&payments[0]["doubtful"], &payments[1]["doubtful"]),
        (&json!(true), &json!(false))
    );
    assert_eq!(payments[0]["note"], payments[1]["note"]);
    assert_eq!(g.credit(t).await, 6_000);
    // Ten at once are one.
    let third = statement(
        "S-3",
        &[Paid {
            bank: "BANK-3",
            ..once
        }],
    );
    let (a, b, c) = tokio::join!(
        send(&g.api, &third),
        send(&g.api, &third),
        send(&g.api, &third)
    );
    let new: i64 = [a, b, c]
        .map(|answer| counts(&answer.expect(200)["statements"][0])[0])
        .iter()
        .sum();
    assert_eq!(new, 1);
    assert_eq!(g.credit(t).await, 12_000);
    g.audited(t).await;
}

async fn references_are_booked_words_and_amounts_are_suggested(t: &mut TestApp) {
    let g = Ground::new(t).await;
    let mut invoices = Vec::new();
    for gross in [6_000, 3_000, 1_200, 9_000] {
        invoices.push(g.bill(t, gross).await);
    }
    let by_words = Paid {
        amount: "10.00",
        payer: "Somebody",
        words: format!("for {} thanks", number(&invoices[1])),
        ..Paid::default()
    };
    let by_amount = Paid {
        amount: "90.00",
        payer: "the evening-press S.A.S.",
        words: "subscription".to_owned(),
        ..Paid::default()
    };
    let nobody = Paid {
        amount: "90.00",
        payer: "Another House",
        ..Paid::default()
    };
    let entries = [
        Paid::for_invoice("70.00", &invoices[0]),
        by_words,
        by_amount,
        nobody,
    ];
    let imported = import(&g.api, statement("S-1", &entries)).await;
    assert_eq!(counts(&imported), [4, 1, 3, 0]);
    // Seventy for an invoice of sixty: the rest goes to the oldest.
    assert_eq!(g.deal.open_on(t, &invoices[0].id).await, 0);
    assert_eq!(g.deal.open_on(t, &invoices[1].id).await, 2_000);
    let waiting = g.api.get("/api/v1/bank/entries").await.expect(200);
    let waiting = waiting["items"].as_array().unwrap().clone();
    let states: Vec<&str> = waiting
        .iter()
        .map(|entry| entry["state"].as_str().unwrap())
        .collect();
    assert_eq!(states, ["suggested", "suggested", "open"]);
    assert_eq!(waiting[0]["suggested_account_id"], g.deal.account.id);
    // Confirmed as suggested: the invoice that it names is settled first.
    let path =
        |entry: &Value, act: &str| format!("/api/v1/bank/entries/{}/{act}", text(&entry["id"]));
    let booked = g
        .api
        .post(&path(&waiting[0], "book"), &json!({}))
        .await
        .expect(200);
    assert_eq!(booked["state"], "booked");
    assert_eq!(g.deal.open_on(t, &invoices[1].id).await, 1_000);
    g.api
        .post(&path(&waiting[2], "book"), &json!({}))
        .await
        .expect_problem(422, "account");
    let chosen = json!({ "account_id": g.deal.account.id });
    g.api
        .post(&path(&waiting[2], "book"), &chosen)
        .await
        .expect(200);
    let ignored = g
        .api
        .post_empty(&path(&waiting[1], "ignore"))
        .await
        .expect(200);
    assert_eq!(ignored["state"], "ignored");
    let left = g.api.get("/api/v1/bank/entries").await.expect(200);
    assert_eq!(left["items"], json!([]));
    g.audited(t).await;
}

async fn what_is_not_for_booking_is_shown_and_left(t: &mut TestApp) {
    let g = Ground::new(t).await;
    let invoice = g.bill(t, 6_000).await;
    let dollars = Paid {
        currency: Some("USD"),
        ..Paid::for_invoice("60.00", &invoice)
    };
    let went_out = Paid {
        debit: true,
        ..Paid::for_invoice("60.00", &invoice)
    };
    let imported = import(&g.api, statement("S-1", &[dollars, went_out])).await;
    assert_eq!(counts(&imported), [2, 0, 0, 0]);
    let id = text(&imported["statement"]["id"]);
    let entries = g
        .api
        .get(&format!("/api/v1/bank/statements/{id}/entries"))
        .await
        .expect(200);
    let entries = entries["items"].as_array().unwrap();
    assert_eq!(
        (&entries[0]["aside"], &entries[0]["amount"]),
        (&json!("currency"), &json!(6_000))
    );
    assert_eq!(
        (&entries[1]["aside"], &entries[1]["amount"]),
        (&json!("went-out"), &json!(-6_000))
    );
    let path = format!("/api/v1/bank/entries/{}/book", text(&entries[1]["id"]));
    let chosen = json!({ "account_id": g.deal.account.id });
    g.api
        .post(&path, &chosen)
        .await
        .expect_problem(409, "entry-decided");
    assert_eq!(g.deal.open_on(t, &invoice.id).await, 6_000);
    g.audited(t).await;
}

async fn a_batch_is_taken_apart(t: &mut TestApp) {
    let g = Ground::new(t).await;
    let (first, second) = (g.bill(t, 6_000).await, g.bill(t, 3_000).await);
    let detail = |amount: &str, invoice: &Invoice| {
        let reference = Reference::of_number(&number(invoice)).unwrap();
        format!(
            "<TxDtls><Amt Ccy=\"EUR\">{amount}</Amt><CdtDbtInd>CRDT</CdtDbtInd><RmtInf><Strd><CdtrRefInf><Ref>{}</Ref></CdtrRefInf></Strd></RmtInf></TxDtls>",
            reference.as_str()
        )
    };
    let batch = format!(
        "<Ntry><Amt Ccy=\"EUR\">90.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>BOOK</Sts><BookgDt><Dt>2026-09-21</Dt></BookgDt>\
         <AcctSvcrRef>BATCH</AcctSvcrRef><NtryDtls>{}{}</NtryDtls></Ntry>",
        detail("60.00", &first),
        detail("30.00", &second)
    );
    let imported = import(&g.api, wrapped("S-1", &batch)).await;
    assert_eq!(counts(&imported), [2, 2, 0, 0]);
    assert_eq!(g.deal.open_on(t, &first.id).await, 0);
    assert_eq!(g.deal.open_on(t, &second.id).await, 0);
    g.audited(t).await;
}

async fn a_file_that_cannot_be_read_changes_nothing(t: &mut TestApp) {
    let g = Ground::new(t).await;
    let invoice = g.bill(t, 6_000).await;
    let right = statement("S-1", &[Paid::for_invoice("60.00", &invoice)]);
    let entity = right.replacen(
        "<Document",
        "<!DOCTYPE x [<!ENTITY e SYSTEM \"file:///etc/passwd\">]><Document",
        1,
    );
    let wrong_second = statement(
        "S-1",
        &[
            Paid::for_invoice("60.00", &invoice),
            Paid::for_invoice("6O.00", &invoice),
        ],
    );
    let huge = statement("S-1", &[Paid::for_invoice("100000000000000.01", &invoice)]);
    for (file, says) in [
        (String::new(), "Nothing was imported"),
        ("<x/>".to_owned(), "Nothing was imported"),
        (entity, "entities"),
        (wrong_second, "Entry 2"),
        (right[..right.len() - 9].to_owned(), "Nothing was imported"),
        (huge, "Entry 1"),
        (right.replace("EUR", "EU€"), "Entry 1"),
    ] {
        let answer = send(&g.api, file).await;
        assert_eq!(answer.status, 422, "{}", answer.text);
        assert!(answer.text.contains(says), "{says}: {}", answer.text);
        assert!(!answer.text.contains("root:"), "{}", answer.text);
    }
    // A statement whose entries do not lead from its opening to its closing balance is not whole.
    let balance = |code: &str, amount: &str| {
        format!(
            "<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy=\"EUR\">{amount}</Amt><CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>2026-09-21</Dt></Dt></Bal><Ntry>"
        )
    };
    let balances = format!("{}{}", balance("OPBD", "1.00"), balance("CLBD", "62.00"));
    let balances = balances.replace("<Ntry><Bal>", "<Bal>");
    let answer = send(&g.api, right.replacen("<Ntry>", &balances, 1)).await;
    answer.expect_problem(422, "statement");
    assert!(answer.text.contains("does not add up"), "{}", answer.text);
    let large = format!("{right}{}", " ".repeat(9 * 1024 * 1024));
    send(&g.api, large).await.expect_problem(413, "too-large");
    g.api
        .post("/api/v1/bank/statements", &json!({}))
        .await
        .expect_problem(415, "wrong-type");
    let listed = g.api.get("/api/v1/bank/statements").await.expect(200);
    assert_eq!(listed["items"], json!([]));
    assert_eq!(g.deal.open_on(t, &invoice.id).await, 6_000);
}

async fn an_entry_is_decided_about_once_and_by_its_owner(t: &mut TestApp) {
    let g = Ground::new(t).await;
    let world = t.world().await;
    let entry = Paid {
        amount: "5.00",
        payer: "Somebody",
        ..Paid::default()
    };
    let imported = import(&g.api, statement("S-1", &[entry])).await;
    let statement = text(&imported["statement"]["id"]);
    let waiting = g.api.get("/api/v1/bank/entries").await.expect(200);
    let path = format!(
        "/api/v1/bank/entries/{}/book",
        text(&waiting["items"][0]["id"])
    );
    let chosen = json!({ "account_id": g.deal.account.id });
    for place in [&world.operator, &world.lyre, &world.press] {
        place
            .api
            .post(&path, &chosen)
            .await
            .expect_problem(404, "not-found");
        place
            .api
            .get(&format!("/api/v1/bank/statements/{statement}/entries"))
            .await
            .expect_problem(404, "not-found");
        let seen = place.api.get("/api/v1/bank/entries").await.expect(200);
        assert_eq!(seen["items"], json!([]));
    }
    let agent = world.api(&world.northwind, Role::Agent).await;
    agent.post(&path, &chosen).await.expect_problem(403, "role");
    // Two people at once: one books it.
    let (a, b) = tokio::join!(g.api.post(&path, &chosen), g.api.post(&path, &chosen));
    let mut statuses = [a.status, b.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409], "{} {}", a.text, b.text);
    assert_eq!(g.credit(t).await, 500);
    // An entry and its payment are there together or not at all: the account of another seller is refused, and it still waits.
    let second = Paid {
        amount: "7.00",
        payer: "Somebody",
        ..Paid::default()
    };
    import(&g.api, super::bank::statement("S-2", &[second])).await;
    let waiting = g.api.get("/api/v1/bank/entries").await.expect(200);
    let path = format!(
        "/api/v1/bank/entries/{}/book",
        text(&waiting["items"][0]["id"])
    );
    let foreign = json!({ "account_id": muster_tests::trade::id(1, 3) });
    g.api
        .post(&path, &foreign)
        .await
        .expect_problem(422, "fields");
    let still = g.api.get("/api/v1/bank/entries").await.expect(200);
    assert_eq!(still["items"].as_array().unwrap().len(), 1);
    g.audited(t).await;
}
