//! One page of a list, by keyset: the next page begins behind the last row, however many rows came meanwhile.

use crate::StoreError;

/// Some rows and the way to the next ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// The rows, in the list's order.
    pub items: Vec<T>,
    /// What to hand in as `cursor` for the following rows; `None` on the last page.
    pub next: Option<String>,
}

impl<T> Page<T> {
    /// A page of at most `limit` rows out of `limit + 1` that were asked for: the one too many only tells that there are
    /// more.
    pub(crate) fn cut(mut items: Vec<T>, limit: i64, cursor: impl Fn(&T) -> String) -> Self {
        let limit = usize::try_from(limit).unwrap_or(0);
        let more = items.len() > limit;
        items.truncate(limit);
        let next = if more { items.last().map(cursor) } else { None };
        Self { items, next }
    }

    /// The same page of other things.
    #[must_use]
    pub fn map<U>(self, of: impl FnMut(T) -> U) -> Page<U> {
        Page {
            items: self.items.into_iter().map(of).collect(),
            next: self.next,
        }
    }
}

/// A cursor over rows ordered by something that is not unique: the sort key, and the id that decides between equals.
pub(crate) fn pair(key: &str, id: &str) -> String {
    format!("{key}~{id}")
}

/// Reads what [`pair`] wrote. Ids hold no `~`, so the last one is the seam.
pub(crate) fn unpair(cursor: &str) -> Result<(&str, &str), StoreError> {
    cursor.rsplit_once('~').ok_or(StoreError::Cursor)
}

/// Text for the right side of `LIKE … ESCAPE '\'` that means itself.
pub(crate) fn literally(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        if matches!(character, '\\' | '%' | '_') {
            escaped.push('\\');
        }
        escaped.push(character);
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::{Page, literally, pair, unpair};

    #[test]
    fn a_page_knows_whether_there_is_more() {
        let page = Page::cut(vec![1, 2, 3], 2, ToString::to_string);
        assert_eq!(
            (page.items.as_slice(), page.next.as_deref()),
            ([1, 2].as_slice(), Some("2"))
        );
        assert_eq!(Page::cut(vec![1, 2], 2, ToString::to_string).next, None);
    }

    #[test]
    fn a_cursor_survives_its_own_seam() {
        assert_eq!(unpair(&pair("a~b", "id")).unwrap(), ("a~b", "id"));
        assert!(unpair("nonsense").is_err());
    }

    #[test]
    fn patterns_are_taken_literally() {
        assert_eq!(literally(r"50%_\"), r"50\%\_\\");
    }
}
