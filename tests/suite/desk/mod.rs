//! The approver's desk, `muster approve --serve`: who is let in, what it shows, what it signs, and what it refuses to sign whatever
//! the server shows it (PROTOCOL §1.4, §7).

mod challenge;
mod counting;
mod gate;
mod inbox;
mod lies;
mod passkeys;
mod signing;
mod strangers;
