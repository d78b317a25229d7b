//! The stylesheet, the scripts and the icons, compiled in. Knows no web framework: a listener asks [`lookup`].

use std::sync::LazyLock;

use sha2::{Digest, Sha256};

/// One file that a page may load.
#[derive(Debug)]
pub struct Asset {
    /// The path below `/assets/`.
    pub path: &'static str,
    /// The contents.
    pub bytes: &'static [u8],
    /// For the `Content-Type` header.
    pub content_type: &'static str,
    /// Sixteen hex digits of the contents' SHA-256: its entity tag, and `?v=` in every link to it. An answer to a
    /// request with the right `v` may be kept for a year.
    pub version: String,
}

const CSS: &str = "text/css; charset=utf-8";
const JS: &str = "text/javascript; charset=utf-8";
const SVG: &str = "image/svg+xml";

macro_rules! files {
    ($($path:literal: $kind:expr,)*) => {
        &[$(($path, include_bytes!(concat!("../../assets/", $path)), $kind),)*]
    };
}

const FILES: &[(&str, &[u8], &str)] = files! {
    "muster.css": CSS,
    "icons.svg": SVG,
    "favicon.svg": SVG,
    "js/approving.js": JS,
    "js/countdown.js": JS,
    "js/desk.js": JS,
    "js/forms.js": JS,
    "js/keyboard.js": JS,
    "js/live.js": JS,
    "js/palette.js": JS,
    "js/passkeys.js": JS,
    "js/relative-times.js": JS,
    "js/selection.js": JS,
    "js/toast.js": JS,
    "js/webauthn.js": JS,
};

static ASSETS: LazyLock<Vec<Asset>> = LazyLock::new(|| {
    FILES
        .iter()
        .map(|&(path, bytes, content_type)| {
            let digest = Sha256::digest(bytes);
            Asset {
                path,
                bytes,
                content_type,
                version: hex::encode(&digest[..8]),
            }
        })
        .collect()
});

/// All assets.
#[must_use]
pub fn all() -> &'static [Asset] {
    &ASSETS
}

/// The asset at this path below `/assets/`, if there is one.
#[must_use]
pub fn lookup(path: &str) -> Option<&'static Asset> {
    ASSETS.iter().find(|asset| asset.path == path)
}

/// The address of an asset, with its version. A path that does not exist gets no version; a test renders every page
/// and asks for each address in it.
#[must_use]
pub fn address(path: &str) -> String {
    match lookup(path) {
        Some(asset) => format!("/assets/{path}?v={}", asset.version),
        None => format!("/assets/{path}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_file_is_found_by_its_path_and_nothing_else_is() {
        assert!(
            all()
                .iter()
                .all(|asset| std::ptr::eq(lookup(asset.path).unwrap(), asset))
        );
        assert!(lookup("../Cargo.toml").is_none());
        assert!(lookup("").is_none());
        assert_eq!(lookup("muster.css").unwrap().version.len(), 16);
    }
}
