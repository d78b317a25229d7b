//! Organisations, members, sessions, tokens, links, and the small tables of operations.

use crate::members::{self, Member};
use crate::organisations::{self, Filter};
use crate::testing::{customer, migrated, reseller, seed_tree};
use crate::{
    api_tokens, idempotency, job_leases, mail_outbox, one_time_links, rate_limits, sessions,
};
use muster_domain::scope::Scope;

fn member(id: &str, organisation: &str) -> Member {
    Member {
        id: id.to_owned(),
        organisation_id: organisation.to_owned(),
        email: format!("{id}@example.org"),
        name: id.to_uppercase(),
        role: "owner".to_owned(),
        password_hash: None,
        created_at: 1,
        disabled_at: None,
    }
}

#[test]
fn a_scope_sees_its_own_branch_of_the_tree() {
    for fresh in migrated("tree") {
        seed_tree(&fresh.store);
        let names = |scope: Scope, filter: Filter| -> Vec<String> {
            let page = fresh
                .store
                .read_blocking(move |c| organisations::list(c, &scope, &filter, None, 10))
                .unwrap();
            page.items.into_iter().map(|o| o.id).collect()
        };
        assert_eq!(
            names(Scope::Platform, Filter::default()),
            ["harbour", "lyre", "muster", "north", "quay"]
        );
        assert_eq!(
            names(reseller("north"), Filter::default()),
            ["harbour", "north", "quay"]
        );
        assert_eq!(names(customer("quay"), Filter::default()), ["quay"]);
        let customers = Filter {
            kind: Some("customer".into()),
            q: Some("THE H".into()),
            ..Filter::default()
        };
        assert_eq!(names(reseller("north"), customers), ["harbour"]);
        let percent = Filter {
            q: Some("%".into()),
            ..Filter::default()
        };
        assert!(names(Scope::Platform, percent).is_empty());
        fresh
            .store
            .read_blocking(|c| {
                assert!(organisations::find(c, &reseller("lyre"), "harbour")?.is_none());
                assert_eq!(organisations::operator(c)?.unwrap().id, "muster");
                assert_eq!(organisations::resellers(c, &Scope::Platform)?.len(), 2);
                assert_eq!(
                    organisations::owners_of_devices(c, &reseller("north"), 10)?.len(),
                    3
                );
                assert_eq!(
                    organisations::count(c, &reseller("north"), &Filter::default())?,
                    3
                );
                let first = organisations::list(c, &Scope::Platform, &Filter::default(), None, 2)?;
                let second = organisations::list(
                    c,
                    &Scope::Platform,
                    &Filter::default(),
                    first.next.as_deref(),
                    9,
                )?;
                assert_eq!(
                    (first.items.len(), second.items.len(), second.next),
                    (2, 3, None)
                );
                Ok(())
            })
            .unwrap();
    }
}

#[test]
fn conflicts_are_named_alike_on_both_databases() {
    for fresh in migrated("conflicts") {
        seed_tree(&fresh.store);
        let store = &fresh.store;
        store
            .write_blocking(|c| members::insert(c, &member("ada", "north")))
            .unwrap();
        let mut twin = member("ada", "lyre");
        let same_id = store
            .write_blocking(|c| members::insert(c, &member("ada", "lyre")))
            .unwrap_err();
        assert!(
            same_id.is_conflict_of("members.id") || same_id.is_conflict_of("members.email"),
            "{same_id}"
        );
        twin.id = "other".to_owned();
        let same_email = store
            .write_blocking(|c| members::insert(c, &twin))
            .unwrap_err();
        assert!(same_email.is_conflict_of("members.email"), "{same_email}");
        let mut organisation = store
            .read_blocking(organisations::operator)
            .unwrap()
            .unwrap();
        organisation.id = "second".to_owned();
        let second = store
            .write_blocking(|c| organisations::insert(c, &organisation))
            .unwrap_err();
        assert!(second.is_conflict_of("organisations.kind"), "{second}");
        organisation.kind = "customer".to_owned();
        organisation.parent_id = Some("north".to_owned());
        organisation.reseller_id = Some("north".to_owned());
        organisation.name = "The quay".to_owned();
        let name = store
            .write_blocking(|c| organisations::insert(c, &organisation))
            .unwrap_err();
        assert!(
            name.is_conflict_of("organisations.parent_id,name"),
            "{name}"
        );
        organisation.kind = "duke".to_owned();
        assert!(
            store
                .write_blocking(|c| organisations::insert(c, &organisation))
                .is_err()
        );
        organisation.kind = "customer".to_owned();
        organisation.name = "Of nobody".to_owned();
        organisation.parent_id = Some("nobody".to_owned());
        assert!(
            store
                .write_blocking(|c| organisations::insert(c, &organisation))
                .is_err(),
            "foreign keys hold"
        );
    }
}

#[test]
fn a_member_signs_in_until_disabled() {
    for fresh in migrated("members") {
        seed_tree(&fresh.store);
        let session = sessions::Session {
            id: "s1".into(),
            member_id: "ada".into(),
            user_agent: "test".into(),
            created_at: 10,
            last_seen_at: 10,
            confirmed_at: 10,
            expires_at: 100,
            ended_at: None,
        };
        fresh
            .store
            .write_blocking(|c| {
                assert!(!members::exists_any_owner(c)?);
                members::insert(c, &member("ada", "harbour"))?;
                assert!(members::exists_any_owner(c)?);
                assert!(members::set_password(c, "ada", "phc")?);
                assert_eq!(
                    members::find_by_email(c, "ada@example.org")?.unwrap().1.id,
                    "harbour"
                );
                assert!(members::find_by_email(c, "Ada@example.org")?.is_none());
                sessions::insert(c, &session)?;
                let second = sessions::Session {
                    id: "s2".into(),
                    ..session.clone()
                };
                sessions::insert(c, &second)?;
                assert!(sessions::touch(c, "s1", 20, 120)? && sessions::confirm(c, "s1", 21)?);
                assert_eq!(sessions::find_live(c, "s1", 110)?.unwrap().1.id, "ada");
                assert!(sessions::find_live(c, "s2", 110)?.is_none(), "it ran out");
                assert_eq!(sessions::end_all_of_member(c, "ada", Some("s1"), 30)?, 1);
                assert_eq!(sessions::list_of_member(c, "ada", 30)?.len(), 1);
                assert!(!sessions::end(c, "somebody else", "s1", 31)?);
                assert!(
                    !members::disable(c, &reseller("lyre"), "ada", 40)?,
                    "not theirs"
                );
                assert!(members::disable(c, &reseller("north"), "ada", 40)?);
                assert!(sessions::find_live(c, "s1", 41)?.is_none());
                assert!(
                    members::list(c, &reseller("lyre"), None, None, 10)?
                        .items
                        .is_empty()
                );
                assert_eq!(
                    members::list(c, &customer("harbour"), None, None, 10)?
                        .items
                        .len(),
                    1
                );
                assert_eq!(sessions::delete_expired(c, 110)?, 1);
                Ok(())
            })
            .unwrap();
    }
}

#[test]
fn tokens_and_links_work_once_and_until_their_end() {
    for fresh in migrated("tokens") {
        seed_tree(&fresh.store);
        let token = api_tokens::ApiToken {
            id: "t1".into(),
            organisation_id: "north".into(),
            name: "ci".into(),
            role: "agent".into(),
            secret_hash: "hash".into(),
            created_at: 1,
            expires_at: Some(1_000_000_000),
            last_used_at: None,
            revoked_at: None,
        };
        let link = one_time_links::OneTimeLink {
            id: "l1".into(),
            purpose: "set-up".into(),
            member_id: None,
            secret_hash: "secret".into(),
            created_at: 1,
            expires_at: 100,
            used_at: None,
        };
        fresh
            .store
            .write_blocking(|c| {
                api_tokens::insert(c, &token)?;
                assert_eq!(
                    api_tokens::find_live_by_hash(c, "hash", 5)?.unwrap().1.id,
                    "north"
                );
                assert!(api_tokens::find_live_by_hash(c, "hash", 1_000_000_000)?.is_none());
                assert!(api_tokens::touch(c, "t1", 100_000_000)?);
                assert!(
                    !api_tokens::touch(c, "t1", 130_000_000)?,
                    "noted within the minute"
                );
                assert!(api_tokens::touch(c, "t1", 170_000_000)?);
                assert!(api_tokens::revoke(c, &reseller("lyre"), "t1", 9)?.is_none());
                assert_eq!(api_tokens::list(c, &reseller("north"), None)?.len(), 1);
                assert!(api_tokens::revoke(c, &reseller("north"), "t1", 9)?.is_some());
                assert!(api_tokens::find_live_by_hash(c, "hash", 5)?.is_none());
                one_time_links::insert(c, &link)?;
                assert!(one_time_links::find_live_by_hash(c, "secret", 50)?.is_some());
                assert!(
                    one_time_links::spend(c, "secret", 100)?.is_none(),
                    "it ran out"
                );
                assert_eq!(
                    one_time_links::spend(c, "secret", 50)?,
                    Some(("set-up".to_owned(), None))
                );
                assert!(
                    one_time_links::spend(c, "secret", 50)?.is_none(),
                    "it is used"
                );
                assert_eq!(one_time_links::void(c, "set-up", None, 60)?, 0);
                Ok(())
            })
            .unwrap();
    }
}

#[test]
fn leases_mail_limits_and_keys() {
    for fresh in migrated("operations") {
        let mail = mail_outbox::Mail {
            id: "m1".into(),
            message_id: "<m1@example.org>".into(),
            recipient: "ada@example.org".into(),
            subject: "s".into(),
            body_text: "t".into(),
            body_html: "h".into(),
            state: "waiting".into(),
            attempts: 0,
            last_error: None,
            next_attempt_at: 10,
            created_at: 1,
            sent_at: None,
            sender_name: None,
            reply_to: None,
            seller_id: None,
            held_until: None,
        };
        let answer = idempotency::Remembered {
            actor: "token:t".into(),
            key: "k".into(),
            request_hash: "h".into(),
            status: 201,
            body: "{}".into(),
            created_at: 5,
        };
        fresh
            .store
            .write_blocking(|c| {
                assert_eq!(job_leases::claim(c, "crl", "a", 100, 10)?, Some(1));
                assert_eq!(job_leases::claim(c, "crl", "b", 100, 20)?, None);
                assert!(job_leases::holds(c, "crl", 1)?);
                assert_eq!(
                    job_leases::claim(c, "crl", "b", 200, 100)?,
                    Some(2),
                    "the first one's time is up"
                );
                assert!(
                    !job_leases::holds(c, "crl", 1)?
                        && !job_leases::finish(c, "crl", 1, None, 110)?
                );
                assert!(job_leases::finish(c, "crl", 2, Some("disk"), 120)?);
                assert_eq!(job_leases::claim(c, "crl", "a", 300, 130)?, Some(3));
                assert_eq!(job_leases::list(c)?[0].last_error.as_deref(), Some("disk"));

                mail_outbox::insert(c, &mail)?;
                assert!(mail_outbox::claim_due(c, 9, 50, 10)?.is_empty());
                assert_eq!(mail_outbox::claim_due(c, 10, 50, 10)?[0].attempts, 1);
                assert!(mail_outbox::claim_due(c, 10, 50, 10)?.is_empty(), "taken");
                assert!(mail_outbox::reschedule(c, "m1", "later", 20)?);
                assert_eq!(mail_outbox::claim_due(c, 20, 60, 10)?[0].attempts, 2);
                assert!(mail_outbox::mark_sent(c, "m1", 21)? && !mail_outbox::park(c, "m1", "no")?);

                assert_eq!(rate_limits::hit(c, "b", 0)?, 1);
                assert_eq!(rate_limits::hit(c, "b", 0)?, 2);
                assert_eq!(rate_limits::hit(c, "b", 60)?, 1);
                assert_eq!(
                    (rate_limits::purge(c, 60)?, rate_limits::used(c, "b", 60)?),
                    (1, 1)
                );

                idempotency::insert(c, &answer)?;
                assert_eq!(
                    idempotency::find(c, "token:t", "k")?.as_ref(),
                    Some(&answer)
                );
                assert!(idempotency::find(c, "token:u", "k")?.is_none());
                assert_eq!(idempotency::purge(c, 6)?, 1);
                Ok(())
            })
            .unwrap();
    }
}
