//! Check-ins, as the agent sends them and as nobody should.

use crate::{Seed, accepted, refused};

const DIGEST: &str = "13ab273b715b068cd58e9a863f37ae2f9b0f9ee1ca45f0bd1257df3e93d13802";

pub fn seeds() -> Vec<Seed> {
    let with = |name, members: &str| accepted(name, format!("{{\"v\":1,{members}}}"));
    let report =
        |name, members: &str| accepted(name, format!("{{\"v\":1,\"report\":{{{members}}}}}"));
    let many_locks = vec![format!(r#"{{"kind":"lock","command":"{DIGEST}"}}"#); 97].join(",");
    vec![
        accepted("least", r#"{"v":1}"#),
        accepted("whole", whole()),
        accepted("spaced", "{ \"v\" : 1 ,\n\t\"held\" : true }"),
        report("locked", r#""locked":true"#),
        report("empty", ""),
        report("hidden-text", "\"model\":\"a\u{202e}b\\u0007\u{feff}c\""),
        report(
            "long-text",
            &format!(r#""model":"{}""#, "\u{10000}x".repeat(40)),
        ),
        report("no-text", r#""model":"","os_name":7,"os_version":null"#),
        report(
            "numbers",
            r#""battery_percent":101,"storage_total_bytes":9007199254740992,"uptime_seconds":-1,"storage_free_bytes":1e3"#,
        ),
        report(
            "greatest-numbers",
            r#""battery_percent":100,"storage_total_bytes":9007199254740991,"uptime_seconds":0"#,
        ),
        report(
            "flags",
            r#""charging":"yes","encrypted":0,"service_on":[true]"#,
        ),
        report("tomorrow", r#""at":1790086400"#),
        report("day-after-tomorrow", r#""at":1790086401"#),
        report("twice", r#""model":"one","model":"two""#),
        report(
            "surprise",
            r#""nobody":{"knows":[this_is_no_json]}"#.replace("this_is_no_json", "null").as_str(),
        ),
        with("report-list", r#""report":[1,2]"#),
        with(
            "keyring",
            &format!(r#""keyring":{{"version":7,"digest":"{DIGEST}"}}"#),
        ),
        with("keyring-text", r#""keyring":{"version":"7","digest":7}"#),
        with(
            "keyring-greatest",
            r#""keyring":{"version":18446744073709551615}"#,
        ),
        with(
            "checkpoint",
            &format!(r#""checkpoint":{{"size":9,"root":"{DIGEST}","witnessed_at":1}}"#),
        ),
        with("checkpoint-half", r#""checkpoint":{"size":9}"#),
        with(
            "nonce-upper-case",
            &format!(r#""nonce":"{}""#, DIGEST.to_uppercase()),
        ),
        with(
            "restrictions",
            &format!(
                r#""restrictions":[{{"kind":"suspend","command":"{DIGEST}"}},{{"kind":"lock-fleet","command":"{DIGEST}"}}]"#
            ),
        ),
        with(
            "restrictions-other",
            &format!(
                r#""restrictions":[{{"kind":"wipe","command":"{DIGEST}"}},7,{{"kind":"lock"}}]"#
            ),
        ),
        with(
            "restrictions-many",
            &format!(r#""restrictions":[{many_locks}]"#),
        ),
        with("restrictions-none", r#""restrictions":{}"#),
        with("held-text", r#""held":"yes""#),
        with("fork", r#""fork":["a note","another"]"#),
        with("fork-null", r#""fork":null"#),
        with(
            "policy",
            r#""policy":{"version":4},"freshness":"contact_lost""#,
        ),
        with("policy-number", r#""policy":4,"freshness":"ripe""#),
        with(
            "compliance",
            r#""compliance":{"compliant":false,"faults":["os_patch","encryption","agent"],"since":1789000000,"suspended":true}"#,
        ),
        with(
            "compliance-words",
            &format!(
                r#""compliance":{{"compliant":true,"faults":["<b>",7,"","{}","a","b","c","d","e","f","g","h","i"],"since":1790000001}}"#,
                "x".repeat(33)
            ),
        ),
        with("compliance-list", r#""compliance":[]"#),
        with("surrogates", r#""x":"\ud83d\ude00""#),
        refused("empty", ""),
        refused("list", "[]"),
        refused("no-version", "{}"),
        refused("version-2", r#"{"v":2}"#),
        refused("version-real", r#"{"v":1.0}"#),
        refused("version-after", r#"{"v":1,"v":2}"#),
        refused("cut", r#"{"v":1"#),
        refused("behind", r#"{"v":1}}"#),
        refused("not-utf-8", b"{\"v\":1,\"x\":\"\xff\xfe\"}".as_slice()),
        refused("byte-order-mark", "\u{feff}{\"v\":1}"),
        refused("lone-surrogate", r#"{"v":1,"x":"\ud83d"}"#),
        refused("deep", format!("{{\"v\":1,\"x\":{}", "[".repeat(200))),
        refused("great-number", r#"{"v":1,"x":1e999}"#),
    ]
}

fn whole() -> String {
    format!(
        r#"{{"v":1,"report":{{"agent_version":"0.1.0","os_name":"Sandbox OS","os_version":"14.3","patch_level":"2026-11-01","model":"Hardline X7","battery_percent":64,"charging":false,"storage_total_bytes":128000000000,"storage_free_bytes":71000000000,"encrypted":true,"locked":false,"service_on":true,"uptime_seconds":3600,"at":1790000000}},"keyring":{{"version":7,"digest":"{DIGEST}"}},"checkpoint":{{"size":20852163,"root":"{DIGEST}","witnessed_at":1789999000}},"nonce":"{DIGEST}","restrictions":[{{"kind":"lock","command":"{DIGEST}"}}],"held":false,"freshness":"fresh","policy":{{"version":4}},"compliance":{{"compliant":true,"faults":[],"suspended":false}}}}"#
    )
}
