//! Writes every kind of document, issued by a whole node and downloaded from it over HTTP, into a folder: PDF, CII and UBL, for
//! `tests/paper/check.py` and for the eye.
//!
//! `cargo run -p muster-tests --example issued_invoices -- FOLDER`

use std::path::PathBuf;

use muster_tests::trade::Trade;
use muster_tests::{Database, TestApp, app, kinds};
use reqwest::Method;

fn main() {
    let folder = std::env::args_os()
        .nth(1)
        .map(PathBuf::from)
        .expect("name the folder to write into: issued_invoices FOLDER");
    std::fs::create_dir_all(&folder).expect("the folder can be made");
    app::run(Database::sqlite(), async |t: &mut TestApp| {
        let world = t.world().await;
        let deal = Trade::make(t).await.retail;
        for (name, invoice) in kinds::issue_all(t, &deal).await {
            for ending in ["pdf", "cii.xml", "ubl.xml"] {
                let api = &world.northwind.api;
                let path = format!("/api/v1/invoices/{}.{ending}", invoice.id);
                let answer = api.request(Method::GET, &path).send().await;
                let answer = answer.expect("the portal answers");
                let status = answer.status();
                let bytes = answer.bytes().await.expect("the body arrives");
                assert!(
                    status.is_success(),
                    "{name}.{ending}: {status} {}",
                    String::from_utf8_lossy(&bytes)
                );
                std::fs::write(folder.join(format!("{name}.{ending}")), bytes)
                    .expect("the file is written");
            }
        }
    });
}
