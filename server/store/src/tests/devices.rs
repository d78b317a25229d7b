//! Devices: searching, enrolling, certificates, check-ins.

use muster_domain::scope::Scope;

use crate::certificates::{self, Intent};
use crate::check_ins::{self, CheckIn};
use crate::device_search::{self, ContactWindow, DeviceFilter, Restriction, Sort};
use crate::devices::{self, Device};
use crate::enrolment_codes::{self, EnrolmentCode};
use crate::enrolments::{self, Enrolment};
use crate::testing::{Fresh, customer, migrated, phone, reseller, seed_tree};

const DAY: i64 = 86_400_000_000;

fn check_in(device: &Device, at: i64) -> CheckIn {
    CheckIn {
        device_id: device.id.clone(),
        reseller_id: device.reseller_id.clone(),
        organisation_id: device.organisation_id.clone(),
        at,
        report: Some("{}".into()),
        restrictions: "[]".into(),
        locked: false,
        suspended: false,
        held: false,
        keyring_version: 1,
        checkpoint_size: 0,
        checkpoint_root: None,
        nonce: None,
    }
}

/// Nine phones of `north` and its customers, one of `lyre`; some checked in.
fn seed(fresh: &Fresh) -> Vec<Device> {
    seed_tree(&fresh.store);
    let mut phones: Vec<Device> = (1..=9)
        .map(|n| {
            phone(
                &format!("NW-{n}"),
                "north",
                ["north", "harbour", "quay"][n % 3],
            )
        })
        .chain([phone("LY_1", "lyre", "lyre")])
        .collect();
    phones[0].imei = Some("490154203237518".into());
    fresh
        .store
        .write_blocking(|c| {
            devices::insert_many(c, &phones)?;
            for (phone, at) in phones
                .iter()
                .zip([10 * DAY, 20 * DAY, 20 * DAY, 30 * DAY, 5 * DAY])
            {
                let locked = at == 30 * DAY;
                check_ins::record_for_phone(
                    c,
                    &CheckIn {
                        locked,
                        ..check_in(phone, at)
                    },
                )?;
            }
            Ok(())
        })
        .unwrap();
    phones
}

fn serials(
    fresh: &Fresh,
    scope: &Scope,
    filter: &DeviceFilter,
    sort: Sort,
    limit: i64,
) -> Vec<String> {
    let mut all = Vec::new();
    let mut cursor: Option<String> = None;
    loop {
        let page = fresh
            .store
            .read_blocking(|c| {
                device_search::search(c, scope, filter, sort, cursor.as_deref(), limit)
            })
            .unwrap();
        all.extend(page.items.into_iter().map(|view| view.device.serial_number));
        cursor = page.next;
        if cursor.is_none() {
            return all;
        }
    }
}

#[test]
fn every_order_pages_through_every_device_once() {
    for fresh in migrated("search_pages") {
        let phones = seed(&fresh);
        let all = DeviceFilter::default();
        for limit in [1, 2, 3, 50] {
            for scope in [
                Scope::Platform,
                reseller("north"),
                reseller("lyre"),
                customer("quay"),
            ] {
                for sort in [
                    Sort::Serial,
                    Sort::LongestSilent,
                    Sort::LatestContact,
                    Sort::Newest,
                ] {
                    let found = serials(&fresh, &scope, &all, sort, limit);
                    let mut unique = found.clone();
                    unique.sort();
                    unique.dedup();
                    let inside = phones
                        .iter()
                        .filter(|p| scope.contains(Some(&p.reseller_id), &p.organisation_id));
                    assert_eq!(
                        (found.len(), unique.len()),
                        (inside.count(), found.len()),
                        "{scope:?} {sort:?} {limit}"
                    );
                }
            }
        }
        let silent = serials(&fresh, &reseller("north"), &all, Sort::LongestSilent, 2);
        assert_eq!(
            silent,
            [
                "NW-5", "NW-1", "NW-2", "NW-3", "NW-4", "NW-6", "NW-7", "NW-8", "NW-9"
            ]
        );
        let latest = serials(&fresh, &reseller("north"), &all, Sort::LatestContact, 2);
        assert_eq!(
            latest,
            [
                "NW-4", "NW-3", "NW-2", "NW-1", "NW-5", "NW-6", "NW-7", "NW-8", "NW-9"
            ]
        );
        let nonsense = fresh.store.read_blocking(|c| {
            device_search::search(
                c,
                &Scope::Platform,
                &all,
                Sort::LongestSilent,
                Some("x~y"),
                2,
            )
        });
        assert!(matches!(nonsense, Err(crate::StoreError::Cursor)));
    }
}

#[test]
fn filters_find_what_they_say() {
    for fresh in migrated("search_filters") {
        seed(&fresh);
        let found =
            |filter: DeviceFilter| serials(&fresh, &reseller("north"), &filter, Sort::Serial, 50);
        let q = |text: &str| {
            found(DeviceFilter {
                q: Some(text.into()),
                ..DeviceFilter::default()
            })
        };
        assert_eq!(q("NW-3"), ["NW-3"]);
        assert_eq!(q("nw-3"), ["NW-3"]);
        assert_eq!(
            q("NW_"),
            Vec::<String>::new(),
            "an underscore is no wildcard"
        );
        assert_eq!(q("490154"), ["NW-1"]);
        assert_eq!(q("QUAY"), ["NW-2", "NW-5", "NW-8"]);
        assert_eq!(q("LY").len(), 0, "another reseller's");
        let contact = |window| {
            found(DeviceFilter {
                contact: Some(window),
                ..DeviceFilter::default()
            })
        };
        assert_eq!(contact(ContactWindow::Never).len(), 4);
        assert_eq!(
            contact(ContactWindow::Within {
                after: 10 * DAY,
                until: 20 * DAY
            }),
            ["NW-2", "NW-3"]
        );
        assert_eq!(
            contact(ContactWindow::Within {
                after: i64::MIN,
                until: 10 * DAY
            }),
            ["NW-1", "NW-5"]
        );
        let locked = DeviceFilter {
            restriction: Some(Restriction::Locked),
            ..DeviceFilter::default()
        };
        assert_eq!(found(locked.clone()), ["NW-4"]);
        let free = DeviceFilter {
            restriction: Some(Restriction::None),
            ..DeviceFilter::default()
        };
        assert_eq!(found(free).len(), 8);
        let of_quay = DeviceFilter {
            organisation_id: Some("quay".into()),
            ..DeviceFilter::default()
        };
        assert_eq!(found(of_quay.clone()).len(), 3);
        fresh
            .store
            .read_blocking(|c| {
                let count = device_search::count(c, &reseller("north"), &of_quay)?;
                assert_eq!((count.n, count.more), (3, false));
                assert_eq!(
                    device_search::frozen(c, &reseller("north"), &of_quay, 2)?.len(),
                    2
                );
                assert!(device_search::find(c, &reseller("lyre"), "dev-NW-4")?.is_none());
                assert!(
                    device_search::find(c, &customer("harbour"), "dev-NW-4")?
                        .unwrap()
                        .state
                        .locked
                );
                let roll = device_search::roll_call(c, &reseller("north"), 20 * DAY, 10 * DAY)?;
                let of = |word: &str| {
                    roll.iter()
                        .filter(|r| r.contact == word)
                        .map(|r| r.devices)
                        .sum::<i64>()
                };
                assert_eq!(
                    (of("fresh"), of("stale"), of("lost"), of("never")),
                    (1, 2, 2, 4)
                );
                assert_eq!(
                    device_search::roll_call(c, &Scope::Platform, 0, 0)?
                        .iter()
                        .map(|r| r.devices)
                        .sum::<i64>(),
                    10
                );
                let ids = ["dev-NW-1".to_owned(), "dev-LY_1".to_owned()];
                assert_eq!(devices::find_many(c, &reseller("north"), &ids)?.len(), 1);
                assert_eq!(
                    devices::find_by_serial_number(c, &Scope::Platform, "LY_1")?.len(),
                    1
                );
                assert_eq!(
                    devices::find_for_phone(c, "LY_1")?,
                    devices::find_for_phone(c, "dev-LY_1")?
                );
                Ok(())
            })
            .unwrap();
    }
}

#[test]
fn check_ins_tick_their_days() {
    for fresh in migrated("check_ins") {
        let phones = seed(&fresh);
        fresh
            .store
            .write_blocking(|c| {
                let at = |hour: i64| CheckIn {
                    report: None,
                    ..check_in(&phones[1], 20 * DAY + hour * DAY / 24)
                };
                check_ins::record_many_for_phones(c, &[at(23), at(5), at(6)])?;
                assert_eq!(
                    check_ins::days_of_device(c, &reseller("north"), "dev-NW-2", 0)?,
                    [(20, 0b10_0011)]
                );
                assert!(check_ins::days_of_device(c, &reseller("lyre"), "dev-NW-2", 0)?.is_empty());
                assert_eq!(
                    check_ins::devices_per_day(c, &Scope::Platform, 10)?,
                    [(10, 1), (20, 2), (30, 1)]
                );
                assert_eq!(
                    check_ins::devices_per_day(c, &customer("quay"), 0)?,
                    [(5, 1), (20, 1)]
                );
                let state = devices::state(c, &reseller("north"), "dev-NW-2")?.unwrap();
                assert_eq!(
                    (state.report.as_deref(), state.last_check_in_at),
                    (Some("{}"), Some(20 * DAY + 23 * DAY / 24))
                );
                let stranger = CheckIn {
                    device_id: "nobody".into(),
                    ..at(1)
                };
                assert!(!check_ins::record_for_phone(c, &stranger)?);
                Ok(())
            })
            .unwrap();
    }
}

fn code(id: &str) -> EnrolmentCode {
    EnrolmentCode {
        id: id.into(),
        device_id: "dev-NW-1".into(),
        code_hash: format!("hash-{id}"),
        created_by: "member:m".into(),
        created_at: 10,
        expires_at: 100,
        used_at: None,
        used_for_key: None,
        withdrawn_at: None,
    }
}

#[test]
fn a_code_is_spent_once_under_a_race() {
    for fresh in migrated("codes") {
        seed(&fresh);
        let store = &fresh.store;
        store
            .write_blocking(|c| {
                enrolment_codes::insert(c, &code("1"))?;
                enrolment_codes::insert(c, &code("2"))
            })
            .unwrap();
        assert!(
            store
                .read_blocking(|c| enrolment_codes::find_live_by_hash(c, "hash-1", 20))
                .unwrap()
                .is_none()
        );
        let winners: usize = std::thread::scope(|threads| {
            let tries: Vec<_> = (0..6)
                .map(|n| {
                    threads.spawn(move || {
                        store
                            .write_blocking(|c| {
                                enrolment_codes::spend(c, "2", &format!("key-{n}"), 20)
                            })
                            .unwrap()
                    })
                })
                .collect();
            tries
                .into_iter()
                .map(|t| usize::from(t.join().unwrap()))
                .sum()
        });
        assert_eq!(winners, 1);
        store
            .read_blocking(|c| {
                assert!(enrolment_codes::find_live_by_hash(c, "hash-2", 20)?.is_none());
                let newest =
                    enrolment_codes::newest_of_device(c, &reseller("north"), "dev-NW-1")?.unwrap();
                let key = newest.used_for_key.unwrap();
                assert!(enrolment_codes::find_spent_for_key(c, "hash-2", &key, 20)?.is_some());
                assert!(enrolment_codes::find_spent_for_key(c, "hash-2", "another", 20)?.is_none());
                assert!(
                    enrolment_codes::newest_of_device(c, &reseller("lyre"), "dev-NW-1")?.is_none()
                );
                Ok(())
            })
            .unwrap();
    }
}

#[test]
fn a_phone_enrols_and_its_certificate_says_who_it_is() {
    for fresh in migrated("enrol") {
        seed(&fresh);
        let enrolment = Enrolment {
            id: "enr-1".into(),
            device_id: "dev-NW-1".into(),
            epoch: 1,
            device_key: None,
            statement: None,
            pin: None,
            created_at: 20,
            ended_at: None,
            ended_why: None,
        };
        let intent = |serial: &str, not_after: i64| Intent {
            serial_number: serial.into(),
            profile: "device".into(),
            device_id: Some("dev-NW-1".into()),
            enrolment_id: Some("enr-1".into()),
            key_hash: "key".into(),
            not_before: 20,
            not_after,
            created_at: 20,
        };
        fresh
            .store
            .write_blocking(|c| {
                assert_eq!(
                    devices::begin_enrolment(c, "dev-NW-1", "enr-1", 0)?,
                    Some(1)
                );
                assert_eq!(
                    devices::begin_enrolment(c, "dev-NW-1", "enr-x", 0)?,
                    None,
                    "somebody was faster"
                );
                enrolments::insert(c, &enrolment)?;
                assert!(enrolments::set_statement(
                    c,
                    "enr-1",
                    "point",
                    "statement",
                    "manual"
                )?);
                assert!(!enrolments::set_statement(
                    c,
                    "enr-1",
                    "other",
                    "statement",
                    "tofu"
                )?);
                assert_eq!(enrolments::count_live_of_serial_number(c, "NW-1")?, 1);
                certificates::intend(c, &intent("0a", 1_000))?;
                certificates::intend(c, &intent("0b", 2_000))?;
                certificates::intend(c, &intent("0c", 3_000))?;
                assert!(certificates::complete(c, "0a", "print-a", b"der-a")?);
                assert!(certificates::complete(c, "0b", "print-b", b"der-b")?);
                assert_eq!(certificates::abandon_intents_for_job(c, 21)?, 1);
                assert!(
                    !certificates::complete(c, "0c", "print-c", b"der-c")?,
                    "it was abandoned"
                );
                let who = certificates::find_by_fingerprint(c, "print-a")?.unwrap();
                assert_eq!(
                    (
                        who.device.epoch,
                        who.enrolment.id.as_str(),
                        who.certificate.state.as_str()
                    ),
                    (1, "enr-1", "issued")
                );
                assert_eq!(who.device.enrolment_id.as_deref(), Some("enr-1"));
                assert_eq!(
                    certificates::der(c, "0a")?.as_deref(),
                    Some(b"der-a".as_slice())
                );
                assert_eq!(
                    certificates::der_for_key(c, "enr-1", "key", 30)?.as_deref(),
                    Some(b"der-b".as_slice())
                );
                let view = device_search::find(c, &reseller("north"), "dev-NW-1")?.unwrap();
                assert_eq!(
                    view.certificate.unwrap().serial_number,
                    "0b",
                    "the one that lasts longest"
                );
                assert_eq!(
                    certificates::count_expiring(c, &reseller("north"), 30, 1_500)?,
                    0,
                    "it has another"
                );
                assert_eq!(
                    certificates::count_expiring(c, &reseller("north"), 30, 2_500)?,
                    1
                );
                assert_eq!(
                    certificates::count_expiring(c, &reseller("lyre"), 30, 2_500)?,
                    0
                );
                assert!(
                    certificates::revoke(c, "0a", Some(1), 40)?
                        && !certificates::revoke(c, "0a", None, 41)?
                );
                assert_eq!(
                    certificates::revoke_of_enrolment(c, "enr-1", None, 50)?,
                    ["0b"]
                );
                let page = certificates::revoked_for_job(c, None, 30, 1)?;
                assert_eq!(
                    (
                        page[0].serial_number.as_str(),
                        page[0].revoked_at,
                        page[0].revocation_reason
                    ),
                    ("0a", 40, Some(1))
                );
                let rest = certificates::revoked_for_job(c, Some((40, "0a")), 30, 10)?;
                assert_eq!((rest.len(), rest[0].serial_number.as_str()), (1, "0b"));
                assert_eq!(certificates::last_revoked_at_for_job(c)?, Some(50));
                assert_eq!(
                    certificates::list_of_device(c, &reseller("north"), "dev-NW-1")?.len(),
                    3
                );
                assert_eq!(
                    enrolments::end_of_device(c, "dev-NW-1", "enr-2", "re-enrolled", 60)?,
                    ["enr-1"]
                );
                assert!(!enrolments::end(c, "enr-1", "killed", 61)?);
                assert!(devices::set_lifecycle(
                    c,
                    &reseller("north"),
                    "dev-NW-1",
                    &["enrolled"],
                    "killed"
                )?);
                assert!(!devices::set_lifecycle(
                    c,
                    &reseller("lyre"),
                    "dev-NW-2",
                    &["registered"],
                    "retired"
                )?);
                assert!(!devices::set_lifecycle_for_phone(
                    c,
                    "dev-NW-1",
                    &["enrolled"],
                    "wiped"
                )?);
                assert_eq!(
                    devices::begin_enrolment(c, "dev-NW-1", "enr-9", 1)?,
                    Some(2),
                    "a killed phone that was found again joins anew"
                );
                let again = devices::find(c, &Scope::Platform, "dev-NW-1")?.unwrap();
                assert_eq!((again.lifecycle.as_str(), again.epoch), ("enrolled", 2));
                assert!(devices::set_lifecycle(
                    c,
                    &Scope::Platform,
                    "dev-NW-1",
                    &["enrolled"],
                    "retired"
                )?);
                assert_eq!(
                    devices::begin_enrolment(c, "dev-NW-1", "enr-10", 2)?,
                    None,
                    "retired is retired"
                );
                Ok(())
            })
            .unwrap();
    }
}
