//! Writes every page with sample data into a folder, in both themes, so that it can be looked at in a browser:
//! `cargo run -p muster --example preview -- FOLDER`, then serve the folder over HTTP.

use std::{error::Error, fs, path::PathBuf};

use muster::web::{
    assets,
    text::Catalogue,
    view::{Frame, Theme, gallery},
};

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args()
        .nth(1)
        .map(PathBuf::from)
        .ok_or("which folder? Give it as the argument")?;
    let now = "2026-11-23T14:06:12Z".parse()?;
    let texts = Catalogue::load()?.texts("en");
    let mut names = Vec::new();
    for theme in [Theme::Light, Theme::Dark] {
        let frame = Frame {
            theme,
            ..Frame::sample(texts.clone(), now)
        };
        let place = folder.join(theme.as_str());
        fs::create_dir_all(&place)?;
        names.clear();
        for (name, page) in gallery::all(&frame) {
            fs::write(place.join(format!("{name}.html")), page?)?;
            names.push(name);
        }
    }
    for asset in assets::all() {
        let path = folder.join("assets").join(asset.path);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(path, asset.bytes)?;
    }
    fs::write(folder.join("pages.txt"), names.join("\n"))?;
    Ok(())
}
