//! The API's shapes, as others may rely on them.

mod creations;
mod description;
mod paging;
mod problems;
mod shapes;

use std::collections::BTreeSet;

use serde_json::Value;

pub fn members(value: &Value) -> BTreeSet<&str> {
    value
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect()
}
