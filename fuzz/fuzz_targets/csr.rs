//! Fuzzes certification requests: the input and the rules stand in `src/csr.rs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    muster_fuzz::csr::check(data);
});
