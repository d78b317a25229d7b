//! Statements of two invented banks, whole, broken and hostile.

use jiff::civil::date;

use super::*;

const OLD: &str = include_str!("../../fixtures/camt.053.001.02.xml");
const NEW: &str = include_str!("../../fixtures/camt.053.001.08.xml");

fn decimals(code: &str) -> Option<u8> {
    match code {
        "EUR" | "CHF" => Some(2),
        "JPY" => Some(0),
        _ => None,
    }
}

fn parse(text: &str) -> Result<Vec<Statement>, StatementError> {
    read(text.as_bytes(), &decimals)
}

fn changed(text: &str, from: &str, to: &str) -> Result<Vec<Statement>, StatementError> {
    assert!(text.contains(from), "{from}");
    parse(&text.replacen(from, to, 1))
}

#[test]
fn version_02_is_read_with_its_batch() {
    let statements = parse(OLD).unwrap();
    let [statement] = &statements[..] else {
        panic!("one statement");
    };
    assert_eq!(statement.id, "DUNES-2026-227");
    assert_eq!(statement.number.as_deref(), Some("227"));
    assert_eq!(statement.iban.as_deref(), Some("DE02120300000000202051"));
    assert_eq!(
        (statement.from, statement.to),
        (Some(date(2026, 11, 23)), Some(date(2026, 11, 23)))
    );
    assert_eq!(
        statement.opening.as_ref().map(|balance| balance.minor),
        Some(100_000)
    );
    assert_eq!(
        statement.closing.as_ref().map(|balance| balance.minor),
        Some(589_351)
    );
    let [paid, batch, charges, pending] = &statement.entries[..] else {
        panic!("four entries");
    };
    assert_eq!(
        (paid.minor, paid.direction, paid.status),
        (297_500, Direction::Credit, Status::Booked)
    );
    assert_eq!(
        (paid.booked, paid.value),
        (Some(date(2026, 11, 23)), Some(date(2026, 11, 24)))
    );
    assert_eq!(paid.bank_reference.as_deref(), Some("DUNES2026112300001"));
    let detail = &paid.details[0];
    assert_eq!(detail.end_to_end, None);
    assert_eq!(detail.debtor.as_deref(), Some("Harbour Law Partners & Co"));
    assert_eq!(
        detail.debtor_iban.as_deref(),
        Some("DE75512108001245126199")
    );
    assert_eq!(detail.references, ["RF18539007547034"]);
    assert_eq!(detail.amount, Some((297_500, "EUR".to_owned())));
    let amounts: Vec<_> = batch
        .details
        .iter()
        .filter_map(|detail| detail.amount.as_ref())
        .map(|(minor, _)| *minor)
        .collect();
    assert_eq!(amounts, [190_051, 3_000]);
    assert_eq!(
        batch.details[0].texts,
        ["NM-2026-000101 less", "bank charges"]
    );
    assert_eq!(batch.details[1].end_to_end.as_deref(), Some("E2E-7"));
    assert_eq!(charges.signed(), -1_200);
    assert_eq!(charges.booked, Some(date(2026, 11, 23)));
    assert_eq!(charges.information.as_deref(), Some("Charges of the month"));
    assert_eq!(pending.status, Status::Pending);
}

#[test]
fn version_08_is_read_with_prefixes_parties_and_returns() {
    let statements = parse(NEW).unwrap();
    let [euro, yen] = &statements[..] else {
        panic!("two statements");
    };
    assert_eq!(
        euro.opening.as_ref().map(|balance| balance.minor),
        Some(-5_000)
    );
    assert_eq!(
        euro.entries.len(),
        2,
        "what is of another namespace is left out"
    );
    let detail = &euro.entries[0].details[0];
    assert_eq!(detail.debtor.as_deref(), Some("Harbour Law Partners"));
    assert_eq!(detail.creditor.as_deref(), Some("Lyre Telecom SAS"));
    assert_eq!(detail.texts, ["Invoice <LT-2026-00042>"]);
    assert!(euro.entries[1].reversal);
    assert_eq!(euro.entries[1].signed(), -10_000);
    assert_eq!(
        euro.entries[1].details[0].return_reason.as_deref(),
        Some("AC04")
    );
    assert_eq!(yen.other_account.as_deref(), Some("0042-7"));
    assert_eq!(yen.entries[0].minor, 150_000);
}

#[test]
fn a_statement_that_does_not_add_up_is_refused() {
    let error = changed(OLD, "12.00</Amt>", "12.01</Amt>").unwrap_err();
    assert_eq!(
        error.to_string(),
        "statement DUNES-2026-227 does not add up: from its opening balance its entries lead to 589350 (minor units of \
         EUR), and it closes with 589351; download it whole"
    );
    // An entry that is booked in another currency cannot be reckoned.
    assert!(changed(OLD, r#"<Amt Ccy="EUR">12.00"#, r#"<Amt Ccy="CHF">12.00"#).is_err());
}

#[test]
fn a_pending_entry_counts_for_nothing() {
    assert!(changed(OLD, "77.00", "78.00").is_ok());
    assert!(changed(OLD, "PDNG", "BOOK").is_err());
}

#[test]
fn what_is_missing_or_unreadable_is_named() {
    let cases = [
        (
            "<Sts>BOOK</Sts>",
            "",
            "Entry 1 of statement DUNES-2026-227 has no status; download the statement again, or ask the bank",
        ),
        (
            "<Id>DUNES-2026-227</Id>",
            "",
            "Statement 1 of the file has no identification; download the statement again, or ask the bank",
        ),
        (
            "2975.00</Amt><CdtDbtInd>",
            "2975,00</Amt><CdtDbtInd>",
            "Entry 1 of statement DUNES-2026-227: its amount cannot be read: \"2975,00\"; download the statement again, or ask the bank",
        ),
        (
            "<CdtDbtInd>DBIT",
            "<CdtDbtInd>DEBIT",
            "Entry 3 of statement DUNES-2026-227: its sign (credit or debit) cannot be read: \"DEBIT\"; download the statement again, or ask the bank",
        ),
        (
            "<Dt>2026-11-24</Dt>",
            "<Dt>24.11.2026</Dt>",
            "Entry 1 of statement DUNES-2026-227: its date cannot be read: \"24.11.2026\"; download the statement again, or ask the bank",
        ),
        (
            r#"Ccy="EUR">2975"#,
            r#"Ccy="XXX">2975"#,
            "Entry 1 of statement DUNES-2026-227: its currency cannot be read: \"XXX\"; download the statement again, or ask the bank",
        ),
    ];
    for (from, to, said) in cases {
        assert_eq!(changed(OLD, from, to).unwrap_err().to_string(), said);
    }
}

#[test]
fn an_amount_is_never_negative_or_too_fine() {
    for amount in ["-2975.00", "2975.001", "29750000000000000000", "1e5", ""] {
        assert!(changed(OLD, "2975.00", amount).is_err(), "{amount}");
    }
}

#[test]
fn document_types_and_entities_are_refused() {
    let bomb = "<!DOCTYPE d [<!ENTITY a \"aaaaaaaa\"><!ENTITY b \"&a;&a;\">]><Document";
    assert_eq!(
        changed(OLD, "<Document", bomb),
        Err(StatementError::Entities)
    );
    assert_eq!(
        changed(OLD, "&amp; Co", "&b;"),
        Err(StatementError::Entities)
    );
    assert_eq!(
        changed(OLD, "&amp; Co", "&#38; Co").unwrap(),
        parse(OLD).unwrap()
    );
}

#[test]
fn other_documents_are_no_statements() {
    for text in [
        "<Document/>",
        "<Document xmlns='urn:iso:std:iso:20022:tech:xsd:pain.001.001.03'/>",
        "<html xmlns='http://www.w3.org/1999/xhtml'><body/></html>",
        "",
        ":20:STARTUMS",
    ] {
        assert!(
            matches!(
                parse(text),
                Err(StatementError::NotCamt | StatementError::NotXml)
            ),
            "{text}"
        );
    }
    let account = OLD.replace("BkToCstmrStmt", "BkToCstmrAcctRpt");
    assert_eq!(parse(&account), Err(StatementError::NotCamt));
    assert_eq!(
        read(b"\xff\xfe<\0", &decimals),
        Err(StatementError::NotUtf8)
    );
    assert!(parse(&format!("\u{feff}{OLD}")).is_ok());
}

#[test]
fn depth_and_length_are_bounded() {
    let deep = "<Ntry>".repeat(100_000);
    assert_eq!(
        changed(OLD, "<Ntry>", &deep),
        Err(StatementError::TooLarge("its depth"))
    );
    let foreign = "<x xmlns='urn:x'>".repeat(100_000);
    assert_eq!(
        changed(OLD, "<Ntry>", &foreign),
        Err(StatementError::TooLarge("its depth"))
    );
    let long = "x".repeat(20_000);
    assert_eq!(
        changed(OLD, "Charges", &long),
        Err(StatementError::TooLarge("the length of a text"))
    );
    let large = vec![b' '; 33 * 1024 * 1024];
    assert_eq!(
        read(&large, &decimals),
        Err(StatementError::TooLarge("its size"))
    );
}

#[test]
fn control_characters_do_not_come_through() {
    let statements = changed(OLD, "Charges of", "Charges\u{1b}[2J&#7;&#8238; of").unwrap();
    let information = statements[0].entries[2].information.as_deref();
    assert_eq!(information, Some("Charges [2J   of the month"));
}

#[test]
fn no_truncation_is_taken_for_the_whole() {
    for end in (0..OLD.len()).filter(|end| OLD.is_char_boundary(*end)) {
        if !OLD[end..].trim().is_empty() {
            assert!(parse(&OLD[..end]).is_err(), "cut at {end}");
        }
    }
}

#[test]
fn no_changed_byte_makes_it_panic_or_not_add_up() {
    let mut taken = 0;
    for at in 0..OLD.len() {
        for byte in [b'<', b'&', b'9', 0xff] {
            let mut bytes = OLD.as_bytes().to_vec();
            bytes[at] = byte;
            let Ok(statements) = read(&bytes, &decimals) else {
                continue;
            };
            taken += 1;
            for statement in statements {
                let (Some(opening), Some(closing)) = (statement.opening, statement.closing) else {
                    continue;
                };
                let booked = statement
                    .entries
                    .iter()
                    .filter(|entry| entry.status == Status::Booked);
                let moved: i64 = booked.map(Entry::signed).sum();
                assert_eq!(opening.minor + moved, closing.minor, "byte {at} as {byte}");
            }
        }
    }
    assert!(
        taken > 100,
        "only {taken} were taken: the test tests nothing"
    );
}
