//! Checked names: what is let in, and what is not.

use super::*;

const DEVICE: &str = "0197c0de-0000-7000-8000-00000000000a";

#[test]
fn a_device_subject_survives_its_uris() {
    let enrolment = "13".repeat(32);
    for enrolment in [None, Some(enrolment.as_str())] {
        let subject = DeviceSubject::parse(DEVICE, enrolment).unwrap();
        let uris = subject.uris();
        let uris: Vec<&str> = uris.iter().map(String::as_str).collect();
        assert_eq!(DeviceSubject::from_uris(&uris), Some(subject));
    }
}

#[test]
fn ids_in_other_spellings_are_refused() {
    for id in [
        "",
        "0197C0DE-0000-7000-8000-00000000000A",
        "0197c0de00007000800000000000000a",
        &format!("{DEVICE} "),
    ] {
        assert_eq!(
            DeviceSubject::parse(id, None),
            Err(ProfileError::DeviceId),
            "{id:?}"
        );
    }
    for id in ["", &"AB".repeat(32), &"1".repeat(63), &"g".repeat(64)] {
        assert_eq!(
            DeviceSubject::parse(DEVICE, Some(id)),
            Err(ProfileError::EnrolmentId),
            "{id:?}"
        );
    }
}

#[test]
fn server_names_are_dns_names_or_addresses() {
    let names = ServerNames::parse([
        "Devices.Example.org",
        "127.0.0.1",
        "[::1]",
        "localhost",
        "localhost",
    ])
    .unwrap();
    assert_eq!(names.iter().count(), 4);
    assert_eq!(names.common_name(), "devices.example.org");
    for bad in [
        "",
        "a b",
        "-a.example.org",
        "*.example.org",
        "1.2.3",
        "exämple.org",
        "a..b",
        "a_b",
    ] {
        assert!(ServerNames::parse([bad]).is_err(), "{bad:?}");
    }
    assert_eq!(ServerNames::parse([]), Err(ProfileError::ServerNames));
}

#[test]
fn crl_addresses_are_plain_urls() {
    assert!(CrlUrl::parse("http://devices.example.org/v1/crl").is_ok());
    for bad in [
        "",
        "http://",
        "ftp://example.org/x",
        "http://example.org/a b",
        "http://example.org/\u{e9}",
    ] {
        assert_eq!(CrlUrl::parse(bad), Err(ProfileError::CrlUrl), "{bad:?}");
    }
}
