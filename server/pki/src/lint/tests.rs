//! Every finding is met by a certificate that deserves it.

use jiff::{SignedDuration, Timestamp};
use rcgen::{
    CertificateParams, CustomExtension, DnType, ExtendedKeyUsagePurpose, IsCa, KeyUsagePurpose,
    SanType,
};

use super::*;
use crate::authority::Hierarchy;
use crate::fixtures::{DEVICE, ENROLMENT, device_plan, hierarchy, now, seeded, server_plan};
use crate::issue::issue;
use crate::key::SecretKey;
use crate::profile::{CrlUrl, DeviceSubject, Profile};

fn key() -> SecretKey {
    SecretKey::generate(&mut seeded(5)).unwrap()
}

/// The device certificate as it should be, in rcgen's words, to be spoilt one field at a time.
fn params() -> CertificateParams {
    let plan = device_plan();
    let mut params = CertificateParams::default();
    params.serial_number = Some(plan.serial.octets().to_vec().into());
    plan.validity.write_to(&mut params);
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, DEVICE);
    let enrolment = format!("urn:muster:enrolment:{ENROLMENT}");
    params.subject_alt_names = [format!("urn:uuid:{DEVICE}"), enrolment]
        .map(|uri| SanType::URI(uri.try_into().unwrap()))
        .to_vec();
    params.use_authority_key_identifier_extension = true;
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.is_ca = IsCa::ExplicitNoCa;
    params.crl_distribution_points = vec![rcgen::CrlDistributionPoint {
        uris: vec!["http://devices.example.org/v1/crl".to_owned()],
    }];
    params
}

fn judge(spoil: impl FnOnce(&mut CertificateParams)) -> Result<(), Finding> {
    let hierarchy = hierarchy();
    let mut params = params();
    spoil(&mut params);
    let key = key();
    let certificate = params
        .signed_by(key.public(), hierarchy.devices().inner())
        .unwrap();
    lint(
        certificate.der(),
        &device_plan(),
        key.public(),
        hierarchy.devices().certificate(),
    )
}

#[test]
fn the_unspoilt_certificate_passes() {
    assert_eq!(judge(|_| ()), Ok(()));
}

#[test]
fn spoilt_fields_are_found() {
    let day = std::time::Duration::from_secs(86_400);
    assert_eq!(
        judge(|p| p.serial_number = Some(vec![0x40; 16].into())),
        Err(Finding::Serial)
    );
    assert_eq!(judge(|p| p.serial_number = None), Err(Finding::Serial));
    assert_eq!(
        judge(|p| p.distinguished_name.push(DnType::CommonName, "another")),
        Err(Finding::Subject)
    );
    assert_eq!(
        judge(|p| p.distinguished_name.push(DnType::OrganizationName, "more")),
        Err(Finding::Subject)
    );
    assert_eq!(judge(|p| p.not_after += day), Err(Finding::Validity));
    assert_eq!(
        judge(|p| p.not_before = rcgen::date_time_ymd(1975, 1, 1)),
        Err(Finding::Validity)
    );
}

#[test]
fn spoilt_extensions_are_found() {
    assert_eq!(
        judge(|p| p.use_authority_key_identifier_extension = false),
        Err(Finding::MissingExtension(AKI))
    );
    assert_eq!(
        judge(|p| p.is_ca = IsCa::NoCa),
        Err(Finding::MissingExtension(SKI))
    );
    let ca = IsCa::Ca(rcgen::BasicConstraints::Constrained(0));
    assert_eq!(judge(|p| p.is_ca = ca), Err(Finding::Extension(BC)));
    assert_eq!(
        judge(|p| p.key_usages.clear()),
        Err(Finding::MissingExtension(KU))
    );
    assert_eq!(
        judge(|p| p.key_usages.push(KeyUsagePurpose::KeyCertSign)),
        Err(Finding::Extension(KU))
    );
    assert_eq!(
        judge(|p| p.extended_key_usages.clear()),
        Err(Finding::MissingExtension(EKU))
    );
    let more = ExtendedKeyUsagePurpose::ServerAuth;
    assert_eq!(
        judge(|p| p.extended_key_usages.push(more)),
        Err(Finding::Extension(EKU))
    );
    assert_eq!(
        judge(|p| p.subject_alt_names.reverse()),
        Err(Finding::Extension(SAN))
    );
    assert_eq!(
        judge(|p| p.subject_alt_names.truncate(1)),
        Err(Finding::Extension(SAN))
    );
    assert_eq!(
        judge(|p| p.subject_alt_names.clear()),
        Err(Finding::MissingExtension(SAN))
    );
    let dns = SanType::DnsName("devices.example.org".try_into().unwrap());
    assert_eq!(
        judge(|p| p.subject_alt_names.push(dns)),
        Err(Finding::Extension(SAN))
    );
    assert_eq!(
        judge(|p| p.crl_distribution_points.clear()),
        Err(Finding::MissingExtension(CRLDP))
    );
    assert_eq!(
        judge(|p| p.crl_distribution_points[0].uris[0].push('x')),
        Err(Finding::Extension(CRLDP))
    );
    let key_id = rcgen::KeyIdMethod::PreSpecified(vec![1; 20]);
    assert_eq!(
        judge(|p| p.key_identifier_method = key_id),
        Err(Finding::Extension(SKI))
    );
}

#[test]
fn foreign_and_repeated_extensions_are_found() {
    let foreign =
        |oid: &[u64], content: &[u8]| CustomExtension::from_oid_content(oid, content.to_vec());
    let comment = foreign(&[2, 16, 840, 1, 113_730, 1, 13], &[0x16, 1, b'x']);
    assert_eq!(
        judge(|p| p.custom_extensions.push(comment)),
        Err(Finding::ForeignExtension(
            "2.16.840.1.113730.1.13".to_owned()
        ))
    );
    let unknown = foreign(&[1, 2, 3], &[5, 0]);
    assert_eq!(
        judge(|p| p.custom_extensions.push(unknown)),
        Err(Finding::ForeignExtension("1.2.3".to_owned()))
    );
    let mut again = foreign(&[2, 5, 29, 15], &[3, 2, 7, 0x80]);
    again.set_criticality(true);
    assert_eq!(
        judge(|p| p.custom_extensions.push(again)),
        Err(Finding::RepeatedExtension(KU))
    );
    let mut not_critical = foreign(&[2, 5, 29, 15], &[3, 2, 7, 0x80]);
    not_critical.set_criticality(false);
    let swap = |p: &mut CertificateParams| {
        p.key_usages.clear();
        p.custom_extensions.push(not_critical);
    };
    assert_eq!(judge(swap), Err(Finding::Extension(KU)));
}

#[test]
fn another_issuer_another_key_and_a_broken_signature_are_found() {
    let hierarchy = hierarchy();
    let plan = device_plan();
    let key = key();
    let der = issue(hierarchy.devices(), &plan, key.public()).unwrap().der;
    let devices = hierarchy.devices().certificate();
    assert_eq!(lint(&der, &plan, key.public(), devices), Ok(()));
    assert_eq!(
        lint(&der, &plan, key.public(), hierarchy.servers().certificate()),
        Err(Finding::Issuer)
    );
    let other = SecretKey::generate(&mut seeded(6)).unwrap();
    assert_eq!(
        lint(&der, &plan, other.public(), devices),
        Err(Finding::PublicKey)
    );

    // A CA of the same name with another key.
    let twin = Hierarchy::create("Northwind Mobile", now(), &mut seeded(44)).unwrap();
    assert_eq!(
        lint(&der, &plan, key.public(), &twin.devices.certificate),
        Err(Finding::Extension(AKI))
    );

    let mut broken = der.clone();
    *broken.last_mut().unwrap() ^= 1;
    assert_eq!(
        lint(&broken, &plan, key.public(), devices),
        Err(Finding::Signature)
    );
    let trailing = [der, vec![0]].concat();
    assert_eq!(
        lint(&trailing, &plan, key.public(), devices),
        Err(Finding::Malformed)
    );
}

#[test]
fn a_certificate_for_another_phone_is_found() {
    let hierarchy = hierarchy();
    let key = key();
    let der = issue(hierarchy.devices(), &device_plan(), key.public())
        .unwrap()
        .der;
    let judge = |profile| {
        let plan = Plan {
            profile,
            ..device_plan()
        };
        lint(&der, &plan, key.public(), hierarchy.devices().certificate())
    };
    let other_enrolment = DeviceSubject::parse(DEVICE, Some(&"00".repeat(32))).unwrap();
    let crl_url = CrlUrl::parse("http://devices.example.org/v1/crl").ok();
    assert_eq!(
        judge(Profile::Device {
            subject: other_enrolment,
            crl_url: crl_url.clone()
        }),
        Err(Finding::Extension(SAN))
    );
    let other_device =
        DeviceSubject::parse("0197c0de-0000-7000-8000-00000000000b", Some(ENROLMENT)).unwrap();
    assert_eq!(
        judge(Profile::Device {
            subject: other_device,
            crl_url
        }),
        Err(Finding::Subject)
    );
    assert_eq!(judge(server_plan().profile), Err(Finding::Subject));
}

#[test]
fn dates_turn_to_generalized_time_in_2050() {
    let start = Timestamp::from_second(YEAR_2050 - 86_400).unwrap();
    let hierarchy = Hierarchy::create("Northwind Mobile", start, &mut seeded(42))
        .unwrap()
        .into_hierarchy()
        .unwrap();
    let key = key();
    for days in [0, 1, 2] {
        let begin = start
            .checked_add(SignedDuration::from_hours(24 * days))
            .unwrap();
        let plan = Plan {
            validity: Validity::new(
                begin,
                begin.checked_add(SignedDuration::from_hours(24)).unwrap(),
            )
            .unwrap(),
            ..device_plan()
        };
        assert!(
            issue(hierarchy.devices(), &plan, key.public()).is_ok(),
            "{days}"
        );
    }
}
