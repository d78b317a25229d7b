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
    if is_localhost(one) && is_localhost(other) {
        return false;
    }
    is_under(one, other) || is_under(other, one)
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
