//! The printed document. What it looks like and whether others accept it, `tests/paper/check.py` asks.

use super::super::{cii, ubl};
use super::*;
use crate::pdf::page::Drawn;
use crate::samples;

#[test]
fn every_sample_passes_the_validators_and_the_same_document_gives_the_same_bytes() {
    for (name, invoice) in samples::all().into_iter().chain(samples::further()) {
        let first = write(&invoice).unwrap();
        assert!(first.starts_with(b"%PDF-1.7"), "{name}");
        assert!(first == write(&invoice).unwrap(), "{name}");
    }
}

#[test]
fn hostile_text_is_printed_and_written_as_text() {
    let mut invoice = samples::domestic();
    invoice.buyer.name =
        "</ram:Name><ram:Name>Eve & \"Co\"\u{0}\u{1b}[31m \u{202e}統一\u{fffe}\u{e000}".to_owned();
    invoice.lines[0].text = ")Tj ET endstream endobj trailer <<>>\n\n\t".to_owned();
    invoice.number = "NM-2026-(000)\\1<<".to_owned();
    write(&invoice).unwrap();
    let xml = String::from_utf8(cii::write(&invoice).unwrap()).unwrap();
    assert_eq!(xml.matches("<ram:BuyerTradeParty>").count(), 1);
    assert!(xml.contains("&lt;/ram:Name&gt;&lt;ram:Name&gt;Eve &amp; "));
    assert!(!xml.contains('\u{0}') && !xml.contains('\u{1b}') && !xml.contains('\u{fffe}'));
    let xml = String::from_utf8(ubl::write(&invoice).unwrap()).unwrap();
    assert!(!xml.contains("<ram:Name>"));
}

#[test]
fn a_row_higher_than_a_page_is_parted_and_no_line_falls_off() {
    let mut invoice = samples::domestic();
    for line in &mut invoice.lines {
        line.text = "WWWWWWWWW ".repeat(200);
        line.description = Some("WWWWWWWWW ".repeat(200));
    }
    let mut print = Print {
        invoice: &invoice,
        pages: Pages::new(),
        y: 0.0,
    };
    print.head();
    print.lines();
    assert!(print.pages.count() > 2);
    let items = print.pages.pages.iter().flatten();
    let words: usize = items
        .filter_map(|item| match &item.drawn {
            Drawn::Text { y, run, .. } => {
                assert!(*y < BOTTOM, "{}", run.text);
                Some(run.text.matches("WWWWWWWWW").count())
            }
            Drawn::Rects(_) => None,
        })
        .sum();
    assert_eq!(words, 800);
    write(&invoice).unwrap();
}

#[test]
fn other_scripts_are_printed_or_marked_and_never_invalid() {
    let mut invoice = samples::domestic();
    for name in [
        "شركة لا الاتصالات",
        "חברת הטלפונים (1994)",
        "Société e\u{301}tudes ﬁ ﬄ",
        "บริษัท ไทย",
        "👩‍👩‍👧 🇫🇷",
        "Ñandú Łódź Αθήνα Київ ქართული հայ",
        "ا\u{64b}\u{651}ل",
        "\u{301}\u{301}",
    ] {
        invoice.buyer.name = name.to_owned();
        invoice.lines[0].text = format!("{name} {name}");
        write(&invoice).unwrap();
    }
}

#[test]
fn a_name_alone_is_enough_of_an_address() {
    let mut invoice = samples::domestic();
    invoice.buyer.address.lines.clear();
    invoice.buyer.address.postcode.clear();
    invoice.buyer.address.city.clear();
    write(&invoice).unwrap();
}
