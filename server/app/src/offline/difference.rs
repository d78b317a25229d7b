//! What a draft changes, in plain words. Whatever these words do not cover is named as such: nobody signs what was not shown.

use std::collections::BTreeMap;

use muster_protocol::ids::{KeyId, OrganisationId};
use muster_protocol::keyring::{Display, Grant, KeyEntry, Keyring, Organisations, WholeKey};

use super::folder::{Names, short};
use super::inspection::moment;
use super::public_part::spoken;

/// The lines that tell `next` from `held`; everything there is, when nothing is held.
#[must_use]
pub fn lines(held: Option<&Keyring>, next: &Keyring, names: &Names) -> Vec<String> {
    let mut lines = Vec::new();
    roots(held, next, names, &mut lines);
    approvers(held, next, names, &mut lines);
    grants(held, next, names, &mut lines);
    carriers(held, next, &mut lines);
    if let Some(held) = held
        && lines.is_empty()
        && !is_same(held, next)
    {
        lines.push("SOMETHING CHANGED THAT THIS PROGRAM HAS NO WORDS FOR. Do not sign.".to_owned());
    }
    lines
}

/// Whether nothing but version and dates differs.
fn is_same(held: &Keyring, next: &Keyring) -> bool {
    let dated = Keyring {
        version: held.version,
        issued_at: held.issued_at,
        expires_at: held.expires_at,
        ..next.clone()
    };
    dated == *held
}

/// When the draft is valid, in one line.
#[must_use]
pub fn dates(next: &Keyring) -> String {
    format!(
        "Keyring {}, valid until {}",
        next.version,
        moment(next.expires_at)
    )
}

fn roots(held: Option<&Keyring>, next: &Keyring, names: &Names, lines: &mut Vec<String>) {
    let none = Vec::new();
    let before = held.map_or(&none, |held| &held.root.keys);
    for gone in before.iter().filter(|key| !next.root.keys.contains(key)) {
        lines.push(format!(
            "Root signer OUT   {}",
            names.key(&gone.person, &gone.id())
        ));
    }
    for fresh in next.root.keys.iter().filter(|key| !before.contains(key)) {
        lines.push(format!(
            "Root signer IN    {}\n                  say to each other: {}",
            names.key(&fresh.person, &fresh.id()),
            spoken(&fresh.id())
        ));
    }
    if held.is_none_or(|held| held.root.threshold != next.root.threshold) {
        lines.push(format!(
            "Root              {} of {} people sign a keyring",
            next.root.threshold,
            next.root.keys.len()
        ));
    }
}

fn approvers(held: Option<&Keyring>, next: &Keyring, names: &Names, lines: &mut Vec<String>) {
    let none = Vec::new();
    let before = held.map_or(&none, |held| &held.keys);
    for gone in before.iter().filter(|key| !next.keys.contains(key)) {
        lines.push(format!(
            "Approver OUT      {}",
            names.key(&gone.person, &gone.id())
        ));
    }
    for fresh in next.keys.iter().filter(|key| !before.contains(key)) {
        lines.push(format!(
            "Approver IN       {}{}{}\n                  say to each other: {}{}",
            names.key(&fresh.person, &fresh.id()),
            manner(fresh),
            further(fresh, &next.keys),
            spoken(&fresh.id()),
            proved(fresh, names)
        ));
    }
}

fn manner(entry: &KeyEntry) -> String {
    let Some(passkey) = &entry.passkey else {
        return ", a key file".to_owned();
    };
    let counts = match (entry.display, passkey.synced) {
        (Display::Portal, _) => {
            "portal: the server draws what it signs; never enough alone for lock-fleet, kill, wipe, transfer, release"
        }
        (Display::Independent, true) => {
            "independent page, but copied between devices: never counts as independent"
        }
        (Display::Independent, false) => {
            "claims a page of its own program: have the file and its words from its owner and never from the portal"
        }
    };
    format!(
        ", a passkey of {}\n                  {counts}",
        passkey.origin
    )
}

/// That somebody has several keys, which count once.
fn further(fresh: &KeyEntry, all: &[KeyEntry]) -> &'static str {
    let others = all
        .iter()
        .filter(|entry| entry.person == fresh.person && entry.key != fresh.key);
    if others.count() == 0 {
        ""
    } else {
        "\n                  a further key of somebody who approves already: all of them count as one person"
    }
}

/// What the folder holds to prove a passkey: without a registration nobody has seen it sign.
fn proved(entry: &KeyEntry, names: &Names) -> String {
    if entry.passkey.is_none() {
        return String::new();
    }
    let Some(made) = names.registration(&entry.id()) else {
        return "\n                  NO REGISTRATION in this folder that holds: ask its owner for the file before you sign".to_owned();
    };
    let claim = &made.claim;
    format!(
        "\n                  registered by {} as {}, {}; authenticator {}; its trial signature over {} holds",
        claim.name,
        claim.label,
        moment(claim.made_at),
        claim
            .aaguid()
            .unwrap_or_else(|| "of unknown make".to_owned()),
        made.trial.nonce
    )
}

/// What each kind takes, before and after; kinds that change alike share a line.
fn grants(held: Option<&Keyring>, next: &Keyring, names: &Names, lines: &mut Vec<String>) {
    let before = held.map(|held| rules(held, names)).unwrap_or_default();
    let after = rules(next, names);
    let mut changes: BTreeMap<(Option<&String>, Option<&String>), Vec<&str>> = BTreeMap::new();
    let kinds: std::collections::BTreeSet<&&str> = before.keys().chain(after.keys()).collect();
    for kind in kinds {
        let (was, is) = (before.get(*kind), after.get(*kind));
        if was != is {
            changes.entry((was, is)).or_default().push(kind);
        }
    }
    for ((was, is), kinds) in changes {
        let mut line = format!("May approve       {}", kinds.join(", "));
        if held.is_some() {
            line += &format!(
                "\n          before  {}",
                was.map_or("nobody", String::as_str)
            );
        }
        line += &format!(
            "\n             now  {}",
            is.map_or("nobody", String::as_str)
        );
        lines.push(line);
    }
}

fn rules(keyring: &Keyring, names: &Names) -> BTreeMap<&'static str, String> {
    let mut rules: BTreeMap<&'static str, Vec<String>> = BTreeMap::new();
    for grant in &keyring.grants {
        for kind in &grant.kinds {
            rules
                .entry(kind.as_str())
                .or_default()
                .push(rule(grant, keyring, names));
        }
    }
    rules
        .into_iter()
        .map(|(kind, mut all)| {
            all.sort();
            (kind, all.join("; or "))
        })
        .collect()
}

fn rule(grant: &Grant, keyring: &Keyring, names: &Names) -> String {
    let mut keys: Vec<String> = grant
        .keys
        .iter()
        .map(|id| holder(id, keyring, names))
        .collect();
    keys.sort();
    let mut rule = format!("{} of {}", grant.threshold, keys.join(", "));
    if grant.independent > 0 {
        rule += &format!("; {} with an independent key", grant.independent);
    }
    if grant.clearances > 0 {
        rule += &format!("; {} witness(es) clear it", grant.clearances);
    }
    rule += &format!("; {} phones at most", grant.max_targets);
    match &grant.organisations {
        Organisations::Every => rule += "; of EVERY organisation",
        Organisations::Listed(listed) => {
            let listed: Vec<&str> = listed.iter().map(OrganisationId::as_str).collect();
            rule += &format!("; of {}", listed.join(", "));
        }
    }
    rule
}

fn holder(id: &KeyId, keyring: &Keyring, names: &Names) -> String {
    keyring
        .key(id)
        .map_or_else(|| short(id), |entry| names.key(&entry.person, id))
}

fn carriers(held: Option<&Keyring>, next: &Keyring, lines: &mut Vec<String>) {
    let servers = |keyring: &Keyring| {
        let all: Vec<String> = keyring
            .servers
            .iter()
            .map(|server| format!("{} (CA {})", server.url, server.ca))
            .collect();
        all.join(", then ")
    };
    let online = |keyring: &Keyring| {
        let all: Vec<String> = keyring
            .online
            .iter()
            .map(WholeKey::id)
            .map(|id| id.to_string())
            .collect();
        if all.is_empty() {
            "none".to_owned()
        } else {
            all.join(", ")
        }
    };
    let log = |keyring: &Keyring| {
        let id = muster_protocol::keys::PublicKey::Ed25519(keyring.log.key).key_id();
        format!("{} (key {id})", keyring.log.origin)
    };
    let witnesses = |keyring: &Keyring| {
        let all: Vec<String> = keyring
            .witness
            .keys
            .iter()
            .map(|witness| {
                let id = muster_protocol::keys::PublicKey::Ed25519(witness.key).key_id();
                format!("{} (key {id})", witness.name)
            })
            .collect();
        format!(
            "{} of {} {}",
            keyring.witness.threshold,
            all.len(),
            all.join(", ")
        )
    };
    let people = |keyring: &Keyring| {
        let all: Vec<&str> = keyring
            .online
            .iter()
            .map(|key| key.person.as_str())
            .collect();
        all.join(", ")
    };
    let mut compare = |what: &str, words: &dyn Fn(&Keyring) -> String| {
        let is = words(next);
        match held.map(words) {
            None => lines.push(format!("{what:<18}{is}")),
            Some(was) if was != is => {
                lines.push(format!("{what:<18}{is}\n          before  {was}"));
            }
            Some(_) => {}
        }
    };
    compare("Servers", &servers);
    compare("Server pages", &|keyring: &Keyring| {
        keyring.portals.join(", ")
    });
    compare("Online key", &online);
    compare("Log", &log);
    compare("Witnesses", &witnesses);
    compare("Least protocol", &|keyring: &Keyring| {
        keyring.min_protocol.to_string()
    });
    if held.is_some_and(|held| online(held) == online(next)) {
        compare("Online key of", &people);
    }
}

#[cfg(test)]
mod tests {
    use super::{Names, lines};
    use crate::offline::draft::Change;
    use crate::offline::signing::tests::Ceremony;

    #[test]
    fn a_draft_that_only_renews_shows_nothing_else() {
        let fleet = Ceremony::usual();
        let draft = fleet.drafted(&Change {
            days: 90,
            ..Change::default()
        });
        assert!(lines(Some(&fleet.held.keyring), &draft.keyring, &Names::default()).is_empty());
    }

    #[test]
    fn every_change_is_told() {
        let fleet = Ceremony::usual();
        let newcomer = fleet.newcomer("Teo Amari");
        let gone = fleet.made.approvers[0].signer.key_id();
        let mut names = Names::default();
        names.add(&newcomer.person, &newcomer.name);
        let draft = fleet.drafted(&Change {
            remove_approvers: vec![gone.to_string()],
            add_approvers: vec![newcomer],
            portals: vec!["other.example.org".to_owned()],
            days: 90,
            ..Change::default()
        });
        let told = lines(Some(&fleet.held.keyring), &draft.keyring, &names).join("\n");
        for wanted in [
            "Approver OUT",
            "Approver IN       Teo Amari",
            "wipe",
            "other.example.org",
        ] {
            assert!(told.contains(wanted), "{wanted} is not in\n{told}");
        }
        assert!(!told.contains("hold"), "the auditors are as they were");
    }

    /// Whatever member differs, somebody reads of it.
    #[test]
    fn nothing_changes_in_silence() {
        let fleet = Ceremony::usual();
        let held = &fleet.held.keyring;
        type Edit = fn(&mut muster_protocol::keyring::Keyring);
        let edits: [Edit; 13] = [
            |k| k.min_protocol += 1,
            |k| k.root.threshold = 1,
            |k| k.root.keys.truncate(2),
            |k| k.online.clear(),
            |k| k.keys.truncate(2),
            |k| k.grants[0].threshold = 2,
            |k| k.grants[1].independent = 0,
            |k| k.grants[2].clearances = 1,
            |k| k.grants[3].max_targets = 7,
            |k| k.log.origin = "other.example.org/log".to_owned(),
            |k| k.witness.threshold = 1,
            |k| k.servers[0].url = "https://other.example.org".to_owned(),
            |k| k.grants[0].organisations = muster_protocol::keyring::Organisations::Every,
        ];
        for (number, edit) in edits.iter().enumerate() {
            let mut next = held.clone();
            edit(&mut next);
            assert!(
                !lines(Some(held), &next, &Names::default()).is_empty(),
                "edit {number}"
            );
        }
        assert!(!lines(None, held, &Names::default()).is_empty());
    }
}
