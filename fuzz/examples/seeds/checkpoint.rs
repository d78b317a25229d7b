//! Notes with the log's line on them, and the letters of who else signs.

use muster_fuzz::fleet::{Fleet, NOW};
use muster_protocol::base64;
use muster_protocol::checkpoint::SignedCheckpoint;
use muster_protocol::time::UnixTime;

use crate::{Seed, accepted, refused};

pub fn seeds() -> Vec<Seed> {
    let fleet = Fleet::new();
    let by_log = SignedCheckpoint::by_log(fleet.checkpoint(9), &fleet.log);
    let note = by_log.encode();
    let mut cosigned = by_log.clone();
    for (number, at) in [(0, NOW), (2, NOW + 5)] {
        let name = &fleet.keyring.witness.keys[number].name;
        cosigned.cosign(name, &fleet.witnesses[number], UnixTime(at));
    }
    let cosigned = cosigned.encode();
    let great = SignedCheckpoint::by_log(fleet.checkpoint((1 << 53) - 1), &fleet.log).encode();
    let with = |letters: &str, note: &str| format!("{letters}\n{note}").into_bytes();
    let bent = |from: &str, to: &str| {
        let other = note.replacen(from, to, 1);
        assert_ne!(other, note, "the near miss is one");
        with("01", &other)
    };
    let line = note
        .rsplit("\n\n")
        .next()
        .expect("a signature line")
        .to_owned();
    let unknown = format!(
        "\u{2014} elsewhere.example/w {}\n",
        base64::encode(&[7; 76])
    );
    let long = format!(
        "\u{2014} elsewhere.example/{} {}\n",
        "w".repeat(90),
        base64::encode(&[7; 2_424])
    );
    vec![
        accepted("two-witnesses", with("01", &note)),
        accepted("three-witnesses", with("210", &note)),
        accepted("as-received", with("", &cosigned)),
        accepted("at-no-time", with("<0<1", &note)),
        accepted("one-witness-twice-and-another", with("0010", &note)),
        accepted("stranger-beside", with("0x1y", &note)),
        accepted("unknown-line", with("01", &format!("{note}{unknown}"))),
        accepted("long-line", with("01", &format!("{note}{long}"))),
        accepted("signed-again-here", with("l02", &note)),
        accepted("great-log", with("01", &great)),
        refused("log-alone", with("", &note)),
        refused("one-witness", with("0", &note)),
        refused("one-witness-twice", with("00", &note)),
        refused("bent-witness", with("01!2", &note)),
        refused("bent-log", with("01!l", &note)),
        refused("time-too-great", with("0>1", &note)),
        refused("stranger-for-witness", with("0y", &note)),
        refused("no-log", with("012x", &note.replacen(&line, &unknown, 1))),
        refused("other-size", bent("\n9\n", "\n8\n")),
        refused("other-origin", bent("/1\n", "/2\n")),
        refused("size-with-zero", bent("\n9\n", "\n09\n")),
        refused("size-with-sign", bent("\n9\n", "\n+9\n")),
        refused("size-too-great", bent("\n9\n", "\n9007199254740992\n")),
        refused("extension", bent("\n\n", "\nextension\n\n")),
        refused("two-blank-lines", bent("\n\n", "\n\n\n")),
        refused("no-blank-line", bent("\n\n", "\n")),
        refused("carriage-return", bent("\n9\n", "\r\n9\n")),
        refused("hyphen", bent("\u{2014}", "-")),
        refused("origin-with-space", bent("log.", "log ")),
        refused("origin-with-plus", bent("log.", "log+")),
        refused("no-origin", bent("log.northwind.example/1", "")),
        refused("base64-without-padding", bent("=\n\n", "\n\n")),
        refused("no-line-end", with("01", note.trim_end())),
        refused(
            "seventeen-lines",
            with("01", &format!("{note}{}", unknown.repeat(16))),
        ),
        refused(
            "too-large",
            with("01", &format!("{note}{}", unknown.repeat(40))),
        ),
        refused(
            "not-utf-8",
            [b"01\n".as_slice(), &[0xff, 0xfe], note.as_bytes()].concat(),
        ),
        refused("empty", Vec::new()),
    ]
}
