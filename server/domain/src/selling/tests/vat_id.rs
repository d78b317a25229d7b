//! VAT ids of every country that is known here. The good ones were made at random and agree with another public
//! implementation of the same algorithms; they belong to nobody on purpose.

use proptest::prelude::*;

use super::VatId;

const GOOD: &[&str] = &[
    "ATU39099603",
    "ATU08246281",
    "BE0957762063",
    "BE1395395577",
    "DE784101224",
    "DE592682387",
    "DK36572205",
    "DK44291800",
    "ES40825089C",
    "ESX9269844Q",
    "ESK2011562M",
    "ESA5079629A",
    "ESS33819921",
    "ESC94280526",
    "FI76170516",
    "FI29672601",
    "FR77694200924",
    "FRJD300417979",
    "FR8F116845215",
    "GB735158234",
    "GB621270719",
    "GB311266246166",
    "IE8515454H",
    "IE2915220UI",
    "IE2A95482Q",
    "IT76377240684",
    "IT76475730990",
    "LU28440045",
    "LU22606808",
    "NL161701346B84",
    "NL136748429B76",
    "PL8840457993",
    "PL4506818563",
    "PT321986164",
    "PT143651927",
    "SE491965839501",
    "SE789674517601",
    "CHE276194156MWST",
    "CHE315642663MWST",
    "NO269298146MVA",
    "NO676232443MVA",
    "GBGD001",
    "GBHA599",
    "NL123456789B13",
    "DE123456788",
    "BG123456789",
    "CY12345678X",
    "CZ12345678",
    "EE123456789",
    "EL123456789",
    "HR12345678901",
    "HU12345678",
    "LT123456789012",
    "LV12345678901",
    "MT12345678",
    "RO12",
    "SI12345678",
    "SK1234567890",
];

const WRONG: &[&str] = &[
    "ATU52601815",
    "BE0733461836",
    "DE405053120",
    "DK22060819",
    "ESS40555814",
    "FI88598817",
    "FRA2261404586",
    "GB120641108340",
    "IE3505268ZI",
    "IT92653620367",
    "LU40190462",
    "NL736430841B13",
    "PL0887414680",
    "PT091416668",
    "SE656502400501",
    "CHE811459972MWST",
    "NO999533601MVA",
    "DE12345678",
    "DE1234567888",
    "ATX12345678",
    "GBGD500",
    "GBHA499",
    "NL123456789C13",
    "NL000000000B00",
    "IT00000000000",
    "LU00000000",
    "CY123456789",
    "RO1",
    "SK123456789",
    "FRIO123456789",
    "IE1234567",
];

#[test]
fn good_ids_are_taken() {
    for id in GOOD {
        assert_eq!(
            VatId::parse(id).map(|id| id.to_string()).as_deref(),
            Ok(*id)
        );
    }
}

#[test]
fn wrong_ids_are_refused_and_named() {
    for id in WRONG {
        assert_eq!(VatId::parse(id).unwrap_err().code, "vat-id", "{id}");
    }
    for id in [
        "",
        "D",
        "DE",
        "US123456789",
        "GR123456789",
        "123456789",
        "é1",
        "UK123456789",
    ] {
        assert!(VatId::parse(id).is_err(), "{id}");
    }
    assert_eq!(
        VatId::parse("US123456789").unwrap_err().code,
        "vat-id-country"
    );
}

#[test]
fn a_digit_that_was_swapped_is_noticed() {
    for id in GOOD.iter().take_while(|id| !id.starts_with("GBGD")) {
        let checked = id
            .bytes()
            .rposition(|b| b.is_ascii_digit())
            .filter(|at| *at > 3);
        let (Some(at), false) = (checked, id.starts_with("NL") || id.starts_with("SE")) else {
            continue;
        };
        if id.len() == 14 && id.starts_with("GB") {
            continue;
        }
        let mut bytes = id.as_bytes().to_vec();
        bytes[at] = if bytes[at] == b'9' {
            b'0'
        } else {
            bytes[at] + 1
        };
        let other = String::from_utf8(bytes).unwrap();
        assert!(VatId::parse(&other).is_err(), "{id} {other}");
    }
}

#[test]
fn what_people_type_around_it_does_not_matter() {
    let id = VatId::parse(" de 123.456-788 ").unwrap();
    assert_eq!((id.as_str(), id.country().as_str()), ("DE123456788", "DE"));
    assert_eq!(
        VatId::parse("EL123456789").unwrap().country().as_str(),
        "GR"
    );
}

proptest! {
    #[test]
    fn nonsense_never_breaks(prefix in "(AT|BE|CH|DE|DK|ES|FI|FR|GB|IE|IT|LU|NL|NO|PL|PT|SE|RO|CY)", rest in ".{0,16}") {
        let _ = VatId::parse(&format!("{prefix}{rest}"));
    }

    #[test]
    fn near_misses_never_break(prefix in "(AT|BE|CH|ES|FR|GB|IE|IT|NL|SE)", rest in "[A-Z0-9+*]{7,13}") {
        let _ = VatId::parse(&format!("{prefix}{rest}"));
    }
}
