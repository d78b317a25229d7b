//! Hosts as they are compared: one host is written in many ways, and browsers reach it by each of them.

use std::net::Ipv4Addr;

use reqwest::Url;

/// The host of an address as browsers write it, in small letters and without the dot that ends a full name; an IPv6 address in
/// brackets. `None` for an address without one.
#[must_use]
pub fn host_of(url: &str) -> Option<String> {
    let url = Url::parse(url).ok()?;
    let host = url.host_str()?;
    let host = host.strip_suffix('.').unwrap_or(host);
    (!host.is_empty()).then(|| host.to_ascii_lowercase())
}

/// The host that a header `Host` names, as [`host_of`] gives it.
#[must_use]
pub fn host_named(authority: &str) -> Option<String> {
    let is_more = |character| matches!(character, '/' | '\\' | '?' | '#' | '@' | ' ' | '\t');
    if authority.contains(is_more) {
        return None;
    }
    host_of(&format!("http://{authority}/"))
}

/// Whether a host, as [`host_of`] gives it, is this machine by its own name or number: `localhost` and what lies under it
/// (RFC 6761 §6.3), 127.0.0.0/8, and `::1`.
#[must_use]
pub fn is_loopback(host: &str) -> bool {
    let is_four = || host.parse().is_ok_and(|ip: Ipv4Addr| ip.is_loopback());
    host == "localhost" || host.ends_with(".localhost") || host == "[::1]" || is_four()
}

#[cfg(test)]
mod tests {
    use super::{host_named, host_of, is_loopback};

    #[test]
    fn one_host_is_one_however_it_is_written() {
        for url in [
            "https://muster.northwind.example",
            "https://MUSTER.Northwind.example:8443/portal",
            "https://muster.northwind.example./",
            "HTTPS://ada@muster.northwind.example",
        ] {
            assert_eq!(
                host_of(url).as_deref(),
                Some("muster.northwind.example"),
                "{url}"
            );
        }
        assert_eq!(host_of("http://[::1]:8080").as_deref(), Some("[::1]"));
        assert_eq!(
            host_of("https://b\u{fc}cher.example").as_deref(),
            Some("xn--bcher-kva.example")
        );
        for none in [
            "",
            "muster.northwind.example",
            "https://",
            "https://.",
            "https://a b",
        ] {
            assert_eq!(host_of(none), None, "{none}");
        }
    }

    #[test]
    fn a_header_names_a_host_and_nothing_more() {
        let named = |authority| host_named(authority);
        assert_eq!(
            named("Muster.example.org.:443").as_deref(),
            Some("muster.example.org")
        );
        assert_eq!(named("[::1]:8080").as_deref(), Some("[::1]"));
        for bad in [
            "",
            ":8080",
            "muster.example.org/",
            "evil.example@muster.example.org",
            "evil.example#.muster.example.org",
            "muster.example.org:port",
            "muster.example.org, evil.example",
        ] {
            assert_eq!(named(bad), None, "{bad}");
        }
    }

    #[test]
    fn this_machine_has_names_and_numbers() {
        for here in [
            "localhost",
            "approvals.localhost",
            "127.0.0.1",
            "127.9.8.7",
            "[::1]",
        ] {
            assert!(is_loopback(here), "{here}");
        }
        for elsewhere in [
            "notlocalhost",
            "localhost.example",
            "128.0.0.1",
            "0.0.0.0",
            "[::2]",
            "[::ffff:7f00:1]",
        ] {
            assert!(!is_loopback(elsewhere), "{elsewhere}");
        }
    }
}
