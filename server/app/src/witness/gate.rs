//! Who may knock: requests under way at once, and how often one source may be refused. Whoever brings what holds is never counted.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use actix_web::HttpRequest;
use muster_protocol::time::UnixTime;

/// Refusals of one source in one window; after that it waits.
const REFUSALS: u32 = 30;
/// The window, seconds.
const WINDOW: u64 = 60;
/// Sources remembered; those beyond share one place.
const SOURCES: usize = 4096;

/// Refusals lately, by source.
#[derive(Default)]
pub struct Gate(Mutex<HashMap<Source, Refusals>>);

/// Where a request comes from: an address, or of IPv6 the network of 64 bits that one customer has. `None` for those beyond
/// [`SOURCES`].
type Source = Option<IpAddr>;

#[derive(Clone, Copy)]
struct Refusals {
    since: u64,
    count: u32,
}

impl Gate {
    /// Whether the source may be heard.
    #[must_use]
    pub fn admits(&self, source: Source, now: UnixTime) -> bool {
        let refused = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found = refused.get(&source).or_else(|| refused.get(&None));
        found.is_none_or(|refusals| !refusals.is_recent(now) || refusals.count < REFUSALS)
    }

    /// Notes that the source brought something that does not hold.
    pub fn refused(&self, source: Source, now: UnixTime) {
        let mut refused = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if refused.len() >= SOURCES {
            refused.retain(|_, refusals| refusals.is_recent(now));
        }
        let place = if refused.len() >= SOURCES && !refused.contains_key(&source) {
            None
        } else {
            source
        };
        let refusals = refused.entry(place).or_insert(Refusals {
            since: now.0,
            count: 0,
        });
        if !refusals.is_recent(now) {
            *refusals = Refusals {
                since: now.0,
                count: 0,
            };
        }
        refusals.count = refusals.count.saturating_add(1);
    }
}

impl Refusals {
    fn is_recent(self, now: UnixTime) -> bool {
        now.0 < self.since.saturating_add(WINDOW)
    }
}

/// The source of a request. A proxy on this machine names it in the last part of `X-Forwarded-For`, which is the proxy's own word;
/// from elsewhere that header is a stranger's word and is not read.
#[must_use]
pub fn source(request: &HttpRequest) -> Source {
    let peer = request.peer_addr()?.ip();
    let forwarded = || {
        let header = request.headers().get("x-forwarded-for")?.to_str().ok()?;
        header.rsplit(',').next()?.trim().parse::<IpAddr>().ok()
    };
    let from = if peer.is_loopback() {
        forwarded().unwrap_or(peer)
    } else {
        peer
    };
    Some(match from {
        IpAddr::V4(_) => from,
        IpAddr::V6(address) => {
            let mut octets = address.octets();
            octets[8..].fill(0);
            IpAddr::V6(octets.into())
        }
    })
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use actix_web::test::TestRequest;
    use muster_protocol::time::UnixTime;

    use super::{Gate, REFUSALS, SOURCES, WINDOW, source};

    const NOW: UnixTime = UnixTime(1_790_000_000);

    fn address(number: u32) -> Option<IpAddr> {
        Some(IpAddr::V4(number.into()))
    }

    #[test]
    fn a_source_that_is_refused_too_often_waits_and_no_other_does() {
        let gate = Gate::default();
        for _ in 0..REFUSALS {
            assert!(gate.admits(address(1), NOW));
            gate.refused(address(1), NOW);
        }
        assert!(!gate.admits(address(1), NOW));
        assert!(gate.admits(address(2), NOW));
        assert!(gate.admits(address(1), NOW.plus(WINDOW)));
    }

    #[test]
    fn a_flood_of_sources_takes_no_more_memory() {
        let gate = Gate::default();
        for number in 0..u32::try_from(2 * SOURCES).unwrap() {
            gate.refused(address(number), NOW);
        }
        assert!(gate.0.lock().unwrap().len() <= SOURCES + 1);
    }

    #[test]
    fn a_forwarded_address_counts_from_a_proxy_here_alone() {
        let from = |peer: &str, header: &str| {
            let request = TestRequest::default()
                .peer_addr(format!("{peer}:1").parse().unwrap())
                .insert_header(("x-forwarded-for", header));
            source(&request.to_http_request()).unwrap().to_string()
        };
        assert_eq!(from("127.0.0.1", "192.0.2.9, 192.0.2.7"), "192.0.2.7");
        assert_eq!(from("198.51.100.1", "192.0.2.7"), "198.51.100.1");
        assert_eq!(from("127.0.0.1", "nobody"), "127.0.0.1");
    }
}
