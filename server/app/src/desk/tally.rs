//! Who has signed a command, and who still must. Signatures are verified before they are counted, with what phones use.

use std::collections::BTreeSet;

use fluent_bundle::FluentValue;
use muster_protocol::authority::{self, Needed};
use muster_protocol::ids::{KeyId, Person};

use crate::offline::inspection::Checked;
use crate::web::text::Texts;

/// A signature that verifies and counts.
#[derive(Debug, Clone)]
pub(super) struct Signed {
    /// The key.
    pub(super) key: KeyId,
    /// Whose it is.
    pub(super) person: Person,
    /// Whether it counts as independent.
    pub(super) independent: bool,
}

/// How far the signatures of a command are.
#[derive(Debug, Clone)]
pub(super) struct Tally {
    /// Signatures that count.
    pub(super) signed: Vec<Signed>,
    /// Signatures that were shown and do not verify, or do not count.
    pub(super) void: u64,
    /// What the keyring demands; `None` when nobody could authorise this.
    pub(super) needed: Option<Needed>,
    people: u32,
    independent: u32,
}

impl Tally {
    /// Counts what stands.
    pub(super) fn of(checked: &Checked) -> Self {
        let keyring = &checked.keyring.keyring;
        let needed = checked.needed();
        let counts = |key: &KeyId| {
            let keys = needed.as_ref().map(|needed| &needed.key_ids);
            keys.is_some_and(|keys| keys.contains(key))
        };
        let mut signed: Vec<Signed> = Vec::new();
        let mut void = 0;
        for entry in &checked.signatures {
            let valid = entry.read().filter(|signature| {
                authority::verify_approval(keyring, &checked.payload, signature).is_ok()
                    && counts(signature.keyid())
                    && signed.iter().all(|other| other.key != *signature.keyid())
            });
            match valid.and_then(|signature| keyring.key(signature.keyid())) {
                Some(key) => signed.push(Signed {
                    key: key.id(),
                    person: key.person.clone(),
                    independent: key.counts_as_independent(),
                }),
                None => void += 1,
            }
        }
        let distinct = |only_independent: bool| {
            let people: BTreeSet<&Person> = signed
                .iter()
                .filter(|one| one.independent || !only_independent)
                .map(|one| &one.person)
                .collect();
            u32::try_from(people.len()).unwrap_or(u32::MAX)
        };
        Self {
            people: distinct(false),
            independent: distinct(true),
            signed,
            void,
            needed,
        }
    }

    /// How many more people must sign; one who is independent counts for both.
    pub(super) fn missing(&self) -> u32 {
        self.needed.as_ref().map_or(0, |needed| {
            let people = needed.people.saturating_sub(self.people);
            people.max(self.missing_independent())
        })
    }

    fn missing_independent(&self) -> u32 {
        self.needed.as_ref().map_or(0, |needed| {
            needed.independent.saturating_sub(self.independent)
        })
    }

    /// Whether enough people have signed.
    pub(super) fn is_enough(&self) -> bool {
        self.needed.is_some() && self.missing() == 0
    }

    /// Whether this person has signed.
    pub(super) fn has(&self, person: &Person) -> bool {
        self.signed.iter().any(|one| one.person == *person)
    }

    /// How far it is, in words.
    pub(super) fn words(&self, t: &Texts) -> String {
        let people = self.needed.as_ref().map_or(0, |needed| needed.people);
        if self.is_enough() {
            return t.with("desk-progress-enough", &[("signed", self.people.into())]);
        }
        let mut words = if self.people == 0 {
            t.get("desk-progress-none")
        } else {
            let numbers: [(&str, FluentValue<'_>); 2] =
                [("signed", self.people.into()), ("needed", people.into())];
            t.with("desk-progress-some", &numbers)
        };
        if self.missing_independent() > 0 {
            words.push(' ');
            words.push_str(&t.count(
                "desk-progress-independent",
                self.missing_independent().into(),
            ));
        }
        words
    }
}
