//! An entry of the record, told in the reader's language.

use jiff::Timestamp;
use muster_store::events::Event;
use serde_json::Value;

use crate::web::text::Texts;
use crate::web::view::record::{EventLine, Told, Weight};

/// The line for an entry. A kind or a fact that this version does not know shows as it is: the record is older than some
/// of its readers.
#[must_use]
pub fn sentence(t: &Texts, event: &Event) -> EventLine {
    let kind = event.kind.replace('.', "-");
    let facts = facts(&event.facts);
    let named: Vec<(&str, &str)> = facts
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    EventLine::tell(
        t,
        &Told {
            kind: &kind,
            weight: Weight::parse(&event.weight),
            actor: &event.actor_name,
            device: event
                .device_id
                .as_deref()
                .zip(event.serial_number.as_deref()),
            command: event.command_id.as_deref(),
            facts: &named,
            at: Timestamp::from_microsecond(event.at).unwrap_or_default(),
        },
    )
}

/// The facts of an entry by name, as text. An empty one is none: the sentence that wants it is left out.
fn facts(stored: &str) -> Vec<(String, String)> {
    let Ok(Value::Object(facts)) = serde_json::from_str(stored) else {
        return Vec::new();
    };
    facts
        .into_iter()
        .map(|(name, value)| {
            let text = value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned);
            (name, text)
        })
        .filter(|(_, value)| !value.is_empty())
        .collect()
}

#[cfg(test)]
mod tests {
    use muster_store::events::Event;

    use super::sentence;
    use crate::web::text::{Catalogue, Texts};

    fn texts() -> Texts {
        Catalogue::load().unwrap().texts("")
    }

    fn event(kind: &str, facts: &str) -> Event {
        Event {
            id: "0197c0de-0000-7000-8000-000000000001".to_owned(),
            reseller_id: None,
            organisation_id: "0197c0de-0000-7000-8000-000000000002".to_owned(),
            kind: kind.to_owned(),
            weight: "ordinary".to_owned(),
            actor: "member:1".to_owned(),
            actor_name: "Dagny <b>Krol</b>".to_owned(),
            device_id: Some("0197c0de-0000-7000-8000-00000000000a".to_owned()),
            serial_number: Some("HX7-30418-K2".to_owned()),
            command_id: Some("0197c0de-2222-7000-8000-000000000002".to_owned()),
            facts: facts.to_owned(),
            at: 1_795_442_486_000_000,
        }
    }

    /// Every kind that the program writes, with the facts it writes beside.
    const WRITTEN: &[(&str, &str)] = &[
        (
            "payment.recorded",
            r#"{"payment":"1","amount":"15.00 EUR","source":"hand","invoices":2,"credit":"","doubtful":0,"buyer":"Hollis & Vane"}"#,
        ),
        ("payment.looked-at", r#"{"payment":"1"}"#),
        (
            "payment.returned",
            r#"{"payment":"1","amount":"15.00 EUR","note":"no cover","what":"payment","buyer":"Hollis & Vane"}"#,
        ),
        (
            "payment.refunded",
            r#"{"payment":"1","amount":"15.00 EUR","note":"asked for","buyer":"Hollis & Vane"}"#,
        ),
        (
            "payment.paid-back",
            r#"{"payment":"1","amount":"15.00 EUR"}"#,
        ),
        (
            "payment.written-off",
            r#"{"payment":"1","invoice":"2","number":"INV-2026-1","amount":"15.00 EUR","note":"gone","buyer":"Hollis & Vane"}"#,
        ),
        (
            "credit.used",
            r#"{"invoice":"2","number":"INV-2026-1","amount":"15.00 EUR","buyer":"Hollis & Vane"}"#,
        ),
        (
            "invoice.credited",
            r#"{"invoice":"2","number":"INV-2026-1","note":"3","note_number":"CN-2026-1","amount":"15.00 EUR","buyer":"Hollis & Vane"}"#,
        ),
        (
            "statement.imported",
            r#"{"statement":"1","iban":"FR76","new":3,"booked":1,"waiting":2}"#,
        ),
        ("entry.ignored", r#"{"entry":"1","amount":"15.00 EUR"}"#),
        ("provider.secret-made", r#"{"secret":"1"}"#),
        ("provider.secret-ended", r#"{"secret":"1"}"#),
        (
            "books.differ",
            r#"{"check":"owed","subject":"1","expected":"1.00 EUR","found":"2.00 EUR","new":1}"#,
        ),
        ("books.agree", "{}"),
        ("member.added", r#"{"name":"Teo Amari","role":"agent"}"#),
        ("member.signed-in", r#"{"browser":"Firefox"}"#),
        ("member.signed-out", "{}"),
        ("member.refused", "{}"),
        ("member.held-off", "{}"),
        ("member.password-set", "{}"),
        ("member.link-given", r#"{"name":"Teo Amari"}"#),
        ("member.disabled", r#"{"name":"Teo Amari"}"#),
        ("session.ended", "{}"),
        ("passkey.added", r#"{"label":"Work phone","synced":1}"#),
        ("passkey.removed", r#"{"label":"Work phone"}"#),
        ("passkey.copied", r#"{"label":"Work phone"}"#),
        (
            "organisation.added",
            r#"{"name":"Lyre Telecom","floor":"reseller"}"#,
        ),
        ("token.made", r#"{"name":"Stock import","role":"agent"}"#),
        ("token.revoked", r#"{"name":"Stock import"}"#),
        (
            "device.registered",
            r#"{"model":"Hardline X7","organisation":"Hollis & Vane"}"#,
        ),
        ("device.enrolled", r#"{"epoch":1,"words":"oak lamp"}"#),
        ("device.enrolment-doubled", "{}"),
        ("device.renewed", "{}"),
        ("device.revoked", r#"{"reason":"lost","certificates":1}"#),
        ("device.back", r#"{"hours":40,"days":1}"#),
        (
            "report.mended",
            r#"{"fields":"model","unknown":2,"future":0}"#,
        ),
        ("code.made", r#"{"hours":24}"#),
        ("enrolment.refused", r#"{"why":"code"}"#),
        ("enrolment.stated", r#"{"pin":"tofu"}"#),
        (
            "certificate.alarm",
            r#"{"ends":"2026-11-23","why":"disk full"}"#,
        ),
        ("certificate.server-issued", r#"{"ends":"2026-11-23"}"#),
        ("ca.trusted", r#"{"fingerprint":"c05e77"}"#),
        ("fleet.prepared", r#"{"name":"Northwind Mobile"}"#),
        ("fleet.adopted", r#"{"fingerprint":"c05e77","keyring":1}"#),
        ("keyring.stored", r#"{"version":2}"#),
        ("keyring.ending", r#"{"version":2,"days":7}"#),
        (
            "policy.stored",
            r#"{"version":2,"noncompliance":"suspend"}"#,
        ),
        (
            "fleet.keys-made",
            r#"{"origin":"muster.example.org/log/0f/ab"}"#,
        ),
        (
            "log.restarted",
            r#"{"origin":"b.example.org/log","old_origin":"a.example.org/log","old_size":9,"old_root":"ab"}"#,
        ),
        (
            "subscription.reached",
            r#"{"stage":"suspended","subscription":"0197"}"#,
        ),
        (
            "service.not-ordered",
            r#"{"order":"suspend","why":"cannot-obey"}"#,
        ),
        ("log.forked", "{}"),
        ("keyring.foreign", r#"{"version":3}"#),
        (
            "command.drafted",
            r#"{"kind":"wipe","count":1,"reason":"stolen"}"#,
        ),
        (
            "command.approved",
            r#"{"kind":"wipe","count":1,"reason":"stolen","signatures":1,"needed":2}"#,
        ),
        (
            "command.approval-refused",
            r#"{"kind":"wipe","code":"bad_signature"}"#,
        ),
        (
            "approval.counter-fell",
            r#"{"kind":"message","before":9,"now":3}"#,
        ),
        (
            "approving-passkey.added",
            r#"{"label":"Blue key","words":"oak lamp"}"#,
        ),
        ("approving-passkey.removed", r#"{"label":"Blue key"}"#),
        (
            "command.reopened",
            r#"{"kind":"wipe","count":1,"reason":"stolen","code":"threshold"}"#,
        ),
        (
            "command.queued",
            r#"{"kind":"wipe","count":1,"reason":"stolen"}"#,
        ),
        (
            "command.accepted",
            r#"{"kind":"wipe","reason":"stolen","code":"","late":0}"#,
        ),
        (
            "command.done",
            r#"{"kind":"wipe","reason":"stolen","code":"","late":0}"#,
        ),
        (
            "command.failed",
            r#"{"kind":"wipe","reason":"stolen","code":"io","late":0}"#,
        ),
        (
            "command.refused",
            r#"{"kind":"wipe","reason":"stolen","code":"threshold","late":1}"#,
        ),
        (
            "command.cancelled",
            r#"{"kind":"wipe","count":1,"reason":"stolen"}"#,
        ),
        (
            "command.expired",
            r#"{"kind":"wipe","count":1,"reason":"stolen"}"#,
        ),
        ("receipt.rejected", r#"{"code":"bad_signature"}"#),
        ("receipt.stray", r#"{"code":""}"#),
        ("receipt.gap", r#"{"code":"7"}"#),
        (
            "subscription.started",
            r#"{"plan":"Six months","buyer":"Hollis & Vane","from":"2026-12-01"}"#,
        ),
        (
            "subscription.trial-began",
            r#"{"plan":"Six months","until":"2026-12-31"}"#,
        ),
        (
            "subscription.paused",
            r#"{"plan":"Six months","until":"2027-06-01"}"#,
        ),
        (
            "subscription.resumed",
            r#"{"plan":"Six months","from":"2027-06-01"}"#,
        ),
        (
            "subscription.canceling",
            r#"{"plan":"Six months","on":"2027-06-01"}"#,
        ),
        (
            "subscription.canceled",
            r#"{"plan":"Six months","credited":"10.00 EUR"}"#,
        ),
        ("subscription.kept", r#"{"plan":"Six months"}"#),
        (
            "subscription.plan-changed",
            r#"{"from":"Monthly","plan":"Six months"}"#,
        ),
        (
            "subscription.plan-chosen",
            r#"{"from":"Monthly","plan":"Six months"}"#,
        ),
        (
            "subscription.moved",
            r#"{"plan":"Six months","from":"HX7-1","to":"HX7-2"}"#,
        ),
        (
            "renewal.began",
            r#"{"subscription":"s","plan":"Six months","buyer":"Hollis & Vane"}"#,
        ),
        (
            "renewal.canceled",
            r#"{"subscription":"s","plan":"Six months","buyer":"Hollis & Vane"}"#,
        ),
        (
            "renewal.parked",
            r#"{"subscription":"s","plan":"Six months","buyer":"Hollis & Vane","because":"It has no price."}"#,
        ),
        (
            "renewal.unparked",
            r#"{"subscription":"s","plan":"Six months","buyer":"Hollis & Vane"}"#,
        ),
        ("renewal.all-unparked", r#"{"count":12}"#),
        ("renewal.behind", r#"{"hours":3}"#),
        ("renewal.caught-up", r#"{"hours":0}"#),
    ];

    #[test]
    fn every_kind_has_its_sentence() {
        let t = texts();
        for (kind, facts) in WRITTEN {
            let line = sentence(&t, &event(kind, facts));
            let other = sentence(&t, &event("unheard.of", "{}"));
            assert!(
                !line
                    .sentence
                    .as_str()
                    .contains(kind.replace('.', "-").as_str()),
                "{kind}: {}",
                line.sentence
            );
            assert!(
                !line.sentence.as_str().contains('⟦') && line.sentence != other.sentence,
                "{kind}"
            );
            assert!(
                !line.sentence.as_str().contains("<b>Krol"),
                "{kind} lets markup through"
            );
        }
    }

    #[test]
    fn what_is_not_known_is_shown_as_it_is() {
        let t = texts();
        for facts in ["", "null", "[1]", "{\"x\": {\"y\": 1}}", "{broken"] {
            assert!(
                sentence(&t, &event("moon.landed", facts))
                    .sentence
                    .as_str()
                    .contains("moon-landed")
            );
        }
    }
}
