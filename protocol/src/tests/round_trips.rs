//! Whatever is written is read back the same, and whatever is read does not panic.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::documents::{bundle, receipt};
use super::*;
use crate::bundle::Bundle;
use crate::checkpoint::SignedCheckpoint;
use crate::command::NoticeTemplate;
use crate::json::{self, MAX_INT, Value};
use crate::receipt::Receipt;

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        any::<bool>().prop_map(Value::Bool),
        (0..=MAX_INT).prop_map(Value::Int),
        any::<String>().prop_map(Value::Text),
    ];
    leaf.prop_recursive(4, 32, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
            prop::collection::btree_map("[a-zA-Z_]{1,8}", inner, 0..4).prop_map(Value::Object),
        ]
    })
}

fn args() -> impl Strategy<Value = Args> {
    let lifts = || prop::collection::vec(any::<[u8; 32]>().prop_map(Digest), 1..64);
    let until = (NOW + 1..NOW + 180 * DAY).prop_map(UnixTime);
    prop_oneof![
        (
            prop::sample::select(NoticeTemplate::ALL),
            any::<Option<u32>>(),
            0..=1_000_000_u64
        )
            .prop_map(|(template, date, number)| Args::Notice {
                template,
                date: date.map(|date| UnixTime(u64::from(date))),
                number: Some(number),
            }),
        Just(Args::Refresh),
        Just(Args::RotateKey),
        Just(Args::Lock),
        Just(Args::Kill),
        Just(Args::Wipe),
        until.clone().prop_map(|until| Args::Suspend { until }),
        until.prop_map(|until| Args::LockFleet { until }),
        lifts().prop_map(|lifts| Args::Resume { lifts }),
        lifts().prop_map(|lifts| Args::Unlock { lifts }),
        lifts().prop_map(|lifts| Args::Cancel { lifts }),
        lifts().prop_map(|lifts| Args::Release { lifts }),
        "[a-zA-Zéß忘😀 .]{1,500}".prop_map(|text| Args::Message { text }),
        any::<[u8; 32]>().prop_map(|hash| Args::Transfer {
            fingerprint: Digest(hash)
        }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn canonical_json(members in prop::collection::btree_map("[a-z_]{1,8}", value(), 0..5)) {
        let value = Value::Object(members);
        let bytes = value.encode();
        prop_assert_eq!(json::parse_canonical(&bytes, bytes.len()), Ok(value));
    }

    #[test]
    fn commands(args in args(), not_before in prop::option::of(NOW..NOW + DAY)) {
        let command = Command { not_before: not_before.map(UnixTime), ..WORLD.command(args) };
        prop_assert_eq!(Command::decode(&command.encode()), Ok(command));
    }

    #[test]
    fn any_bytes_are_refused_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        prop_assert!(WORLD.judge_bytes(&bytes).is_err());
        prop_assert!(Bundle::decode(&bytes).is_err());
        prop_assert!(SignedCheckpoint::decode(&bytes).is_err());
        prop_assert!(Keyring::decode(&bytes).is_err());
    }

    #[test]
    fn no_changed_byte_passes(at in any::<prop::sample::Index>(), mask in 1..=255_u8) {
        let mut bytes = WORLD.signed(&WORLD.command(Args::Kill), &[&WORLD.ada], &[]).encode();
        let at = at.index(bytes.len());
        bytes[at] ^= mask;
        if let Ok(judged) = WORLD.judge_bytes(&bytes) {
            panic!("passed as {judged:?}");
        }
    }

    #[test]
    fn a_cut_or_bent_bundle_does_not_panic(at in any::<prop::sample::Index>(), mask in any::<u8>()) {
        let mut bytes = bundle(&WORLD).encode();
        let at = at.index(bytes.len());
        prop_assert!(Bundle::decode(&bytes[..at]).is_err());
        bytes[at] ^= mask;
        if let Ok(bundle) = Bundle::decode(&bytes) {
            prop_assert_eq!(bundle.encode(), bytes);
        }
    }
}

#[test]
fn keyrings_descriptors_and_receipts() {
    let world = World::new();
    assert_eq!(
        Keyring::decode(&world.keyring.encode()),
        Ok(world.keyring.clone())
    );
    let descriptor = world.descriptor();
    assert_eq!(Descriptor::decode(&descriptor.encode()), Ok(descriptor));
    let receipt = receipt(&world);
    assert_eq!(Receipt::decode(&receipt.encode()), Ok(receipt));
}

#[test]
fn members_are_sorted_as_rfc_8785_sorts_them() {
    let members: BTreeMap<String, Value> = ["b", "a", "A", "_"]
        .map(|name| (name.to_owned(), Value::Int(1)))
        .into();
    assert_eq!(
        Value::Object(members).encode(),
        br#"{"A":1,"_":1,"a":1,"b":1}"#
    );
    let text = Value::Object([("t".to_owned(), "\"\\\u{8}\t\n\u{c}\r\u{1f}é".into())].into());
    let written = "{\"t\":\"\\\"\\\\\\b\\t\\n\\f\\r\\u001fé\"}";
    assert_eq!(text.encode(), written.as_bytes());
}
