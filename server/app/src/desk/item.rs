//! One command on its page: everything that was checked, and the keys of this desk that may sign it.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use muster_protocol::base64;
use muster_protocol::command::Args;
use muster_protocol::digest::Digest;
use muster_protocol::envelope::{DocumentType, pae};
use muster_protocol::ids::{CommandId, KeyId};
use serde_json::json;

use super::inbox::moment;
use super::look::{Found, Look};
use super::profile::OwnFile;
use super::{Desk, mark, tally};
use crate::offline::folder::short;
use crate::offline::registration::Registration;
use crate::offline::tally::Signed;
use crate::web::fields::Fields;
use crate::web::problem::{Answer, Kind as Fault, Problem};
use crate::web::text::{Key, Texts};
use crate::web::view::desk::Here;
use crate::web::view::desk::item::{Done, Item, Needs, OwnKey, Signer, Suspect, Way};
use crate::web::view::{Input, Kind, Pages};
use crate::web::{frame, time_words};

/// Serial numbers on a page.
const SERIALS: usize = 100;
/// How long a browser waits for a passkey, milliseconds.
const PATIENCE: u32 = 120_000;

/// What the owner of this desk can do about a command.
pub(super) enum Own<'d> {
    /// Sign it, with any of these.
    MaySign(Vec<Means<'d>>),
    /// Nothing more: the owner has signed.
    HasSigned,
    /// Nothing: why.
    MayNot(String),
    /// Nothing: its time is over.
    TooLate,
}

/// A key of this desk, with what it takes to use it.
pub(super) enum Means<'d> {
    /// In a file.
    File(&'d OwnFile),
    /// In an authenticator.
    Passkey(Box<Registration>),
}

impl Means<'_> {
    /// Its id.
    pub(super) fn id(&self) -> KeyId {
        match self {
            Self::File(file) => file.key.signer.key_id(),
            Self::Passkey(made) => made.claim.key_id(),
        }
    }
}

impl Desk {
    /// What the owner can do about a command.
    pub(super) fn own(&self, found: &Found) -> Own<'_> {
        let checked = &found.checked;
        let mut keys: Vec<Means<'_>> = self
            .profile
            .files
            .iter()
            .filter(|file| file.key.fleet == Some(found.pin))
            .map(Means::File)
            .collect();
        let made = self.profile.passkeys().into_iter();
        // A passkey signs on the origin where it was made and nowhere else.
        let here = made.filter(|made| made.claim.passkey.origin == self.gate.origin);
        keys.extend(here.map(|made| Means::Passkey(Box::new(made))));
        let mut why = None;
        let only_one = keys.len() == 1;
        keys.retain(|key| match checked.needed_from(&key.id()) {
            Ok(_) => true,
            Err(sentence) => {
                why = Some(sentence);
                false
            }
        });
        let is_named = !keys.is_empty();
        // Whoever has signed on a page of the portal may sign once more where an independent signature is what is missing.
        keys.retain(|key| checked.idle(&found.tally, &key.id()).is_none());
        if keys.is_empty() && found.tally.has(&self.profile.person) {
            return Own::HasSigned;
        }
        if checked.is_over(self.now()) {
            return Own::TooLate;
        }
        if keys.is_empty() {
            let none = match (is_named, found.tally.is_enough()) {
                (_, true) => Key("desk-enough"),
                (true, false) => Key("desk-not-independent"),
                (false, false) => Key("desk-not-yours"),
            };
            let why = why.filter(|_| only_one);
            return Own::MayNot(why.unwrap_or_else(|| self.say(none)));
        }
        Own::MaySign(keys)
    }
}

/// `GET /commands/{id}`.
///
/// # Errors
/// The portal does not hand it over.
pub(super) async fn show(
    desk: Data<Desk>,
    path: Path<String>,
    request: HttpRequest,
) -> Answer<HttpResponse> {
    let query = Fields::parse(request.query_string().as_bytes());
    let id = number(&desk, &path)?;
    let found = match desk.look(&id).await {
        Look::Sound(found) => found,
        Look::Suspect(why) => return suspect(&desk, &id, why),
        Look::Away(why) => return Err(away(why)),
    };
    let mut page = page(&desk, &id, &found, &query)?;
    if let Some(signed) = query.some("signed") {
        page.done = done(&desk, &found, signed);
    }
    frame::html(&page)
}

/// A command's number from an address.
///
/// # Errors
/// It is none: nothing else may enter the address of a request to the portal.
pub(super) fn number(desk: &Desk, text: &str) -> Answer<CommandId> {
    CommandId::parse(text).map_err(|_| {
        let words = desk.say(Key("desk-no-command"));
        Problem::new(Fault::NotFound, "not-found", words)
    })
}

/// The page of a command that does not check out.
///
/// # Errors
/// It does not render.
pub(super) fn suspect(desk: &Desk, id: &CommandId, why: String) -> Answer<HttpResponse> {
    let page = Suspect {
        frame: desk.frame(),
        desk: desk.around(Here::Inbox),
        id: id.to_string(),
        why,
    };
    frame::html(&page)
}

/// The portal does not hand a command over.
pub(super) fn away(why: String) -> Problem {
    Problem::new(Fault::Unavailable, "away", why)
}

/// What a signature came to, told by what was verified and not by what the portal said.
fn done(desk: &Desk, found: &Found, signed: &str) -> Option<Done> {
    let is_ours = desk
        .profile
        .files
        .iter()
        .any(|file| file.key.signer.key_id().to_string() == signed)
        || desk
            .profile
            .passkeys()
            .iter()
            .any(|made| made.claim.key_id().to_string() == signed);
    let stands = found
        .tally
        .signed
        .iter()
        .any(|one| one.key.to_string() == signed);
    is_ours.then_some(match (stands, found.tally.is_enough()) {
        (false, _) => Done::Swallowed,
        (true, true) => Done::Sealed,
        (true, false) => Done::Stands,
    })
}

/// The page of a command that checks out.
///
/// # Errors
/// Its kind is one that these pages have no words for.
pub(super) fn page(desk: &Desk, id: &CommandId, found: &Found, query: &Fields) -> Answer<Item> {
    let (checked, command) = (&found.checked, &found.checked.command);
    let frame = desk.frame();
    let kind =
        Kind::parse(command.kind().as_str()).ok_or_else(|| away(frame.t("desk-kind-unknown")))?;
    let around = desk.around(Here::Inbox);
    let skipped = skipped(query, checked.serials.len());
    let here = checked.serials.iter().skip(skipped).take(SERIALS);
    let other = |first: usize| around.to(&format!("commands/{id}?from={}", first + 1));
    let pages = Pages {
        previous: (skipped > 0).then(|| other(skipped.saturating_sub(SERIALS))),
        next: (skipped + SERIALS < checked.serials.len()).then(|| other(skipped + SERIALS)),
    };
    let needed = found.tally.needed.as_ref();
    Ok(Item {
        id: id.to_string(),
        kind,
        reason: command.reason.clone(),
        arguments: arguments(&frame.t, &command.args),
        organisation: command.organisation.to_string(),
        fleet: mark(&found.pin),
        phones: command.targets.count.into(),
        serials: here.map(ToString::to_string).collect(),
        first: skipped as u64 + 1,
        pages,
        digest: digest(found).to_hex(),
        keyring: checked.keyring.keyring.version,
        keyring_ends: moment(checked.keyring.keyring.expires_at),
        drafted: moment(command.issued_at),
        not_before: command.not_before.map(moment),
        ends: moment(command.expires_at),
        needed: Needs {
            people: needed.map_or(0, |needed| needed.people.into()),
            independent: needed.map_or(0, |needed| needed.independent.into()),
            clearances: needed.map_or(0, |needed| needed.clearances.into()),
            missing: found.tally.missing().into(),
        },
        signers: signers(desk, &frame.t, found),
        void: found.tally.void,
        apart: found.tally.apart(),
        progress: tally::words(&found.tally, &frame.t),
        way: way(desk, found),
        done: None,
        typed: Input::default(),
        fault: None,
        desk: around,
        frame,
    })
}

/// What is signed: the command's identity (PROTOCOL §4).
pub(super) fn digest(found: &Found) -> Digest {
    Digest::of(&pae(DocumentType::Command, &found.checked.payload))
}

fn skipped(query: &Fields, count: usize) -> usize {
    let from: usize = query.one("from").parse().unwrap_or(1);
    let wanted = from.saturating_sub(1) / SERIALS * SERIALS;
    if wanted < count { wanted } else { 0 }
}

fn signers(desk: &Desk, t: &Texts, found: &Found) -> Vec<Signer> {
    let name = |one: &Signed| {
        if one.person == desk.profile.person {
            t.put("desk-you", "name", &desk.profile.owner)
        } else {
            t.put("desk-key-of", "key", &short(&one.key))
        }
    };
    let signer = |one: &Signed| Signer {
        name: name(one),
        key_id: one.key.to_string(),
        independent: one.independent,
    };
    found.tally.signed.iter().map(signer).collect()
}

fn way(desk: &Desk, found: &Found) -> Way {
    if found.tally.is_enough() {
        return Way::Enough;
    }
    match desk.own(found) {
        Own::MaySign(keys) => Way::Sign(keys.iter().map(|key| own_key(found, key)).collect()),
        Own::HasSigned => Way::Waits,
        Own::MayNot(why) => Way::NotYours(why),
        Own::TooLate => Way::Over,
    }
}

fn own_key(found: &Found, key: &Means<'_>) -> OwnKey {
    OwnKey {
        id: key.id().to_string(),
        label: match key {
            Means::File(file) => file.label.clone(),
            Means::Passkey(made) => made.claim.label.clone(),
        },
        passkey: match key {
            Means::File(_) => None,
            Means::Passkey(made) => Some(asked(
                &digest(found),
                &made.claim.passkey.rp_id,
                &made.claim.credential,
            )),
        },
    }
}

/// What a browser is asked for a signature over `challenge`.
pub(super) fn asked(challenge: &Digest, rp_id: &str, credential: &[u8]) -> String {
    json!({
        "challenge": base64::encode_url(challenge.as_bytes()),
        "rpId": rp_id,
        "allowCredentials": [{ "type": "public-key", "id": base64::encode_url(credential) }],
        "userVerification": "required",
        "timeout": PATIENCE,
    })
    .to_string()
}

/// What a command carries beside its kind: label and value.
fn arguments(t: &Texts, args: &Args) -> Vec<(String, String)> {
    let exact = |time| time_words::exact(t, moment(time));
    let lifted = |lifts: &[Digest]| {
        let named: Vec<String> = lifts
            .iter()
            .map(|one| one.to_hex()[..16].to_owned())
            .collect();
        let count = t.count("desk-lifts-count", lifts.len() as u64);
        vec![(
            t.get("desk-lifts"),
            format!("{count}: {}", named.join(", ")),
        )]
    };
    let until = |time| (t.get("argument-until"), exact(time));
    match args {
        Args::Notice {
            template,
            date,
            number,
        } => {
            let mut shown = vec![(t.get("desk-notice"), template.to_string())];
            shown.extend(date.map(|date| (t.get("desk-date-named"), exact(date))));
            shown.extend(number.map(|number| (t.get("desk-number-named"), number.to_string())));
            shown
        }
        Args::Message { text } => vec![(t.get("desk-message"), text.clone())],
        Args::Suspend { until: time } | Args::LockFleet { until: time } => vec![until(*time)],
        Args::Resume { lifts }
        | Args::Unlock { lifts }
        | Args::Cancel { lifts }
        | Args::Release { lifts } => lifted(lifts),
        Args::Hold { case, until: time } => {
            vec![(t.get("argument-case"), case.to_string()), until(*time)]
        }
        Args::Transfer { fingerprint } => {
            let words = mark(fingerprint).words;
            let value = format!("{words} ({})", fingerprint.to_hex());
            vec![(t.get("argument-fingerprint"), value)]
        }
        Args::Refresh | Args::RotateKey | Args::Lock | Args::Kill | Args::Wipe => Vec::new(),
    }
}
