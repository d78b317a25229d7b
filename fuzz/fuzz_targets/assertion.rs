//! Fuzzes passkey assertions: the input and the rules stand in `src/assertion.rs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    muster_fuzz::assertion::check(data);
});
