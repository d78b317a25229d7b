//! The approvals host: the second host under which the portal's listener answers, where members sign commands with passkeys.
//!
//! A passkey can be asked for by every page whose host is its RP ID or lies under it. The approvals host is therefore no host of
//! the portal and no parent of one: no page of the portal, hacked or mistaken, can ask for a passkey that approves (PROTOCOL §5).

use actix_web::dev::RequestHead;
use actix_web::http::header;
use actix_web::http::uri::Authority;
use muster_protocol::keyring::host_of_origin;

use super::host::host_of;

/// Where commands are approved with passkeys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApprovalsHost {
    /// The origin, as browsers write it.
    pub origin: String,
    /// The host: the RP ID of every passkey made there.
    pub host: String,
}

impl ApprovalsHost {
    /// The one that is set; or, for a portal on this machine alone, `approvals.localhost` at the same port, which browsers take
    /// to this machine as well. None for a portal elsewhere when none is set.
    ///
    /// # Errors
    /// A sentence: the address is not one on which passkeys could be kept apart from the portal's.
    pub fn choose(set: Option<&str>, portal_url: &str) -> Result<Option<Self>, String> {
        match set {
            Some(url) => Self::beside(url, portal_url).map(Some),
            None => Ok(on_this_machine(portal_url)),
        }
    }

    fn beside(url: &str, portal_url: &str) -> Result<Self, String> {
        let origin = url.trim_end_matches('/');
        let setting = "portal.approvals_url";
        let host = host_of_origin(origin)
            // A name with a dot at its end is the same to DNS, and another to browsers.
            .filter(|host| !host.ends_with('.'))
            .filter(|_| !origin.ends_with(":443") && !origin.ends_with(":80"))
            .ok_or_else(|| {
                format!(
                    "{setting}: {url:?} is no origin that browsers keep passkeys for. Write https:// and a name in small letters, without a path, a dot at its end and the usual port."
                )
            })?;
        if host.starts_with('[') || host.parse::<std::net::IpAddr>().is_ok() {
            return Err(format!(
                "{setting}: browsers keep no passkeys for IP addresses. Give the host a name, such as https://approvals.northwind.example."
            ));
        }
        let portal = host_of(portal_url)
            .ok_or_else(|| format!("portal.url: {portal_url:?} is no address with a host."))?;
        let is_parent = portal
            .strip_suffix(host)
            .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
        if is_parent {
            return Err(format!(
                "{setting}: {host} is the portal's own host or lies above it, so pages of the portal could ask for the passkeys that approve. Take a host beside it, such as approvals.northwind.example."
            ));
        }
        Ok(Self {
            origin: origin.to_owned(),
            host: host.to_owned(),
        })
    }

    /// Whether a request is for this host.
    #[must_use]
    pub fn is_asked(&self, head: &RequestHead) -> bool {
        let (_, authority) = self.origin.split_once("://").unwrap_or_default();
        let named = head
            .headers()
            .get(header::HOST)
            .and_then(|value| value.to_str().ok())
            .or_else(|| head.uri.authority().map(Authority::as_str));
        let usual = if self.origin.starts_with("https://") {
            ":443"
        } else {
            ":80"
        };
        named.is_some_and(|named| {
            named
                .strip_suffix(usual)
                .unwrap_or(named)
                .eq_ignore_ascii_case(authority)
        })
    }
}

/// The origin of an address: what a content policy names.
#[must_use]
pub fn origin_of(url: &str) -> &str {
    let authority = url.find("://").map_or(0, |at| at + 3);
    let end = url[authority..]
        .find('/')
        .map_or(url.len(), |slash| authority + slash);
    &url[..end]
}

fn on_this_machine(portal_url: &str) -> Option<ApprovalsHost> {
    let host = host_of(portal_url)?;
    let here = ["localhost", "127.0.0.1", "[::1]"].contains(&host.as_str());
    let authority = origin_of(portal_url).strip_prefix("http://")?;
    let port = authority
        .rsplit_once(':')
        .filter(|(_, port)| !port.ends_with(']'))
        .map_or_else(String::new, |(_, port)| format!(":{port}"));
    here.then(|| ApprovalsHost {
        origin: format!("http://approvals.localhost{port}"),
        host: "approvals.localhost".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::ApprovalsHost;

    #[test]
    fn a_portal_on_this_machine_has_one_of_itself() {
        let origin = |portal| {
            let chosen = ApprovalsHost::choose(None, portal).unwrap();
            chosen.map(|approvals| approvals.origin)
        };
        let here = Some("http://approvals.localhost:8080".to_owned());
        assert_eq!(origin("http://localhost:8080"), here);
        assert_eq!(origin("http://127.0.0.1:8080"), here);
        assert_eq!(origin("http://[::1]:8080"), here);
        assert_eq!(
            origin("http://localhost"),
            Some("http://approvals.localhost".to_owned())
        );
        assert_eq!(origin("https://muster.northwind.example"), None);
        assert_eq!(origin("http://192.0.2.7:8080"), None);
    }

    #[test]
    fn it_lies_beside_the_portal_or_beneath_it_and_never_above() {
        let portal = "https://muster.northwind.example:8443/portal";
        for good in [
            "https://approvals.northwind.example",
            "https://approvals.northwind.example/",
            "https://approvals.muster.northwind.example:8443",
            "http://approvals.localhost:8080",
        ] {
            let chosen = ApprovalsHost::choose(Some(good), portal).unwrap().unwrap();
            assert_eq!(chosen.origin, good.trim_end_matches('/'));
        }
        for bad in [
            "https://muster.northwind.example",
            "https://muster.northwind.example:9443",
            "https://northwind.example",
            "https://example",
            "http://approvals.northwind.example",
            "https://Approvals.northwind.example",
            "https://approvals.northwind.example:443",
            "https://approvals.northwind.example/here",
            "https://192.0.2.7",
            "https://[2001:db8::1]",
            "approvals.northwind.example",
        ] {
            let refused = ApprovalsHost::choose(Some(bad), portal);
            assert!(refused.unwrap_err().contains("approvals_url"), "{bad}");
        }
    }

    /// The portal's own host, written in capitals or with the dot that ends a full name, once passed for another.
    #[test]
    fn a_host_written_otherwise_is_no_other_host() {
        for portal in [
            "https://Muster.Northwind.Example",
            "https://muster.northwind.example.",
            "https://MUSTER.northwind.example.:8443/portal",
        ] {
            for bad in [
                "https://muster.northwind.example",
                "https://muster.northwind.example:9443",
                "https://northwind.example",
                "https://muster.northwind.example.",
                "https://northwind.example.",
            ] {
                let refused = ApprovalsHost::choose(Some(bad), portal);
                assert!(refused.is_err(), "{bad} beside {portal}");
            }
            let good = "https://approvals.northwind.example";
            assert!(
                ApprovalsHost::choose(Some(good), portal).is_ok(),
                "{portal}"
            );
        }
        let nowhere = ApprovalsHost::choose(Some("https://approvals.example.org"), "https://");
        assert!(nowhere.unwrap_err().contains("portal.url"));
        let here = ApprovalsHost::choose(None, "http://LOCALHOST:8080").unwrap();
        assert_eq!(here.unwrap().origin, "http://approvals.localhost:8080");
    }

    #[test]
    fn a_request_is_told_by_its_host() {
        let approvals =
            ApprovalsHost::choose(Some("https://a.example.org"), "https://p.example.org")
                .unwrap()
                .unwrap();
        for (host, is) in [
            ("a.example.org", true),
            ("A.Example.org:443", true),
            ("p.example.org", false),
            ("a.example.org.evil.example", false),
            ("a.example.org:8443", false),
            ("", false),
        ] {
            let request = TestRequest::get()
                .insert_header(("host", host))
                .to_http_request();
            assert_eq!(approvals.is_asked(request.head()), is, "{host}");
        }
    }
}
