//! Measures the verifier: writes a history and judges it.
//!
//! `cargo run --release -p muster-audit --example million -- FOLDER [ENTRIES] [PHONES]` writes it (once) and verifies it;
//! figures in docs/TESTING.md.

mod sample;

use std::path::PathBuf;
use std::time::Instant;

fn main() -> Result<(), String> {
    let mut arguments = std::env::args().skip(1);
    let folder = PathBuf::from(arguments.next().ok_or("give a folder")?);
    let number = |text: Option<String>, usual: u64| {
        text.map_or(Ok(usual), |text| {
            text.parse::<u64>().map_err(|error| error.to_string())
        })
    };
    let entries = number(arguments.next(), 1_000_000)?;
    let phones = number(arguments.next(), 1_000)?;
    let pin_file = folder.join("pin");
    if !pin_file.exists() {
        let begun = Instant::now();
        let pin = sample::write(&folder, entries, phones).map_err(|error| error.to_string())?;
        std::fs::write(&pin_file, pin.to_hex()).map_err(|error| error.to_string())?;
        println!("written in {:.1?}", begun.elapsed());
    }
    let pin = std::fs::read_to_string(&pin_file).map_err(|error| error.to_string())?;
    let pin = pin.parse().map_err(|error| format!("the pin: {error}"))?;
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let how = muster_audit::verify::How {
        threads,
        partial: false,
    };
    let begun = Instant::now();
    let report = muster_audit::verify::verify(&folder, &pin, how)?;
    let taken = begun.elapsed();
    println!(
        "{} entries, {} phones, {} commands, {} receipts judged in {taken:.2?} on {threads} threads, most memory {} MiB",
        report.lines,
        report.phones,
        report.commands,
        report.receipts,
        most_memory() / 1024
    );
    for finding in &report.findings {
        println!("{finding}");
    }
    if report.holds() {
        Ok(())
    } else {
        Err(format!("{} findings", report.found))
    }
}

/// The most memory this process ever held, KiB.
fn most_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().split(' ').next()?.parse().ok())
        .unwrap_or(0)
}
