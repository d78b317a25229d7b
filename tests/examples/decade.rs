//! Runs the simulation of ten years of selling: `decade --seeds 1..200 --subscriptions 2000 --years 10`.
//!
//! One line a seed; a seed that fails says at which step and what was expected, and running it again fails again. Seeds run side
//! by side, one on each processor, each on a database of its own in memory.

use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use muster_tests::decade::Decade;

struct Asked {
    first: u64,
    last: u64,
    subscriptions: u32,
    years: u32,
    threads: usize,
}

fn main() -> ExitCode {
    let asked = match read(std::env::args().skip(1)) {
        Ok(asked) => asked,
        Err(said) => {
            eprintln!(
                "{said}\nUse: decade --seeds 1..200 --subscriptions 2000 --years 10 [--threads 2]"
            );
            return ExitCode::FAILURE;
        }
    };
    let (next, failed) = (AtomicU64::new(asked.first), AtomicUsize::new(0));
    let out = Mutex::new(());
    std::thread::scope(|scope| {
        for _ in 0..asked.threads {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed > asked.last {
                        return;
                    }
                    let said = one(seed, &asked);
                    let said = said.unwrap_or_else(|said| {
                        failed.fetch_add(1, Ordering::Relaxed);
                        said
                    });
                    let _alone = out.lock();
                    println!("{said}");
                }
            });
        }
    });
    let failed = failed.into_inner();
    if failed == 0 {
        return ExitCode::SUCCESS;
    }
    println!("{failed} seeds failed");
    ExitCode::FAILURE
}

fn one(seed: u64, asked: &Asked) -> Result<String, String> {
    let memory = std::path::Path::new("/dev/shm");
    let mut place = tempfile::Builder::new();
    place.prefix("muster-decade-");
    let folder = if memory.is_dir() {
        place.tempdir_in(memory)
    } else {
        place.tempdir()
    };
    let folder = folder.map_err(|error| format!("seed {seed}: there is no room: {error}"))?;
    let decade = Decade {
        seed,
        subscriptions: asked.subscriptions,
        years: asked.years,
    };
    let url = format!("sqlite:{}", folder.path().join("muster.db").display());
    match decade.run(folder.path(), &url) {
        Ok(figures) => Ok(format!("seed {seed}: {figures}")),
        Err(failure) => Err(failure.to_string()),
    }
}

fn read(mut words: impl Iterator<Item = String>) -> Result<Asked, String> {
    let mut asked = Asked {
        first: 1,
        last: 1,
        subscriptions: 2_000,
        years: 10,
        threads: std::thread::available_parallelism().map_or(1, usize::from),
    };
    while let Some(word) = words.next() {
        let value = words
            .next()
            .ok_or_else(|| format!("{word} needs a value."))?;
        let wrong = |_| format!("{value} is no number.");
        match word.as_str() {
            "--seeds" => {
                let (first, last) = value.split_once("..").unwrap_or((&value, &value));
                asked.first = first.parse().map_err(wrong)?;
                asked.last = last.parse().map_err(wrong)?;
            }
            "--subscriptions" => asked.subscriptions = value.parse().map_err(wrong)?,
            "--years" => asked.years = value.parse().map_err(wrong)?,
            "--threads" => asked.threads = value.parse().map_err(wrong)?,
            other => return Err(format!("{other} is not known.")),
        }
    }
    Ok(asked)
}
