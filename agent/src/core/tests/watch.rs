//! What a phone does by itself under its policy, and what no silence makes it do.

use muster_protocol::bundle::Bundle;
use muster_protocol::command::Args;
use muster_protocol::policy::Noncompliance;
use muster_protocol::reason::Reason;
use muster_protocol::time::{DAY, HOUR, UnixTime};

use super::fleet::{ALICE, AUDITOR, Driven, Fleet, NOW, ONLINE};
use crate::core::act::Act;
use crate::core::report::Compliance;
use crate::phones::{Inventory, Lock, LockState};
use crate::sentences;
use crate::state::Fault;

fn encrypted(is: bool) -> Inventory {
    Inventory {
        encrypted: Some(is),
        patch_level: Some("2026-11-01".to_owned()),
        ..Inventory::default()
    }
}

fn with_policy(fleet: &Fleet, envelope: Vec<u8>) -> Driven {
    let mut phone = Driven::new(fleet);
    assert_eq!(offer(&mut phone, envelope), []);
    phone
}

fn offer(phone: &mut Driven, envelope: Vec<u8>) -> Vec<Reason> {
    let bundle = Bundle {
        policy: Some(envelope),
        ..Bundle::default()
    };
    phone.take_with_documents(&bundle, NOW).0
}

fn screen(phone: &Driven) -> String {
    phone.core.screen(LockState::default(), NOW).join("\n")
}

#[test]
fn a078_a_policy_by_the_wrong_people_or_out_of_bounds_is_not_held() {
    let fleet = Fleet::new();
    let mut phone = Driven::new(&fleet);
    for envelope in [
        fleet.policy(ONLINE, |_| {}),
        fleet.policy(AUDITOR, |_| {}),
        fleet.policy(ALICE, |policy| policy.owner_lock_days = Some(1)),
        fleet.policy(ALICE, |policy| policy.grace_hours = 1),
        fleet.policy(ALICE, |policy| policy.contact_lost_days = 1),
    ] {
        assert_eq!(offer(&mut phone, envelope), [Reason::PolicyInvalid]);
    }
    assert_eq!(phone.core.policy_version(), None);
    assert_eq!(phone.core.watch(&encrypted(false), NOW), []);
    assert_eq!(Compliance::of(&phone.core, NOW), None);
}

#[test]
fn a079_an_older_policy_is_not_taken_back() {
    let fleet = Fleet::new();
    let mut phone = with_policy(&fleet, fleet.policy(ALICE, |policy| policy.version = 2));
    assert_eq!(
        offer(&mut phone, fleet.policy(ALICE, |_| {})),
        [Reason::PolicyRollback]
    );
    assert_eq!(phone.core.policy_version(), Some(2));
}

#[test]
fn non_compliance_warns_then_suspends_then_lifts_itself() {
    let fleet = Fleet::new();
    let mut phone = with_policy(&fleet, fleet.policy(ALICE, |_| {}));
    assert_eq!(phone.core.watch(&encrypted(false), NOW), []);
    let told = Compliance::of(&phone.core, NOW).expect("a policy");
    assert_eq!(
        (told.compliant, told.faults, told.since, told.suspended),
        (false, vec!["encryption"], Some(NOW), false)
    );
    let shown = screen(&phone);
    assert!(shown.contains("its storage is not encrypted"), "{shown}");
    assert!(shown.contains(&sentences::day(NOW + 72 * HOUR)), "{shown}");
    // Days on the settable clock are no grace that has passed.
    assert_eq!(phone.core.watch(&encrypted(false), NOW + 30 * DAY), []);
    let _ = phone.core.pass_time(72 * HOUR - 1);
    assert_eq!(phone.core.watch(&encrypted(false), NOW), []);
    let _ = phone.core.pass_time(1);
    let acts = phone.core.watch(&encrypted(false), NOW);
    assert_eq!(acts, [Act::Service(false)]);
    assert_eq!(phone.core.watch(&encrypted(false), NOW), [], "once");
    assert!(screen(&phone).contains(sentences::SERVICE_OFF_BY_POLICY));
    let acts = phone.core.watch(&encrypted(true), NOW);
    assert_eq!(acts, [Act::Service(true)]);
    assert!(Compliance::of(&phone.core, NOW).is_some_and(|told| told.compliant));
    assert!(screen(&phone).contains(sentences::SERVICE_ON));
}

#[test]
fn a_policy_that_only_reports_switches_nothing_off() {
    let fleet = Fleet::new();
    let mild = |version| {
        fleet.policy(ALICE, |policy| {
            policy.noncompliance = Noncompliance::Report;
            policy.version = version;
        })
    };
    let mut phone = with_policy(&fleet, mild(1));
    let _ = phone.core.watch(&encrypted(false), NOW);
    let _ = phone.core.pass_time(30 * DAY);
    assert_eq!(phone.core.watch(&encrypted(false), NOW), []);
    assert!(Compliance::of(&phone.core, NOW).is_some_and(|told| !told.compliant));
    // And a policy that becomes mild, or runs out, gives the service back.
    for ends_by_policy in [true, false] {
        let mut phone = with_policy(&fleet, fleet.policy(ALICE, |_| {}));
        let _ = phone.core.watch(&encrypted(false), NOW);
        let _ = phone.core.pass_time(72 * HOUR);
        let acts = phone.core.watch(&encrypted(false), NOW);
        assert_eq!(acts, [Act::Service(false)]);
        let clock = if ends_by_policy {
            assert_eq!(offer(&mut phone, mild(2)), []);
            NOW
        } else {
            NOW + 171 * DAY
        };
        let acts = phone.core.watch(&encrypted(false), clock);
        assert_eq!(acts, [Act::Service(true)]);
    }
}

#[test]
fn resuming_a_suspension_does_not_shed_the_phones_own_and_the_other_way_round() {
    let mut fleet = Fleet::new();
    let mut phone = with_policy(&fleet, fleet.policy(ALICE, |_| {}));
    let until = UnixTime(NOW + 30 * DAY);
    let suspend = fleet.order(Args::Suspend { until }, &[ONLINE]);
    phone.one(&fleet, &suspend, NOW);
    let _ = phone.core.watch(&encrypted(false), NOW);
    let _ = phone.core.pass_time(72 * HOUR);
    let acts = phone.core.watch(&encrypted(false), NOW);
    assert_eq!(acts, [Act::Service(false)]);
    phone.acts.clear();
    let lifts = vec![suspend.digest];
    let resume = fleet.order(Args::Resume { lifts }, &[ONLINE]);
    phone.one(&fleet, &resume, NOW);
    assert_eq!(phone.acts, [], "the phone's own suspension stays");
    let acts = phone.core.watch(&encrypted(true), NOW);
    assert_eq!(acts, [Act::Service(true)]);
    // The other way round: complying lifts no suspension that was ordered.
    let again = fleet.order(Args::Suspend { until }, &[ONLINE]);
    let _ = phone.core.watch(&encrypted(false), NOW);
    let _ = phone.core.pass_time(72 * HOUR);
    let _ = phone.core.watch(&encrypted(false), NOW);
    phone.one(&fleet, &again, NOW);
    assert_eq!(phone.core.watch(&encrypted(true), NOW), []);
}

#[test]
fn every_demand_is_compared() {
    let fleet = Fleet::new();
    let demanding = fleet.policy(ALICE, |policy| {
        policy.min_agent = Some("99.0".to_owned());
        policy.min_os_patch = Some("2026-11-05".to_owned());
    });
    let mut phone = with_policy(&fleet, demanding);
    let _ = phone.core.watch(&Inventory::default(), NOW);
    let faults = phone.core.state().noncompliance.clone();
    let all = [Fault::OsPatch, Fault::Encryption, Fault::Agent];
    assert_eq!(faults.map(|found| found.faults), Some(all.to_vec()));
    let met = fleet.policy(ALICE, |policy| {
        policy.min_agent = Some(env!("CARGO_PKG_VERSION").to_owned());
        policy.min_os_patch = Some("2026-10-05".to_owned());
        policy.version = 2;
    });
    assert_eq!(offer(&mut phone, met), []);
    let _ = phone.core.watch(&encrypted(true), NOW);
    assert_eq!(phone.core.state().noncompliance, None);
}

#[test]
fn a080_a_silent_year_closes_once_with_the_owners_own_lock_and_does_nothing_else() {
    let fleet = Fleet::new();
    let closing = fleet.policy(ALICE, |policy| {
        policy.owner_lock_days = Some(30);
        policy.expires_at = UnixTime(NOW + 400 * DAY);
    });
    let mut phone = with_policy(&fleet, closing);
    let mut acts = Vec::new();
    for day in 1..=365 {
        acts.extend(phone.core.pass_time(DAY));
        acts.extend(phone.core.watch(&encrypted(true), NOW + day * DAY));
        let shown = phone
            .core
            .screen(LockState::default(), NOW + day * DAY)
            .join("\n");
        assert_eq!(shown.contains("No contact"), day >= 14, "day {day}");
        let announced = format!("locks itself on {}", sentences::day(NOW + 30 * DAY));
        assert_eq!(shown.contains(&announced), (14..30).contains(&day));
    }
    assert_eq!(acts, [Act::Lock(Lock::Owner)]);
    assert!(!phone.core.has_ended());
    assert!(phone.core.state().restrictions.is_empty());
    // An answer ends it; the next silence counts from there.
    phone.core.answered(NOW + 365 * DAY);
    let _ = phone.core.pass_time(29 * DAY);
    assert_eq!(phone.core.watch(&encrypted(true), NOW + 394 * DAY), []);
    let _ = phone.core.pass_time(DAY);
    let acts = phone.core.watch(&encrypted(true), NOW + 395 * DAY);
    assert_eq!(acts, [Act::Lock(Lock::Owner)]);
}

#[test]
fn an_act_that_failed_is_asked_for_again() {
    let fleet = Fleet::new();
    let closing = fleet.policy(ALICE, |policy| policy.owner_lock_days = Some(7));
    let mut phone = with_policy(&fleet, closing);
    let _ = phone.core.pass_time(7 * DAY);
    let acts = phone.core.watch(&encrypted(true), NOW);
    assert_eq!(acts, [Act::Lock(Lock::Owner)]);
    phone.core.unwatch(None, false);
    let acts = phone.core.watch(&encrypted(true), NOW);
    assert_eq!(acts, [Act::Lock(Lock::Owner)]);
}
