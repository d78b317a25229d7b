//! The inbox: what the portal lists as waiting, each looked at before it is shown.

use std::sync::Arc;

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use form_urlencoded::byte_serialize;
use jiff::Timestamp;
use muster_protocol::ids::CommandId;
use muster_protocol::time::UnixTime;
use serde::Deserialize;
use tokio::task::JoinSet;

use super::Desk;
use super::item::Own;
use super::look::{Found, Look};
use super::tally;
use crate::offline::client::plain;
use crate::web::fields::Fields;
use crate::web::frame;
use crate::web::problem::Answer;
use crate::web::text::Key;
use crate::web::view::Kind;
use crate::web::view::desk::Here;
use crate::web::view::desk::inbox::{Entry, Inbox, Sound, Standing};

/// Commands on a page: each is fetched whole, with every phone it names.
const PAGE: usize = 10;
/// Serial numbers in a line.
const SERIALS: usize = 3;

/// What the portal lists. Nothing of it is believed: it says where to look.
#[derive(Deserialize)]
struct Listed {
    items: Vec<Item>,
    next_cursor: Option<String>,
}

#[derive(Deserialize)]
struct Item {
    id: String,
    kind: String,
}

/// `GET /`: what waits.
///
/// # Errors
/// The page does not render.
pub(super) async fn show(desk: Data<Desk>, request: HttpRequest) -> Answer<HttpResponse> {
    let query = Fields::parse(request.query_string().as_bytes());
    let mut page = Inbox {
        frame: desk.frame(),
        desk: desk.around(Here::Inbox),
        entries: Vec::new(),
        next: None,
        trouble: None,
    };
    let after = query.some("cursor").map_or_else(String::new, encoded);
    match desk.list(PAGE, &after).await {
        Err(sentence) => page.trouble = Some(sentence),
        Ok(listed) => {
            let next = listed.next_cursor.as_deref().map(encoded);
            page.next = next.map(|next| page.desk.to(&format!("?{}", &next[1..])));
            page.entries = entries(&desk.into_inner(), listed.items).await;
        }
    }
    // Asked for again every 15 seconds; most times it is what it was.
    frame::fragment(&request, &page)
}

fn encoded(cursor: &str) -> String {
    let cursor: String = byte_serialize(cursor.as_bytes()).collect();
    format!("&cursor={cursor}")
}

impl Desk {
    /// Asks the portal what waits for approval.
    async fn list(&self, most: usize, after: &str) -> Result<Listed, String> {
        let path = format!("/api/v1/commands?state=awaiting-approval&limit={most}{after}");
        let mut listed: Listed = self.api.get(&path).await?;
        listed.items.truncate(most);
        Ok(listed)
    }

    /// Looks at something of a fleet, so that its newest keyring is known: the newest command, whatever became of it.
    pub(super) async fn learn_something(&self) {
        let listed: Result<Listed, String> = self.api.get("/api/v1/commands?limit=1").await;
        let newest = listed
            .ok()
            .and_then(|listed| listed.items.into_iter().next());
        if let Some(id) = newest.and_then(|item| CommandId::parse(&item.id).ok()) {
            self.look(&id).await;
        }
    }
}

async fn entries(desk: &Arc<Desk>, items: Vec<Item>) -> Vec<Entry> {
    let mut looks = JoinSet::new();
    for (number, item) in items.into_iter().enumerate() {
        let desk = desk.clone();
        looks.spawn(async move { (number, entry(&desk, item).await) });
    }
    // A look that panics is a fault of ours, and loses its line only.
    let mut entries: Vec<(usize, Entry)> = Vec::new();
    while let Some(look) = looks.join_next().await {
        entries.extend(look.ok());
    }
    entries.sort_by_key(|(number, _)| *number);
    entries.into_iter().map(|(_, entry)| entry).collect()
}

async fn entry(desk: &Desk, item: Item) -> Entry {
    let (id, called) = (plain(&item.id), plain(&item.kind));
    let Ok(number) = CommandId::parse(&item.id) else {
        let why = desk.say(Key("desk-no-command"));
        return Entry::Suspect { id, called, why };
    };
    match desk.look(&number).await {
        Look::Suspect(why) => Entry::Suspect { id, called, why },
        Look::Away(why) => Entry::Away { id, called, why },
        Look::Sound(found) => match sound(desk, id.clone(), &found) {
            Some(sound) => Entry::Sound(Box::new(sound)),
            None => Entry::Away {
                why: desk.say(Key("desk-kind-unknown")),
                id,
                called,
            },
        },
    }
}

fn sound(desk: &Desk, id: String, found: &Found) -> Option<Sound> {
    let (command, t) = (&found.checked.command, desk.words());
    let kind = Kind::parse(command.kind().as_str())?;
    let serials = found.checked.serials.iter().take(SERIALS);
    Some(Sound {
        id,
        kind,
        phones: command.targets.count.into(),
        serials: serials.map(ToString::to_string).collect(),
        reason: command.reason.clone(),
        organisation: command.organisation.to_string(),
        progress: tally::words(&found.tally, &t),
        ends: moment(command.expires_at),
        standing: match desk.own(found) {
            Own::MaySign(_) => Standing::Yours,
            Own::HasSigned => Standing::Signed,
            Own::MayNot(why) => Standing::NotYours(why),
            Own::TooLate => Standing::Over,
        },
    })
}

/// A time of a signed document as pages take it.
pub(super) fn moment(time: UnixTime) -> Timestamp {
    i64::try_from(time.0)
        .ok()
        .and_then(|seconds| Timestamp::from_second(seconds).ok())
        .unwrap_or(Timestamp::MAX)
}
