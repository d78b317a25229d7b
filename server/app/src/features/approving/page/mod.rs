//! The pages of this feature, on either host.

pub mod host;
pub mod portal;

use crate::features::approving::mine::Mine;
use crate::web::time_words;
use crate::web::view::approving::{Row, Standing, Stands};
use crate::web::view::{Frame, Kind};

/// Whose fleet it is, in words.
pub(super) fn of(frame: &Frame, organisation: Option<&String>) -> String {
    organisation.map_or_else(|| frame.t("approving-own-fleet"), Clone::clone)
}

/// A passkey as the account page shows it.
pub(super) fn row(frame: &Frame, mine: Mine) -> Row {
    let key = muster_protocol::ids::KeyId::parse(&mine.row.key_id);
    let words = key.map_or_else(
        |_| String::new(),
        |id| crate::offline::public_part::spoken(&id),
    );
    let names = |kinds: &[muster_protocol::command::Kind]| -> Vec<String> {
        kinds
            .iter()
            .filter_map(|kind| Kind::parse(kind.as_str()))
            .map(|kind| frame.word(kind.name()))
            .collect()
    };
    let held: Vec<Standing> = mine
        .keyrings
        .iter()
        .map(|standing| Standing {
            organisation: of(frame, standing.organisation.as_ref()),
            version: standing.version,
            alone: names(&standing.alone),
            beside: names(&standing.beside),
        })
        .collect();
    let made = jiff::Timestamp::from_microsecond(mine.row.created_at).unwrap_or_default();
    Row {
        stands: match (mine.row.removed_at, held.is_empty(), mine.row.in_keyring_at) {
            (Some(_), is_gone, _) => Stands::Removed { held: !is_gone },
            (None, false, _) => Stands::Held(held),
            (None, true, Some(_)) => Stands::Left,
            (None, true, None) => Stands::Waits,
        },
        aaguid: uuid::Uuid::parse_str(&mine.row.aaguid)
            .ok()
            .filter(|id| !id.is_nil())
            .map(|id| id.to_string()),
        id: mine.row.id,
        label: mine.row.label,
        key_id: mine.row.key_id,
        words,
        synced: mine.row.synced,
        made: time_words::exact(&frame.t, made),
    }
}
