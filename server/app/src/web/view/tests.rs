//! Every page renders, says only what the catalogue holds, and lets no reported text through as markup.

use std::collections::BTreeSet;

use askama::Template;

use super::{
    Frame, Inputs,
    catalogue::Plan,
    command::Command,
    commands::Commands,
    device::Device,
    devices::Devices,
    gallery,
    sellers::{Buyer, BuyerForm, Buyers},
};
use crate::web::{assets, text::Catalogue};

const HOSTILE: &str = "\"><script>alert(1)</script>'&{{7*7}}\u{202e}";

fn frame() -> Frame {
    Frame::sample(
        Catalogue::load().unwrap().texts("en"),
        "2026-11-23T14:06:12Z".parse().unwrap(),
    )
}

#[test]
fn every_page_renders_in_words_and_keeps_the_content_policy() {
    for (name, page) in gallery::all(&frame()) {
        let page = page.unwrap();
        assert!(
            !page.contains('⟦'),
            "{name}: a key is missing: {}",
            &page[page.find('⟦').unwrap()..][..60]
        );
        assert!(!page.contains("{$"), "{name}: a sentence misses a value");
        for forbidden in [
            " style=",
            "<style",
            "javascript:",
            "data:image",
            " onclick",
            " onload",
            "<script>",
        ] {
            assert!(!page.contains(forbidden), "{name}: {forbidden}");
        }
        assert_eq!(page.matches("<h1").count(), 1, "{name}: one h1");
        assert_eq!(page.matches("<main").count(), 1, "{name}: one main");
        assert!(
            page.contains("<title>") && page.contains("lang=\"en\""),
            "{name}"
        );
        let posts = page.matches("method=\"post\"").count();
        assert_eq!(
            posts,
            page.matches("name=\"csrf\"").count(),
            "{name}: every form carries the secret"
        );
    }
}

#[test]
fn every_id_is_there_once_and_every_label_finds_its_field() {
    for (name, page) in gallery::all(&frame()) {
        let page = page.unwrap();
        let values = |attribute: &str| -> Vec<String> {
            page.match_indices(&format!(" {attribute}=\""))
                .map(|(at, found)| {
                    page[at + found.len()..]
                        .split('"')
                        .next()
                        .unwrap()
                        .to_owned()
                })
                .collect()
        };
        let ids = values("id");
        let unique: BTreeSet<_> = ids.iter().cloned().collect();
        assert_eq!(ids.len(), unique.len(), "{name}: an id twice: {ids:?}");
        for attribute in [
            "for",
            "aria-labelledby",
            "aria-describedby",
            "popovertarget",
            "list",
        ] {
            for value in values(attribute).iter().flat_map(|value| value.split(' ')) {
                assert!(
                    unique.contains(value),
                    "{name}: {attribute}={value} leads nowhere"
                );
            }
        }
    }
}

#[test]
fn every_asset_that_a_page_names_exists() {
    for (name, page) in gallery::all(&frame()) {
        let page = page.unwrap();
        for (at, found) in page.match_indices("\"/assets/") {
            let address = page[at + found.len()..].split('"').next().unwrap();
            let (path, rest) = address
                .split_once("?v=")
                .unwrap_or_else(|| panic!("{name}: {address} has no version"));
            let asset = assets::lookup(path).unwrap();
            if let Some((_, icon)) = rest.split_once('#') {
                let sprite = std::str::from_utf8(asset.bytes).unwrap();
                assert!(
                    sprite.contains(&format!("id=\"{icon}\"")),
                    "{name}: no {icon}"
                );
            }
        }
    }
}

#[test]
fn reported_text_never_becomes_markup() {
    let frame = frame();
    let mut device = Device::sample(&frame);
    for text in [
        &mut device.serial_number,
        &mut device.model,
        &mut device.organisation,
    ] {
        HOSTILE.clone_into(text);
    }
    device.imei = Some(HOSTILE.to_owned());
    device.inventory = vec![("Agent".to_owned(), HOSTILE.to_owned())];
    device.checks[0].detail = HOSTILE.to_owned();
    device.commands[0].asked_by = HOSTILE.to_owned();
    device.commands[0].code = Some(HOSTILE.to_owned());
    let mut devices = Devices::sample(&frame);
    devices.q = HOSTILE.to_owned();
    devices.rows[0].serial_number = HOSTILE.to_owned();
    devices.rows[0].system = HOSTILE.to_owned();
    let mut command = Command::sample(&frame);
    command.reason = HOSTILE.to_owned();
    command.serial_numbers = vec![HOSTILE.to_owned()];
    command.progress.rows[0].serial_number = HOSTILE.to_owned();
    command.progress.drafted_by = HOSTILE.to_owned();
    let mut commands = Commands::sample(&frame);
    commands.rows[0].serial_number = HOSTILE.to_owned();
    let pages = [
        device.render(),
        devices.render(),
        command.render(),
        commands.render(),
        command.progress.render(),
    ];
    for page in pages {
        let page = page.unwrap();
        assert!(
            !page.contains("<script>"),
            "{}",
            &page[page.find("<script>").unwrap()..][..80]
        );
        assert!(!page.contains("\"><script"));
    }
}

#[test]
fn what_sellers_and_buyers_are_called_never_becomes_markup() {
    let frame = frame();
    let mut buyer = Buyer::sample(&frame);
    HOSTILE.clone_into(&mut buyer.name);
    HOSTILE.clone_into(&mut buyer.party[0].1);
    let mut buyers = Buyers::sample(&frame);
    HOSTILE.clone_into(&mut buyers.q);
    HOSTILE.clone_into(&mut buyers.rows[0].name);
    let mut form = BuyerForm::change(&frame);
    form.account = Some((HOSTILE.to_owned(), HOSTILE.to_owned()));
    form.inputs = Inputs::filled([("legal_name", HOSTILE.to_owned())]).wrong("city", HOSTILE);
    let mut plan = Plan::sample(&frame);
    HOSTILE.clone_into(&mut plan.row.name);
    plan.prices[1].buyer = Some((HOSTILE.to_owned(), HOSTILE.to_owned()));
    plan.inputs = Inputs::filled([("buyer_id", HOSTILE.to_owned())]).wrong("steps", HOSTILE);
    let pages = [
        buyer.render(),
        buyers.render(),
        form.render(),
        plan.render(),
    ];
    for page in pages {
        let page = page.unwrap();
        assert!(!page.contains("<script>") && !page.contains("\"><script"));
        assert!(page.contains("alert(1)"));
    }
}
