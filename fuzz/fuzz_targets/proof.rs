//! Fuzzes Merkle proofs: the input and the rules stand in `src/proof.rs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    muster_fuzz::proof::check(data);
});
