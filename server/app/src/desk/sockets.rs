//! The desk's two sockets: this machine's own addresses and no other.

use std::io::ErrorKind;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};

/// How often a free port is looked for that is free on both addresses.
const TRIES: usize = 8;

/// Binds `127.0.0.1` and `[::1]` at this port; 0 takes a free one. A machine without IPv6 has one address only. Both are taken
/// because a browser may try either: whoever held the other one could draw a page of this very origin.
///
/// # Errors
/// A sentence: the port is taken on either address.
pub(super) fn bind(port: u16) -> Result<Vec<TcpListener>, String> {
    let mut outcome = bind_both(port);
    for _ in 1..TRIES {
        if port != 0 || outcome.is_ok() {
            break;
        }
        outcome = bind_both(port);
    }
    outcome
}

fn bind_both(port: u16) -> Result<Vec<TcpListener>, String> {
    let told = |address: SocketAddr, error: &std::io::Error| {
        format!(
            "The desk cannot listen on {address}: {error}. Stop the program that does, or give another port with --listen. A passkey \
             signs only on the port on which it was made."
        )
    };
    let four = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let first = TcpListener::bind(four).map_err(|error| told(four, &error))?;
    let taken = first.local_addr().map_err(|error| told(four, &error))?;
    let six = SocketAddr::from((Ipv6Addr::LOCALHOST, taken.port()));
    match TcpListener::bind(six) {
        Ok(second) => Ok(vec![first, second]),
        Err(error) if error.kind() == ErrorKind::AddrInUse => Err(told(six, &error)),
        // No IPv6 here: no browser comes that way either.
        Err(_) => Ok(vec![first]),
    }
}

/// The port that was taken.
///
/// # Errors
/// A sentence: the system does not tell.
pub(super) fn port(sockets: &[TcpListener]) -> Result<u16, String> {
    let first = sockets.first().and_then(|socket| socket.local_addr().ok());
    first
        .map(|address| address.port())
        .ok_or_else(|| "The desk's port cannot be told.".to_owned())
}

#[cfg(test)]
mod tests {
    use super::{bind, port};

    #[test]
    fn only_this_machine_reaches_it_and_a_port_that_is_taken_is_told() {
        let sockets = bind(0).unwrap();
        for socket in &sockets {
            assert!(socket.local_addr().unwrap().ip().is_loopback());
        }
        let taken = port(&sockets).unwrap();
        assert!(bind(taken).unwrap_err().contains("--listen"));
    }
}
