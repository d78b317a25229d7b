//! Passkeys and ceremonies: each guard, on both databases.

use crate::members::{self, Member};
use crate::passkeys::{self, Passkey, Used};
use crate::testing::{migrated, seed_tree};
use crate::webauthn_ceremonies::{self as ceremonies, Ceremony};
use crate::{Conn, StoreResult, sessions};

fn seed(c: &mut Conn) -> StoreResult<()> {
    for id in ["ada", "ben"] {
        let member = Member {
            id: id.to_owned(),
            organisation_id: "north".to_owned(),
            email: format!("{id}@example.org"),
            name: id.to_uppercase(),
            role: "agent".to_owned(),
            password_hash: None,
            created_at: 1,
            disabled_at: None,
        };
        members::insert(c, &member)?;
        let session = sessions::Session {
            id: format!("session of {id}"),
            member_id: id.to_owned(),
            user_agent: "test".into(),
            created_at: 1,
            last_seen_at: 1,
            confirmed_at: 1,
            expires_at: 100,
            ended_at: None,
        };
        sessions::insert(c, &session)?;
    }
    Ok(())
}

fn passkey(id: &str, member: &str) -> Passkey {
    Passkey {
        id: id.to_owned(),
        member_id: member.to_owned(),
        credential_id: format!("credential {id}"),
        credential: "{}".to_owned(),
        counter: 4,
        synced: false,
        label: format!("label {id}"),
        created_at: 2,
        last_used_at: None,
    }
}

fn ceremony(id: &str, purpose: &str, session: Option<&str>) -> Ceremony {
    Ceremony {
        id: id.to_owned(),
        purpose: purpose.to_owned(),
        session_id: session.map(str::to_owned),
        state: format!("state {id}"),
        expires_at: 50,
    }
}

#[test]
fn a_passkey_is_its_members_own_and_counts_upwards() {
    for fresh in migrated("passkeys") {
        seed_tree(&fresh.store);
        let used = Used {
            credential: "{\"n\":5}".to_owned(),
            counter: 5,
            synced: true,
        };
        fresh
            .store
            .write_blocking(|c| {
                seed(c)?;
                passkeys::insert(c, &passkey("p1", "ada"))?;
                passkeys::insert(c, &passkey("p2", "ada"))?;
                passkeys::insert(c, &passkey("p3", "ben"))?;
                assert_eq!(passkeys::list_of_member(c, "ada")?.len(), 2);
                assert!(!passkeys::note_use(c, "p1", 3, &used, 9)?, "another count");
                assert!(passkeys::note_use(c, "p1", 4, &used, 9)?);
                assert!(!passkeys::note_use(c, "p1", 4, &used, 9)?, "one of two");
                let (found, member, organisation) =
                    passkeys::find_by_credential(c, "credential p1")?.unwrap();
                assert_eq!((found.counter, found.synced), (5, true));
                assert_eq!(found.last_used_at, Some(9));
                assert_eq!(
                    (member.id.as_str(), organisation.id.as_str()),
                    ("ada", "north")
                );
                assert_eq!(passkeys::remove(c, "ben", "p1")?, None, "not theirs");
                assert_eq!(
                    passkeys::remove(c, "ada", "p1")?.as_deref(),
                    Some("label p1")
                );
                assert!(passkeys::find_by_credential(c, "credential p1")?.is_none());
                Ok(())
            })
            .unwrap();
        let twin = Passkey {
            id: "p4".to_owned(),
            ..passkey("p2", "ben")
        };
        let refused = fresh
            .store
            .write_blocking(|c| passkeys::insert(c, &twin))
            .unwrap_err();
        assert!(
            refused.is_conflict_of("passkeys.credential_id"),
            "{refused}"
        );
    }
}

#[test]
fn a_ceremony_is_spent_once_by_its_own_session_for_its_own_purpose_in_time() {
    for fresh in migrated("ceremonies") {
        seed_tree(&fresh.store);
        let own = Some("session of ada");
        fresh
            .store
            .write_blocking(|c| {
                seed(c)?;
                ceremonies::begin(c, &ceremony("c1", "add", own))?;
                for (purpose, session, now) in [
                    ("confirm", own, 10),
                    ("add", Some("session of ben"), 10),
                    ("add", None, 10),
                    ("add", own, 50),
                ] {
                    assert_eq!(ceremonies::spend(c, "c1", purpose, session, now)?, None);
                }
                let state = ceremonies::spend(c, "c1", "add", own, 49)?;
                assert_eq!(state.as_deref(), Some("state c1"));
                assert_eq!(ceremonies::spend(c, "c1", "add", own, 49)?, None, "twice");

                ceremonies::begin(c, &ceremony("c2", "sign-in", None))?;
                ceremonies::begin(c, &ceremony("c3", "sign-in", None))?;
                assert_eq!(ceremonies::spend(c, "c2", "sign-in", own, 10)?, None);
                assert!(ceremonies::spend(c, "c2", "sign-in", None, 10)?.is_some());
                assert!(ceremonies::spend(c, "c3", "sign-in", None, 10)?.is_some());

                ceremonies::begin(c, &ceremony("c4", "add", own))?;
                ceremonies::begin(c, &ceremony("c5", "confirm", own))?;
                ceremonies::begin(c, &ceremony("c6", "add", own))?;
                assert_eq!(ceremonies::spend(c, "c4", "add", own, 10)?, None, "voided");
                assert_eq!(ceremonies::delete_expired(c, 49)?, 0);
                assert_eq!(ceremonies::delete_expired(c, 50)?, 2);
                Ok(())
            })
            .unwrap();
        let stray = ceremony("c7", "sign-in", own);
        assert!(
            fresh
                .store
                .write_blocking(|c| ceremonies::begin(c, &stray))
                .is_err(),
            "a sign-in has no session"
        );
    }
}
