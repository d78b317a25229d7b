//! How lists are paged: by cursor, 50 rows unless asked otherwise, 200 at most.

use serde::Serialize;
use utoipa::ToSchema;

use super::fields::Fields;
use super::problem::{Answer, Problem};

/// Rows on a page when nothing was said.
pub const USUAL: i64 = 50;
/// The most rows a page can have.
pub const MOST: i64 = 200;

/// Which page of a list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PageRequest {
    /// Where the page before ended.
    pub cursor: Option<String>,
    /// How many rows.
    pub limit: i64,
}

impl PageRequest {
    /// Reads `cursor` and `limit`.
    ///
    /// # Errors
    /// `limit` is no number from 1 to 200, or the cursor is too long to be one of ours.
    pub fn read(query: &Fields) -> Answer<Self> {
        let limit = match query.some("limit") {
            None => USUAL,
            Some(text) => text
                .parse()
                .ok()
                .filter(|limit| (1..=MOST).contains(limit))
                .ok_or_else(|| {
                    Problem::invalid("limit", format!("limit must be a number from 1 to {MOST}."))
                })?,
        };
        let cursor = query.some("cursor").map(str::to_owned);
        if cursor.as_ref().is_some_and(|cursor| cursor.len() > 512) {
            return Err(Problem::invalid(
                "cursor",
                "This cursor is not one this list gave out. Start from the first page.",
            ));
        }
        Ok(Self { cursor, limit })
    }
}

/// A page as the API answers it.
#[derive(Debug, Serialize, ToSchema)]
pub struct List<T> {
    /// The rows.
    pub items: Vec<T>,
    /// What to send as `cursor` for the next page; null on the last one.
    pub next_cursor: Option<String>,
}
