//! What the unit tests of this crate share.

use jiff::{SignedDuration, Timestamp};

use crate::authority::Hierarchy;
use crate::issue::Plan;
use crate::profile::{CrlUrl, DeviceSubject, Profile, ServerNames};
use crate::serial::Serial;
use crate::validity::Validity;

pub(crate) const DEVICE: &str = "0197c0de-0000-7000-8000-00000000000a";
pub(crate) const ENROLMENT: &str =
    "13ab273b715b068cd58e9a863f37ae2f9b0f9ee1ca45f0bd1257df3e93d13802";

/// A repeatable generator (SplitMix64), good enough to be told apart.
pub(crate) fn seeded(seed: u64) -> impl FnMut(&mut [u8]) {
    let mut state = seed;
    move |out: &mut [u8]| {
        for byte in out {
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut mixed = state;
            mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            *byte = (mixed >> 56) as u8;
        }
    }
}

/// 1 December 2026, noon.
pub(crate) fn now() -> Timestamp {
    Timestamp::from_second(1_796_126_400).unwrap()
}

pub(crate) fn hierarchy() -> Hierarchy {
    Hierarchy::create("Northwind Mobile", now(), &mut seeded(42))
        .unwrap()
        .into_hierarchy()
        .unwrap()
}

pub(crate) fn device_plan() -> Plan {
    Plan {
        serial: Serial::draw(&mut seeded(7)),
        validity: Validity::lasting(now(), SignedDuration::from_hours(30 * 24)).unwrap(),
        profile: Profile::Device {
            subject: DeviceSubject::parse(DEVICE, Some(ENROLMENT)).unwrap(),
            crl_url: Some(CrlUrl::parse("http://devices.example.org/v1/crl").unwrap()),
        },
    }
}

pub(crate) fn server_plan() -> Plan {
    Plan {
        serial: Serial::draw(&mut seeded(8)),
        validity: Validity::lasting(now(), SignedDuration::from_hours(90 * 24)).unwrap(),
        profile: Profile::Server {
            names: ServerNames::parse(["devices.example.org", "127.0.0.1", "::1"]).unwrap(),
        },
    }
}

/// A request whose subject and extensions ask for far too much.
pub(crate) fn request_der(key: &impl rcgen::SigningKey, uris: &[&str]) -> Vec<u8> {
    let mut params = rcgen::CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params
        .distinguished_name
        .push(rcgen::DnType::CommonName, "I would like to be a CA");
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    params.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::Any];
    params.subject_alt_names = uris
        .iter()
        .map(|uri| rcgen::SanType::URI((*uri).try_into().unwrap()))
        .collect();
    params.serialize_request(key).unwrap().der().to_vec()
}
