//! Fuzzes check-ins: the input and the rules stand in `src/check_in.rs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    muster_fuzz::check_in::check(data);
});
