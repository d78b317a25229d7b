//! Just enough reading of HTML for tests: text between marks, fields of forms, addresses of links.

/// What stands between the first `before` and the next `after`.
#[must_use]
pub fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    let start = text.find(before)? + before.len();
    let rest = text.get(start..)?;
    rest.get(..rest.find(after)?)
}

/// Every start tag of this name, as written.
pub fn tags<'a>(html: &'a str, name: &'a str) -> impl Iterator<Item = &'a str> {
    let mut rest = html;
    std::iter::from_fn(move || {
        loop {
            let start = rest.find('<')?;
            rest = rest.get(start + 1..)?;
            if rest.starts_with(name) && rest[name.len()..].starts_with([' ', '>', '\n', '/']) {
                let end = rest.find('>')?;
                return rest.get(..end);
            }
        }
    })
}

/// An attribute of a start tag, undone of its escapes.
#[must_use]
pub fn attribute(tag: &str, name: &str) -> Option<String> {
    let value = between(tag, &format!(" {name}=\""), "\"")?;
    Some(
        value
            .replace("&#38;", "&")
            .replace("&amp;", "&")
            .replace("&#34;", "\"")
            .replace("&#39;", "'")
            .replace("&lt;", "<"),
    )
}

/// The value of the hidden or visible `<input>` of this name.
#[must_use]
pub fn input(html: &str, name: &str) -> Option<String> {
    tags(html, "input")
        .find(|tag| attribute(tag, "name").as_deref() == Some(name))
        .and_then(|tag| attribute(tag, "value"))
}

/// Every address that a link of the page leads to.
#[must_use]
pub fn links(html: &str) -> Vec<String> {
    tags(html, "a")
        .filter_map(|tag| attribute(tag, "href"))
        .collect()
}

/// Those of [`links`] that lead to pages: files that are only to be kept are left out.
#[must_use]
pub fn links_to_pages(html: &str) -> Vec<String> {
    tags(html, "a")
        .filter(|tag| !tag.ends_with(" download"))
        .filter_map(|tag| attribute(tag, "href"))
        .collect()
}
