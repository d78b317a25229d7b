//! Who has signed a command, and who still must. Signatures are verified before they are counted, with what phones use, and counted
//! over one grant at a time, because phones never add grants together (PROTOCOL §5).

use std::collections::BTreeSet;

use muster_protocol::authority::{self, Needed};
use muster_protocol::envelope::{DocumentType, Envelope};
use muster_protocol::ids::{KeyId, Person};
use muster_protocol::keyring::KeyEntry;

use super::inspection::Checked;

/// A signature that verifies, by a key that some grant lets sign this.
#[derive(Debug, Clone)]
pub struct Signed {
    /// The key.
    pub key: KeyId,
    /// Whose it is.
    pub person: Person,
    /// Whether it counts as independent.
    pub independent: bool,
}

/// Over one grant: what it takes, and what stands.
#[derive(Debug, Clone)]
struct Way {
    needed: Needed,
    people: BTreeSet<Person>,
    independent: BTreeSet<Person>,
}

/// How far the signatures of a command are.
#[derive(Debug, Clone)]
pub struct Tally {
    /// Signatures that verify, by keys that some grant lets sign this.
    pub signed: Vec<Signed>,
    /// Signatures that were shown and do not verify, or whose key no grant names.
    pub void: u64,
    /// What the keyring demands, by the grant that is nearest to being met; `None` when nobody could authorise this.
    pub needed: Option<Needed>,
    /// The grant nearest to being met comes first.
    ways: Vec<Way>,
    enough: bool,
}

impl Tally {
    /// Counts what stands.
    #[must_use]
    pub fn of(checked: &Checked) -> Self {
        let keyring = &checked.keyring.keyring;
        let ways = checked.ways();
        let is_named = |key: &KeyId| ways.iter().any(|needed| needed.key_ids.contains(key));
        let mut envelope = Envelope::unsigned(DocumentType::Command, checked.payload.clone());
        let mut signed: Vec<Signed> = Vec::new();
        let mut void = 0;
        for entry in &checked.signatures {
            let valid = entry.read().filter(|signature| {
                authority::verify_approval(keyring, &checked.payload, signature).is_ok()
                    && is_named(signature.keyid())
            });
            let key = valid.as_ref().and_then(|valid| keyring.key(valid.keyid()));
            // An envelope takes no key twice.
            let is_new = valid.is_some_and(|valid| envelope.add(valid).is_ok());
            match key.filter(|_| is_new) {
                Some(key) => signed.push(Signed {
                    key: key.id(),
                    person: key.person.clone(),
                    independent: key.counts_as_independent(),
                }),
                None => void += 1,
            }
        }
        let mut ways: Vec<Way> = ways
            .into_iter()
            .map(|needed| Way::of(needed, &signed))
            .collect();
        ways.sort_by_key(Way::distance);
        Self {
            enough: authority::authorise(keyring, &checked.command, &envelope).is_ok(),
            needed: ways
                .first()
                .map(|way| way.needed.clone())
                .or_else(|| checked.needed()),
            signed,
            void,
            ways,
        }
    }

    /// How many people have signed, over the grant nearest to being met.
    #[must_use]
    pub fn people(&self) -> u32 {
        self.ways.first().map_or(0, |way| count(&way.people))
    }

    /// How many people have signed, over the grant that takes this.
    #[must_use]
    pub fn people_of(&self, needed: &Needed) -> u32 {
        let way = self.ways.iter().find(|way| way.needed == *needed);
        way.map_or(0, |way| count(&way.people))
    }

    /// How many signatures verify and stand apart: another grant names their keys than the one nearest to being met.
    #[must_use]
    pub fn apart(&self) -> u64 {
        let way = self.ways.first();
        let is_apart = |one: &&Signed| way.is_none_or(|way| !way.names(&one.key));
        self.signed.iter().filter(is_apart).count() as u64
    }

    /// How many more people must sign; one who is independent counts for both.
    #[must_use]
    pub fn missing(&self) -> u32 {
        self.ways.first().map_or(0, Way::missing)
    }

    /// How many of them must be independent.
    #[must_use]
    pub fn missing_independent(&self) -> u32 {
        self.ways.first().map_or(0, Way::missing_independent)
    }

    /// Whether enough people have signed: phones would say the same.
    #[must_use]
    pub fn is_enough(&self) -> bool {
        self.enough
    }

    /// Whether this person has signed.
    #[must_use]
    pub fn has(&self, person: &Person) -> bool {
        self.signed.iter().any(|one| one.person == *person)
    }

    /// Whether a signature by this key would bring some grant nearer: of somebody new where people are missing, or independent where
    /// that is missing, even from somebody who has signed otherwise.
    #[must_use]
    pub fn adds(&self, entry: &KeyEntry) -> bool {
        !self.enough && self.ways.iter().any(|way| way.adds(entry))
    }
}

impl Way {
    fn of(needed: Needed, signed: &[Signed]) -> Self {
        let named = || {
            signed
                .iter()
                .filter(|one| needed.key_ids.contains(&one.key))
        };
        let person = |one: &Signed| one.person.clone();
        Self {
            people: named().map(person).collect(),
            independent: named().filter(|one| one.independent).map(person).collect(),
            needed,
        }
    }

    fn names(&self, key: &KeyId) -> bool {
        self.needed.key_ids.contains(key)
    }

    fn missing(&self) -> u32 {
        let people = self.needed.people.saturating_sub(count(&self.people));
        people.max(self.missing_independent())
    }

    fn missing_independent(&self) -> u32 {
        let have = count(&self.independent);
        self.needed.independent.saturating_sub(have)
    }

    /// From the nearest to the furthest; of equals, the easier one, as [`authority::needed`] prefers them.
    fn distance(&self) -> [u32; 5] {
        let Needed {
            people,
            independent,
            clearances,
            ..
        } = self.needed;
        [
            self.missing(),
            self.missing_independent(),
            people,
            independent,
            clearances,
        ]
    }

    fn adds(&self, entry: &KeyEntry) -> bool {
        let lacks_people = count(&self.people) < self.needed.people;
        let is_new = lacks_people && !self.people.contains(&entry.person);
        let is_independent = self.missing_independent() > 0
            && entry.counts_as_independent()
            && !self.independent.contains(&entry.person);
        self.names(&entry.id()) && (is_new || is_independent)
    }
}

fn count(people: &BTreeSet<Person>) -> u32 {
    u32::try_from(people.len()).unwrap_or(u32::MAX)
}
