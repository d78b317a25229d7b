//! The attacks of PROTOCOL §18, each against the real agent, with everything that a hacked server has: its place, its
//! database, its online and log keys, and what else the attack says. A test is named by the attack's number; it ends with the
//! phone's own code, the owner's data untouched, and the owner's passcode working.
//!
//! `every_attack` fails when a number has no test; `honest_keys` shows that what is refused here is carried out for those who
//! may ask for it; `own_…` are attacks that the specification does not name.

mod a001_signatures;
mod a018_targets;
mod a028_approvers_program;
mod a029_replays;
mod a035_witnesses;
mod a036_time;
mod a043_encoding;
mod a051_passkeys;
mod a065_keyrings;
mod a078_policy_and_silence;
mod a083_limits;
mod a091_holds;
mod a093_log;
mod a101_receipts_and_state;
mod a104_false_servers;
mod a106_programs;
mod a109_hooks;
mod a110_transfer_and_versions;
mod every_attack;
mod honest_keys;
mod own_documents;
mod own_phones;
