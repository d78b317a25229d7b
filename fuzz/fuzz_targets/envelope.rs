//! Fuzzes envelopes, and the documents in them: the input and the rules stand in `src/envelope.rs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    muster_fuzz::envelope::check(data);
});
