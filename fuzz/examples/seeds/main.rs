//! Writes `corpus/`: what each fuzz target starts from. Genuine documents of one fleet with fixed keys, and near misses of them.
//! Every seed says in its name what the code must say to it, and is not written unless the code says so.
//!
//! ```text
//! cargo run --manifest-path fuzz/Cargo.toml --example seeds
//! ```

mod assertion;
mod check_in;
mod checkpoint;
mod csr;
mod envelope;
mod keyring;
mod proof;

use std::path::Path;
use std::{fs, io};

use muster_fuzz::Verdict;

/// The most files of one corpus, and their most bytes together: they are committed.
const FILES: usize = 60;
const BYTES: usize = 200 * 1024;

/// One input to start from.
pub struct Seed {
    name: &'static str,
    bytes: Vec<u8>,
    verdict: Verdict,
}

/// A seed that the code must accept.
pub fn accepted(name: &'static str, bytes: impl Into<Vec<u8>>) -> Seed {
    Seed {
        name,
        bytes: bytes.into(),
        verdict: Verdict::Accepted,
    }
}

/// A seed that the code must refuse.
pub fn refused(name: &'static str, bytes: impl Into<Vec<u8>>) -> Seed {
    Seed {
        name,
        bytes: bytes.into(),
        verdict: Verdict::Refused,
    }
}

type Check = fn(&[u8]) -> Verdict;

fn main() -> io::Result<()> {
    let corpora: [(&str, Check, Vec<Seed>); 7] = [
        ("envelope", muster_fuzz::envelope::check, envelope::seeds()),
        ("keyring", muster_fuzz::keyring::check, keyring::seeds()),
        (
            "assertion",
            muster_fuzz::assertion::check,
            assertion::seeds(),
        ),
        ("proof", muster_fuzz::proof::check, proof::seeds()),
        (
            "checkpoint",
            muster_fuzz::checkpoint::check,
            checkpoint::seeds(),
        ),
        ("csr", muster_fuzz::csr::check, csr::seeds()),
        ("check_in", muster_fuzz::check_in::check, check_in::seeds()),
    ];
    for (target, check, seeds) in corpora {
        write(target, check, &seeds)?;
    }
    Ok(())
}

fn write(target: &str, check: Check, seeds: &[Seed]) -> io::Result<()> {
    let bytes: usize = seeds.iter().map(|seed| seed.bytes.len()).sum();
    assert!(
        seeds.len() <= FILES && bytes <= BYTES,
        "{target}: {} files, {bytes} bytes",
        seeds.len()
    );
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("corpus")
        .join(target);
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    let wrong = |seed: &&Seed| check(&seed.bytes) != seed.verdict;
    let wrong: Vec<&str> = seeds.iter().filter(wrong).map(|seed| seed.name).collect();
    assert!(
        wrong.is_empty(),
        "{target}: the code says otherwise to {wrong:?}"
    );
    for seed in seeds {
        let word = match seed.verdict {
            Verdict::Accepted => "accepted",
            Verdict::Refused => "refused",
        };
        let path = folder.join(format!("{word}-{}", seed.name));
        assert!(
            !path.exists(),
            "{target}: two seeds are called {}",
            seed.name
        );
        fs::write(path, &seed.bytes)?;
    }
    println!("{target}: {} files, {bytes} bytes", seeds.len());
    Ok(())
}
