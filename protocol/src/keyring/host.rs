//! Addresses and origins, as far as the keyring's rules look at them: which host is meant, and whether one host lies under
//! another.

/// The host of `https://host[:port][/path]`, lower-case; none when it is not such an address.
pub(super) fn of_server(url: &str) -> Option<&str> {
    let rest = url.strip_prefix("https://")?;
    let (authority, path) = match rest.split_once('/') {
        Some((authority, path)) => (authority, path),
        None => (rest, ""),
    };
    let plain =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'.' | b'_' | b'-' | b'~');
    if url.len() <= 256 && path.bytes().all(plain) {
        of_authority(authority)
    } else {
        None
    }
}

/// The host of an origin as browsers write it: `https://host[:port]`, or `http://` for names under `.localhost`.
#[must_use]
pub fn of_origin(origin: &str) -> Option<&str> {
    if origin.len() > 256 {
        return None;
    }
    if let Some(authority) = origin.strip_prefix("https://") {
        return of_authority(authority);
    }
    of_authority(origin.strip_prefix("http://")?).filter(|host| is_localhost(host))
}

/// Whether the text is a host: a lower-case name, an IPv4 address, or an IPv6 address in brackets.
pub(super) fn is_host(text: &str) -> bool {
    if let Some(inner) = text
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
    {
        return inner.parse::<std::net::Ipv6Addr>().is_ok();
    }
    let allowed = |byte: u8| {
        byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'.' | b'-')
    };
    text.len() <= 253
        && text.bytes().all(allowed)
        && text
            .split('.')
            .all(|label| !label.is_empty() && label.len() <= 63)
}

/// Whether one host equals, contains or is contained in the other; under `.localhost`, whether they are equal.
pub(super) fn are_related(one: &str, other: &str) -> bool {
    if one == other {
        return true;
    }
    // What lies above or under a name of `.localhost` is such a name itself.
    !is_localhost(one) && (is_under(one, other) || is_under(other, one))
}

fn is_under(host: &str, parent: &str) -> bool {
    host.strip_suffix(parent)
        .is_some_and(|prefix| prefix.ends_with('.'))
}

fn is_localhost(host: &str) -> bool {
    host == "localhost" || is_under(host, "localhost")
}

fn of_authority(authority: &str) -> Option<&str> {
    let host = match authority.rsplit_once(':') {
        // The colons of an IPv6 address stand before its closing bracket.
        Some((host, port)) if !port.ends_with(']') => {
            let digits = port.bytes().all(|byte| byte.is_ascii_digit());
            let canonical = !port.starts_with('0') && port.parse::<u16>().is_ok();
            if !(digits && canonical) {
                return None;
            }
            host
        }
        Some(_) | None => authority,
    };
    is_host(host).then_some(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_https_with_a_plain_host_a_canonical_port_and_a_plain_path() {
        for (url, host) in [
            ("https://a.example", "a.example"),
            ("https://a.example:1", "a.example"),
            ("https://a.example:65535/x", "a.example"),
            ("https://192.0.2.1:8443", "192.0.2.1"),
            ("https://[2001:db8::1]", "[2001:db8::1]"),
            ("https://[2001:db8::1]:8443/x", "[2001:db8::1]"),
            ("https://a.example/A/z.9_-~/", "a.example"),
        ] {
            assert_eq!(of_server(url), Some(host), "{url}");
        }
        for url in [
            "http://a.example",
            "a.example",
            "https://",
            "https:///path",
            "https://A.example",
            "https://a.example:",
            "https://a.example:0",
            "https://a.example:0443",
            "https://a.example:+443",
            "https://a.example:65536",
            "https://a.example:443:443",
            "https://user@a.example",
            "https://a.example/?query",
            "https://a.example/#fragment",
            "https://a.example/%2e",
            "https://a.example/\u{e9}",
            "https://[2001:db8::1",
            "https://2001:db8::1",
        ] {
            assert_eq!(of_server(url), None, "{url}");
        }
    }

    #[test]
    fn an_address_is_at_most_256_bytes_long() {
        let server = |length: usize| format!("https://a.example/{}", "p".repeat(length - 18));
        assert_eq!(of_server(&server(256)), Some("a.example"));
        assert_eq!(of_server(&server(257)), None);
        let label = |length: usize| "a".repeat(length);
        let (four, five) = (label(63), label(52));
        let origin = format!("https://{four}.{four}.{four}.{five}:443");
        assert_eq!(origin.len(), 256);
        assert!(of_origin(&origin).is_some());
        assert_eq!(of_origin(&origin.replace(":443", ":8443")), None);
    }

    #[test]
    fn a_host_is_253_bytes_of_labels_of_63() {
        let label = "a".repeat(63);
        let longest = format!("{label}.{label}.{label}.{}", "a".repeat(61));
        assert_eq!(longest.len(), 253);
        assert!(is_host(&longest));
        assert!(!is_host(&format!("{longest}a")));
        assert!(is_host(&label));
        assert!(!is_host(&format!("{label}a")));
        for host in ["a", "0", "a-b", "a.b", "xn--bcher-kva.example", "[::1]"] {
            assert!(is_host(host), "{host}");
        }
        for text in [
            "",
            ".",
            "a.",
            ".a",
            "a..b",
            "A",
            "a_b",
            "a:1",
            "a/b",
            "[]",
            "[::g]",
            "[192.0.2.1]",
            "::1",
            "b\u{fc}cher",
        ] {
            assert!(!is_host(text), "{text}");
        }
    }

    #[test]
    fn an_origin_is_https_or_lies_under_localhost() {
        for (origin, host) in [
            ("https://a.example", "a.example"),
            ("https://a.example:8443", "a.example"),
            ("http://localhost", "localhost"),
            ("http://approve.localhost:7443", "approve.localhost"),
        ] {
            assert_eq!(of_origin(origin), Some(host), "{origin}");
        }
        for origin in [
            "http://a.example",
            "http://alocalhost",
            "http://localhost.example",
            "ftp://localhost",
            "https://a.example/",
            "localhost",
        ] {
            assert_eq!(of_origin(origin), None, "{origin}");
        }
    }

    #[test]
    fn a_host_is_related_to_itself_and_to_what_lies_above_and_under_it() {
        let related = |one, other| {
            let both = (are_related(one, other), are_related(other, one));
            assert_eq!(both.0, both.1, "{one} and {other}");
            both.0
        };
        assert!(related("a.example", "a.example"));
        assert!(related("portal.a.example", "a.example"));
        assert!(related("example", "portal.a.example"));
        assert!(!related("ba.example", "a.example"));
        assert!(!related("a.example", "b.example"));
        assert!(!related("a.example.evil", "a.example"));
    }

    #[test]
    fn under_localhost_only_the_same_name_is_related() {
        assert!(are_related("portal.localhost", "portal.localhost"));
        assert!(!are_related("approve.localhost", "portal.localhost"));
        assert!(!are_related("approve.localhost", "localhost"));
        assert!(!are_related("localhost", "approve.localhost"));
        assert!(!are_related("a.portal.localhost", "portal.localhost"));
        assert!(!are_related("localhost", "a.example"));
    }
}
