//! The pages of this feature: each parses a form, calls one use case, and renders.

pub mod account;
pub mod entrance;
pub mod people;
pub mod tokens;

use actix_web::HttpRequest;
use muster_domain::permission::Role;
use muster_domain::text;

use super::sign_in::Browser;
use crate::web::frame;
use crate::web::view;

/// The browser a request comes from.
pub(super) fn browser(request: &HttpRequest) -> Browser {
    let named = request
        .headers()
        .get("user-agent")
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    Browser {
        address: request.peer_addr().map(|peer| peer.ip()),
        user_agent: browser_name(named),
    }
}

/// “Firefox, Linux”: what a person knows a browser by. What it says of itself is hostile input, and mostly noise.
fn browser_name(user_agent: &str) -> String {
    // The order matters: most browsers name the others too.
    const BROWSERS: [(&str, &str); 6] = [
        ("Edg/", "Edge"),
        ("OPR/", "Opera"),
        ("Firefox/", "Firefox"),
        ("Chromium/", "Chromium"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
    ];
    const SYSTEMS: [(&str, &str); 6] = [
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Windows", "Windows"),
        ("Macintosh", "macOS"),
        ("Linux", "Linux"),
    ];
    let first = |names: &[(&str, &'static str)]| {
        names
            .iter()
            .find(|(mark, _)| user_agent.contains(mark))
            .map(|(_, name)| *name)
    };
    match (first(&BROWSERS), first(&SYSTEMS)) {
        (Some(browser), Some(system)) => format!("{browser}, {system}"),
        (Some(browser), None) => browser.to_owned(),
        (None, _) => text::reported(user_agent).0,
    }
}

/// The roles that somebody of `role` may give, as pages show them.
fn roles(role: Role) -> Vec<view::Role> {
    Role::ALL
        .into_iter()
        .filter(|other| role.may_appoint(*other))
        .map(frame::role)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::browser_name;

    #[test]
    fn browsers_are_known_by_their_names() {
        let chrome = "Mozilla/5.0 (Linux; Android 16) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0 Mobile Safari/537.36";
        assert_eq!(browser_name(chrome), "Chrome, Android");
        assert_eq!(
            browser_name("Mozilla/5.0 (X11; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0"),
            "Firefox, Linux"
        );
        assert_eq!(browser_name("curl/8.5"), "curl/8.5");
        assert_eq!(
            browser_name("evil\u{1b}[31m")
                .chars()
                .filter(|c| c.is_control())
                .count(),
            0
        );
        assert_eq!(browser_name(&"x".repeat(500)).len(), 64);
    }
}
