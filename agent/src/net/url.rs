//! The address of a server: `https://host[:port][/path]`, and no query, fragment or user.

use std::fmt;
use std::str::FromStr;

use super::NetError;

/// Where a server listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerUrl {
    host: String,
    port: u16,
    path: String,
}

impl ServerUrl {
    /// Host name or address, without the brackets of IPv6.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// TCP port; 443 when the address names none.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// What stands before every path of the device API; empty, or begins with a slash and does not end with one.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// `host:port` as the Host header has it.
    #[must_use]
    pub fn authority(&self) -> String {
        let host = if self.host.contains(':') {
            format!("[{}]", self.host)
        } else {
            self.host.clone()
        };
        if self.port == 443 {
            host
        } else {
            format!("{host}:{}", self.port)
        }
    }
}

impl fmt::Display for ServerUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "https://{}{}", self.authority(), self.path)
    }
}

impl FromStr for ServerUrl {
    type Err = NetError;

    fn from_str(text: &str) -> Result<Self, NetError> {
        let wrong = || {
            NetError::Unusable(format!(
                "{text:?} is not a server's address; write it like https://devices.example.org:8443"
            ))
        };
        let rest = text.strip_prefix("https://").ok_or_else(wrong)?;
        let (rest, path) = rest
            .find('/')
            .map_or((rest, ""), |slash| rest.split_at(slash));
        let path = path.strip_suffix('/').unwrap_or(path);
        let (host, port) = if let Some(bracketed) = rest.strip_prefix('[') {
            let (host, after) = bracketed.split_once(']').ok_or_else(wrong)?;
            (
                host,
                after
                    .strip_prefix(':')
                    .map_or(if after.is_empty() { Some("443") } else { None }, Some),
            )
        } else {
            rest.split_once(':')
                .map_or((rest, Some("443")), |(host, port)| (host, Some(port)))
        };
        let port = port
            .and_then(|port| port.parse().ok())
            .filter(|port| *port != 0)
            .ok_or_else(wrong)?;
        let known =
            |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b':');
        let known_in_path =
            |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b'/');
        if host.is_empty()
            || host.len() > 253
            || !host.bytes().all(known)
            || !path.bytes().all(known_in_path)
        {
            return Err(wrong());
        }
        Ok(Self {
            host: host.to_ascii_lowercase(),
            port,
            path: path.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_hosts_and_ports_and_nothing_else() {
        for (text, shown) in [
            ("https://devices.example.org", "https://devices.example.org"),
            ("https://127.0.0.1:8443/", "https://127.0.0.1:8443"),
            ("https://[::1]:8443", "https://[::1]:8443"),
            ("https://[::1]", "https://[::1]"),
            ("https://example.org/muster/", "https://example.org/muster"),
        ] {
            assert_eq!(
                text.parse::<ServerUrl>().expect("an address").to_string(),
                shown
            );
        }
        for wrong in [
            "http://example.org",
            "https://",
            "https://a/b?c",
            "https://u@h",
            "https://h:0",
            "https://[::1]x",
            "h",
        ] {
            assert!(wrong.parse::<ServerUrl>().is_err(), "{wrong}");
        }
    }
}
