//! Writes ten kinds of documents, and four that the rules know besides, as PDF, CII and UBL into a folder, for `tests/paper/check.py` and for the eye.
//!
//! `cargo run -p muster-paper --example ten_invoices -- FOLDER`

use std::error::Error;
use std::path::PathBuf;

use muster_paper::invoice;

mod samples;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args_os()
        .nth(1)
        .map(PathBuf::from)
        .ok_or("name the folder to write into: ten_invoices FOLDER")?;
    std::fs::create_dir_all(&folder)?;
    for (name, document) in samples::all().into_iter().chain(samples::further()) {
        let write = |kind: &str, bytes: Vec<u8>| {
            std::fs::write(folder.join(format!("{name}.{kind}")), bytes)
        };
        write("pdf", invoice::pdf::write(&document)?)?;
        write("cii.xml", invoice::cii::write(&document)?)?;
        write("ubl.xml", invoice::ubl::write(&document)?)?;
    }
    Ok(())
}
