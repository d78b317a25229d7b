//! Fuzzes checkpoints: the input and the rules stand in `src/checkpoint.rs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    muster_fuzz::checkpoint::check(data);
});
