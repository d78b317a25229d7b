//! Fuzzes keyrings and chains of them: the input and the rules stand in `src/keyring.rs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    muster_fuzz::keyring::check(data);
});
