//! Nothing lost, nothing doubled: what must hold in the database of an installation at any moment at which nobody is doing
//! anything, however often its server died. Read straight from the tables, so that no query of the server's hides a fault.

use std::collections::BTreeMap;
use std::path::Path;

use diesel::QueryableByName;
use diesel::RunQueryDsl as _;
use diesel::sql_types::{BigInt, Text};
use muster::features::record::write::canonical;
use muster::features::trust::proofs;
use muster_domain::scope::Scope;
use muster_protocol::checkpoint::{LogKind, SignedCheckpoint, log_leaf_hash};
use muster_protocol::digest::Digest;
use muster_protocol::keyring::Keyring;
use muster_protocol::merkle;
use muster_store::events::EventFilter;
use muster_store::{Conn, Store, StoreResult, certificates, events, log};

use crate::installation::until;

/// Each query names the rows that break its rule; there must be none.
const RULES: &[(&str, &str)] = &[
    (
        "every code that was spent made one enrolment, and every enrolment stands on the record once",
        "SELECT d.serial_number AS fault FROM devices d
            WHERE d.epoch <> (SELECT COUNT(*) FROM enrolment_codes k WHERE k.device_id = d.id AND k.used_at IS NOT NULL)
               OR d.epoch <> (SELECT COUNT(*) FROM enrolments e WHERE e.device_id = d.id)
               OR d.epoch <> (SELECT COUNT(*) FROM events v WHERE v.device_id = d.id AND v.kind = 'device.enrolled')",
    ),
    (
        "one enrolment of a device lives",
        "SELECT device_id AS fault FROM enrolments WHERE ended_at IS NULL GROUP BY device_id HAVING COUNT(*) > 1",
    ),
    (
        "every enrolment has its first certificate, and every further one was a renewal on the record",
        "SELECT d.serial_number AS fault FROM devices d
            WHERE (SELECT COUNT(*) FROM certificates c WHERE c.device_id = d.id AND c.der IS NOT NULL)
               <> d.epoch + (SELECT COUNT(*) FROM events v WHERE v.device_id = d.id AND v.kind = 'device.renewed')",
    ),
    (
        "a certificate is known whole, or was only intended",
        "SELECT serial_number AS fault FROM certificates WHERE profile = 'device'
            AND ((state IN ('issued', 'revoked') AND (der IS NULL OR fingerprint IS NULL))
              OR (state IN ('intended', 'abandoned') AND (der IS NOT NULL OR fingerprint IS NOT NULL)))",
    ),
    (
        "every certificate is in the log once",
        "SELECT c.serial_number AS fault FROM certificates c WHERE c.profile = 'device' AND c.der IS NOT NULL
            AND 1 <> (SELECT COUNT(*) FROM log_leaves l WHERE l.kind = 'certificate' AND l.digest = c.fingerprint)",
    ),
    (
        "there is an entry of the log for each revocation",
        "SELECT 'revocations' AS fault FROM (SELECT 1 AS one) AS t
            WHERE (SELECT COUNT(*) FROM certificates WHERE profile = 'device' AND state = 'revoked' AND der IS NOT NULL)
               <> (SELECT COUNT(*) FROM log_leaves WHERE kind = 'revocation')",
    ),
    (
        "every command was drafted once",
        "SELECT c.id AS fault FROM commands c
            WHERE 1 <> (SELECT COUNT(*) FROM events v WHERE v.command_id = c.id AND v.kind = 'command.drafted')",
    ),
    (
        "every sealed command was queued once and is in the log once; no other is",
        "SELECT c.id AS fault FROM commands c
            WHERE (CASE WHEN c.envelope IS NULL THEN 0 ELSE 1 END)
                  <> (SELECT COUNT(*) FROM events v WHERE v.command_id = c.id AND v.kind = 'command.queued')
               OR (CASE WHEN c.envelope IS NULL THEN 0 ELSE 1 END)
                  <> (SELECT COUNT(*) FROM log_leaves l WHERE l.kind = 'command' AND l.digest = c.envelope_digest)",
    ),
    (
        "every approval is on the record once",
        "SELECT c.id AS fault FROM commands c
            WHERE (SELECT COUNT(*) FROM command_approvals a WHERE a.command_id = c.id)
               <> (SELECT COUNT(*) FROM events v WHERE v.command_id = c.id AND v.kind = 'command.approved')",
    ),
    (
        "a phone says once that it accepted, did, failed or refused a command",
        "SELECT command_digest AS fault FROM receipts WHERE state <> 'deferred' AND code IS NULL
            GROUP BY enrolment_id, command_digest, state HAVING COUNT(*) > 1",
    ),
    (
        "no receipt is missing between two others",
        "SELECT enrolment_id AS fault FROM receipts GROUP BY enrolment_id
            HAVING COUNT(*) <> MAX(sequence) OR COUNT(DISTINCT sequence) <> COUNT(*)",
    ),
    (
        "every receipt is in the log once",
        "SELECT r.id AS fault FROM receipts r
            WHERE 1 <> (SELECT COUNT(*) FROM log_leaves l WHERE l.kind = 'receipt' AND l.digest = r.id)",
    ),
    (
        "every target that is done has its two receipts and stands on the record once",
        "SELECT t.serial_number AS fault FROM command_targets t WHERE t.state = 'done'
            AND (1 <> (SELECT COUNT(*) FROM receipts r WHERE r.command_id = t.command_id AND r.device_id = t.device_id
                         AND r.state = 'done')
              OR 1 <> (SELECT COUNT(*) FROM events v WHERE v.command_id = t.command_id AND v.device_id = t.device_id
                         AND v.kind = 'command.done'))",
    ),
    (
        "every billed period is on one line of its own invoice",
        "SELECT p.subscription_id AS fault FROM subscription_periods p
            WHERE 1 <> (SELECT COUNT(*) FROM invoice_lines l WHERE l.invoice_id = p.invoice_id
                          AND l.subscription_id = p.subscription_id AND l.product = 'recurring')",
    ),
    (
        "no number of a series is missing or was given twice",
        "SELECT s.series AS fault FROM invoice_series s
            WHERE s.next_number - 1 <> (SELECT COUNT(DISTINCT i.number) FROM invoices i
                WHERE i.seller_id = s.seller_id AND i.series = s.series AND i.year = s.year AND i.number < s.next_number)",
    ),
    (
        "what is owed on an invoice is its total less what settled it",
        "SELECT i.id AS fault FROM invoices i JOIN receivables r ON r.invoice_id = i.id
            WHERE r.open <> i.total - (SELECT CAST(COALESCE(SUM(a.amount), 0) AS BIGINT) FROM allocations a WHERE a.invoice_id = i.id)",
    ),
    (
        "every document is in the ledger with its total, and has one letter",
        "SELECT i.id AS fault FROM invoices i WHERE i.kind = 'invoice'
            AND (i.total <> (SELECT CAST(COALESCE(SUM(t.amount), 0) AS BIGINT) FROM transfers t
                               WHERE t.document_id = i.id AND t.debit = 'receivable:' || i.billing_account_id)
              OR 1 <> (SELECT COUNT(*) FROM letters l WHERE l.letter_key = 'invoice:' || i.id))",
    ),
    ("every mail left", "SELECT id AS fault FROM mail_outbox WHERE state <> 'sent'"),
];

#[derive(QueryableByName)]
struct Fault {
    #[diesel(sql_type = Text)]
    fault: String,
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

/// How many rows a query counts; it names its result `count`.
///
/// # Panics
/// The database does not answer.
pub async fn count(store: &Store, sql: String) -> i64 {
    let counted =
        store.read(move |c| Ok(diesel::sql_query(sql.clone()).get_result::<Count>(c)?.count));
    counted.await.expect("the database answers")
}

/// Waits until the server has done what waits for no request: numbers in the log, mail.
///
/// # Panics
/// It does not within half a minute.
pub async fn settles(store: &Store) {
    until("log and mail have settled", async || {
        let leaves = count(
            store,
            "SELECT COUNT(*) AS count FROM log_leaves WHERE leaf_index IS NULL".into(),
        )
        .await;
        let mail = count(
            store,
            "SELECT COUNT(*) AS count FROM mail_outbox WHERE state = 'waiting'".into(),
        )
        .await;
        (leaves == 0 && mail == 0).then_some(())
    })
    .await;
}

/// Checks everything, once the server has settled.
///
/// # Panics
/// Something was lost or doubled.
pub async fn passes(store: &Store, keyring: &Keyring, mail: &Path, after: &str) {
    settles(store).await;
    let (keyring, folder, after) = (keyring.clone(), mail.to_owned(), after.to_owned());
    let read = store.read(move |c| {
        for (rule, sql) in RULES {
            let faults: Vec<Fault> = diesel::sql_query(*sql).load(c)?;
            let faults: Vec<String> = faults.into_iter().map(|row| row.fault).collect();
            assert!(
                faults.is_empty(),
                "after {after}, this does not hold: {rule}: {faults:?}"
            );
        }
        the_log_proves_itself(c, &keyring, &after)?;
        the_record_is_in_the_log(c, &keyring, &after)?;
        mail_left_once(c, &folder, &after)
    });
    read.await.expect("the database answers");
}

/// A certificate that a phone holds is one the store knows.
///
/// # Panics
/// It is not.
pub async fn knows_certificate(store: &Store, serial_number: String) {
    let der = store
        .read(move |c| certificates::der(c, &serial_number))
        .await
        .expect("the database answers");
    assert!(
        der.is_some(),
        "a certificate is out there that the store does not know"
    );
}

fn the_log_proves_itself(c: &mut Conn, keyring: &Keyring, after: &str) -> StoreResult<()> {
    let fleet = keyring.fleet.to_string();
    let leaves = log::leaves(c, &fleet, 0, 100_000)?;
    let numbers: Vec<i64> = leaves.iter().filter_map(|leaf| leaf.leaf_index).collect();
    let wanted: Vec<i64> = (0..).take(leaves.len()).collect();
    assert_eq!(
        numbers, wanted,
        "after {after}, the log's numbers have gaps or repeat"
    );
    let mut seen = BTreeMap::new();
    let mut hashes = Vec::new();
    for leaf in &leaves {
        let earlier = seen.insert((leaf.kind.clone(), leaf.digest.clone()), leaf.leaf_index);
        assert_eq!(
            earlier, None,
            "after {after}, a {} stands in the log twice",
            leaf.kind
        );
        let kind: LogKind = leaf.kind.parse().expect("a kind of the protocol");
        hashes.push(log_leaf_hash(
            kind,
            &Digest::parse(&leaf.digest).expect("a digest"),
        ));
    }
    let size = hashes.len();
    let mut earlier = None;
    for signed in 1..=size {
        let Some(row) = log::checkpoint(c, &fleet, at(signed))? else {
            continue;
        };
        let note = SignedCheckpoint::decode(row.note.as_bytes()).expect("a signed note");
        let head = note
            .verify(keyring)
            .expect("signed by the log's key")
            .checkpoint
            .head;
        assert_eq!(head.size, number(signed), "after {after}");
        assert_eq!(
            head.root,
            root(&hashes[..signed]),
            "after {after}, checkpoint {signed} is not of these leaves"
        );
        if let Some(before) = earlier.replace(head) {
            let proof = proofs::consistency(c, &fleet, before.size, head.size)?;
            let follows = merkle::verify_consistency(
                before.size,
                &before.root,
                head.size,
                &head.root,
                &proof,
            );
            assert!(
                follows.is_ok(),
                "after {after}, checkpoint {signed} does not follow from the one before"
            );
        }
    }
    let newest = earlier.expect("there is a checkpoint");
    assert_eq!(
        newest.size,
        number(size),
        "after {after}, the newest entries have no checkpoint"
    );
    for (index, leaf) in hashes.iter().enumerate() {
        let proof = proofs::inclusion(c, &fleet, number(index), newest.size)?;
        let included =
            merkle::verify_inclusion(leaf, number(index), newest.size, &proof, &newest.root);
        assert!(
            included.is_ok(),
            "after {after}, entry {index} cannot be proved"
        );
    }
    Ok(())
}

/// The root of a tree by RFC 9162 §2.1.1, straight from its words.
fn root(leaves: &[Digest]) -> Digest {
    match leaves {
        [one] => *one,
        many => {
            let half = many.len().next_power_of_two() / 2;
            merkle::node_hash(&root(&many[..half]), &root(&many[half..]))
        }
    }
}

fn number(index: usize) -> u64 {
    u64::try_from(index).expect("64 bits")
}

fn at(index: usize) -> i64 {
    i64::try_from(index).expect("a small log")
}

/// Every event about a phone or a command has its entry.
fn the_record_is_in_the_log(c: &mut Conn, keyring: &Keyring, after: &str) -> StoreResult<()> {
    let fleet = keyring.fleet.to_string();
    let mut cursor = None;
    loop {
        let page = events::list(
            c,
            &Scope::Platform,
            &EventFilter::default(),
            cursor.as_deref(),
            200,
        )?;
        for event in page
            .items
            .iter()
            .filter(|event| event.device_id.is_some() || event.command_id.is_some())
        {
            let digest = Digest::of(canonical(event).as_bytes()).to_hex();
            let found = log::leaf_index(c, &fleet, "admin", &digest)?;
            assert!(
                found.is_some(),
                "after {after}, {} of {} is not in the log",
                event.kind,
                event.id
            );
        }
        cursor = page.next;
        if cursor.is_none() {
            return Ok(());
        }
    }
}

#[derive(QueryableByName)]
struct Sent {
    #[diesel(sql_type = Text)]
    id: String,
    #[diesel(sql_type = Text)]
    message_id: String,
}

/// One file for each letter, whatever happened between the sending and the note that it was sent.
fn mail_left_once(c: &mut Conn, folder: &Path, after: &str) -> StoreResult<()> {
    let sent: Vec<Sent> = diesel::sql_query("SELECT id, message_id FROM mail_outbox").load(c)?;
    for mail in &sent {
        let letter = std::fs::read_to_string(folder.join(format!("{}.eml", mail.id)));
        let letter =
            letter.unwrap_or_else(|error| unreachable!("after {after}, a letter is lost: {error}"));
        let names = letter
            .lines()
            .filter(|line| line.eq_ignore_ascii_case(&format!("Message-ID: {}", mail.message_id)));
        assert_eq!(names.count(), 1, "after {after}: {letter}");
    }
    let files = std::fs::read_dir(folder)
        .map(|entries| entries.flatten().count())
        .unwrap_or(0);
    assert_eq!(
        files,
        sent.len(),
        "after {after}, there are more or fewer letters than were written"
    );
    Ok(())
}
