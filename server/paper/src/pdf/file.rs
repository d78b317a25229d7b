//! The finished file: PDF/A-3a and PDF/UA-1, checked by krilla's validators while it is written, with one file embedded.

use std::collections::BTreeMap;

use jiff::civil::Date;
use krilla::color::rgb;
use krilla::configure::{Accessibility, Archival, ConfigurationBuilder};
use krilla::destination::XyzDestination;
use krilla::embed::{AssociationKind, EmbeddedFile, MimeType};
use krilla::geom::{PathBuilder, Point, Rect};
use krilla::metadata::{DateTime, Metadata};
use krilla::num::NormalizedF32;
use krilla::outline::{Outline, OutlineNode};
use krilla::page::PageSettings;
use krilla::paint::Fill;
use krilla::surface::Surface;
use krilla::tagging::{Artifact, ArtifactType, ContentTag, Identifier, SpanTag};
use krilla::{Document, SerializeSettings};

use super::page::{A4, Drawn, Ink, Item, Meaning, Pages};
use super::xmp;

/// Why there is no file. Each is a fault of this program, not of what was to be printed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the PDF could not be made: {0}. Report this with the document's number.")]
pub struct PdfError(pub(super) String);

/// What the file says about itself.
#[derive(Debug, Clone)]
pub(crate) struct Facts {
    pub(crate) title: String,
    pub(crate) author: String,
    pub(crate) language: &'static str,
    /// The date of the document; files made of it in ten years have the same.
    pub(crate) date: Date,
}

/// The file that travels inside, as Factur-X wants it.
#[derive(Debug)]
pub(crate) struct Inside {
    pub(crate) name: &'static str,
    pub(crate) description: String,
    pub(crate) data: Vec<u8>,
}

/// Draws the pages and finishes the file.
///
/// # Errors
/// krilla found something that its standards forbid.
pub(crate) fn finish(pages: Pages, facts: &Facts, inside: Inside) -> Result<Vec<u8>, PdfError> {
    let configuration = ConfigurationBuilder::new()
        .with_archival_validator(Archival::A3_A)
        .with_accessibility_validator(Accessibility::UA1)
        .finish()
        .map_err(|error| PdfError(format!("{error:?}")))?;
    let mut document = Document::new_with(SerializeSettings {
        configuration,
        ..SerializeSettings::default()
    });
    document.set_metadata(metadata(facts));
    let mut outline = Outline::new();
    outline.push_child(OutlineNode::new(
        facts.title.clone(),
        XyzDestination::new(0, Point::from_xy(0.0, 0.0)),
    ));
    document.set_outline(outline);
    embed(&mut document, facts, inside)?;
    let mut identifiers = BTreeMap::new();
    for page in &pages.pages {
        let settings = PageSettings::from_wh(A4.0, A4.1).expect("A4 has a size");
        let mut sheet = document.start_page_with(settings);
        let mut surface = sheet.surface();
        for item in page {
            draw(&mut surface, item, &mut identifiers);
        }
        surface.finish();
        sheet.finish();
    }
    document.set_tag_tree(pages.structure.into_tags(&identifiers, facts.language));
    let bytes = document
        .finish()
        .map_err(|error| PdfError(format!("{error:?}")))?;
    xmp::add_factur_x(bytes)
}

fn metadata(facts: &Facts) -> Metadata {
    Metadata::new()
        .title(facts.title.clone())
        .authors(vec![facts.author.clone()])
        .creator("Muster".to_owned())
        .language(facts.language.to_owned())
        .creation_date(moment(facts.date))
}

fn moment(date: Date) -> DateTime {
    DateTime::new(date.year().unsigned_abs())
        .month(date.month().unsigned_abs())
        .day(date.day().unsigned_abs())
        .hour(0)
        .minute(0)
        .second(0)
        .utc_offset_hour(0)
        .utc_offset_minute(0)
}

fn embed(document: &mut Document, facts: &Facts, inside: Inside) -> Result<(), PdfError> {
    document
        .embed_file(EmbeddedFile {
            path: inside.name.to_owned(),
            mime_type: MimeType::new("text/xml"),
            description: Some(inside.description),
            association_kind: AssociationKind::Alternative,
            data: inside.data.into(),
            modification_date: Some(moment(facts.date)),
            compress: Some(true),
            location: None,
        })
        .ok_or_else(|| PdfError("two files of one name".to_owned()))
}

fn draw(surface: &mut Surface<'_>, item: &Item, identifiers: &mut BTreeMap<usize, Identifier>) {
    let tag = match (item.meaning, &item.drawn) {
        (Meaning::Part(_), Drawn::Text { .. }) => ContentTag::Span(SpanTag::empty()),
        (Meaning::Part(_), Drawn::Rects(_)) => ContentTag::Other,
        (Meaning::Layout, _) => ContentTag::Artifact(Artifact::with_kind(ArtifactType::Layout)),
        (Meaning::Foot, _) => ContentTag::Artifact(Artifact::with_kind(ArtifactType::Footer)),
    };
    let identifier = surface.start_tagged(tag);
    if let Meaning::Part(_) = item.meaning {
        identifiers.insert(item.number, identifier);
    }
    surface.set_fill(Some(fill(item.ink)));
    match &item.drawn {
        Drawn::Text { x, y, run } => surface.draw_glyphs(
            Point::from_xy(*x, *y),
            &run.glyphs,
            run.font(),
            &run.text,
            run.style.size,
            false,
        ),
        Drawn::Rects(rects) => {
            let mut path = PathBuilder::new();
            for (x, y, width, height) in rects {
                if let Some(rect) = Rect::from_xywh(*x, *y, *width, *height) {
                    path.push_rect(rect);
                }
            }
            if let Some(path) = path.finish() {
                surface.draw_path(&path);
            }
        }
    }
    surface.end_tagged();
}

fn fill(Ink([red, green, blue]): Ink) -> Fill {
    Fill {
        paint: rgb::Color::new(red, green, blue).into(),
        opacity: NormalizedF32::ONE,
        rule: krilla::paint::FillRule::default(),
    }
}
