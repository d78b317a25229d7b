//! Type: shaping, measuring and wrapping. One family, DejaVu Sans Condensed, for Latin, Greek and Cyrillic, whose figures
//! all have one width.

use std::sync::LazyLock;

use krilla::text::{Font, GlyphId, KrillaGlyph};
use rustybuzz::UnicodeBuffer;

/// Loaded once: the fonts are compiled in.
static REGULAR: LazyLock<Face> = LazyLock::new(|| Face::load(dejavu::sans_condensed::regular()));
static BOLD: LazyLock<Face> = LazyLock::new(|| Face::load(dejavu::sans_condensed::bold()));

/// Thickness of the strokes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Weight {
    Regular,
    Bold,
}

/// How a text is set.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Style {
    pub(crate) weight: Weight,
    /// In points.
    pub(crate) size: f32,
}

impl Style {
    pub(crate) const fn regular(size: f32) -> Self {
        Self {
            weight: Weight::Regular,
            size,
        }
    }

    pub(crate) const fn bold(size: f32) -> Self {
        Self {
            weight: Weight::Bold,
            size,
        }
    }

    /// From one line to the next.
    pub(crate) fn leading(self) -> f32 {
        self.size * 1.4
    }

    /// From the top of a line to its baseline.
    pub(crate) fn ascent(self) -> f32 {
        self.size * 1.05
    }
}

/// A shaped text on one line.
#[derive(Debug, Clone)]
pub(crate) struct Run {
    pub(crate) text: String,
    pub(crate) glyphs: Vec<KrillaGlyph>,
    pub(crate) style: Style,
    /// In points.
    pub(crate) width: f32,
}

impl Run {
    pub(crate) fn font(&self) -> Font {
        face(self.style.weight).font.clone()
    }
}

/// Shapes a text. What the family has no glyph for becomes U+FFFD, which is a visible mark: a missing glyph, or one of
/// private use, would make the whole file invalid. Invisible signs that turn the order of letters are left out.
pub(crate) fn shape(text: &str, style: Style) -> Run {
    let face = face(style.weight);
    let text: String = text
        .chars()
        .filter(|character| !matches!(character, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'))
        .map(|character| match character {
            control if control.is_control() => ' ',
            '\u{e000}'..='\u{f8ff}' => char::REPLACEMENT_CHARACTER,
            known if face.shaper.glyph_index(known).is_some() => known,
            _ => char::REPLACEMENT_CHARACTER,
        })
        .collect();
    let mut buffer = UnicodeBuffer::new();
    buffer.push_str(&text);
    buffer.guess_segment_properties();
    let shaped = rustybuzz::shape(&face.shaper, &[], buffer);
    let mut starts: Vec<u32> = shaped
        .glyph_infos()
        .iter()
        .map(|info| info.cluster)
        .collect();
    starts.sort_unstable();
    starts.dedup();
    let em = face.font.units_per_em();
    let mut width = 0.0;
    let mut glyphs = Vec::with_capacity(shaped.len());
    for (info, position) in shaped.glyph_infos().iter().zip(shaped.glyph_positions()) {
        let after = starts.partition_point(|start| *start <= info.cluster);
        let end = starts.get(after).map_or(text.len(), |end| *end as usize);
        let advance = units(position.x_advance) / em;
        width += advance * style.size;
        glyphs.push(KrillaGlyph::new(
            GlyphId::new(info.glyph_id),
            advance,
            units(position.x_offset) / em,
            units(position.y_offset) / em,
            units(position.y_advance) / em,
            info.cluster as usize..end,
            None,
        ));
    }
    Run {
        text,
        glyphs,
        style,
        width,
    }
}

/// How wide a text is, in points.
pub(crate) fn width(text: &str, style: Style) -> f32 {
    shape(text, style).width
}

/// Breaks a text into lines that are no wider than `limit`, at spaces and line feeds; a word that is wider by itself is
/// broken anywhere. No-break spaces hold. There is always at least one line.
pub(crate) fn wrap(text: &str, style: Style, limit: f32) -> Vec<String> {
    let mut lines = Vec::new();
    for paragraph in text.lines() {
        let mut line = String::new();
        for word in paragraph.split(' ').filter(|word| !word.is_empty()) {
            let joined = if line.is_empty() {
                word.to_owned()
            } else {
                format!("{line} {word}")
            };
            if width(&joined, style) <= limit {
                line = joined;
                continue;
            }
            if !line.is_empty() {
                lines.push(std::mem::take(&mut line));
            }
            line = break_word(word, style, limit, &mut lines);
        }
        lines.push(line);
    }
    if lines.is_empty() {
        lines.push(String::new());
    }
    lines
}

/// Pushes the full lines of a word that is too wide, and gives back its rest.
fn break_word(word: &str, style: Style, limit: f32, lines: &mut Vec<String>) -> String {
    let mut rest = String::new();
    for character in word.chars() {
        rest.push(character);
        if width(&rest, style) > limit && rest.chars().count() > 1 {
            rest.pop();
            lines.push(std::mem::take(&mut rest));
            rest.push(character);
        }
    }
    rest
}

struct Face {
    font: Font,
    shaper: rustybuzz::Face<'static>,
}

impl Face {
    fn load(data: &'static [u8]) -> Self {
        Self {
            font: Font::new(data.into(), 0).expect("the typeface is compiled in"),
            shaper: rustybuzz::Face::from_slice(data, 0).expect("the typeface is compiled in"),
        }
    }
}

fn face(weight: Weight) -> &'static Face {
    match weight {
        Weight::Regular => &REGULAR,
        Weight::Bold => &BOLD,
    }
}

/// Font units fit an `f32` exactly.
fn units(value: i32) -> f32 {
    value as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    const STYLE: Style = Style::regular(9.0);

    #[test]
    fn figures_have_one_width_in_both_weights() {
        for style in [STYLE, Style::bold(9.0)] {
            let one = width("1", style);
            for digit in "023456789".chars() {
                assert_eq!(width(&digit.to_string(), style), one);
            }
        }
    }

    #[test]
    fn no_line_is_wider_than_the_limit_and_no_letter_is_lost() {
        let text = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft at 12\u{a0}km,\nand on";
        let lines = wrap(text, STYLE, 90.0);
        assert!(lines.len() > 4);
        for line in &lines {
            assert!(width(line, STYLE) <= 90.0, "{line}");
        }
        let kept: String = lines.concat();
        assert_eq!(kept.replace(' ', ""), text.replace([' ', '\n'], ""));
        assert!(lines.iter().any(|line| line.contains("12\u{a0}km,")));
    }

    #[test]
    fn what_has_no_glyph_is_marked_and_never_a_missing_glyph() {
        let run = shape("Ω Ж é 統 \u{7}", STYLE);
        assert_eq!(run.text, "Ω Ж é \u{fffd}  ");
        assert!(run.glyphs.iter().all(|glyph| glyph.glyph_id.to_u32() != 0));
    }

    #[test]
    fn signs_that_turn_letters_around_are_left_out() {
        assert_eq!(
            shape("Total\u{202e}001\u{200b}\u{feff}", STYLE).text,
            "Total001"
        );
        assert_eq!(shape("\u{f6c5}\u{e000}", STYLE).text, "\u{fffd}\u{fffd}");
    }

    #[test]
    fn nothing_is_one_empty_line() {
        assert_eq!(wrap("", STYLE, 10.0), [""]);
    }
}
