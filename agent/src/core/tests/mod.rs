//! The decision's later steps, attacked: each test is named after the attack of PROTOCOL §18 that it makes.

mod clearances;
mod crash;
mod decisions;
pub(crate) mod fleet;
mod freshness;
mod holds;
mod time;
mod watch;
